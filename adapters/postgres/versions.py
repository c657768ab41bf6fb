"""What is published in versions that never change: price lists, agreements."""

from enum import StrEnum


class Published(StrEnum):
    """Whether a version was published by this call, or stood already with the same contents."""

    NOW = "now"
    STANDS = "stands"


class VersionChangedError(Exception):
    """A version stands with other contents: what is changed needs a version of its own."""

    def __init__(self, name: str, version: int) -> None:
        super().__init__(f"version {version} of {name!r} stands with other contents")


class OutOfTurnError(Exception):
    """A version does not follow the one that was published last, `latest` (0: none was)."""

    def __init__(self, name: str, latest: int) -> None:
        super().__init__(f"the latest version of {name!r} is {latest}")
        self.latest = latest
