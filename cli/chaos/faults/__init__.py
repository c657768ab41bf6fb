"""Every kind of fault that a campaign has."""

from cli.chaos.faults.fault import Fault, Ground, Parameters, Partners
from cli.chaos.faults.kills import KILLS
from cli.chaos.faults.networks import NETWORKS
from cli.chaos.faults.partners import PARTNERS
from cli.chaos.faults.pauses import PAUSES
from cli.chaos.faults.releases import RELEASES
from cli.chaos.faults.requests import REQUESTS
from cli.chaos.faults.signals import SIGNALS

FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (*KILLS, *PAUSES, *NETWORKS, *PARTNERS, *SIGNALS, *RELEASES, *REQUESTS)
}

__all__ = ["FAULTS", "Fault", "Ground", "Parameters", "Partners"]
