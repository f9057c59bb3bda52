"""The large numbers on the wall: each read from a running model, over its last four weeks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from icsim.model import ICSModel
from icsim.recording.indicators import ELSEWHERE
from icsim.recording.measures import columns, group_columns

WINDOW = 28
"""Days that a rate looks back on."""
YEAR = 12
"""Months that money and the gap between rich and poor look back on."""


@dataclass(frozen=True)
class Large:
    """One large number.

    Attributes:
        key, label, unit: how the page calls it; ``{}`` in ``form`` stands for the figure.
        better: whether low or high figures are wanted.
        decimals: shown.
        definition: one line for those who ask.
        value: from a model and what was noted of it; NaN before it can be told.
    """

    key: str
    label: str
    unit: str
    better: Literal["low", "high"]
    decimals: int
    definition: str
    value: Callable[["ICSModel", "Noted"], float]
    form: str = "{}"

    def figure(self, value: float, signed: bool = False) -> str:
        """The figure in words; a dash when it is not known."""
        if not np.isfinite(value):
            return "–"
        sign = "−" if round(value, self.decimals) < 0 else "+" if signed else ""
        return sign + self.form.format(f"{abs(value):,.{self.decimals}f}")

    def apart(self, value: float) -> str:
        """A difference between two figures, with its sign; percentages differ by points."""
        said = self.figure(value, signed=True)
        if self.form != "{}%":
            return said
        return f"{said[:-1]} point" if said[1:-1] == "1" else f"{said[:-1]} points"


class Noted:
    """What the end of each month leaves behind for figures that look back a year.

    Attributes:
        surplus: of the organisations of the place together, GBP, by month.
        results: the same of each kind of organisation, and ``days`` on which these months were over.
        counted: emergency admissions by age band and fifth of deprivation since the start, by month.
        lived: person days, likewise.
    """

    def __init__(self, model: ICSModel) -> None:
        self.months = 0
        self.surplus: list[float] = []
        self.results: list[dict[str, float]] = []
        self.days: list[int] = []
        self._kinds = [one.kind if one.name != ELSEWHERE else ELSEWHERE for one in model.organisations]
        self.counted: list[np.ndarray] = [self._admissions(model)]
        self.lived: list[np.ndarray] = [model.world.tallies.person_days.sum(axis=0)]

    @staticmethod
    def _admissions(model: ICSModel) -> np.ndarray:
        column = group_columns().EMERGENCY_ADMISSIONS
        return model.world.tallies.by_group[..., column].sum(axis=0)

    def month_end(self, model: ICSModel) -> None:
        """Note a month that has just been closed."""
        self.months = model.months_done
        ledger, n = model.accounts.ledger, len(model.organisations)
        result = ledger.received[:n] - ledger.spent[:n]
        self.surplus.append(float(result.sum()))
        of_kinds: dict[str, float] = {}
        for kind, each in zip(self._kinds, result.tolist(), strict=True):
            of_kinds[kind] = of_kinds.get(kind, 0.0) + each
        self.results.append(of_kinds)
        self.days.append(model.day)
        self.counted.append(self._admissions(model))
        self.lived.append(model.world.tallies.person_days.sum(axis=0))


def _rows(model: ICSModel, kind: str, name: str, own: bool = False) -> np.ndarray:
    """Figures of the last days, (days, organisations); ``own``: of the place's own trusts alone."""
    block = model.recorder.block(kind)[max(0, model.day - WINDOW) : model.day]
    rows = block[..., columns(kind)[name.upper()]]
    if own:
        mine = [row.name != ELSEWHERE for row in model.recorder.rows(kind)]
        rows = rows[:, mine]
    return rows.astype(np.float64)


def _a_year(model: ICSModel, kind: str, name: str) -> float:
    """Per 1,000 residents a year."""
    residents = _rows(model, "system", "population").sum()
    return float(365.25 * 1000 * _rows(model, kind, name).sum() / residents) if residents else np.nan


def _percent(part: np.ndarray, whole: np.ndarray) -> float:
    return float(100 * part.sum() / whole.sum()) if whole.sum() else np.nan


def _four_hours(model: ICSModel, noted: Noted) -> float:
    return 100 - _percent(
        _rows(model, "acute_trust", "ae_breaches"), _rows(model, "acute_trust", "ae_attendances")
    )


def _occupancy(model: ICSModel, noted: Noted) -> float:
    return _percent(
        _rows(model, "acute_trust", "beds_occupied", own=True),
        _rows(model, "acute_trust", "beds_open", own=True),
    )


def _gp_wait(model: ICSModel, noted: Noted) -> float:
    rows = _rows(model, "gp_practice", "routine_wait_days")
    return float(rows.mean()) if rows.size else np.nan


def _surplus(model: ICSModel, noted: Noted) -> float:
    months = noted.surplus[-YEAR:]
    return sum(months) / len(months) * YEAR / model.scale / 1e6 if months else np.nan


def _gap(model: ICSModel, noted: Noted) -> float:
    """Admissions of the most deprived fifth over those of the least, ages alike (standardised)."""
    back = max(0, len(noted.counted) - 1 - YEAR)
    counts, days = noted.counted[-1] - noted.counted[back], noted.lived[-1] - noted.lived[back]
    rates = counts.sum(axis=1) / np.maximum(days.sum(axis=1), 1e-9)
    expected = (rates[:, None] * days).sum(axis=0)
    found = counts.sum(axis=0)
    if not (expected[0] > 0 and expected[-1] > 0 and found[-1] > 0):
        return np.nan
    return float((found[0] / expected[0]) / (found[-1] / expected[-1]))


LARGE: tuple[Large, ...] = (
    Large("emergency", "Emergency admissions", "per 1,000 a year", "low", 0,
          "Residents, at any hospital, over the last four weeks, as if they were a year.",
          lambda model, noted: _a_year(model, "acute_trust", "emergency_admissions")),
    Large("four_hours", "A&E within four hours", "", "high", 1,
          "Residents' attendances of the last four weeks, at any hospital.", _four_hours, "{}%"),
    Large("occupancy", "Beds that are full", "", "low", 1,
          "Of the open beds of the place's own hospitals, everybody's patients counted.", _occupancy, "{}%"),
    Large("delayed", "Bed days lost to delay", "per 1,000 a year", "low", 0,
          "Residents fit to leave who wait for assessment, home care, a care home or intermediate care.",
          lambda model, noted: _a_year(model, "acute_trust", "delayed_transfers")),
    Large("gp_wait", "Wait for a GP", "days", "low", 1,
          "To the first free routine appointment, mean over practices.", _gp_wait),
    Large("surplus", "System surplus", "a year", "high", 1,
          "Receipts less payments of all organisations together, over the last twelve months or since the "
          "start, as if they were a year; 2016/17 prices.", _surplus, "£{}m"),
    Large("gap", "Gap, most to least deprived", "times", "low", 2,
          "Emergency admissions of the most deprived fifth over those of the least, people of the same age "
          "compared, over the last twelve months or since the start.", _gap),
    Large("trust", "Trust between partners", "", "high", 0,
          "Mean trust of organisations in one another, each kind counting by its part in joint work.",
          lambda model, noted: 100 * model.strategy.mean_trust(), "{}%"),
)  # fmt: skip
