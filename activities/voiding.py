"""The end of an order's payments: what it has not used goes back."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from activities import capturing, refunding
from adapters.postgres import outlook, payments
from adapters.postgres.returns import exchange_money
from domain.messages.payments import RefundPayment
from domain.ports import PaymentGateway


async def release(
    engine: AsyncEngine, provider: PaymentGateway, order_id: str, at: datetime
) -> None:
    """Void what is authorised and not captured, and give back what an exchange did not use.

    What was invoiced and nobody has taken, since the workflow did not live to, is taken before.
    """
    await capturing.capture_the_rest(engine, provider, order_id, at)
    async with engine.begin() as conn:
        await outlook.lock_order(conn, order_id)
        references = await payments.write_voided(conn, order_id)
        unused = await exchange_money.free_unused(conn, order_id, at)
    for reference in references:
        await provider.void(reference)
    for refund_id in unused:
        asked = RefundPayment(order_id=order_id, refund_id=refund_id, at=at)
        await refunding.refund(engine, provider, asked)
