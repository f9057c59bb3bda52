"""Whom services reach: people picked for caseloads by a noisy score, or a share of those a service is for."""

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from icsim.care import purposes as draws
from icsim.care.unmet import first_visits
from icsim.compiling import compiled
from icsim.experiment.services import Pick, Site
from icsim.population.columns import PERSON, Need, Status
from icsim.population.selecting import matching
from icsim.prefetch import prefetch_days, prefetch_half, prefetch_standing, prefetch_use
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


ASKED = (
    "status", "age", "sex", "imd_decile", "residence", "mental_health_need", "loneliness", "social_care_need",
    "conditions", "frailty",
)  # fmt: skip
ASKED_OF = np.dtype([(name, PERSON[name]) for name in ASKED], align=True)
AHEAD = 16  # people whose records are on their way while one is looked at


@compiled
def _see(people: Any, rows: np.ndarray, seen: Any) -> None:
    """Copy what selections ask of people into ``seen``, ``ASKED_OF``, (rows,)."""
    for k in range(len(rows)):
        if k + AHEAD < len(rows):
            prefetch_standing(people, rows[k + AHEAD])
            prefetch_use(people, rows[k + AHEAD])
        p, q = people[rows[k]], seen[k]
        q.status, q.age, q.sex, q.imd_decile, q.residence = p.status, p.age, p.sex, p.imd_decile, p.residence
        q.mental_health_need, q.loneliness = p.mental_health_need, p.loneliness
        q.social_care_need, q.conditions, q.frailty = p.social_care_need, p.conditions, p.frailty


@compiled
def _where(flags: np.ndarray, rows: np.ndarray) -> int:
    """Write the rows of those with their flag set into ``rows``; how many."""
    found = 0
    for i in range(len(flags)):
        rows[found] = i
        found += flags[i]
    return found


@compiled
def _below(
    within: np.ndarray, drawn: np.ndarray, meant: Any, site: np.ndarray, share: np.ndarray, rows: np.ndarray
) -> int:
    """Write those ``meant`` who draw below the share of their site into ``rows``; how many.

    ``within``: rows of those whose draw may be, ``drawn`` their draws.
    """
    found = 0
    for k in range(len(within)):
        i = within[k]
        rows[found] = i
        found += meant[i] & (drawn[k] < share[site[i]])
    return found


@compiled
def count_at(site: np.ndarray, rows: np.ndarray, sites: int) -> np.ndarray:
    """How many of ``rows`` have each site, (sites,)."""
    counts = np.zeros(sites, np.int64)
    for i in rows:
        counts[site[i]] += 1
    return counts


@compiled
def _standing(people: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each person's key, practice and neighbourhood, in arrays of their own."""
    n = len(people)
    keys, practices, neighbourhoods = np.empty(n, np.uint64), np.empty(n, np.uint16), np.empty(n, np.uint16)
    for i in range(n):
        if i + AHEAD < n:
            prefetch_half(people, i + AHEAD)
        p = people[i]
        keys[i], practices[i], neighbourhoods[i] = p.key, p.practice, p.neighbourhood
    return keys, practices, neighbourhoods


class Look:
    """The people of a run as services see them, on the day of the last :meth:`again`.

    Records of people lie far apart in memory, so only those of people ``altered`` since then are looked at.

    Attributes:
        keys: of everybody's luck, uint64, (n,).
        number: how many residents each selection describes.
        rows: to write rows into, uint32, (n,).
    """

    def __init__(self, people: np.ndarray, altered: np.ndarray, selections: Iterable["Selection"]) -> None:
        n = len(people)
        self._people, self._altered, self._selections = people, altered, tuple(selections)
        self.keys, practices, neighbourhoods = _standing(people)
        nowhere = np.zeros(n, np.uint16)
        self._sites = {Site.PLACE: nowhere, Site.PRACTICE: practices, Site.TEAM: neighbourhoods}
        self.rows = np.empty(n, np.uint32)
        self._those = self._now(np.arange(n))
        self.number = {selection: int(np.count_nonzero(those)) for selection, those in self._those.items()}
        self._counts: dict[Selection, dict[Site, np.ndarray]] = {selection: {} for selection in self._those}
        altered[:] = False

    def again(self) -> None:
        """See the people as they are now."""
        rows = self.where(self._altered).astype(np.intp)
        self._altered[:] = False
        for selection, now in self._now(rows).items():
            those = self._those[selection]
            turned = np.flatnonzero(those[rows] != now)
            those[rows[turned]] = now[turned]
            change = np.where(now[turned], 1, -1)
            self.number[selection] += int(change.sum())
            for site, counts in self._counts[selection].items():
                np.add.at(counts, self.site(site)[rows[turned]], change)

    def _now(self, rows: np.ndarray) -> dict["Selection", np.ndarray]:
        """Who of these rows each selection means today."""
        seen = np.empty(len(rows), ASKED_OF)
        _see(self._people, rows, seen)
        here = seen["status"] == Status.RESIDENT
        return {selection: matching(seen, selection) & here for selection in self._selections}

    def where(self, flags: np.ndarray) -> np.ndarray:
        """Rows of those with their flag set, uint32, until ``rows`` is written to again."""
        return self.rows[: _where(flags, self.rows)]

    def moved(self, rows: np.ndarray) -> None:
        """People of these rows have changed their practice."""
        self._sites[Site.PRACTICE][rows] = self._people["practice"][rows]
        for counts in self._counts.values():
            counts.pop(Site.PRACTICE, None)

    def those(self, selection: "Selection") -> np.ndarray:
        """Residents whom a selection describes, bool, (n,)."""
        return self._those[selection]

    def counts(self, selection: "Selection", site: Site) -> np.ndarray:
        """How many residents a selection describes at each practice or in each neighbourhood."""
        counts = self._counts[selection]
        if site not in counts:
            where = self.site(site)
            counts[site] = np.bincount(where[self.those(selection)], minlength=int(where.max()) + 1)
        return counts[site]

    def site(self, site: Site) -> np.ndarray:
        """Each person's site of a service, uint16, (n,); 0 where the whole place is one."""
        return self._sites[site]


@compiled
def _draws(keys: np.ndarray, index: Any, most: Any) -> tuple[np.ndarray, np.ndarray]:
    """Rows and draws of those who draw at most ``most`` for a service.

    Whoever draws below the share of their site is reached; no share is above what the service may reach.
    """
    drawn, rows = np.empty(len(keys), np.float32), np.empty(len(keys), np.uint32)
    found = 0
    for i in range(len(keys)):
        rows[found] = i
        drawn[found] = uniform(keys[i], draws.SERVICE_REACH, index)
        found += drawn[found] <= most
    return rows[:found].copy(), drawn[:found].copy()


@compiled
def _scores(
    people: Any, rows: np.ndarray, pick: int, today: int, recent: float, days: float, noise: float, index: Any
) -> np.ndarray:
    """How urgently a service with a caseload would take each on."""
    scores = np.empty(len(rows))
    for k in range(len(rows)):
        if k + AHEAD < len(rows):
            prefetch_half(people, rows[k + AHEAD])
            prefetch_days(people, rows[k + AHEAD])
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
def _minds_found(people: Any, rows: np.ndarray, share: float, index: Any) -> tuple[int, int]:
    """Hidden mental-health need is found, and waits for a mental health team.

    Returns:
        in how many it is found, and of how many it was known to mental health teams before.
    """
    found = known = 0
    for i in rows:
        p = people[i]
        if p.mental_health_need == 0:
            continue
        if p.caseload == 2 or p.mental_wait > 0:
            known += 1
        elif uniform(p.key, draws.SERVICE_FINDS, index) < share:
            p.mental_wait = 1
            found += 1
    return found, known


class Reach:
    """Fills the caseloads of services and finds whom the others reach."""

    def __init__(self, model: "ICSModel", rules: ServiceRules) -> None:
        self.model = model
        self.rules = rules
        self._drawn: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    @cached_property
    def _look(self) -> Look:
        asked = {one.who: None for one in self.model.services.deliveries}
        return Look(self.model.people, self.model.world.altered, asked)

    def look(self) -> Look:
        """The people as they are today."""
        self._look.again()
        return self._look

    def moved(self, rows: np.ndarray) -> None:
        """People of these rows have changed their practice."""
        if "_look" in vars(self):  # else nobody has looked yet
            self._look.moved(rows)

    def month(self, delivery: Delivery, look: Look, analytics: float) -> None:
        """Whom a service at work reaches from today; nobody when it is not."""
        delivery.found = delivery.taken_on = delivery.minds_seen = 0
        meant, delivery.eligible = self._meant(delivery, look)
        if not delivery.at_work:
            if delivery.phase != "stalled":
                delivery.members = np.zeros(0, np.uint32)
            return
        if delivery.entry.capacity.reach is not None:
            self._share(delivery, look, meant, delivery.entry.capacity.reach)
        else:
            self._caseload(delivery, look, meant, analytics)

    def _meant(self, delivery: Delivery, look: Look) -> tuple[np.ndarray, int]:
        """Whom a service is for, bool, (n,), and how many they are."""
        meant, number = look.those(delivery.who), look.number[delivery.who]
        for names, kind, site in (
            (delivery.use.practices, "gp_practice", Site.PRACTICE),
            (delivery.use.neighbourhoods, "community_team", Site.TEAM),
        ):
            if names is not None:
                served = [name in names for name in self.site_names(kind)]
                meant = meant & np.array(served)[look.site(site)]
                number = int(np.count_nonzero(meant))
        return meant, number

    def site_names(self, kind: str) -> list[str]:
        """Names of practices, or of neighbourhoods."""
        if kind == "community_team":
            return [str(name) for name in self.model.population.neighbourhoods["name"]]
        return [one.name for one in self.model.organisations if one.kind == kind]

    def _share(self, delivery: Delivery, look: Look, meant: np.ndarray, reach: float) -> None:
        share = np.minimum(delivery.joined * reach * min(delivery.staffed, 1.0), delivery.use.coverage)
        if share.min() >= 1:
            delivery.members = look.where(meant).copy()
            return
        if delivery.index not in self._drawn:
            self._drawn[delivery.index] = _draws(look.keys, np.int64(delivery.index), np.float32(reach))
        if delivery.entry.site is not Site.PLACE:
            share = share.astype(np.float32).astype(np.float64)
        within, drawn = self._drawn[delivery.index]
        found = _below(within, drawn, meant, look.site(delivery.entry.site), share, look.rows)
        delivery.members = look.rows[:found].copy()

    def _caseload(self, delivery: Delivery, look: Look, meant: np.ndarray, analytics: float) -> None:
        model, rules, capacity = self.model, self.rules, delivery.entry.capacity
        assert capacity.caseload_per_post is not None
        index = np.int64(delivery.index + model.months_done)
        site, joined = look.site(delivery.entry.site), delivery.joined > 0
        members = delivery.members
        members = members[meant[members] & joined[site[members]]]
        if capacity.months is not None:
            members = members[_stays(look.keys[members], 1 / max(capacity.months, 1.0), index)]
        slots = capacity.caseload_per_post * float(delivery.posts.sum())
        room = int(min(slots + 1e-9, delivery.use.coverage * delivery.eligible)) - len(members)
        if room < 0:
            members = members[: len(members) + room]
        new = np.zeros(0, np.uint32)
        if room > 0:
            rows = look.where(meant)
            rows = rows[joined[site[rows]]]
            rows = np.delete(rows, np.searchsorted(rows, members))
            noise = rules.noise * (1 - rules.noise_relief * analytics)
            scores = _scores(
                model.people, rows, PICKS[delivery.entry.pick], model.day, rules.recent, rules.recent_days,
                noise, index,
            )  # fmt: skip
            room = min(room, len(rows))
            if room:
                new = rows[np.argpartition(-scores, room - 1)[:room]]
        delivery.members = np.sort(np.concatenate([members, new]))
        self._visit(delivery, np.sort(new).astype(np.int64), index)

    def _visit(self, delivery: Delivery, new: np.ndarray, index: Any) -> None:
        """First visits uncover need: unmet physical need, and that of the mind by those who look for it."""
        delivery.taken_on = len(new)
        if not delivery.entry.finds_need or not len(new):
            return
        model = self.model
        delivery.found = int(first_visits(model.world, new, model.day - 1, model.months_done))
        if "mental_health_worker" in delivery.roles:
            found, known = _minds_found(model.people, new, self.rules.mental_found, index)
            delivery.found += int(found)
            delivery.minds_seen = int(found + known)
