"""The thread of a shipment that its customer fetches at a store.

    from the store's own stock:  planned -> released -> picked, ready -> fetched
    from elsewhere:              planned -> ... -> dispatched -> there, ready -> fetched

It is ours until the customer has it: that is when it is invoiced. What nobody fetches in time is
the store's to sell. Whether somebody came at the last moment the store says, and nobody else.
"""

from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.collection import CollectionActivities
from activities.collection_end import CollectionEndActivities
from activities.stores import StoreActivities
from domain.messages.collection import (
    ExpireCollection,
    Expired,
    Fetched,
    RecordCollection,
    RecordReady,
    RemindCollector,
)
from domain.messages.orders import ShipmentStatus
from domain.messages.shipments import Progress
from domain.messages.steps import (
    RecallRefused,
    RecallShipment,
    RecordDispatch,
    ReleaseRefused,
    ReleaseShipment,
)
from domain.progress import moment_of
from workflows.clock import is_past
from workflows.shipment import ShipmentThread


class CollectionThread(ShipmentThread):
    """Takes one shipment from its plan into the hands of a customer who comes for it."""

    @property
    def _is_fetched(self) -> bool:
        return self._shipment.progress.reached(Progress.COLLECTED)

    @property
    def _is_wanted_back(self) -> bool:
        """The order is being ended, and the store has not said that it is too late."""
        return self._state.stopping is not None and not self._shipment.unstoppable

    async def _book(self) -> None:
        if self._shipment.plan.carrier:
            await super()._book()
        else:
            self._shipment.due = None
            await self._release()

    async def _await_dispatch(self) -> None:
        if self._shipment.plan.carrier:
            await super()._await_dispatch()
        elif self._shipment.ready_at is None and not self._is_fetched:
            await self._make_ready(Progress.PICKED)
        else:
            await self._await_customer()

    async def _leave(self) -> None:
        shipment, plan = self._shipment, self._shipment.plan
        await self._books.do(
            CollectionActivities.send_to_store,
            RecordDispatch(
                shipment_id=shipment.id,
                occurred_at=moment_of(shipment, Progress.DISPATCHED),
                at=workflow.now(),
            ),
            summary=f"Record what left {plan.location_name} for {plan.collect_name}",
        )
        # Where it left from could not stop it; where it goes to was not asked yet.
        shipment.unstoppable = False

    async def _await_delivery(self) -> None:
        if self._shipment.ready_at is None:
            await super()._await_delivery()
        else:
            await self._await_customer()

    async def _arrive(self) -> None:
        """The parcel is at the store, which is told whose it is."""
        if self._is_fetched:
            await self._hand_over()
            return
        if self._is_wanted_back:
            await self._expire()
            return
        shipment, plan = self._shipment, self._shipment.plan
        answer = await self._back.ask(
            StoreActivities.announce_to_store,
            ReleaseShipment(shipment_id=shipment.id, at=workflow.now(), pick_by=self._kept_until()),
            summary=f"Announce it to {plan.collect_name}",
        )
        if isinstance(answer, ReleaseRefused):
            shipment.note = f"{plan.collect_name} does not hand it over: {answer.reason}"
        await self._make_ready(Progress.DELIVERED)

    async def _make_ready(self, step: Progress) -> None:
        shipment = self._shipment
        until = self._kept_until()
        ready_at = moment_of(shipment, step)
        await self._books.do(
            CollectionActivities.record_ready,
            RecordReady(shipment_id=shipment.id, ready_at=ready_at, until=until, at=workflow.now()),
            summary=f"Ready at {shipment.plan.collect_name}",
        )
        shipment.ready_at, shipment.collect_until = ready_at, until
        reminder = until - self._policy.collect_reminder
        shipment.reminded = reminder <= workflow.now()
        shipment.wait_until(until if shipment.reminded else reminder)

    async def _await_customer(self) -> None:
        shipment = self._shipment
        await self._until(
            lambda: self._is_fetched or self._is_wanted_back or shipment.rejection is not None
        )
        if self._is_interrupted:
            return
        if self._is_fetched:
            await self._hand_over()
        elif shipment.rejection is not None and shipment.status is ShipmentStatus.PICKED:
            self._back.give_up_rejected()
        elif self._is_wanted_back or is_past(shipment.collect_until):
            await self._expire()
        else:
            await self._remind()

    async def _remind(self) -> None:
        shipment, until = self._shipment, self._shipment.collect_until
        assert until is not None
        await self._books.do(
            CollectionActivities.remind_collector,
            RemindCollector(shipment_id=shipment.id, until=until, at=workflow.now()),
            summary="Remind the customer to fetch it",
        )
        shipment.reminded = True
        shipment.wait_until(until)

    async def _hand_over(self) -> None:
        shipment = self._shipment
        ended = await self._books.do(
            CollectionEndActivities.record_collection,
            RecordCollection(
                shipment_id=shipment.id,
                occurred_at=moment_of(shipment, Progress.COLLECTED),
                at=workflow.now(),
            ),
            summary=f"Invoice what was fetched at {shipment.plan.collect_name}",
        )
        await self._end(ended)

    async def _expire(self) -> None:
        """The units go on sale at the store, unless it says that they are gone."""
        shipment, plan = self._shipment, self._shipment.plan
        if shipment.ready_at is not None and not await self._is_kept_back():
            return
        nobody = f"nobody came to {plan.collect_name} to fetch it"
        ended = await self._books.do(
            CollectionEndActivities.expire_collection,
            ExpireCollection(
                shipment_id=shipment.id,
                reason=self._state.stopping or nobody,
                at=workflow.now(),
            ),
            summary=f"Give it back to the stock of {plan.collect_name}",
        )
        await self._end(ended)

    async def _is_kept_back(self) -> bool:
        """Whether the store hands it over no longer; one that does not answer is asked again."""
        shipment, plan = self._shipment, self._shipment.plan
        try:
            answer = await self._back.ask(
                StoreActivities.recall_from_store,
                RecallShipment(shipment_id=shipment.id, at=workflow.now()),
                summary=f"Have {plan.collect_name} keep it back",
                within=self._policy.release_timeout,
            )
        except ActivityError:
            shipment.wait_until(workflow.now() + self._policy.release_timeout)
            return False
        if isinstance(answer, RecallRefused):
            shipment.note = f"{plan.collect_name} cannot keep it back: {answer.reason}"
            shipment.unstoppable = True
            shipment.wait_until(workflow.now() + self._policy.dispatch_timeout)
            return False
        return not self._is_fetched

    async def _end(self, ended: Fetched | Expired) -> None:
        """How the books say that it ended, whatever was to be written down."""
        shipment, plan = self._shipment, self._shipment.plan
        shipment.wait_until(None)
        if isinstance(ended, Expired):
            if self._is_fetched:
                shipment.note = f"{plan.collect_name} handed it over when it had given it back"
            shipment.status = ShipmentStatus.EXPIRED
            return
        await self._capture(ended.invoice_id, ended.amount, ended.prepaid)
        shipment.status = ShipmentStatus.DELIVERED

    def _kept_until(self) -> datetime:
        return workflow.now() + self._policy.collect_timeout
