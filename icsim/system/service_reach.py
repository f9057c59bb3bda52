"""Whom services reach: people picked for caseloads by a noisy score, or a share of those a service is for."""

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from icsim.care import purposes as draws
from icsim.care.unmet import first_visits
from icsim.compiling import compiled
from icsim.experiment.services import Pick, Site
from icsim.population.columns import Need, Status
from icsim.population.selecting import matching
from icsim.prefetch import prefetch_days, prefetch_half, prefetch_standing
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


FIXED = ("key", "sex", "imd_decile", "practice", "neighbourhood")  # practice but for ``Look.moved``
SMALL = ("status", "age", "residence", "mental_health_need", "loneliness", "social_care_need")
AT_ONCE = 4096  # records of people that are at hand together
AHEAD = 16  # people whose records are on their way while one is looked at


@compiled
def _see(
    people: Any, small: np.ndarray, conditions: np.ndarray, frailty: np.ndarray, rows: np.ndarray
) -> int:
    """Bring what may change about people up to date: ``small`` (6, n), in the order of ``SMALL``, and more.

    Writes the rows of those who have changed into ``rows``; returns how many they are.
    """
    found = 0
    for i in range(len(people)):
        if i + AHEAD < len(people):
            prefetch_standing(people, i + AHEAD)
        p = people[i]
        differs = (p.status ^ small[0, i]) | (p.age ^ small[1, i]) | (p.residence ^ small[2, i])
        differs |= (p.mental_health_need ^ small[3, i]) | (p.loneliness ^ small[4, i])
        differs |= p.social_care_need ^ small[5, i]
        if differs != 0 or p.conditions != conditions[i] or p.frailty != frailty[i]:
            rows[found] = i
            found += 1
            small[0, i], small[1, i], small[2, i] = p.status, p.age, p.residence
            small[3, i], small[4, i], small[5, i] = p.mental_health_need, p.loneliness, p.social_care_need
            conditions[i], frailty[i] = p.conditions, p.frailty
    return found


@compiled
def _below(
    meant: np.ndarray, drawn: np.ndarray, site: np.ndarray, share: np.ndarray, rows: np.ndarray
) -> int:
    """Write the rows of those ``meant`` who draw below the share of their site into ``rows``; how many."""
    found = 0
    for i in range(len(meant)):
        rows[found] = i
        found += meant[i] & (drawn[i] < share[site[i]])
    return found


@compiled
def count_at(site: np.ndarray, rows: np.ndarray, sites: int) -> np.ndarray:
    """How many of ``rows`` have each site, (sites,)."""
    counts = np.zeros(sites, np.int64)
    for i in rows:
        counts[site[i]] += 1
    return counts


def _columns_of(people: np.ndarray, names: Iterable[str]) -> dict[str, np.ndarray]:
    """Copies of columns, each in one piece: some people at a time, so that records are fetched once."""
    columns = {name: np.empty(len(people), people.dtype[name]) for name in names}
    for first in range(0, len(people), AT_ONCE):
        for name, column in columns.items():
            column[first : first + AT_ONCE] = people[name][first : first + AT_ONCE]
    return columns


class _Part:
    """Some rows of columns, as a selection looks at them."""

    def __init__(self, columns: dict[str, np.ndarray], rows: np.ndarray) -> None:
        self._columns, self._rows = columns, rows

    def __getitem__(self, name: str) -> np.ndarray:
        return self._columns[name][self._rows]

    def __len__(self) -> int:
        return len(self._rows)


class Look:
    """The people of a run as services see them, on the day of the last :meth:`again`.

    Records of people lie far apart in memory. One line of each is walked through, and only those who have
    changed since the last time are looked at closer.
    """

    def __init__(self, people: np.ndarray) -> None:
        n = len(people)
        small, conditions = np.zeros((len(SMALL), n), np.uint8), np.zeros(n, np.uint16)
        frailty = np.zeros(n, np.float32)
        self._columns = _columns_of(people, FIXED)
        self._columns.update(zip(SMALL, small, strict=True), conditions=conditions, frailty=frailty)
        self._people, self._changing = people, (small, conditions, frailty)
        self._those: dict[Selection, np.ndarray] = {}
        self._counts: dict[tuple[Selection, Site], np.ndarray] = {}
        self.here = np.zeros(n, np.bool_)
        self.rows = np.empty(n, np.int64)  # to write into
        self.nowhere = np.zeros(n, np.uint16)  # the site of everybody where the whole place is one

    def again(self) -> None:
        """See the people as they are now."""
        rows = self.rows[: _see(self._people, *self._changing, self.rows)]
        self.here[rows] = self["status"][rows] == Status.RESIDENT
        for selection, those in self._those.items():
            before = rows[those[rows]]
            those[rows] = matching(cast(np.ndarray, _Part(self._columns, rows)), selection) & self.here[rows]
            for site in Site:
                counts, where = self._counts.get((selection, site)), self.site(site)
                if counts is not None and where is not None:
                    counts += count_at(where, rows[those[rows]], len(counts))
                    counts -= count_at(where, before, len(counts))

    def moved(self, rows: np.ndarray) -> None:
        """People of these rows have changed their practice."""
        self._columns["practice"][rows] = self._people["practice"][rows]
        for key in [key for key in self._counts if key[1] is Site.PRACTICE]:
            del self._counts[key]

    def __getitem__(self, name: str) -> np.ndarray:
        return self._columns[name]

    def __len__(self) -> int:
        return len(self.here)

    def those(self, selection: "Selection") -> np.ndarray:
        """Residents whom a selection describes, bool, (n,)."""
        if selection not in self._those:
            self._those[selection] = matching(cast(np.ndarray, self), selection) & self.here
        return self._those[selection]

    def counts(self, selection: "Selection", site: Site) -> np.ndarray:
        """How many residents a selection describes at each practice or in each neighbourhood."""
        where = self.site(site)
        if (selection, site) not in self._counts and where is not None:
            rows = np.flatnonzero(self.those(selection))
            self._counts[selection, site] = count_at(where, rows, int(where.max()) + 1)
        return self._counts[selection, site]

    def site(self, site: Site) -> np.ndarray | None:
        """Each person's site of a service, (n,); None where the whole place is one."""
        return None if site is Site.PLACE else self["practice" if site is Site.PRACTICE else "neighbourhood"]


@compiled
def _draws(keys: np.ndarray, index: Any) -> np.ndarray:
    """Each person's draw for a service: whoever draws below the share of their site is reached."""
    drawn = np.empty(len(keys), np.float32)
    for i in range(len(keys)):
        drawn[i] = uniform(keys[i], draws.SERVICE_REACH, index)
    return drawn


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
        self._drawn: dict[int, np.ndarray] = {}

    @cached_property
    def _look(self) -> Look:
        return Look(self.model.people)

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
        meant = self._meant(delivery, look)
        delivery.eligible = int(np.count_nonzero(meant))
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
        share = np.minimum(delivery.joined * reach * min(delivery.staffed, 1.0), delivery.use.coverage)
        if share.min() >= 1:
            delivery.members = np.flatnonzero(meant)
            return
        if delivery.index not in self._drawn:
            self._drawn[delivery.index] = _draws(look["key"], np.int64(delivery.index))
        site = look.site(delivery.entry.site)
        if site is None:
            site = look.nowhere
        else:
            share = share.astype(np.float32).astype(np.float64)
        found = _below(meant, self._drawn[delivery.index], site, share, look.rows)
        delivery.members = look.rows[:found].copy()

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
        delivery.taken_on = len(new)
        if not delivery.entry.finds_need or not len(new):
            return
        model = self.model
        delivery.found = int(first_visits(model.world, new, model.day - 1, model.months_done))
        if "mental_health_worker" in delivery.roles:
            found, known = _minds_found(model.people, new, self.rules.mental_found, index)
            delivery.found += int(found)
            delivery.minds_seen = int(found + known)
