"""One comparison of a run with a published figure, and how it is judged."""

import math
from dataclasses import dataclass
from typing import Any

TOTAL, GRADIENT, PLACE = 0.05, 0.10, 0.15
"""How far from the published figure a row may be: totals, gradients, a place's own level."""
TREND = (0.5, 2.0)
"""Least and most of the published change: of the same sign, and between half and double its size."""
IN, OUT, NOT_COMPARABLE, TOO_FEW = "in", "out", "not comparable", "too few"
VERDICTS = (IN, OUT, TOO_FEW, NOT_COMPARABLE)


@dataclass(frozen=True)
class Published:
    """A published figure.

    Attributes:
        value: in the row's unit.
        kind: class of the figure: measured, reported or assumed.
        source, year: where and when it is from.
        set_to: whether a number of the model was set so that this figure comes out; agreement then shows
            nothing else.
    """

    value: float
    kind: str
    source: str = ""
    year: str = ""
    set_to: bool = False

    @classmethod
    def of(
        cls, parameter: Any, *, per: float = 1.0, value: float | None = None, set_to: bool = False
    ) -> "Published":
        """A row of the catalogue, times ``per``; or another ``value`` that rests on it."""
        figure = float(parameter.value) * per if value is None else value
        return cls(figure, parameter.kind, parameter.source, parameter.year, set_to)


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        topic, label, unit: what is compared.
        found: the run's figure.
        published: the published one, for this place's people where it is by age.
        asked: least and most of found over published; None where nothing is asked.
        events: how many events the published figure expects in this run; NaN where luck is no matter.
        why: why the two cannot be compared, "" when they can.
    """

    topic: str
    label: str
    unit: str
    found: float
    published: Published
    asked: tuple[float, float] | None
    events: float = math.nan
    why: str = ""

    @property
    def ratio(self) -> float:
        """Found over published."""
        return self.found / self.published.value if self.published.value else math.nan

    @property
    def verdict(self) -> str:
        """``in``, ``out``, ``not comparable``, or ``too few``: luck alone moves so few events as far."""
        if self.why or self.asked is None or math.isnan(self.ratio):
            return NOT_COMPARABLE
        low, high = self.asked
        if 1.96 / math.sqrt(max(self.events, 1e-9)) > high - 1:  # never true of NaN
            return TOO_FEW
        return IN if low <= self.ratio <= high else OUT

    @property
    def asked_text(self) -> str:
        """What is asked, as a reader sees it."""
        if self.asked is None or self.why:
            return ""
        if self.asked == TREND:
            return "half-double"
        low, high = self.asked
        return f"±{high - 1:.0%}" if low > 0 else "at most"


def within(share: float) -> tuple[float, float]:
    """What is asked of a row that may be this share away."""
    return 1 - share, 1 + share


AT_MOST = (0.0, 1.0)
