"""Linear and mixed-integer programs, solved by HiGHS in one thread: the same program has the same
answer, as long as it is not stopped by the clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Solution:
    """What it costs, what no solution costs less than, the columns' values, and by how much a unit
    more in each row's limit would change the cost."""

    cost: float
    bound: float
    columns: Sequence[float]
    duals: Sequence[float]


@dataclass(slots=True)
class Program:
    """Minimise the costs of columns within rows."""

    _costs: list[float] = field(default_factory=list)
    _most: list[float] = field(default_factory=list)
    _whole: list[bool] = field(default_factory=list)
    _lower: list[float] = field(default_factory=list)
    _upper: list[float] = field(default_factory=list)
    _starts: list[int] = field(default_factory=lambda: [0])
    _index: list[int] = field(default_factory=list)
    _value: list[float] = field(default_factory=list)

    def row(self, least: float, most: float) -> int:
        self._lower.append(least)
        self._upper.append(most)
        return len(self._lower) - 1

    def column(
        self,
        cost: float,
        entries: Mapping[int, float],
        most: float = float("inf"),
        *,
        whole: bool = False,
    ) -> int:
        """A column from 0 to `most`; `entries` is how much of it counts in which rows."""
        self._costs.append(cost)
        self._most.append(most)
        self._whole.append(whole)
        self._index.extend(entries)
        self._value.extend(entries.values())
        self._starts.append(len(self._index))
        return len(self._costs) - 1

    def solve(self, seconds: float | None = None) -> Solution:
        """The optimum, or what is found of it in some seconds. Raises `ArithmeticError` where
        nothing is."""
        import highspy

        solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 0)):
            solver.setOptionValue(option, value)
        if seconds is not None:
            solver.setOptionValue("time_limit", seconds)
        solver.passModel(self._model(highspy))
        solver.run()
        info, status = solver.getInfo(), solver.getModelStatus()
        stopped = status == highspy.HighsModelStatus.kTimeLimit
        if status != highspy.HighsModelStatus.kOptimal and not stopped:
            raise ArithmeticError(f"HiGHS: {solver.modelStatusToString(status)}")
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            raise ArithmeticError("HiGHS found nothing in its time")
        cost = float(info.objective_function_value)
        found = solver.getSolution()
        return Solution(
            cost=cost,
            bound=float(info.mip_dual_bound) if any(self._whole) else cost,
            columns=list(found.col_value),
            duals=list(found.row_dual),
        )

    def _model(self, highspy: Any) -> Any:
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self._costs), len(self._lower)
        model.col_cost_ = self._costs
        model.col_lower_ = [0.0] * len(self._costs)
        model.col_upper_ = self._most
        model.row_lower_, model.row_upper_ = self._lower, self._upper
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = self._starts
        model.a_matrix_.index_ = self._index
        model.a_matrix_.value_ = self._value
        if any(self._whole):
            whole, free = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
            model.integrality_ = [whole if each else free for each in self._whole]
        return model
