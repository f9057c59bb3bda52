"""The change programme at work: whose say counts, how much attention there is, what is started next."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from icsim.experiment.programme import Programme
from icsim.system.delivery import Delivery, Phase, ServiceRules
from icsim.system.standing import Standing

if TYPE_CHECKING:
    from icsim.model import ICSModel


class EngineRoom:
    """What a programme lends to its services; services outside it get what the rows ``..._outside`` say."""

    def __init__(self, model: "ICSModel", rules: ServiceRules) -> None:
        self.model = model
        self.rules = rules
        given = model.experiment.programme
        self.programme: Programme | None = None if isinstance(given, str) else given

    @property
    def active(self) -> bool:
        """Whether the programme runs today."""
        one, today = self.programme, self.model.date
        return (
            one is not None
            and (one.start is None or one.start <= today)
            and (one.end is None or today <= one.end)
        )

    @property
    def team(self) -> float:
        """Full-time equivalents of the engine room per 100,000 residents; 0 without a programme."""
        return (
            self.programme.engine_room.team_per_100_000 if self.programme is not None and self.active else 0.0
        )

    def voices(self, programme: Programme | None, engagement: float) -> dict[str, float]:
        """The say of clinicians, GPs and the public in designs, 0 to 1."""
        rules = self.rules
        if programme is None:
            outside = rules.voice_outside
            return {"clinicians": outside, "gps": outside, "public": max(outside, engagement)}
        seats = {
            voice: min(getattr(programme.forum, voice) / max(rules.voice_enough, 1e-9), 1.0)
            for voice in ("clinicians", "gps", "public")
        }
        ways = (seats["public"], programme.co_design, programme.citizens_board, engagement)
        seats["public"] = float(1 - np.prod([1 - way for way in ways]))
        return seats

    def evaluation(self, programme: Programme | None, capability: float) -> float:
        """How much is learnt from each cycle of change, 0 to 1."""
        if programme is None:
            own = self.rules.evaluation_outside
        else:
            own = float(np.sqrt(programme.evaluation * programme.engine_room.capability))
        return 1 - (1 - own) * (1 - capability)

    def attention(self, deliveries: Sequence[Delivery]) -> float:
        """The part of the attention it needs that each unripe service of the programme gets, 0 to 1."""
        unripe = sum(
            one.programme is not None and one.begun and one.quality < self.rules.mature_at
            for one in deliveries
        )
        return min(1.0, self.team / max(self.rules.team_each * unripe, 1e-9)) if unripe else 1.0

    def distributed(self, programme: Programme | None) -> float:
        """How far sites decide for themselves."""
        return self.rules.distributed_outside if programme is None else programme.distributed_decisions

    def delay(self, programme: Programme | None) -> float:
        """Months that a decision to start takes."""
        return (
            0.0 if programme is None else self.rules.decision_months * (1 - programme.distributed_decisions)
        )

    @property
    def training(self) -> float:
        """Workforce development, 0 to 1."""
        one = self.programme
        return one.workforce_development if one is not None and self.active else 0.0

    def next_ones(self, deliveries: Sequence[Delivery], standing: Standing) -> list[Delivery]:
        """Those whose day has come: of the programme as many as its focus leaves room for."""
        today = self.model.date
        due = [
            one for one in deliveries
            if one.phase is Phase.PLANNED and one.start is not None and one.start <= today
        ]  # fmt: skip
        chosen = [one for one in due if one.programme is None]
        own = [one for one in due if one.programme is not None]
        if self.programme is None or not self.active:
            return chosen
        busy = sum(one.programme is not None and self._holds_a_place(one) for one in deliveries)
        energy = self.programme.follow_energy
        efforts = np.array([standing.at_sites(one, 1.0).mean() for one in own])
        wish = (1 - energy) * np.arange(len(own)) - energy * np.argsort(np.argsort(efforts, kind="stable"))
        order = np.argsort(wish, kind="stable")
        return chosen + [own[k] for k in order[: max(0, self.programme.focus - busy)]]

    def _holds_a_place(self, one: Delivery) -> bool:
        """Whether it is being built up: begun and not learnt yet, or waiting.

        One that lacks something holds its place for ``patience_months`` where the plan is followed; where the
        energy is, others have it at once.
        """
        patience = self.rules.patience_months * (1 - (self.programme.follow_energy if self.programme else 0))
        if one.phase is Phase.WAITING:
            return not one.cause or one.waited < patience
        if one.phase is Phase.STALLED and one.stalled >= patience:
            return False
        return one.begun and one.quality < self.rules.mature_at
