"""A plugin of pytest that writes down how tests ended, and whose code ran.

`-p tests.mutants.witness --witness=FILE`. What runs in a copy of the tree must import the copy, and
the project is installed from its own tree: so the witness names each of the project's modules that
came from elsewhere.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

_PACKAGES = ("domain", "activities", "workflows", "adapters", "worker", "api", "cli", "world")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--witness", type=Path, help="where to write down how the tests ended")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.witness is not None:
        config.pluginmanager.register(_Witness(config), "mutants-witness")


class _Witness:
    def __init__(self, config: pytest.Config) -> None:
        self._file: Path = config.option.witness
        self._root = config.rootpath
        self._tests: list[dict[str, str]] = []
        self._broken: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._broken.append(f"{report.nodeid} is not collected: {report.longreprtext}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        raised = call.excinfo
        if report.failed and report.when == "setup":
            self._broken.append(f"{report.nodeid} fails in its setup: {raised}")
        elif report.failed or report.when == "call":
            # At the end of a test its books are checked: that fails in its teardown.
            test = {"node": report.nodeid, "outcome": report.outcome, "raised": "", "said": ""}
            if raised is not None:
                test |= {"raised": raised.typename, "said": str(raised.value)}
            self._tests.append(test)
        return report

    def pytest_sessionfinish(self) -> None:
        inside, strangers = [], []
        for name, file in _files():
            if file.is_relative_to(self._root):
                inside.append(file.relative_to(self._root).as_posix())
            else:
                strangers.append(name)
        seen: dict[str, Any] = {"tests": self._tests, "broken": self._broken}
        seen |= {"imported": inside, "strangers": strangers}
        self._file.write_text(json.dumps(seen), encoding="utf-8")


def _files() -> list[tuple[str, Path]]:
    """The modules of the project that are imported, and the file of each."""
    return [
        (name, Path(file))
        for name, module in sorted(sys.modules.items())
        if name.split(".")[0] in _PACKAGES
        and (file := getattr(module, "__file__", None)) is not None
    ]
