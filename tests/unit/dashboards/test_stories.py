"""Stories as data: what is refused, and that the shipped ones are whole."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from icsim.dashboards import opening
from icsim.dashboards.stories import telling
from icsim.experiment import ExperimentError, load

pytestmark = pytest.mark.unit
STORY = """
title: A story
about: What it is about.
minutes: 5
order: 1
world: {extends: isle-of-wight, programme: none, years: 1}
steps:
  - title: First
    say: What there is to know.
    ask: Fewer or more?
    choices: {lower: Fewer, higher: More}
    until: 2015-10-01
    answer: {figure: ae, least: 1, says: same, lower: "Fewer: {now}", same: "{ae.twin}", higher: "More"}
  - title: Second
    say: What more there is to know.
    ask: Fewer or more?
    choices: {lower: Fewer than then, higher: More than then}
    until: 2015-10-01
    answer: {figure: ae, least: 1, says: same, lower: "{now}", same: "{now}", higher: "{now}"}
home: Take it home.
rests: On nothing.
"""


def test_a_story_is_read() -> None:
    story = telling.read(STORY.encode(), "a.yaml")
    assert [step.title for step in story.steps] == ["First", "Second"]
    room, twin = story.worlds(sample=0.01, seed=4)
    assert room == twin
    assert (room.seed, room.population.sample) == (4, 0.01)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"More"', '"More: 12"', "numbers of an answer come from the run"),
        ('"More"', '"More: {wellness}"', "unknown name 'wellness'"),
        ('"More"', '"More: {ae.cost}"', "unknown name 'ae.cost'"),
        ('"More"', '"More: {now"', "expected '}'"),
        ("figure: ae", "figure: aye", "choice"),
        ("{lower: Fewer, higher: More}", "{lower: Fewer}", "two of lower, same and higher"),
        ("title: Second", "title: Second\n    to: 2015-05-01", "go back in time"),
        ("home: Take", "house: Take", "house"),
    ],
)
def test_a_wrong_story_is_refused_with_file_and_key(old: str, new: str, said: str) -> None:
    assert old in STORY
    with pytest.raises(ExperimentError) as caught:
        telling.read(STORY.replace(old, new).encode(), "a.yaml")
    assert said in str(caught.value)
    assert str(caught.value.problems[0].where).startswith("a.yaml")


def test_an_unknown_story_is_named_with_the_nearest() -> None:
    with pytest.raises(ExperimentError, match="did you mean the-payment-trap"):
        telling.named("the-payment-trip")


def test_a_difference_that_cannot_be_told_is_none() -> None:
    answer = telling.read(STORY.encode(), "a.yaml").steps[0].answer
    assert [answer.outcome(apart) for apart in (-1.0, -0.9, 0.9, 1.0, float("nan"))] == [
        "lower", "same", "same", "higher", "same",
    ]  # fmt: skip


def test_five_stories_and_more_are_shipped_each_with_its_worlds() -> None:
    shipped = telling.shipped()
    assert len(shipped) >= 5
    assert [story.order for story in shipped.values()] == sorted(story.order for story in shipped.values())
    for name, story in shipped.items():
        room, twin = story.worlds(sample=0.01)
        changes = any(step.change for step in story.steps)
        assert room != twin or changes, f"{name}: nothing parts the room from its twin"
        last = max(step.until for step in story.steps)
        assert last <= room.end, f"{name}: {last} lies beyond the run's end"
        assert room.seed == twin.seed
        assert room.place == twin.place


def test_the_worlds_of_a_story_go_into_a_link_and_a_file(tmp_path: Path) -> None:
    for story in telling.shipped().values():
        room, twin = story.worlds(sample=0.05, seed=2)
        assert opening.from_link(opening.shared(room, twin, 5)) == (room, twin, 5)
        file = tmp_path / "session.yaml"
        file.write_text(opening.saved(room, room.name), encoding="utf-8")
        assert load(str(file)) == room


def test_every_story_is_a_file_that_yaml_reads_alike() -> None:
    for file in Path(telling.__file__).parent.glob("*.yaml"):
        assert YAML(typ="safe").load(file)["title"] == telling.shipped()[file.stem].title
