"""Every mutant: 25 bugs, and ten changes of workflows that running orders cannot follow."""

from tests.mutants.catalogue.calls import CALLS
from tests.mutants.catalogue.changes import CHANGES
from tests.mutants.catalogue.deciding import DECIDING
from tests.mutants.catalogue.money import MONEY
from tests.mutants.catalogue.stock import STOCK

BUGS = (*STOCK, *MONEY, *DECIDING, *CALLS)
MUTANTS = (*BUGS, *CHANGES)

__all__ = ["BUGS", "CHANGES", "MUTANTS"]
