"""Whose models live when not all can: the one that has stood still longest gives way, those at play stay."""

from typing import Any

import pytest

pytest.importorskip("solara")
from icsim.dashboards import session
from icsim.dashboards.session import Full, Session
from icsim.experiment import load

pytestmark = pytest.mark.unit


class Alone(Session):
    """A session whose models are a word."""

    def __init__(self, place: str, used: float, playing: bool = False) -> None:
        super().__init__()
        self.room, self.used, self.state = load(place), used, {"playing": playing}


@pytest.fixture
def living(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(session, "_LIVE", found)
    monkeypatch.setattr(session, "MOST", 3)
    monkeypatch.setattr(session, "PEOPLE", 900_000)
    return found


def test_the_longest_idle_gives_way(living: list[Any]) -> None:
    living += [Alone("isle-of-wight", 3), Alone("isle-of-wight", 1), Alone("isle-of-wight", 0, playing=True)]
    longest = living[1]
    session._make_room(Alone("isle-of-wight", 9))
    assert len(living) == 2
    assert longest not in living


def test_people_are_bounded_as_well(living: list[Any]) -> None:
    living += [Alone("northumberland", 1), Alone("northumberland", 2)]  # 320,000 each
    session._make_room(Alone("isle-of-wight", 3))
    assert len(living) == 2
    session._make_room(Alone("northumberland", 4))
    assert [one.used for one in living] == [2]


def test_whoever_plays_is_not_stopped_and_the_newcomer_is_told(living: list[Any]) -> None:
    living += [Alone("isle-of-wight", k, playing=k < 2) for k in range(3)]
    newcomer = Alone("salford", 9)
    session._make_room(newcomer)
    living.append(Alone("isle-of-wight", 5, playing=True))
    with pytest.raises(Full, match="Other visitors play 3 places"):
        session._make_room(newcomer)
    assert len(living) == 3
    newcomer.order("play", 30)
    assert "Try again when one of them pauses" in newcomer.error
