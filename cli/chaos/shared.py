"""What the parts of a campaign know of each other: where everything is, and what is wanted now."""

import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class ArenaAddresses:
    """Where the parts of the arena are.

    `api_url` is how clients reach the API: through a proxy that faults happen to, which leads to
    any of the API's processes. Everything else leads to the part itself, past all faults, and is
    for those who prepare, watch and check. `database_url` names the driver, as engines take it.
    """

    api_url: str
    database_url: str
    temporal_address: str
    temporal_namespace: str
    world_url: str
    logs: Path


@dataclass
class CampaignState:
    """What the controller wants of the clients at this moment, and both know of the time.

    `at_once` is how many identical requests each client sends at the same time; 1 is none beside
    it. `poison` counts the requests at the edge that clients are still to send: whoever sends one
    takes one off. Once it is `over` they begin nothing new.
    """

    began: float = field(default_factory=time.monotonic)
    at_once: int = 1
    poison: int = 0
    over: bool = False

    @property
    def now(self) -> float:
        """Seconds since the campaign began."""
        return time.monotonic() - self.began
