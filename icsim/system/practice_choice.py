"""Patients choose their practice: some look around each month, compare, and may register elsewhere.

Off unless an experiment has ``choice_of_practice``. Those who look around weigh what they lived through at
their own practice against what patients of the others say of theirs, waits, joint services and distance, a
multinomial logit after McFadden (1974). The list, its money and its work follow them at once; a practice's
staff do not. Practices know by the same rule what better services would bring to their list, and weigh it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.care import purposes as draws
from icsim.care.services import Setting
from icsim.compiling import compiled
from icsim.population.columns import Status
from icsim.streams import exp, uniform

if TYPE_CHECKING:
    from icsim.experiment.choosing import ChoiceOfPractice
    from icsim.model import ICSModel

MONTHS = 12


@dataclass(frozen=True)
class ChoiceRules:
    """Constants of the choice; every one is a row ``practice_choice_*`` of the evidence catalogue.

    Attributes:
        stay: log odds of the practice one has: forms to fill in, and who knows one there.
        wait: log odds a day of waiting for a routine appointment.
        trust: log odds of full trust against none: one's own, and elsewhere the mean of its patients.
        joint: log odds of mature joint services against none.
        far: log odds of a practice of another neighbourhood.
    """

    stay: float
    wait: float
    trust: float
    joint: float
    far: float


@compiled
def choose(
    people: Any,
    month: int,
    looking: float,
    offers: np.ndarray,
    own_trust: float,
    stay: float,
    far: float,
    at: np.ndarray,
    said: np.ndarray,
    moved: np.ndarray,
    slope: np.ndarray,
) -> int:
    """Let those who look around this month choose, and move those who choose another practice.

    Args:
        people: structured array; practice and trust in it change for who moves.
        month: index of the draws.
        looking: share of residents who look around this month.
        offers: utility of each practice to a stranger of its neighbourhood, (P,).
        own_trust: log odds of one's own trust, in place of what others say (in ``offers`` by ``said``).
        stay, far: as in ``ChoiceRules``.
        at: neighbourhood of each practice, (P,).
        said: mean trust of each practice's patients, (P,).
        moved: rows of who moves are written into it, (n,).
        slope: what a unit of utility more would add to each list this month is added to it, (P,).

    Returns:
        how many move.
    """
    found = 0
    weight = np.empty(len(offers))
    for i in range(len(people)):
        p = people[i]
        if p.status != Status.RESIDENT or uniform(p.key, draws.LOOKS_AROUND, month) >= looking:
            continue
        if p.setting != Setting.HOME:  # nobody changes in the middle of an episode of care
            continue
        total = 0.0
        for k in range(len(offers)):
            liked = offers[k]
            if at[k] != p.neighbourhood:
                liked += far
            if k == p.practice:
                liked += stay + own_trust * (p.trust_gp - said[k])
            weight[k] = exp(liked)
            total += weight[k]
        drawn = uniform(p.key, draws.PRACTICE_CHOSEN, month) * total
        chosen, so_far = -1, 0.0
        for k in range(len(offers)):
            share = weight[k] / total
            slope[k] += share * (1.0 - share)
            so_far += weight[k]
            if chosen < 0 and drawn < so_far:
                chosen = k
        if chosen >= 0 and chosen != p.practice:
            p.practice = chosen
            p.trust_gp = said[chosen]
            moved[found] = i
            found += 1
    return found


@compiled
def trust_by_practice(people: Any, practices: int) -> np.ndarray:
    """Mean trust of the residents registered with each practice, (P,); 0 where there is nobody."""
    total, count = np.zeros(practices), np.zeros(practices)
    for i in range(len(people)):
        p = people[i]
        if p.status == Status.RESIDENT:
            total[p.practice] += p.trust_gp
            count[p.practice] += 1.0
    return total / np.maximum(count, 1.0)


class PracticeChoice:
    """Who changes practice, month by month.

    Attributes:
        moves: people who changed practice so far.
        slope: people a year that a unit of utility more would have brought to each list, as the last month
            that anybody could choose had it, (P,).
    """

    STATE = ("moves", "slope")

    def __init__(self, model: "ICSModel") -> None:
        self._model = model
        self._at = model.population.practices["neighbourhood"].to_numpy(dtype=np.int64)
        self.moves = 0
        self.slope = np.zeros(len(self._at))

    @property
    def today(self) -> "ChoiceOfPractice | None":
        """What the experiment says of choice for the month that ends today; None where there is none."""
        given, day = self._model.experiment.choice_of_practice, self._model.date - timedelta(days=1)
        if isinstance(given, str) or (given.start and day < given.start) or (given.end and day > given.end):
            return None
        return given

    def month(self) -> None:
        """A month: those who look around choose."""
        given, model = self.today, self._model
        self.slope = np.zeros(len(self._at))
        if given is None or len(self._at) < 2:
            return
        rules = model.catalogue.filled(ChoiceRules, "practice_choice")
        people = model.people
        said = trust_by_practice(people, len(self._at))
        offers = (
            rules.wait * model.world.gp.expected_wait
            + rules.trust * said
            + rules.joint * model.strategy.maturity
        )
        rows = np.empty(len(people), np.int64)
        found = choose(
            people, model.months_done, given.looking / MONTHS, np.ascontiguousarray(offers - offers.max()),
            rules.trust, rules.stay, rules.far, self._at, said, rows, self.slope,
        )  # fmt: skip
        self.slope *= MONTHS
        self.moves += int(found)
        model.services.moved(rows[:found])

    def worth(self, income_by_head: np.ndarray) -> np.ndarray:
        """What mature joint services would bring each practice by its list in a year, GBP, (P,).

        ``income_by_head``: what a patient brings a practice in a year, (P,).
        """
        if not self.slope.any():
            return np.zeros(len(self._at))
        return self._model.catalogue.value("practice_choice_joint") * self.slope * income_by_head
