"""A story under way in a pair of models: which day is played to, what is asked, what is answered."""

from typing import Any, Literal

import numpy as np

from icsim.dashboards.feed import day_words
from icsim.dashboards.stories.figures import FIGURES, Figure, Seen
from icsim.dashboards.stories.followed import Followed
from icsim.dashboards.stories.telling import OUTCOMES, Step, Story
from icsim.dashboards.twins import Twins

Phase = Literal["coming", "asked", "living", "answered", "over"]


class Number:
    """A figure in the words of an answer: ``{ae}`` in the room's world, ``{ae.twin}`` in the twin's."""

    def __init__(self, figure: Figure, now: float, twin: float, before: float, against: str) -> None:
        self.figure = figure
        self.values = {"now": now, "twin": twin, "before": before}
        self.apart_by = now - self.values[against]
        self.now, self.twin, self.before = (figure.words(value) for value in (now, twin, before))
        self.apart = figure.words(abs(self.apart_by))

    def __str__(self) -> str:
        return self.now


class Guide:
    """Where a story stands.

    Phases: ``coming`` plays to a step's question, ``asked`` waits for the facilitator, ``living`` plays to
    its answer, ``answered`` waits again, ``over`` after the last. :meth:`go_on` and :meth:`arrived` move on.

    Args:
        name: of the story, for links.
        story: what is told.
        twins: its two worlds on their first day.
    """

    def __init__(self, name: str, story: Story, twins: Twins) -> None:
        self.name, self.story, self.twins = name, story, twins
        self.at = 0
        self.phase: Phase = "coming"
        self.touched = False
        self.guess = ""
        self._asked_on = 0
        self._then: dict[int, dict[str, float]] = {}  # what stood so on the days of questions
        self._answer: dict[str, Any] = {}
        self._followed: tuple[Followed, Followed] | None = None
        self._stays = twins.room.people["stays"].astype(np.int64)
        self._come()

    @property
    def step(self) -> Step:
        """The step under way."""
        return self.story.steps[self.at]

    @property
    def target(self) -> int:
        """The day that is played to; 0 while the room is thinking."""
        room, step = self.twins.room, self.step
        day = {"coming": step.to, "living": step.until}.get(self.phase)
        return 0 if day is None else min((day - room.experiment.start).days, room.days)

    def day(self) -> None:
        """Note a day that has just been lived."""
        for followed in self._followed or ():
            followed.day()

    def arrived(self) -> None:
        """The day that was played to is reached."""
        if self.phase == "coming":
            self.phase = "asked"
        elif self.phase == "living":
            self._answer = self._answered()
            self.phase = "answered"

    def go_on(self) -> None:
        """The facilitator goes on: to the answer, or to the next question."""
        if self.phase == "asked":
            self._asked_on = today = self.twins.room.day
            self._follow()
            seen = Seen(self.twins.room, self.twins.noted[0], None)
            self._then[today] = {name: figure.value(seen, today, today) for name, figure in FIGURES.items()
                                 if figure.stands}  # fmt: skip
            for change in self.step.change:
                self.twins.steer(change.model_dump())
            self.phase = "living"
        elif self.phase == "answered" and self.at + 1 < len(self.story.steps):
            self.at += 1
            self.guess = ""
            self._answer = {}
            self.phase = "coming"
        elif self.phase == "answered":
            self.phase = "over"
        self._come()

    def _come(self) -> None:
        """There already, if the next day is not ahead."""
        if self.phase in ("coming", "living") and self.target <= self.twins.room.day:
            self.arrived()

    def _follow(self) -> None:
        who = self.step.follow
        if who is not None:
            room = Followed.often_admitted(self.twins.room, self._stays, 0, age=who.age, times=who.times)
            self._followed = room, room.of(self.twins.twin)

    @property
    def _since(self) -> int:
        """Day that the answer looks back to."""
        since = self.step.since
        return self._asked_on if since is None else (since - self.twins.room.experiment.start).days

    def _number(self, name: str, against: str = "twin") -> Number:
        figure, today, since = FIGURES[name], self.twins.room.day, self._since
        worlds = zip((self.twins.room, self.twins.twin), self.twins.noted, self._followed or (None, None),
                     strict=True)  # fmt: skip
        room, twin = (Seen(*each) for each in worlds)
        before = self._then.get(since, {}).get(name, np.nan)
        if not figure.stands:
            before = figure.value(room, max(since - (today - since), 0), since)
        return Number(
            figure, figure.value(room, since, today), figure.value(twin, since, today), before, against
        )

    def _answered(self) -> dict[str, Any]:
        answer = self.step.answer
        own = self._number(answer.figure, answer.against)
        others = {name: self._number(name) for name in FIGURES}
        outcome = answer.outcome(own.apart_by)
        words = getattr(answer, outcome).format(
            now=own.now, twin=own.twin, before=own.before, apart=own.apart, **others
        )
        rows = [self._row(answer.figure, own, answer.against)]
        rows += [self._row(name, others[name], "twin") for name in self.step.beside]
        return {
            "outcome": outcome,
            "as_told": outcome == answer.says,
            "words": words,
            "rows": rows,
            "against": answer.against,
            "followed": 0 if self._followed is None else len(self._followed[0].rows),
            "days": self.twins.room.day - self._since,
        }

    @staticmethod
    def _row(name: str, number: Number, against: str) -> dict[str, Any]:
        values = {key: _plain(value) for key, value in number.values.items()}
        figure = number.figure
        known = np.isfinite(number.values["before"]) and against == "before"
        return {
            "figure": name, "label": figure.label, "unit": figure.unit, "now": number.now,
            "twin": number.twin, "before": number.before if known else "", "values": values,
            "apart": figure.words(number.apart_by, signed=True),
        }  # fmt: skip

    def card(self) -> dict[str, Any]:
        """All that the page shows of the story, as plain values."""
        step = self.step
        return {
            "name": self.name, "title": self.story.title, "at": self.at, "of": len(self.story.steps),
            "phase": self.phase, "heading": step.title, "say": step.say, "ask": step.ask,
            "choices": [list(each) for each in step.choices.offered],
            "guess": self.guess, "until": day_words(step.until), "answer": self._answer,
            "to": "" if step.to is None else day_words(step.to), "touched": self.touched,
            "home": self.story.home if self.phase == "over" else "", "rests": self.story.rests,
            "last": self.at + 1 == len(self.story.steps),
        }  # fmt: skip

    def guessed(self, outcome: str) -> None:
        """What most of the room think."""
        if outcome in OUTCOMES and self.phase in ("asked", "living"):
            self.guess = outcome


def _plain(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None
