"""The figures that stories ask about: read from a running model over a span of its days."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from icsim.dashboards.measures import Noted
from icsim.dashboards.stories.followed import Followed
from icsim.model import ICSModel
from icsim.recording.indicators import ELSEWHERE
from icsim.recording.measures import columns

YEAR = 365.25
HEADS = 1000
MONTHS = 12


@dataclass(frozen=True)
class Seen:
    """A model, what was noted of its months, and the people a story follows."""

    model: ICSModel
    noted: Noted
    followed: Followed | None


@dataclass(frozen=True)
class Figure:
    """A figure of a story.

    Attributes:
        label, unit: how the page calls it; ``{}`` in ``form`` stands for the number.
        decimals: shown.
        stands: whether it is as things stand on the last day, and known of no day that is past.
        value: from a model and the first and last day (exclusive) it is about; NaN when it cannot be told.
    """

    label: str
    unit: str
    decimals: int
    value: Callable[[Seen, int, int], float]
    form: str = "{}"
    stands: bool = False

    def words(self, value: float, signed: bool = False) -> str:
        """The number in words; a dash when it is not known."""
        if not np.isfinite(value):
            return "–"
        sign = "−" if round(value, self.decimals) < 0 else "+" if signed else ""
        return sign + self.form.format(f"{abs(value):,.{self.decimals}f}")


def _sum(seen: Seen, kind: str, name: str, since: int, until: int) -> float:
    rows = seen.model.recorder.block(kind)[since:until, ..., columns(kind)[name.upper()]]
    return float(rows.astype(np.float64).sum())


def _rate(kind: str, name: str) -> Callable[[Seen, int, int], float]:
    """Per 1,000 residents a year."""

    def value(seen: Seen, since: int, until: int) -> float:
        lived = _sum(seen, "system", "population", since, until)
        return YEAR * HEADS * _sum(seen, kind, name, since, until) / lived if lived else np.nan

    return value


def _four_hours(seen: Seen, since: int, until: int) -> float:
    came = _sum(seen, "acute_trust", "ae_attendances", since, until)
    return 100 - 100 * _sum(seen, "acute_trust", "ae_breaches", since, until) / came if came else np.nan


def _mean(kind: str, name: str) -> Callable[[Seen, int, int], float]:
    """Mean over organisations and days."""

    def value(seen: Seen, since: int, until: int) -> float:
        rows = seen.model.recorder.block(kind)[since:until, ..., columns(kind)[name.upper()]]
        return float(rows.astype(np.float64).mean()) if rows.size else np.nan

    return value


def _full(seen: Seen, since: int, until: int) -> float:
    """Percent of the open beds of the place's own hospitals."""
    mine = [row.name != ELSEWHERE for row in seen.model.recorder.rows("acute_trust")]
    rows = seen.model.recorder.block("acute_trust")[since:until, mine].astype(np.float64)
    named = columns("acute_trust")
    beds = rows[..., named["BEDS_OPEN"]].sum()
    return float(100 * rows[..., named["BEDS_OCCUPIED"]].sum() / beds) if beds else np.nan


def _surplus(kind: str) -> Callable[[Seen, int, int], float]:
    """GBP million a year over the months closed in the span."""

    def value(seen: Seen, since: int, until: int) -> float:
        at = [k for k, day in enumerate(seen.noted.days) if since < day <= until]
        if not at:
            return np.nan
        found = sum(seen.noted.results[k].get(kind, 0.0) for k in at)
        return found / len(at) * MONTHS / seen.model.scale / 1e6

    return value


def _standing(label: str, unit: str, read: Callable[[ICSModel], float]) -> Figure:
    """Percent, as it stands on the last day; not known of any other."""

    def value(seen: Seen, since: int, until: int) -> float:
        return 100 * read(seen.model) if until == seen.model.day else np.nan

    return Figure(label, unit, 0, value, "{}%", stands=True)


def _effort_of(kind: str) -> Callable[[ICSModel], float]:
    def read(model: ICSModel) -> float:
        rows = [k for k, one in enumerate(model.strategy.parties.kinds) if one == kind]
        return float(model.strategy.effort[rows].mean()) if rows else np.nan

    return read


def _maturity(model: ICSModel) -> float:
    return float(model.strategy.maturity.mean()) if len(model.strategy.maturity) else 0.0


def _service(model: ICSModel) -> float:
    """How far the first service in use is there, times how well it is done; 0 when it has been dropped."""
    first = next(iter(model.services.deliveries), None)
    return float(first.breadth * first.quality) if first is not None and first.at_work else 0.0


def _followed(seen: Seen, since: int, until: int) -> float:
    return np.nan if seen.followed is None else seen.followed.rate(since, until)


FIGURES: dict[str, Figure] = {
    "trust": _standing("Trust between partners", "", lambda model: model.strategy.mean_trust()),
    "effort": _standing("Effort for joint work", "of free time", lambda model: model.strategy.mean_effort()),
    "hospital_effort": _standing("The hospital's effort for joint work", "of free time",
                                 _effort_of("acute_trust")),
    "maturity": _standing("Maturity of joint work", "", _maturity),
    "service": _standing("The service, of what it was meant to be", "", _service),
    "hospital_surplus": Figure("The hospital's result", "a year", 1, _surplus("acute_trust"), "£{}m"),
    "commissioner_surplus": Figure("The commissioner's result", "a year", 1, _surplus("commissioner"),
                                   "£{}m"),
    "emergency": Figure("Emergency admissions", "per 1,000 a year", 1,
                        _rate("acute_trust", "emergency_admissions")),
    "ae": Figure("A&E attendances", "per 1,000 a year", 0, _rate("acute_trust", "ae_attendances")),
    "four_hours": Figure("A&E within four hours", "", 1, _four_hours, "{}%"),
    "admitted": Figure("Admitted from A&E", "per 1,000 a year", 1, _rate("acute_trust", "admitted_from_ae")),
    "appointments": Figure("GP and nurse appointments held", "per 1,000 a year", 0,
                           _rate("gp_practice", "appointments")),
    "refused": Figure("Requests that practices turn away", "per 1,000 a year", 0,
                      _rate("gp_practice", "requests_refused")),
    "gp_wait": Figure("Wait for a GP", "days", 1, _mean("gp_practice", "routine_wait_days")),
    "delayed": Figure("Bed days lost to delay", "per 1,000 a year", 1,
                      _rate("acute_trust", "delayed_transfers")),
    "occupied": Figure("Beds that are full", "", 1, _full, "{}%"),
    "often": Figure("Emergency admissions of those followed", "a person a year", 2, _followed),
}  # fmt: skip
"""By name, as stories write them."""
