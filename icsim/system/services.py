"""Services of the catalogue at work: needs, staff, money, how well they are done, whom they reach.

On the first of each month every service is judged: what it needs is there or it waits or stalls; posts fill;
sites join; fidelity grows by cycles of change or fades; some fail. Then caseloads fill and levers turn.
Realised effect = effect in full * who is reached (coverage) * fidelity. Without services nothing is done.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.care import purposes as draws
from icsim.care.together import SERVICES
from icsim.experiment.errors import ExperimentError, Problem, near
from icsim.experiment.services import ADDED, Gift, Site, Use
from icsim.keeping import put_back, state_of
from icsim.streams import uniform
from icsim.system.delivery import Delivery, Phase, ServiceRules
from icsim.system.programme import EngineRoom
from icsim.system.service_effects import turn_levers
from icsim.system.service_learning import Learning, crowded, luck_of_services
from icsim.system.service_money import Purse
from icsim.system.service_needs import Surroundings, hazard, missing
from icsim.system.service_reach import Look, Reach, count_at
from icsim.system.service_staff import Staffing
from icsim.system.standing import SITE_KINDS, Standing

if TYPE_CHECKING:
    from icsim.model import ICSModel

MONTH = 365.25 / 12
HEADS = 100_000


class Services:
    """All services of a run.

    Attributes:
        deliveries: the services, in the order of the experiment, the programme's last; then successors.
        staffing, purse: who works in them, who pays.
    """

    def __init__(self, model: "ICSModel") -> None:
        self.model = model
        self.deliveries: list[Delivery] = []
        if not model.experiment.used:
            return
        self.rules = model.catalogue.filled(ServiceRules, "services")
        self.deliveries = self._deliveries()
        self.engine = EngineRoom(model, self.rules)
        self.staffing = Staffing(model, self.rules)
        self.purse = Purse(model)
        self.reach = Reach(model, self.rules)
        self.learning = Learning(model, self.rules, self.engine)
        self._check()
        self._key = luck_of_services(model)

    def _deliveries(self) -> list[Delivery]:
        """The services used, and what those who learn from a failure would try next."""
        model, used = self.model, list(self.model.experiment.used)
        deliveries = [Delivery(model, use, programme, self.rules) for use, programme in used]
        names = {use.name for use, _ in used} | {use.use for use, _ in used}
        for delivery in deliveries:  # grows as it goes: a successor may have one
            following = delivery.entry.successor
            if following is not None and following not in names:
                names.add(following)
                later = Delivery(model, Use(use=following, name=following), delivery.programme, self.rules)
                later.start, later.end = None, delivery.end
                deliveries.append(later)
        return deliveries

    def _check(self) -> None:
        """Practices and neighbourhoods that a use names exist; there are bits for all services."""
        problems = []
        for one in self.deliveries:
            for key, kind in (("practices", "gp_practice"), ("neighbourhoods", "community_team")):
                known = self.reach.site_names(kind)
                for name in getattr(one.use, key) or ():
                    if name not in known:
                        said = f"no such {key[:-1]} in {self.model.place.name}"
                        problems.append(
                            Problem("", f"{one.name}.{key}", said, name, choices=near(name, known))
                        )
        turning = sum(bool(one.factors) for one in self.deliveries)
        if turning > SERVICES:
            said = f"{turning} services turn levers: expected at most {SERVICES} in one run"
            problems.append(Problem("", "interventions", said))
        if problems:
            raise ExperimentError(problems)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        if not self.deliveries:
            return {}
        deliveries = {one.name: {**state_of(one), "phase": str(one.phase), "start": _text(one.start)}
                      for one in self.deliveries}  # fmt: skip
        return {
            "deliveries": deliveries,
            "staffing": state_of(self.staffing),
            "purse": state_of(self.purse),
            "added": [[*key, amount] for key, amount in self.model.capacity_added.items()],
            "noise": self.model.risk_noise,
        }

    def put_back(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint, when levers are put back; services new to it begin on their day."""
        if not state:
            return
        if not self.deliveries:
            raise ValueError("services that the experiment no longer has")
        for one in self.deliveries:
            kept = state["deliveries"].get(one.name)
            if kept is None:
                continue
            end = one.end
            put_back(one, {**kept, "phase": Phase(kept["phase"]), "start": _day(kept["start"])})
            one.end = end
            one.members = one.members[one.members < len(self.model.people)]
        put_back(self.staffing, state["staffing"])
        put_back(self.purse, state["purse"])
        self.model.capacity_added = {(owner, what): amount for owner, what, amount in state["added"]}
        self.model.risk_noise = state["noise"]

    def moved(self, rows: np.ndarray) -> None:
        """People of these rows have changed their practice."""
        if self.deliveries:
            self.reach.moved(rows)

    def begin_day(self, today: date) -> None:
        """On the first of a month, and on the first day of the run, everything; on other days only ends."""
        if not self.deliveries:
            return
        if today.day == 1 or self.model.day == 0:
            self._month(today)
        elif any(one.end is not None and one.end + timedelta(days=1) == today for one in self.deliveries):
            self._end_those_due(today)
            self._turn()

    def _month(self, today: date) -> None:
        standing = Standing(self.model, self.rules.caution)
        look = self.reach.look()
        self._end_those_due(today)
        for one in self.engine.next_ones(self.deliveries, standing):
            one.phase = Phase.WAITING
        gifts = self._gifts()
        self.purse.open_month(self.engine.active)
        self._promise(standing)
        crowds = crowded(self.deliveries, self.rules)
        for one, crowd in zip(self.deliveries, crowds, strict=True):
            there = Surroundings(standing, gifts, self.engine.voices(one.programme, gifts["public"]))
            self._judge(one, there)
            attention = self.engine.attention(self.deliveries)
            for k, effort in self.learning.join(one, there, attention):
                self._event(one, "site joins", f"effort {effort:.2f}", one.sites[k])
            self.staffing.recruit(one, self.engine.training)
            self.learning.learn(one, there, attention, crowd)
        self.staffing.end_month(self.engine.training)
        self._pay()
        for one in self.deliveries:
            if one.phase is not Phase.PLANNED:
                self.reach.month(one, look, gifts["analytics"])
        self.model.risk_noise = 1 - self.rules.noise_relief * gifts["analytics"]
        self._turn()
        self._record(today.replace(day=1), look)

    def _end_those_due(self, today: date) -> None:
        for one in self.deliveries:
            if one.end is not None and today > one.end and one.phase not in (Phase.DROPPED, Phase.ENDED):
                if one.begun:
                    self._event(one, "service ends", f"on {one.end}")
                self.staffing.disband(one)
                one.leave(Phase.ENDED, "")

    def _gifts(self) -> dict[str, float]:
        """Shared records and the like, 0 to 1: what there was at the start and what services give."""
        rules = self.rules
        lacking = {str(gift): 1.0 for gift in Gift}
        lacking["records"] = 1 - rules.records_at_start
        lacking["analytics"] = 1 - rules.analytics_at_start
        for one in self.deliveries:
            if one.at_work:
                part = one.breadth * one.quality * (one.entry.capacity.reach or 1.0)
                for gift, full in one.entry.gives.items():
                    lacking[gift] *= 1 - full * part
        return {gift: 1 - lack for gift, lack in lacking.items()}

    def _promise(self, standing: Standing) -> None:
        bills = [
            (one, self.staffing.cost_a_month(one, one.posts_wanted) + one.running_gbp)
            for one in self.deliveries
            if one.begun or one.phase is Phase.WAITING
        ]
        self.purse.promise(bills, standing.willing)

    def _judge(self, one: Delivery, there: Surroundings) -> None:
        """Let a service start, stall, go on again or fail."""
        rules = self.rules
        if not (one.begun or one.phase is Phase.WAITING):
            return
        lack = missing(one, there, rules)
        if one.phase is Phase.WAITING:
            space = one.entry.needs.space
            wait = (space.months if space else 0.0) + self.engine.delay(one.programme)
            if not lack and one.waited >= wait:
                one.phase, one.cause = Phase.RAMPING, ""
                self._event(
                    one, "service starts", f"after {one.waited} months" if one.waited else "as planned"
                )
            else:
                if lack and not one.cause:
                    self._event(one, "service waits", lack)
                one.cause = lack
                one.waited += 1
            return
        one.months += 1
        chance, clash = hazard(one, there, rules)
        if (
            chance > 0
            and uniform(self._key, draws.SERVICE_CLASH, one.index + self.model.months_done) < chance
        ):
            self._drop(one, clash)
            return
        self._stall(one, lack)
        one.low = one.low + 1 if one.quality < rules.floor and one.months > rules.patience_months else 0
        if one.low > rules.patience_months:
            self._drop(one, f"effort too low to learn it (fidelity {one.quality:.2f})")

    def _stall(self, one: Delivery, lack: str) -> None:
        if lack:
            if one.phase is not Phase.STALLED:
                self._event(one, "service stalls", lack)
            one.phase, one.cause = Phase.STALLED, lack
            one.stalled += 1
            if one.stalled > self.rules.patience_months:
                self._drop(one, lack)
        elif one.phase is Phase.STALLED:
            one.phase, one.cause, one.stalled = Phase.RAMPING, "", 0
            self._event(one, "service goes on", "what it needs is there again")
        if (
            one.phase is Phase.RAMPING
            and one.months >= one.entry.ramp_months
            and one.quality >= self.rules.mature_at
        ):
            one.phase = Phase.RUNNING

    def _drop(self, one: Delivery, cause: str) -> None:
        self._event(one, "service dropped", cause)
        self.staffing.disband(one)
        one.leave(Phase.DROPPED, cause)
        following = one.entry.successor
        for later in self.deliveries:
            if later.start is None and later.use.use == following:
                learning = max(self.engine.evaluation(one.programme, 0.0), 0.1)
                days = round(self.rules.successor_months / learning * MONTH)
                later.start = self.model.date + timedelta(days=days)

    def _pay(self) -> None:
        """This month's bills: pay, running costs, and setting up over the ramp; the engine room's own."""
        team = self.engine.team * self.model.residents_at_start / HEADS
        self.purse.pay(team * self.rules.team_cost / 12, "programme_team", funded=True)
        for one in self.deliveries:
            one.spent = 0.0
            if not one.begun:
                continue
            setup = min(one.setup_left, one.setup_gbp / max(one.entry.ramp_months, 1.0))
            running = one.running_gbp * one.breadth
            one.setup_left -= setup
            one.spent = round(self.staffing.cost_a_month(one, one.posts) + running + setup, 2)
            self.purse.pay(one.spent, f"service {one.name}", one.programme is not None)
        self.purse.close()

    def _turn(self) -> None:
        """Levers of people, and what staff add to capacities."""
        turn_levers(self.model.world.together, self.deliveries, self.model.catalogue)
        added: dict[tuple[str, str], float] = {}
        for one in self.deliveries:
            if one.at_work:
                for what, each in one.entry.adds.items():
                    amount = each * float(one.posts.sum()) * one.quality
                    for owner, share in self._parts(one, ADDED[what]):
                        added[owner, what] = added.get((owner, what), 0.0) + amount * share
        self.model.add_capacity(added)

    def _parts(self, one: Delivery, kind: str) -> list[tuple[str, float]]:
        """How what is added is divided among organisations of a kind: by size, where the service is run."""
        parties = [each for each in self.model.organisations if each.kind == kind]
        size = np.array([_size(each) for each in parties])
        if SITE_KINDS.get(one.entry.site) == kind:
            size = size * (one.joined > 0)
        total = float(size.sum())
        return [
            (each.name, float(part) / total) for each, part in zip(parties, size, strict=True) if part > 0
        ]

    def _event(self, one: Delivery, what: str, cause: str, where: str = "") -> None:
        self.model.recorder.events.add(
            self.model.date, where or self.model.place.name, f"{what}: {one.name}", cause
        )

    def _record(self, month: date, look: Look) -> None:
        """A row for each service, and one for each practice or team where it is run."""
        for one in self.deliveries:
            if one.phase is Phase.PLANNED:
                continue
            self._row(month, one, "", one.coverage, one.quality, len(one.members))
            if one.entry.site is Site.PLACE or not one.begun:
                continue
            counts = count_at(look.site(one.entry.site), one.members, len(one.sites))
            meant = look.counts(one.who, one.entry.site)
            for k in np.flatnonzero(one.joined > 0):
                coverage = float(counts[k]) / max(float(meant[k]), 1.0)
                self._row(month, one, one.sites[k], coverage, float(one.fidelity[k]), int(counts[k]))

    def _row(
        self, month: date, one: Delivery, site: str, coverage: float, fidelity: float, people: int
    ) -> None:
        whole = (
            float(one.posts.sum()), float(one.posts_wanted.sum()), float(people), float(one.taken_on),
            float(one.found), float(one.minds_seen), one.spent,
        )  # fmt: skip
        at_site = (0.0, 0.0, float(people), 0.0, 0.0, 0.0, 0.0)
        self.model.recorder.services.add(
            month,
            one.name,
            site,
            str(one.phase),
            one.cause,
            coverage,
            fidelity,
            *(at_site if site else whole),
        )


def _size(organisation: Any) -> float:
    """What an addition is divided by: a practice's list, a team's residents, a trust's share of residents."""
    for name in ("weighted_list", "residents", "resident_share"):
        size = getattr(organisation, name, None)
        if size is not None:
            return float(size) if getattr(organisation, "covered", True) else 0.0
    return 1.0


def _text(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


__all__: Sequence[str] = ("Services",)
