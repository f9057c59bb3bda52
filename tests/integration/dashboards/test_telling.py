"""Every shipped story told to its end in a small place: questions before answers, figures from the run."""

import re

import numpy as np
import pytest

from icsim.dashboards.stories.figures import FIGURES, Seen
from icsim.dashboards.stories.guide import Guide
from icsim.dashboards.stories.telling import shipped
from icsim.dashboards.twins import Twins
from icsim.dashboards.worker import Worker
from icsim.recording.measures import columns

pytestmark = pytest.mark.integration
NUMBER = re.compile(r"\d(?:[\d,]*\d)?(?:\.\d+)?")


def live_on(guide: Guide, twins: Twins) -> None:
    """Up to the next question or answer."""
    while guide.target:
        twins.step()
        guide.day()
        if twins.room.day >= guide.target:
            guide.arrived()


@pytest.mark.parametrize("name", shipped())
def test_a_story_is_told_to_its_end(name: str) -> None:
    story = shipped()[name]
    twins = Twins(*story.worlds(sample=0.01))
    guide = Guide(name, story, twins)
    answered = []
    while guide.phase != "over":
        live_on(guide, twins)
        card = guide.card()
        if guide.phase == "asked":
            assert not card["answer"]  # the question comes first
        else:
            assert guide.phase == "answered"
            assert answered_by_the_run(card["answer"], guide, twins)
            answered.append(card["heading"])
        guide.go_on()
    assert answered == [step.title for step in story.steps]
    assert guide.card()["home"] == story.home
    twins.close()


def answered_by_the_run(answer: dict, guide: Guide, twins: Twins) -> bool:
    """Whether each number said is one that the two worlds show today."""
    step, room = guide.step, twins.room
    since = room.day - answer["days"]
    worlds = zip((twins.room, twins.twin), twins.noted, guide._followed or (None, None), strict=True)
    shown = {row["now"] for row in answer["rows"]} | {row["before"] for row in answer["rows"]}
    values = {}
    for which, world in zip(("now", "twin"), worlds, strict=True):
        for key, figure in FIGURES.items():
            values[key, which] = figure.value(Seen(*world), since, room.day)
            shown.add(figure.words(values[key, which]))
    apart = {figure.words(abs(values[key, "now"] - values[key, "twin"])) for key, figure in FIGURES.items()}
    own = answer["rows"][0]["values"]
    apart.add(FIGURES[step.answer.figure].words(abs(own["now"] - own[answer["against"]])))
    allowed = {number for text in shown | apart for number in NUMBER.findall(text)}
    said = NUMBER.findall(answer["words"])
    assert said, answer["words"]
    assert set(said) <= allowed, (answer["words"], sorted(allowed))
    gap = own["now"] - own[answer["against"]]
    least = step.answer.least
    assert answer["outcome"] == ("same" if abs(gap) < least else "lower" if gap < 0 else "higher")
    return True


def test_figures_are_the_recorder_s_own() -> None:
    story = shipped()["the-back-door"]
    twins = Twins(*story.worlds(sample=0.01))
    for _ in range(40):
        twins.step()
    block, days = twins.twin.recorder.block, slice(10, 40)
    residents = block("system")[days, ..., columns("system")["POPULATION"]].astype(float).sum()
    came = block("acute_trust")[days, ..., columns("acute_trust")["AE_ATTENDANCES"]].astype(float).sum()
    found = FIGURES["ae"].value(Seen(twins.twin, twins.noted[1], None), 10, 40)
    assert found == pytest.approx(365.25 * 1000 * came / residents, rel=1e-12)
    assert FIGURES["ae"].words(found) == f"{found:,.0f}"
    twins.close()


class Pipe:
    """A worker's pipe with nobody at the other end."""

    def __init__(self) -> None:
        self.told: list[tuple] = []

    def send(self, what: tuple) -> None:
        self.told.append(what)


def lived(worker: Worker) -> dict:
    """The card once nothing moves any more."""
    assert worker.twins is not None
    while worker.playing or worker.until:
        worker._day()
    worker.tell()
    return worker.pipe.told[-1][1]["story"]  # type: ignore[attr-defined]


def test_a_story_left_in_the_middle_is_found_again_where_it_was() -> None:
    name = "regression-to-the-mean"
    first, again = (Worker(Pipe()) for _ in range(2))  # type: ignore[arg-type]
    for worker in (first, again):
        worker.speed = 0.0
    first._story(name, 0.01, 1)
    for _ in range(4):  # to the question, its answer, the next question, its answer
        first._go_on()
        lived(first)
    first._guess("same")
    card = lived(first)
    assert (card["at"], card["phase"]) == (1, "answered")
    again._story(name, 0.01, 1, card["at"])
    found = lived(again)
    assert (found["at"], found["phase"]) == (1, "asked")
    again._go_on()
    assert lived(again)["answer"]["words"] == card["answer"]["words"]
    for worker in (first, again):
        worker._shut()


def test_those_followed_are_the_same_in_both_worlds_and_counted_day_by_day() -> None:
    story = shipped()["regression-to-the-mean"]
    twins = Twins(*story.worlds(sample=0.02))
    guide = Guide("regression-to-the-mean", story, twins)
    stays = twins.room.people["stays"].astype(np.int64)
    live_on(guide, twins)
    guide.go_on()
    assert guide._followed is not None
    room, twin = guide._followed
    people = twins.room.people
    counted = people["stays"].astype(np.int64) - stays
    assert np.array_equal(room.rows, twin.rows)
    assert len(room.rows)
    assert (counted[room.rows] >= 2).all()
    assert (people["age"][room.rows] >= 65).all()
    before, day = people["stays"][room.rows].sum(), twins.room.day
    live_on(guide, twins)
    admitted = int(people["stays"][room.rows].sum() - before)
    lived_years = admitted / room.rate(day, twins.room.day) if admitted else 0.0
    assert 0 <= lived_years <= len(room.rows) + 1e-9
    twins.close()
