"""What no world can have: the hard limits of a parameter, from its unit and its range.

A row's ``low`` and ``high`` say what the evidence makes likely, and an experiment may go beyond them; its
hard limits say what the model can live through. Shares lie between 0 and 1; counts and prices are not
negative; ratios, and what a row's unit calls "above 0", are more than nothing; and nothing is more than a
hundred times the usual, which is a slip of units.
"""

from dataclasses import dataclass

from icsim.evidence.catalogue import Parameter

TIMES_THE_USUAL = 100
ABOVE_ZERO = ("odds ratio", "most over least", "ratio of median", "ratio of fertility")
PROPORTIONS = ("0-1", "a day", "correlation", "deaths for each", "electronic frailty index", "frailty index",
               "index", "severity", "usual provider index")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """From ``least`` to ``most``, both allowed; ``above`` says that ``least`` itself is not."""

    least: float
    most: float
    above: bool = False

    def allow(self, value: float) -> bool:
        """Whether a value lies within; NaN does not."""
        return self.least <= value <= self.most and not (self.above and value == self.least)

    def __str__(self) -> str:
        if self.above:
            return f"a number above {self.least:,.12g} and up to {self.most:,.12g}"
        return f"a number from {self.least:,.12g} to {self.most:,.12g}"


def limits(row: Parameter) -> Limits:
    """The hard limits of a row that holds a number; raises ``ValueError`` for one that holds text."""
    known = [number for number in (row.low, row.value, row.high) if number is not None]
    if not all(isinstance(number, float) for number in known):
        raise ValueError(f"parameter {row.key!r} holds text ({row.value!r}): it has no limits")
    numbers = [float(number) for number in known]
    signed = min(numbers) < 0
    proportion = row.unit.startswith("share") or row.unit.startswith(PROPORTIONS)
    if proportion and not signed and max(numbers) <= 1:
        return Limits(0.0, 1.0)
    if "0-100" in row.unit:
        return Limits(0.0, 100.0)
    most = TIMES_THE_USUAL * (max(map(abs, numbers)) or 1.0)
    if row.unit.endswith("above 0") or row.unit.startswith(ABOVE_ZERO):
        return Limits(0.0, most, above=True)
    return Limits(-most if signed else 0.0, most)
