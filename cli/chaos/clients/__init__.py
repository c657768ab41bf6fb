"""The clients of a campaign: they place orders, change them, send goods back, and ask again.

They speak HTTP with the API alone, and log each answer as `cli.chaos.told` says.
"""

from cli.chaos.clients.crowd import CLIENTS, ORDERS_PER_SECOND, run
from cli.chaos.clients.writing import ClientTally

__all__ = ["CLIENTS", "ORDERS_PER_SECOND", "ClientTally", "run"]
