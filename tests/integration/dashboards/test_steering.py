"""What the room may change on the live page: each acts, stands on the time axis, is in the file exactly."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icsim.branching import future
from icsim.dashboards import opening
from icsim.dashboards.hands import catalogue
from icsim.dashboards.marks import STRUCK
from icsim.dashboards.measures import WINDOW
from icsim.dashboards.picture import patients
from icsim.dashboards.steering import CONTROLS, steered
from icsim.dashboards.twins import Twins
from icsim.experiment import ExperimentError, load
from icsim.experiment.happenings import ShockKind
from icsim.experiment.sources import shipped_services
from icsim.model import ICSModel
from icsim.recording.measures import columns
from icsim.restoring import turn_to

pytestmark = pytest.mark.integration
PLACE = "isle-of-wight"
ASKED: tuple[tuple[int, dict[str, Any], str], ...] = (
    (20, {"control": "trust", "pair": "default", "value": 0.6}, "Trust between everybody set to 60%"),
    (20, {"control": "trust", "pair": "acute_trust->gp_practice", "value": 0.9}, "set to 90%"),
    (25, {"control": "turnover", "value": 1.5}, "A leader leaves 1.5 times a year"),
    (30, {"control": "rate", "value": 0.3}, "paid at 30%"),
    (31, {"control": "service", "use": "care-home-support", "size": 2}, "Enhanced clinical support"),
    (40, {"control": "payment", "value": "block"}, "Hospital paid a fixed sum"),
    (41, {"control": "form", "value": "virtual"}, "an alliance"),
    (45, {"control": "joint_work", "on": True}, "Joint work for patients begins"),
    (50, {"control": "intervention", "name": "GPs at the door of A&E", "on": True}, "Begins: GPs"),
    (61, {"control": "shock", "kind": "bad_winter", "size": 0.2, "days": 30}, "A bad winter: 20%"),
    (62, {"control": "shock", "kind": "funding_cut", "size": 0.2, "days": 60,
          "organisation": "community_team"}, "Money cut by 20% (Community teams)"),
    (62, {"control": "shock", "kind": "funding_rise", "size": 0.3, "days": 30,
          "organisation": "local_authority"}, "Money up by 30% (Social care)"),
    (63, {"control": "shock", "kind": "leader_leaves", "organisation": "acute_trust"}, "A leader leaves"),
    (64, {"control": "shock", "kind": "special_measures", "days": 60}, "Special measures"),
    (70, {"control": "service", "use": "gps-in-ae"}, "GPs in A&E"),
    (75, {"control": "service", "name": "gps-in-ae", "on": False}, ""),  # before it has begun
    (95, {"control": "intervention", "name": "GPs at the door of A&E", "on": False}, "Ends: GPs at"),
    (100, {"control": "service", "name": "care-home-support", "on": False}, "Ends: Enhanced clinical"),
    (110, {"control": "programme", "on": False}, "Ends: "),
)  # fmt: skip


@pytest.fixture(scope="module")
def session() -> Any:
    """A session in which the room has changed all there is to change, lived to its end."""
    room = opening.place(PLACE, sample=0.02, years=0.5, seed=5)
    twins = Twins(room, opening.status_quo(room))
    for day, asked, words in ASKED:
        while twins.room.day < day:
            twins.step()
        twins.steer(asked)
        assert not words or any(words in mark["words"] for mark in twins.state()["marks"]), words
    while twins.running:
        twins.step()
    yield twins
    twins.close()


def test_every_control_is_tried() -> None:
    assert {asked["control"] for _, asked, _ in ASKED} == set(CONTROLS)


def test_the_file_of_a_session_lives_the_same_days(session: Twins, tmp_path: Path) -> None:
    file = tmp_path / "session.yaml"
    file.write_text(opening.saved(session.room.experiment, "session"), encoding="utf-8")
    again = ICSModel(load(str(file)))
    while again.running:
        again.step()
    for kind in ("system", "acute_trust", "gp_practice", "community_team", "local_authority"):
        assert np.array_equal(again.recorder.block(kind), session.room.recorder.block(kind)), kind
    for name in ("stays", "ae_attendances", "lever", "trust_gp"):
        assert np.array_equal(again.people[name], session.room.people[name]), name
    assert np.array_equal(again.relationships.trust, session.room.relationships.trust)
    assert np.array_equal(again.strategy.effort, session.room.strategy.effort)
    assert not np.array_equal(again.strategy.effort, session.twin.strategy.effort)


def test_a_link_opens_the_same_two_worlds(session: Twins) -> None:
    letters = opening.shared(session.room.experiment, session.twin.experiment, session.room.day)
    assert opening.from_link(letters) == (session.room.experiment, session.twin.experiment, session.room.days)


def test_whoever_comes_into_hospital_is_there_or_has_left(session: Twins) -> None:
    moves = patients(session.twin)["moves"]
    came = moves["ae-ward"] + moves["gp-ward"] + moves["home-ward"]
    left = moves["ward-home"] + moves["leaving-home"] + moves["leaving-care_home"]
    rows = session.twin.recorder.block("acute_trust")[-WINDOW:].sum(axis=1) / session.twin.scale
    column = columns("acute_trust")
    grown = rows[-1, column["BED_DAYS"]] - rows[0, column["BED_DAYS"]]
    died = rows[:, column["DEATHS_IN_HOSPITAL"]].sum()
    assert came > 20
    assert came - left == pytest.approx((grown + died) / WINDOW, abs=6 / WINDOW / session.twin.scale)
    assert moves["ward-leaving"] == pytest.approx(rows[:, column["BECAME_DELAYED"]].sum() / WINDOW, abs=0.1)
    assert moves["home-ae"] == pytest.approx(moves["ae-home"] + moves["ae-ward"], abs=0.2)


def test_services_that_fare_alike_share_a_line(session: Twins) -> None:
    lines = [line["words"] for line in session.feed.lines]
    assert not any("ite joins" in words for words in lines)
    begun = [words for words in lines if words.startswith("Begins work: ")]
    events = session.room.recorder.events.columns["event"]
    assert begun
    assert sum(words.count(";") + 1 for words in begun) == sum("service starts" in each for each in events)


def test_the_twin_is_the_place_without_its_programme(session: Twins) -> None:
    expected = load(PLACE, {"population.sample": 0.02, "years": 0.5, "seed": 5, "programme": "none"})
    twin = session.twin.experiment
    assert twin.to_dict() | {"services": {}} == expected.to_dict()


def test_every_service_of_the_catalogue_is_offered() -> None:
    assert sorted(each["id"] for each in catalogue()) == sorted(shipped_services())
    assert all(each["title"] and "In the model: " in each["said"] for each in catalogue())


@pytest.mark.parametrize("half", [0, 1])  # more than a run has bits for turn levers
def test_every_service_of_the_catalogue_can_be_set_up(half: int) -> None:
    known = sorted(shipped_services())[half::2]
    room = load(opening.place(PLACE, sample=0.01, years=0.3), {"programme": "none"})
    twins = Twins(room, room)
    for _ in range(10):
        twins.step()
    began = [{"use": one, "start": twins.room.date.isoformat()} for one in known]
    turn_to(twins.room, future(room, {"interventions": began}, twins.room.date))
    twins.steer({"control": "service", "use": known[0]})  # a second of the same, under another name
    for _ in range(60):
        twins.step()
    in_use = {each["name"]: each["words"] for each in twins.state()["hands"]["services"]}
    assert {*known, f"{known[0]} (2)"} <= set(in_use)
    assert any(words == "building up" for words in in_use.values())
    twins.close()


def test_every_shock_has_words() -> None:
    assert set(STRUCK) == set(ShockKind)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"control": "wish"}, "expected one of"),
        ({"control": "service", "use": "gp-in-ae"}, "did you mean gps-in-ae"),
        ({"control": "service", "use": "gps-in-ae", "size": "large"}, "size"),
        ({"control": "trust", "value": 7}, "trust"),
        ({"control": "programme", "on": True}, "cannot begin again"),
        ({"control": "shock", "kind": "plague"}, "kind"),
    ],
)
def test_what_cannot_be_is_refused_in_words(asked: dict[str, Any], said: str) -> None:
    room = opening.place(PLACE, sample=0.01, years=0.3)
    with pytest.raises(ExperimentError, match=said):
        steered(room, room.start, 0, asked)
