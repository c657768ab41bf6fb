"""What must hold of personal data."""

from adapters.postgres.invariants.judging import Invariant

PEOPLE = (
    Invariant(
        "contact-emptied",
        "What is erased of a contact is gone: it holds nothing any more.",
        """
        SELECT order_id, revision, erased_at FROM order_contacts
        WHERE erased_at IS NOT NULL AND (
            name <> '' OR street <> '' OR city <> '' OR email IS NOT NULL OR phone IS NOT NULL
            OR payment_tokens IS NOT NULL
        )
        """,
    ),
    Invariant(
        "contact-needed",
        "An order that is not at its end still has the contacts that it was given.",
        """
        SELECT c.order_id, c.revision, o.status, c.erased_at
        FROM order_contacts c JOIN orders o ON o.id = c.order_id
        WHERE c.erased_at IS NOT NULL AND o.status NOT IN ('closed', 'cancelled')
        """,
    ),
    Invariant(
        "notice-addressed",
        "Nothing waits to be sent to an address that is erased.",
        """
        SELECT n.id, n.order_id, n.template, c.erased_at
        FROM notices n JOIN orders o ON o.id = n.order_id
        JOIN order_contacts c ON c.order_id = o.id AND c.revision = o.contact_revision
        WHERE c.erased_at IS NOT NULL AND n.sent_at IS NULL AND n.given_up_at IS NULL
        """,
    ),
)
