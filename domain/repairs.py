"""What the reconciler finds, in words."""

from collections.abc import Sequence
from itertools import chain

from domain.messages.repairs import Finding, ReconcileReport

_MISSING_AT_MOST = 10
_MISSING_SHARE = 10

FINDINGS: dict[Finding, dict[str, str]] = {
    Finding.NEVER_STARTED: {
        "en": "it was taken in and never processed; its processing begins now",
        "fr": "elle a été reçue sans être traitée ; son traitement commence maintenant",
    },
    Finding.TERMINATED: {
        "en": "its workflow was terminated; what it held is given back and the order ends",
        "fr": "son workflow a été interrompu ; ce qu'elle tenait est rendu et elle se termine",
    },
    Finding.FAILED: {
        "en": "its workflow failed; what it held is given back and the order ends",
        "fr": "son workflow a échoué ; ce qu'elle tenait est rendu et elle se termine",
    },
    Finding.ENDED: {
        "en": "its workflow had ended before it; what it held is given back and the order ends",
        "fr": "son workflow était fini avant elle ; ce qu'elle tenait est rendu et elle se termine",
    },
    Finding.LOST: {
        "en": "its workflow is gone; what it held is given back and the order ends",
        "fr": "son workflow a disparu ; ce qu'elle tenait est rendu et elle se termine",
    },
    Finding.LEFTOVERS: {
        "en": "it had ended and still held something, which is given back",
        "fr": "elle était terminée et tenait encore quelque chose, qui est rendu",
    },
}

REASONS: dict[Finding, str] = {
    Finding.TERMINATED: "its workflow was terminated",
    Finding.FAILED: "its workflow failed",
    Finding.ENDED: "its workflow had ended",
    Finding.LOST: "its workflow is gone",
    Finding.LEFTOVERS: "it has ended",
}
"""Why an order is ended, as its timeline says when it is cancelled."""


def are_elsewhere(missing: int, known: int) -> bool:
    """Whether so many of those that one side knows are missing on the other that the two cannot be
    of one system: another namespace or database is asked, or one has lost its data. More than ten,
    and more than a tenth."""
    return missing > _MISSING_AT_MOST and missing * _MISSING_SHARE > known


def together(reports: Sequence[ReconcileReport]) -> ReconcileReport:
    """What was put right in several runs, one after the other."""
    return ReconcileReport(
        restarted=tuple(chain.from_iterable(one.restarted for one in reports)),
        orphans=tuple(chain.from_iterable(one.orphans for one in reports)),
        served=sum(one.served for one in reports),
        more=reports[-1].more if reports else 0,
        returns=tuple(chain.from_iterable(one.returns for one in reports)),
        ended=tuple(chain.from_iterable(one.ended for one in reports)),
        ended_returns=tuple(chain.from_iterable(one.ended_returns for one in reports)),
    )
