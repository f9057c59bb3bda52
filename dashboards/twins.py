"""A system and its twin in lockstep: the same people and the same luck, without what the room changed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np

from icsim.dashboards.feed import Feed, day_words
from icsim.dashboards.hands import hands
from icsim.dashboards.marks import Mark, marks
from icsim.dashboards.measures import LARGE, WINDOW, Noted
from icsim.dashboards.picture import needs, network, patients
from icsim.dashboards.steering import first_day, steered
from icsim.experiment import Experiment
from icsim.model import ICSModel
from icsim.restoring import turn_to
from icsim.running import release

EVERY = 7
"""Days between points of the small curves."""


class Twins:
    """Two models that live the same days.

    Args:
        room: what the room has made of the place so far.
        twin: the place without that.
    """

    def __init__(self, room: Experiment, twin: Experiment) -> None:
        self.room = ICSModel(room)
        self.twin = ICSModel(twin)
        self.noted = [Noted(self.room), Noted(self.twin)]
        self.feed = Feed(self.room)
        self._days: list[int] = []
        self._curves: dict[str, tuple[list[float], list[float]]] = {one.key: ([], []) for one in LARGE}
        self._marks, self._shared = marks(room), set(marks(twin))
        self._told_marks: set[Mark] = set()
        self._slow: dict[str, Any] = {"needs": needs(self.room), "needs_twin": needs(self.twin)}

    @property
    def running(self) -> bool:
        """Whether days are left."""
        return self.room.running and self.room.day < self.room.days

    def step(self) -> None:
        """Live one day in both."""
        for model, noted in zip((self.room, self.twin), self.noted, strict=True):
            months = model.months_done
            model.step()
            if model.months_done != months:
                noted.month_end(model)
        self._tell_marks()
        yesterday = self.room.date - timedelta(days=1)
        if self.room.date.day == 1 or not self.running:
            self.feed.month_end(self.room)
            if self.room.day > WINDOW:
                self.feed.compare(yesterday, *self._values())
            if self.room.months_done % 3 == 0:
                self._slow = {"needs": needs(self.room), "needs_twin": needs(self.twin)}
        if self.room.day % EVERY == 0 and self.room.day >= WINDOW:
            self._point()

    def _tell_marks(self) -> None:
        since = first_day(self.room.date, self.room.day)
        for one in self._marks:
            if one.date <= since and one not in self._told_marks:
                self.feed.say(one.date, one.words, "room")
                self._told_marks.add(one)

    def _values(self) -> tuple[dict[str, float], dict[str, float]]:
        room, twin = (
            {large.key: large.value(model, noted) for large in LARGE}
            for model, noted in zip((self.room, self.twin), self.noted, strict=True)
        )
        return room, twin

    def _point(self) -> None:
        self._days.append(self.room.day)
        for values, at in zip(self._values(), (0, 1), strict=True):
            for key, value in values.items():
                self._curves[key][at].append(value)

    def steer(self, asked: Mapping[str, Any]) -> None:
        """Change the room's future from today; with ``both`` also its twin's.

        Raises:
            ExperimentError: a change that cannot be made; nothing has changed then.
        """
        today, day = self.room.date, self.room.day
        future = steered(self.room.experiment, today, day, asked)
        if asked.get("both"):
            turn_to(self.twin, steered(self.twin.experiment, today, day, asked))
        turn_to(self.room, future)
        self._marks = marks(future)
        self._shared = set(marks(self.twin.experiment))
        self._tell_marks()

    def close(self) -> None:
        """Let go of both models."""
        release(self.room)
        release(self.twin)

    def state(self) -> dict[str, Any]:
        """All that the page shows, as plain values."""
        room, experiment = self.room, self.room.experiment
        values, twin = self._values()
        last = max(room.day - 1, 0)
        return {
            "place": experiment.place if isinstance(experiment.place, str) else experiment.name,
            "residents": round(float(room.world.tallies.residents.sum()) / room.scale),
            "simulated": int(room.world.tallies.residents.sum()),
            "day": room.day,
            "days": room.days,
            "date": day_words(room.date if room.day < room.days else experiment.start + timedelta(days=last)),
            "iso": room.date.isoformat(),
            "start": experiment.start.isoformat(),
            "end": experiment.end.isoformat(),
            "done": not self.running,
            "tiles": [self._tile(k, values, twin) for k in range(len(LARGE))],
            "network": network(room),
            "network_twin": network(self.twin),
            "patients": patients(room),
            "patients_twin": patients(self.twin),
            **self._slow,
            "feed": self.feed.lines[::-1],
            "marks": [self._mark(one) for one in self._marks],
            "hands": hands(room),
        }

    def _mark(self, mark: Any) -> dict[str, Any]:
        at = (mark.date - self.room.experiment.start).days
        words = f"{mark.words}, its twin too" if mark in self._shared else mark.words
        return {"at": at / self.room.days, "date": day_words(mark.date), "words": words}

    def _tile(self, k: int, values: dict[str, float], twin: dict[str, float]) -> dict[str, Any]:
        large = LARGE[k]
        now, then = values[large.key], twin[large.key]
        curves = self._curves[large.key]
        apart = now - then
        known = bool(np.isfinite(apart)) and round(apart, large.decimals) != 0
        word = "same as its twin" if np.isfinite(apart) else "not known yet"
        if known:
            good = (apart < 0) == (large.better == "low")
            word = f"{large.apart(apart)} against its twin, {'better' if good else 'worse'}"
        return {
            "key": large.key, "label": large.label, "unit": large.unit, "better": large.better,
            "definition": large.definition, "now": large.figure(now),
            "twin": large.figure(then), "word": word,
            "apart": large.apart(apart) if known else "",
            "verdict": ("better" if (apart < 0) == (large.better == "low") else "worse") if known else "same",
            "days": self._days, "curve": [_plain(each) for each in curves[0]],
            "curve_twin": [_plain(each) for each in curves[1]],
        }  # fmt: skip


def _plain(value: float) -> float | None:
    """Four figures, or None for what is not known: JSON has no NaN."""
    return float(f"{value:.4g}") if np.isfinite(value) else None
