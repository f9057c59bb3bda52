"""Whom services reach: people picked for caseloads by a noisy score, or a share of those a service is for."""

from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from icsim.care import purposes as draws
from icsim.care.unmet import first_visits
from icsim.compiling import compiled
from icsim.experiment.services import Pick, Site
from icsim.population.columns import Need, Status
from icsim.population.selecting import matching
from icsim.streams import log, normal, uniform
from icsim.system.delivery import Delivery, ServiceRules

if TYPE_CHECKING:
    from icsim.experiment.happenings import Selection
    from icsim.model import ICSModel

RISK: Final = cast(int, np.int64(0))
LONELINESS: Final = cast(int, np.int64(1))
MENTAL_NEED: Final = cast(int, np.int64(2))
ANYBODY: Final = cast(int, np.int64(3))
PICKS = {
    Pick.RISK: RISK, Pick.LONELINESS: LONELINESS, Pick.MENTAL_NEED: MENTAL_NEED, Pick.ANYBODY: ANYBODY,
}  # fmt: skip
ABOVE_ALL = 10.0  # what one more level of need counts for, against which the unmet need only orders


class Look:
    """The people of a run as services see them on one day: columns are copied when first asked for.

    Records of people lie far apart in memory: what twenty services look at is walked through once.
    """

    def __init__(self, people: np.ndarray) -> None:
        self.people = people
        self._columns: dict[str, np.ndarray] = {}
        self._matching: dict[str, np.ndarray] = {}
        self.here = self["status"] == Status.RESIDENT

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._columns:
            self._columns[name] = np.ascontiguousarray(self.people[name])
        return self._columns[name]

    def __len__(self) -> int:
        return len(self.people)

    def those(self, selection: "Selection") -> np.ndarray:
        """Residents whom a selection describes, bool, (n,)."""
        key = selection.model_dump_json()
        if key not in self._matching:
            self._matching[key] = matching(cast(np.ndarray, self), selection) & self.here
        return self._matching[key]

    def site(self, site: Site) -> np.ndarray | None:
        """Each person's site of a service, (n,); None where the whole place is one."""
        return None if site is Site.PLACE else self["practice" if site is Site.PRACTICE else "neighbourhood"]


@compiled
def _reached(
    keys: np.ndarray, meant: np.ndarray, site: np.ndarray, share: np.ndarray, index: Any
) -> np.ndarray:
    """Rows of those a service reaches: the draw of each is held against the share of their site."""
    rows = np.empty(len(keys), np.int64)
    n = 0
    for i in range(len(keys)):
        if meant[i] and uniform(keys[i], draws.SERVICE_REACH, index) < share[site[i]]:
            rows[n] = i
            n += 1
    return rows[:n].copy()


@compiled
def _scores(
    people: Any, rows: np.ndarray, pick: int, today: int, recent: float, days: float, noise: float, index: Any
) -> np.ndarray:
    """How urgently a service with a caseload would take each on."""
    scores = np.empty(len(rows))
    for k in range(len(rows)):
        p = people[rows[k]]
        if pick == RISK:
            rate = p.rate[Need.ACSC] + p.rate[Need.FRAILTY] + p.rate[Need.SOCIAL] + p.rate[Need.ACUTE]
            scores[k] = log(rate + 1e-12) + noise * normal(p.key, draws.SERVICE_PICK, index)
            if today - p.discharged <= days:
                scores[k] += recent
        elif pick == LONELINESS:
            scores[k] = ABOVE_ALL * p.loneliness + p.unmet_need
        elif pick == MENTAL_NEED:
            scores[k] = ABOVE_ALL * p.mental_health_need + p.unmet_need
        else:
            scores[k] = uniform(p.key, draws.SERVICE_PICK, index)
    return scores


@compiled
def _stays(keys: np.ndarray, chance: float, index: Any) -> np.ndarray:
    stays = np.empty(len(keys), np.bool_)
    for k in range(len(keys)):
        stays[k] = uniform(keys[k], draws.SERVICE_LEAVES, index) >= chance
    return stays


@compiled
def _minds_found(people: Any, rows: np.ndarray, share: float, index: Any) -> int:
    """Hidden mental-health need is found, and waits for a mental health team; returns in how many."""
    found = 0
    for i in rows:
        p = people[i]
        if (
            p.mental_health_need > 0
            and p.caseload != 2
            and p.mental_wait == 0
            and uniform(p.key, draws.SERVICE_FINDS, index) < share
        ):
            p.mental_wait = 1
            found += 1
    return found


class Reach:
    """Fills the caseloads of services and finds whom the others reach."""

    def __init__(self, model: "ICSModel", rules: ServiceRules) -> None:
        self.model = model
        self.rules = rules
        self._everywhere = np.zeros(1, np.uint16)

    def month(self, delivery: Delivery, look: Look, analytics: float) -> None:
        """Whom a service at work reaches from today; nobody when it is not."""
        delivery.found = 0
        meant = self._meant(delivery, look)
        delivery.eligible = int(meant.sum())
        if not delivery.at_work:
            if delivery.phase != "stalled":
                delivery.members = np.zeros(0, np.int64)
            return
        if delivery.entry.capacity.reach is not None:
            self._share(delivery, look, meant, delivery.entry.capacity.reach)
        else:
            self._caseload(delivery, look, meant, analytics)

    def _meant(self, delivery: Delivery, look: Look) -> np.ndarray:
        meant = look.those(delivery.who)
        for names, kind, column in (
            (delivery.use.practices, "gp_practice", "practice"),
            (delivery.use.neighbourhoods, "community_team", "neighbourhood"),
        ):
            if names is not None:
                served = [name in names for name in self.site_names(kind)]
                meant = meant & np.array(served)[look[column]]
        return meant

    def site_names(self, kind: str) -> list[str]:
        """Names of practices, or of neighbourhoods."""
        if kind == "community_team":
            return [str(name) for name in self.model.population.neighbourhoods["name"]]
        return [one.name for one in self.model.organisations if one.kind == kind]

    def _share(self, delivery: Delivery, look: Look, meant: np.ndarray, reach: float) -> None:
        share = delivery.joined * reach * min(delivery.staffed, 1.0)
        share = np.minimum(share, delivery.use.coverage)
        site = look.site(delivery.entry.site)
        if site is None:
            site = np.zeros(len(look), np.uint16) if len(self._everywhere) != len(look) else self._everywhere
            self._everywhere = site
        delivery.members = _reached(look["key"], meant, site, share, np.int64(delivery.index))

    def _caseload(self, delivery: Delivery, look: Look, meant: np.ndarray, analytics: float) -> None:
        model, rules, capacity = self.model, self.rules, delivery.entry.capacity
        assert capacity.caseload_per_post is not None
        index = np.int64(delivery.index + model.months_done)
        site = look.site(delivery.entry.site)
        if site is not None:
            meant = meant & (delivery.joined > 0)[site]
        members = delivery.members
        members = members[meant[members]]
        if capacity.months is not None:
            members = members[_stays(look["key"][members], 1 / max(capacity.months, 1.0), index)]
        slots = capacity.caseload_per_post * float(delivery.posts.sum())
        room = int(min(slots + 1e-9, delivery.use.coverage * delivery.eligible)) - len(members)
        if room < 0:
            members = members[: len(members) + room]
        new = np.zeros(0, np.int64)
        if room > 0:
            free = meant.copy()
            free[members] = False
            rows = np.flatnonzero(free)
            noise = rules.noise * (1 - rules.noise_relief * analytics)
            scores = _scores(
                model.people, rows, PICKS[delivery.entry.pick], model.day, rules.recent, rules.recent_days,
                noise, index,
            )  # fmt: skip
            room = min(room, len(rows))
            if room:
                new = rows[np.argpartition(-scores, room - 1)[:room]]
        delivery.members = np.sort(np.concatenate([members, new]))
        self._visit(delivery, np.sort(new), index)

    def _visit(self, delivery: Delivery, new: np.ndarray, index: Any) -> None:
        """First visits uncover need: unmet physical need, and that of the mind by those who look for it."""
        if not delivery.entry.finds_need or not len(new):
            return
        model = self.model
        delivery.found = int(first_visits(model.world, new, model.day - 1, model.months_done))
        if "mental_health_worker" in delivery.roles:
            delivery.found += int(_minds_found(model.people, new, self.rules.mental_found, index))
