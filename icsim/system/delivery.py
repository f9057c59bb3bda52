"""One service as it is delivered: what it is, where it stands, and what a checkpoint keeps of it."""

import zlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from icsim.evidence.catalogue import Catalogue
from icsim.experiment.programme import Programme
from icsim.experiment.services import Effect, Service, Site, Use, effect_key

if TYPE_CHECKING:
    from icsim.model import ICSModel

STREAMS = 4096  # draws of one service: months
HEADS = 100_000


class Phase(StrEnum):
    """Where a service stands."""

    PLANNED = "planned"
    WAITING = "waiting"
    RAMPING = "ramping"
    RUNNING = "running"
    STALLED = "stalled"
    DROPPED = "dropped"
    ENDED = "ended"


AT_WORK = (Phase.RAMPING, Phase.RUNNING)
BEGUN = (Phase.RAMPING, Phase.RUNNING, Phase.STALLED)


@dataclass(frozen=True)
class ServiceRules:
    """Constants of how services start, learn, fail and share: the rows ``services_NAME`` of the catalogue."""

    start_effort: float
    stall_effort: float
    trust_slack: float
    records_at_start: float
    analytics_at_start: float
    fidelity_at_start: float
    learning: float
    fading: float
    holding_effort: float
    mature_at: float
    floor: float
    patience_months: float
    clash: float
    culture: float
    misfit: float
    misfit_drop: float
    voice_enough: float
    voice_outside: float
    evaluation_outside: float
    attention_outside: float
    distributed_outside: float
    team_each: float
    crowding: float
    team_cost: float
    decision_months: float
    successor_months: float
    money_least: float
    caution: float
    noise: float
    noise_relief: float
    recent: float
    recent_days: float
    mental_found: float
    backfill_months: float
    most_taken: float
    workforce_relief: float
    new_role_months: float
    turnover: float
    induction: float


class Delivery:
    """A service in use.

    Attributes:
        use, entry: as the experiment has them.
        programme: it belongs to, or None.
        phase, cause: where it stands, and what holds it back ("" for nothing).
        start: first day on which it may begin; None for a successor not called upon.
        months: since it began; ``waited`` before that; ``stalled`` and ``low`` months without a break.
        fidelity: how well it is done, by site, (sites,) in [0, 1].
        joined: how far each site takes part, (sites,) in [0, 1].
        visited: months that a programme has gone round to each, (sites,).
        posts: filled by role, full-time equivalents, (roles,).
        members: rows of people on its caseload, or reached; sorted uint32.
        afforded: share of its cost that somebody pays.
    """

    STATE = (
        "phase", "cause", "start", "months", "waited", "stalled", "low", "fidelity", "joined", "visited",
        "posts", "members", "afforded", "setup_left", "spent", "found", "eligible",
    )  # fmt: skip

    def __init__(self, model: "ICSModel", use: Use, programme: Programme | None, rules: ServiceRules) -> None:
        self.use = use
        self.entry: Service = model.experiment.services[use.use]
        self.programme = programme
        self.name = use.name
        self.index = zlib.crc32(use.name.encode()) * STREAMS
        first = use.start or model.experiment.start
        if programme is not None and programme.start is not None:
            first = max(first, programme.start)
        ends = [day for day in (use.end, programme.end if programme else None) if day is not None]
        self.start: date | None = first
        self.end = min(ends) if ends else None
        self.who = use.who or self.entry.who
        scale = use.size * model.residents_at_start / HEADS
        self.roles = tuple(posts.role for posts in self.entry.needs.staff)
        self.posts_wanted = np.array([posts.per_100_000 * scale for posts in self.entry.needs.staff])
        money = self.entry.needs.money
        people = use.size * model.residents_at_start
        self.running_gbp = money.running_gbp_per_head * people / 12
        self.setup_gbp = money.setup_gbp_per_head * people
        self.factors = self._factors(model.catalogue)
        sites = {Site.PRACTICE: "gp_practice", Site.TEAM: "community_team"}.get(self.entry.site)
        self.sites = tuple(o.name for o in model.organisations if o.kind == sites) if sites else ("",)
        self.phase = Phase.PLANNED
        self.cause = ""
        self.months = self.waited = self.stalled = self.low = 0
        at_start = rules.fidelity_at_start if use.fidelity is None else use.fidelity
        self.fidelity = np.full(len(self.sites), at_start)
        self.joined = np.zeros(len(self.sites))
        self.visited = np.zeros(len(self.sites))
        self.posts = np.zeros(len(self.roles))
        self.members = np.zeros(0, np.uint32)
        self.afforded = 1.0
        self.setup_left = self.setup_gbp
        self.spent = 0.0
        self.found = self.taken_on = self.minds_seen = self.eligible = 0

    def _factors(self, catalogue: Catalogue) -> dict[str, float]:
        """The multiplier of each lever in full, with this use's scale; 1 is left out."""
        found = {}
        for lever, effect in {**self.entry.levers, **self.use.levers}.items():
            if isinstance(effect, Effect):
                value = effect.value
            elif isinstance(effect, str):
                value = catalogue.value(effect_key(self.use.use, lever))
            else:
                value = effect
            scaled = 1 - (1 - value) * self.use.effect
            if scaled != 1:
                found[lever] = max(scaled, 0.0)
        return found

    @property
    def at_work(self) -> bool:
        """Whether it reaches anybody."""
        return self.phase in AT_WORK

    @property
    def begun(self) -> bool:
        """Whether it has started and not ended."""
        return self.phase in BEGUN

    @property
    def staffed(self) -> float:
        """Share of its posts that are filled; 1 when it needs none."""
        wanted = float(self.posts_wanted.sum())
        return float(self.posts.sum()) / wanted if wanted > 0 else 1.0

    @property
    def quality(self) -> float:
        """Mean fidelity where it is run."""
        total = float(self.joined.sum())
        return float((self.fidelity * self.joined).sum()) / total if total > 0 else 0.0

    @property
    def coverage(self) -> float:
        """People reached over those it is for."""
        return len(self.members) / self.eligible if self.eligible else 0.0

    @property
    def breadth(self) -> float:
        """How much of it there is, whoever it is for: sites that take part times posts filled."""
        return float(self.joined.mean()) * min(self.staffed, 1.0) if self.at_work else 0.0

    def leave(self, phase: Phase, cause: str) -> None:
        """Stop reaching anybody: dropped or ended."""
        self.phase, self.cause = phase, cause
        self.members = np.zeros(0, np.uint32)
        self.joined = np.zeros(len(self.sites))
