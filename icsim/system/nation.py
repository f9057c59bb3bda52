"""The nation around a place: support, learning between places, reporting, and what regulators press for.

Nothing is kept: all of it follows from the day and the experiment. Without ``nation`` and without shocks of
regulation every method gives back what it was given.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from icsim.evidence.catalogue import Catalogue
from icsim.experiment.elsewhere import share_elsewhere
from icsim.experiment.happenings import Shock, ShockKind
from icsim.experiment.organisations import Kind
from icsim.recording.recorder import financial_year

if TYPE_CHECKING:
    from icsim.experiment import Experiment

BEYOND_HEALTH = (str(Kind.LOCAL_AUTHORITY), str(Kind.VOLUNTARY_SECTOR), str(Kind.CARE_HOMES))
"""Kinds that measures of hospital activity leave out."""
REGULATED = (str(Kind.ACUTE_TRUST), str(Kind.MENTAL_HEALTH_TRUST), str(Kind.COMMISSIONER))
"""Kinds that NHS regulators hold to their own results."""
PRESSED_BY = {
    ShockKind.SPECIAL_MEASURES: (str(Kind.ACUTE_TRUST),),
    ShockKind.DEFICIT: (str(Kind.ACUTE_TRUST), str(Kind.COMMISSIONER)),
}
"""Shocks of regulation, and whom they strike when the experiment names nobody."""


@dataclass(frozen=True)
class NationRules:
    """Constants of what the nation does; every one is a row ``nation_*`` of the evidence catalogue.

    Attributes:
        support_relief: share of pressure that full support takes away.
        support_ethos: will to work together that it adds.
        reporting_pressure: pressure that the full burden of reporting adds.
        focus_ethos: will that partners beyond health lose when hospital activity alone counts.
        mixed_ethos: will that regulated organisations lose when each is held to its own result.
        community_learning: how much faster services are learnt in a full community of
            practice in which every other vanguard has begun them.
        community_same: part of what is passed on that is of the very service; the rest is of its level.
    """

    support_relief: float
    support_ethos: float
    reporting_pressure: float
    focus_ethos: float
    mixed_ethos: float
    community_learning: float
    community_same: float


class NationAround:
    """What the national bodies of an experiment do to organisations on a day."""

    def __init__(self, experiment: "Experiment", catalogue: Catalogue) -> None:
        given = experiment.nation
        self.place = str(experiment.place)
        self.spec = None if isinstance(given, str) else given
        self.rules = catalogue.filled(NationRules, "nation") if self.spec is not None else None
        self.shocks = [shock for shock in experiment.shocks if shock.kind in PRESSED_BY]

    def level(self, key: str, day: date) -> float:
        """How much there is of something on a day, 0-1; 0 without a national programme."""
        if self.spec is None or not self.spec.runs_on(day):
            return 0.0
        return self.spec.level(key, financial_year(day))

    def pressed(self, pressure: np.ndarray, names: list[str], kinds: np.ndarray, day: date) -> np.ndarray:
        """Pressure on organisations, (n,) from 0, with what the nation adds and takes away."""
        after = pressure
        if self.rules is not None:
            after = after * (1 - self.rules.support_relief * self.level("support", day))
            after = after + self.rules.reporting_pressure * self.level("reporting", day)
        for shock in self.shocks:
            if _lasts(shock, day):
                struck = (shock.organisation,) if shock.organisation else PRESSED_BY[shock.kind]
                hit = np.array([name in struck for name in names]) | np.isin(kinds, struck)
                after = after + float(shock.size or 0.0) * hit
        return after

    def willing(self, ethos: np.ndarray, kinds: np.ndarray, day: date) -> np.ndarray:
        """The will of organisations to work together, (n,), with what the nation adds and takes away."""
        if self.rules is None:
            return ethos
        rules = self.rules
        change = rules.support_ethos * self.level("support", day) * np.ones(len(ethos))
        change = change - rules.focus_ethos * self.level("metric_focus", day) * np.isin(kinds, BEYOND_HEALTH)
        change = change - rules.mixed_ethos * self.level("mixed_signals", day) * np.isin(kinds, REGULATED)
        return ethos + change

    def passed_on(self, service: str, level: str, day: date) -> float:
        """What a community of practice passes on of a service of the catalogue, 0-1.

        As much as there is of it, times the part of the other vanguards that have begun the service, or one
        of the same level of care: nobody learns from a peer what no peer does.
        """
        community = self.level("community_of_practice", day)
        if self.rules is None or not community:
            return 0.0
        alike, akin = (share_elsewhere(what, self.place, day) for what in (service, level))
        return community * (akin + self.rules.community_same * (alike - akin))

    def learning(self, service: str, level: str, day: date) -> float:
        """How many times as fast as alone a service is learnt, 1 without a community of practice."""
        if self.rules is None:
            return 1.0
        return 1.0 + self.rules.community_learning * self.passed_on(service, level, day)


def _lasts(shock: Shock, day: date) -> bool:
    last = shock.end or (shock.date + timedelta(days=shock.days - 1) if shock.days else None)
    return shock.date <= day and (last is None or day <= last)
