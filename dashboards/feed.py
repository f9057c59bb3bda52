"""What happens, in plain words: who does what, and why."""

from datetime import date, timedelta
from typing import Any

import numpy as np

from icsim.dashboards.marks import FORMS, titled
from icsim.dashboards.measures import LARGE
from icsim.dashboards.picture import SHORT, of_kinds, pressure_of
from icsim.experiment.schema import Form
from icsim.model import ICSModel
from icsim.system.effort import partners

KEPT = 60
MOVED = 0.04
"""Change of a kind's effort or trust, of a whole of 1, that is worth a line."""
APART = {"emergency": 3.0, "four_hours": 2.0, "occupancy": 2.0, "delayed": 5.0, "gp_wait": 1.0}
"""Difference to the twin, in the unit of the measure, that is worth a line."""
CROSSED = {"four_hours": (95.0, 90.0, 80.0), "occupancy": (85.0, 92.0, 98.0)}
"""Levels of a measure that people in the room know."""
SERVICE = {
    "service starts": "Begins work", "service waits": "Has to wait", "service stalls": "Stalls",
    "service goes on": "Goes on", "service ends": "Ends", "service dropped": "Given up",
}  # fmt: skip
"""What befalls services of the catalogue."""
PLAIN = ("service starts", "service goes on", "service ends")
"""Events whose cause the room need not be told."""


def _contract_words(event: str) -> str:
    """``full contract signed``: One contract with GPs signed."""
    form, _, rest = event.partition(" contract ")
    said = f"{FORMS[Form(form)]} {rest}" if rest and form in list(Form) else event
    return said[0].upper() + said[1:]


def day_words(day: date) -> str:
    """``5 March 2016``."""
    return f"{day.day} {day:%B %Y}"


class Feed:
    """The lines of a session, newest last. It reads models and changes nothing."""

    def __init__(self, model: ICSModel) -> None:
        self.lines: list[dict[str, Any]] = []
        self._told_events = len(model.recorder.events.columns["date"])
        self._effort = self._of_kinds(model, model.strategy.effort)
        self._trust = self._trusted(model)
        self._reasons = self._reasons_now(model)
        self._apart: dict[str, int] = {}
        self._side: dict[str, int] = {}

    def say(self, day: date, words: str, kind: str = "event") -> None:
        """Add a line. Kinds: room, event, choice, effect."""
        self.lines.append({"date": day_words(day), "words": words, "kind": kind})
        del self.lines[:-KEPT]

    @staticmethod
    def _of_kinds(model: ICSModel, values: np.ndarray) -> dict[str, float]:
        return {kind: float(values[rows].mean()) for kind, rows in of_kinds(model).items()}

    @staticmethod
    def _trusted(model: ICSModel) -> dict[str, float]:
        """How far each kind trusts the others, kinds counting alike however many there are of each."""
        trust, groups = model.relationships.trust, of_kinds(model)
        return {one: float(np.mean([trust[np.ix_(mine, rows)].mean() for kind, rows in groups.items()
                                    if kind != one]))
                for one, mine in groups.items()}  # fmt: skip

    def _reasons_now(self, model: ICSModel) -> dict[str, dict[str, float]]:
        """What bears on each kind's choice of effort, in log odds as the choice weighs it."""
        s, rules = model.strategy, model.strategy.choices.effort_rules
        weights = partners(model.relationships.contact, s.parties.weight)
        expected = (weights * model.relationships.trust * s.effort[None, :]).sum(axis=1)
        terms = {
            "what partners do, and are trusted to do": rules.collaboration * expected,
            "what the contract pays": rules.incentive * s.choices.incentive,
            "pressure of work": -rules.pressure * pressure_of(model),
        }
        return {kind: {why: float(values[rows].mean()) for why, values in terms.items()}
                for kind, rows in of_kinds(model).items()}  # fmt: skip

    def month_end(self, model: ICSModel) -> None:
        """Tell of leaders, contracts and choices of the month that has just been closed."""
        yesterday = model.date - timedelta(days=1)
        self._events(model)
        self._choices(model, yesterday)

    def _events(self, model: ICSModel) -> None:
        rows = model.recorder.events.columns
        kinds = {o.name: o.kind for o in model.organisations}
        titles = {one.name: titled(model.experiment, one.use) for one in model.services.deliveries}
        left: list[Any] = []
        told: dict[tuple[Any, str, Any], list[str]] = {}  # the same of several on a day is one line
        for at in range(self._told_events, len(rows["date"])):
            day, event, who, cause = (rows[each][at] for each in ("date", "event", "organisation", "cause"))
            what, _, name = event.partition(": ")
            if what == "leader leaves" and kinds.get(who) == "gp_practice":
                left.append(day)
            elif what == "leader leaves":
                why = "" if cause == "turnover" else f" ({cause})"
                self.say(day, f"A leader leaves: {SHORT.get(who, who)}{why}. Part of the trust goes too.")
            elif what in SERVICE:
                said = "" if what in PLAIN else cause
                told.setdefault((day, SERVICE[what], said), []).append(titles.get(name) or name)
            elif what != "site joins":  # dozens of practices, one by one
                whom = "" if who == model.place.name else SHORT.get(str(who), str(who))
                told.setdefault((day, _contract_words(what), cause), []).append(whom)
        for (day, what, cause), names in told.items():
            because = f" ({cause})" if cause else ""
            whose = "; ".join(dict.fromkeys(each for each in names if each))
            self.say(day, f"{what}{because}{': ' if whose else '.'}{whose}{'.' if whose else ''}")
        if len(left) > 2:
            self.say(left[-1], f"Leaders leave {len(left)} GP practices. Part of the trust goes too.")
        self._told_events = len(rows["date"])

    def _choices(self, model: ICSModel, day: date) -> None:
        now, reasons = self._of_kinds(model, model.strategy.effort), self._reasons_now(model)
        for kind, effort in now.items():
            change = effort - self._effort[kind]
            if abs(change) < MOVED:
                continue
            before = self._reasons.get(kind, {})
            push = {why: value - before.get(why, 0.0) for why, value in reasons[kind].items()}
            why = max(push, key=lambda each: push[each] * np.sign(change))
            because = f", most of all for {why}" if push[why] * np.sign(change) > 0 else ""
            verb = "puts more effort into joint work" if change > 0 else "holds back from joint work"
            self.say(day, f"{SHORT[kind]}: {verb}, {self._effort[kind]:.0%} to {effort:.0%} of its free "
                          f"time{because}.", "choice")  # fmt: skip
            self._effort[kind], self._reasons[kind] = effort, reasons[kind]
        for kind, trust in self._trusted(model).items():
            change = trust - self._trust[kind]
            if abs(change) >= MOVED:
                verb = "comes to trust its partners more" if change > 0 else "trusts its partners less"
                self.say(day, f"{SHORT[kind]}: {verb}, {self._trust[kind]:.0%} to {trust:.0%}.", "choice")
                self._trust[kind] = trust

    def compare(self, day: date, values: dict[str, float], twin: dict[str, float]) -> None:
        """Tell when a large number parts from the twin's, or passes a level people know."""
        for large in LARGE:
            now, then = values[large.key], twin[large.key]
            if large.key in APART and np.isfinite(now - then):
                side, was = int(np.trunc((now - then) / APART[large.key])), self._apart.get(large.key, 0)
                if side and (abs(side) > 2 * abs(was) or side * was < 0):
                    word = "above" if side > 0 else "below"
                    size = f"{large.apart(abs(now - then))[1:]} {large.unit}".strip()
                    self.say(day, f"{large.label}: {size} {word} the twin's.", "effect")
                    self._apart[large.key] = side
                elif not side:
                    self._apart[large.key] = 0
            if large.key in CROSSED and np.isfinite(now):
                above = sum(now > level for level in CROSSED[large.key])
                was = self._side.get(large.key)
                if was is not None and above != was:
                    level = sorted(CROSSED[large.key])[above - 1 if above > was else above]
                    word = "rises above" if above > was else "falls below"
                    self.say(day, f"{large.label}: {word} {level:.0f}%.", "effect")
                self._side[large.key] = above
