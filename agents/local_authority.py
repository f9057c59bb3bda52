"""Local authorities: adult social care."""

from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.agents.organisation import Organisation
from icsim.care import purposes as draws
from icsim.care.hospital import move_to_care_home, start_home_care
from icsim.care.services import Setting
from icsim.compiling import compiled, kernel
from icsim.experiment.organisations import Eligibility
from icsim.population.columns import FRAILTY_CUTS, Residence
from icsim.prefetch import prefetch_standing
from icsim.recording.measures import columns
from icsim.streams import uniform

if TYPE_CHECKING:
    from icsim.model import ICSModel

FRAIL = FRAILTY_CUTS[1]  # moderate frailty: with critical need, a care home rather than home care
AHEAD = 16  # people whose records are on their way while one is looked at
LEVEL = {Eligibility.SOME: 1, Eligibility.SUBSTANTIAL: 2, Eligibility.CRITICAL: 3}


@compiled
def _month_of_care(w: Any, rows: np.ndarray, chance: float, least_need: np.ndarray, month: int) -> np.ndarray:
    """End home-care packages by recovery or change of need; returns rows of the eligible at home."""
    eligible = np.empty(len(rows), np.int64)
    n = 0
    for k in range(len(rows)):
        if k + AHEAD < len(rows):
            prefetch_standing(w.people, rows[k + AHEAD])
        i = rows[k]
        p = w.people[i]
        if p.package == 1 and uniform(p.key, draws.PACKAGE_END, month) < chance:
            p.package = 0
            w.social.home_care_used[p.authority] -= 1
        here = p.residence == Residence.HOME and p.setting < Setting.BOARDING
        if here and p.social_care_need >= least_need[p.authority]:
            eligible[n] = i
            n += 1
    return eligible[:n]


@kernel
def _assess(
    w: Any, rows: np.ndarray, starts: np.ndarray, placements: np.ndarray, waiting: np.ndarray
) -> None:
    """Start support for people at home, the greatest need first, as far as the month's room goes.

    ``starts`` and ``placements`` of each council (A,) are counted down; ``waiting`` counts those eligible for
    home care and not served.
    """
    for level in range(3, 0, -1):
        for i in rows:
            p = w.people[i]
            a = p.authority
            if p.social_care_need != level:
                continue
            if level == 3 and placements[a] > 0 and p.frailty >= FRAIL:
                move_to_care_home(w, i, p)
                placements[a] -= 1
            elif p.package == 0:
                if starts[a] > 0:
                    start_home_care(w, p)
                    starts[a] -= 1
                else:
                    waiting[a] += 1


def support_at_home(model: "ICSModel", weeks: float, month: int) -> None:
    """All councils' work of ``weeks`` weeks for people at home, in one pass.

    Packages end; those with eligible need are assessed and served by need while there is room. ``month`` is
    the index of the draws.
    """
    councils = model.of(LocalAuthority)
    older, rows = model.seen.older, model.seen.cared_for
    if len(older):
        rows = np.roll(rows, -np.searchsorted(rows, older[model.first_of_month(len(older))]))
    least = np.array([council.eligibility for council in councils])
    world = model.world
    end = model.catalogue.value("home_care_end")
    _month_of_care(world, model.seen.younger_supported, end, least, month)  # after a stay in hospital
    rows = _month_of_care(world, rows, end, least, month)
    room = [council.room_for(weeks) for council in councils]
    starts = np.array([starts for starts, _, _ in room])
    placements = np.array([placements for _, placements, _ in room])
    served = starts + placements
    waiting = np.zeros(len(councils), np.int64)
    _assess(world, rows, starts, placements, waiting)
    counted = columns("local_authority")
    served -= starts + placements
    assessed = np.array([assessed for _, _, assessed in room])
    world.tallies.local_authority[:, counted.ASSESSMENTS] += np.minimum(assessed, served + waiting)
    block = model.recorder.block("local_authority")  # what is seen today stands until the next look
    block[max(0, model.day - 1) :, :, counted.ELIGIBLE_WITHOUT_SUPPORT] = waiting
    for council, left in zip(councils, waiting, strict=True):
        council.waiting = int(left)
        if model.day == 0:
            council.waiting_at_start = int(left)


class LocalAuthority(Organisation):
    """A council's adult social care: home care, care-home places, eligibility, assessment.

    Attributes:
        older_people: residents of 65 and over at the start.
        share: its part of the place's residents.
        eligibility: the least social-care need (1-3) it supports.
        waiting, waiting_at_start: people eligible at home who had no package at the last review, and at the
            last before the run.
    """

    kind = "local_authority"
    STATE = ("eligibility", "waiting", "waiting_at_start", "_carried")
    GIVEN = ("capacity", "eligibility")

    def __init__(
        self, model: "ICSModel", *, name: str, index: int, code: str, older_people: float, share: float
    ) -> None:
        super().__init__(model, name=name, index=index, code=code)
        self.older_people = older_people
        self.share = share
        self.waiting = 0
        self.waiting_at_start = 0
        self._carried: dict[str, float] = {}
        given = model.experiment.organisations.local_authorities
        homes = model.experiment.organisations.care_homes
        self.eligibility = LEVEL[given.eligibility]
        v = model.catalogue.value
        older = older_people / 1000

        def per(amount: float | None, key: str) -> float:
            return older * (v(key) if amount is None else amount)

        placements = given.care_home_placements_per_week_per_1000_65plus
        self.capacity = {
            "home_care_packages": per(
                given.home_care_packages_per_1000_65plus, "home_care_packages_per_1000_65plus"
            ),
            "home_care_starts_per_week": per(
                given.home_care_starts_per_week_per_1000_65plus, "home_care_starts_per_week_per_1000_65plus"
            ),
            "care_home_places": per(homes.places_per_1000_65plus, "care_home_places_per_1000_65plus"),
            "assessments_per_week": per(
                given.assessments_per_week_per_1000_65plus, "assessments_per_week_per_1000_65plus"
            ),
            "care_home_placements_per_week": per(placements, "care_home_placements_per_week_per_1000_65plus"),
        }
        people = model.at_start
        own = people.authority == index
        if given.home_care_packages_per_1000_65plus is None:  # a council starts with room for those it has
            in_use = float(np.count_nonzero(people.package[own] == 1))
            room = 1 + 2 * v("home_care_kept_for_hospital")
            self.capacity["home_care_packages"] = max(self.capacity["home_care_packages"], in_use * room)
        if homes.places_per_1000_65plus is None:  # and its homes for those who live there
            in_use = float(np.count_nonzero(people.residence[own] == Residence.CARE_HOME))
            room = 1 + 2 * v("care_home_kept_for_hospital")
            self.capacity["care_home_places"] = max(self.capacity["care_home_places"], in_use * room)

    @classmethod
    def found(cls, model: "ICSModel") -> list["LocalAuthority"]:
        """The councils that run social care in the place's districts."""
        people, table = model.at_start, model.population.authorities
        older = np.bincount(people.authority[people.age >= 65], minlength=len(table))
        everyone = np.bincount(people.authority, minlength=len(table))
        return [
            cls(
                model,
                name=str(name),
                index=k,
                code=str(table["code"].iloc[k]),
                older_people=float(older[k]),
                share=float(everyone[k] / everyone.sum()),
            )
            for k, name in enumerate(table["name"])
        ]

    def open(self) -> None:
        """Hand over this month's capacity; part of the starts are kept for people in hospital.

        A council under a cut takes no package away: it replaces only some of those that end, until it has
        come down to what it can pay for.
        """
        social, k, model = self.model.world.social, self.index, self.model
        v = model.catalogue.value
        factor = model.service_factor(self, "social_care")
        hospital, share = v("eligible_hospital_share"), v("care_home_hospital_share")
        packages = self.capacity["home_care_packages"] * factor + model.added(self, "home_care_packages")
        if factor < 1:
            shed = v("home_care_end") * (1 - v("home_care_replaced_in_a_cut"))
            packages = max(packages, float(social.home_care_used[k]) * (1 - shed))
        social.home_care_starts[k] = self.capacity["home_care_starts_per_week"] * factor * hospital / 5
        social.home_care_packages[k] = round(packages)
        social.care_home_starts[k] = self.capacity["care_home_placements_per_week"] * factor * share / 5
        homes = model.factor_of("care_homes", "places")
        social.care_home_places[k] = round(self.capacity["care_home_places"] * homes)

    @property
    def pressure(self) -> float:
        """More people eligible at home without support than at the start, for each package."""
        packages = max(self.capacity["home_care_packages"], 1.0)
        return min(max((self.waiting - self.waiting_at_start) / packages, 0.0), 1.0)

    def room_for(self, weeks: float) -> tuple[int, int, int]:
        """Packages and placements that may start for people at home, and assessments, in so many weeks."""
        v = self.model.catalogue.value
        social, k = self.model.world.social, self.index
        share = (1 - v("eligible_hospital_share")) * weeks
        factor = self.model.service_factor(self, "social_care")
        kept = v("home_care_kept_for_hospital") * social.home_care_packages[k]
        room = int(social.home_care_packages[k] - kept - social.home_care_used[k])
        starts = max(0, min(self._whole("home_care_starts_per_week", share * factor), room))
        kept = v("care_home_kept_for_hospital") * social.care_home_places[k]
        room = int(social.care_home_places[k] - kept - social.care_home_used[k])
        placements = max(0, min(self._whole("care_home_placements_per_week", share), room))
        assessed = self._whole("assessments_per_week", weeks)
        placements = min(placements, assessed)
        return min(starts, assessed - placements), placements, assessed

    def _whole(self, capacity: str, weeks: float) -> int:
        """A capacity of some weeks as a whole number; the fraction is carried to the next time."""
        due = self.capacity[capacity] * weeks + self._carried.get(capacity, 0.0)
        self._carried[capacity] = due - int(due)
        return int(due)

    def review_month(self) -> None:
        """Support the people at home for another month; the first council does it for all, in one pass."""
        self.open()
        if self.index == 0:
            model = self.model
            support_at_home(model, (model.day - model.month_began) / 7, model.months_done)
