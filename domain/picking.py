"""What a location's pick report means for what was asked of it."""

from collections.abc import Mapping


def compare(
    asked: Mapping[str, int], reported: Mapping[str, int] | None
) -> tuple[dict[str, int], dict[str, int]]:
    """Units picked and units missing, by line id.

    No report by line means that all was picked. A line that the report leaves out was not picked;
    units beyond what was asked, less than nothing, and lines that were not asked for do not count.
    """
    if reported is None:
        return dict(asked), {}
    picked = {line: min(units, max(0, reported.get(line, 0))) for line, units in asked.items()}
    missing = {line: units - picked[line] for line, units in asked.items() if picked[line] < units}
    return {line: units for line, units in picked.items() if units}, missing
