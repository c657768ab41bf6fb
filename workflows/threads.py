"""The shipments of an order that are under way, each on its own thread."""

import asyncio
from collections.abc import Callable, Iterable

from domain.messages.shipments import ShipmentState
from workflows.shipment import ShipmentThread


class ShipmentThreads:
    """Starts a thread for each shipment that needs one, and looks at how threads end."""

    def __init__(self, make: Callable[[ShipmentState], ShipmentThread]) -> None:
        self._make = make
        self._running: dict[str, tuple[ShipmentThread, asyncio.Task[None]]] = {}

    def tend(self, shipments: Iterable[ShipmentState]) -> None:
        """Start what is to run, forget what has ended; a fault in a thread is raised here."""
        for shipment_id, (_, task) in list(self._running.items()):
            if task.done():
                task.result()
                del self._running[shipment_id]
        for shipment in shipments:
            if shipment.id not in self._running and not shipment.is_over:
                thread = self._make(shipment)
                self._running[shipment.id] = thread, asyncio.create_task(thread.run())

    @property
    def are_none(self) -> bool:
        return not self._running

    @property
    def has_any_ended(self) -> bool:
        return any(task.done() for _, task in self._running.values())

    @property
    def have_all_ended(self) -> bool:
        return all(task.done() for _, task in self._running.values())

    @property
    def is_any_calling(self) -> bool:
        """Whether one waits for the answer of a system of others, which may take days."""
        return any(thread.is_calling for thread, _ in self._running.values())

    def pause(self) -> None:
        """Let each stop before its next step."""
        for thread, _ in self._running.values():
            thread.pause()
