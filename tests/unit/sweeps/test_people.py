"""Whose people are made once: keys, room, order, and when they leave the store."""

from typing import Any

import pytest

from icsim.sweeps import people
from icsim.sweeps.design import RunSpec
from icsim.sweeps.people import SharedPeople, bytes_of, key_of
from icsim.sweeps.store import PART

pytestmark = pytest.mark.unit
READ = {"mortality_85plus"}
SIZES = (100_000.0, 1.0)


def spec(number: int, seed: int = 1, **settings: Any) -> RunSpec:
    dotted = {key.replace("__", "."): value for key, value in settings.items()}
    return RunSpec(number, f"run{number}", number, 0, seed, dotted)


class Ray:
    """As much of Ray as is asked for people; remembers what it made."""

    def __init__(self, store: float) -> None:
        self.store, self.made = store, []

    def remote(self, work: Any) -> Any:
        ray = self

        class Remote:
            def options(self, **options: Any) -> "Remote":
                assert options["num_cpus"] == 1
                assert options["memory"] > 1e8
                return self

            def remote(self, *arguments: Any) -> Any:
                if work is people.read_by_people:
                    return READ
                ray.made.append(arguments[1])
                return f"people of run {arguments[1].number}"

        return Remote()

    def get(self, value: Any) -> Any:
        return value

    def nodes(self) -> list[dict[str, Any]]:
        large, gone = {"object_store_memory": 1e12}, {"object_store_memory": 0.0}
        here = {"object_store_memory": self.store}
        return [
            {"Alive": True, "Resources": large},
            {"Alive": True, "Resources": here},
            {"Alive": False, "Resources": gone},
        ]


def shared(specs: list[RunSpec], store: float = 1e12) -> tuple[SharedPeople, Ray]:
    ray = Ray(store)
    return SharedPeople(ray, "base", specs, {one.number: SIZES for one in specs}), ray


@pytest.mark.parametrize(
    "same",
    [
        {"relationships__initial_trust": 0.3},
        {"contract__form": "full", "contract": {}},
        {"parameters__gp_morale_start": 0.5},
        {"organisations__acute_trusts": []},
        {"organisations__community_teams__visits": 3},
    ],
)
def test_what_people_are_not_made_from_leaves_them_the_same(same: dict[str, Any]) -> None:
    assert key_of(spec(0), READ) == key_of(spec(5, **same), READ)


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 2},
        {"place": "salford"},
        {"start": "2016-04-01"},
        {"years": 2},
        {"population__sample": 0.5},
        {"population": {"sample": 0.5}},
        {"organisations__gp_practices__count": 9},
        {"organisations__community_teams__population_per_team": 40_000},
        {"organisations__community_teams": {}},
        {"organisations": {}},
        {"parameters__mortality_85plus": 140.0},
        {"parameters": {}},
    ],
)
def test_what_people_are_made_from_makes_others(other: dict[str, Any]) -> None:
    assert key_of(spec(0), READ) != key_of(spec(0, **other), READ)


def test_only_people_whom_several_runs_begin_with_are_made_and_only_once() -> None:
    runs = [spec(0), spec(1, contract__form="full"), spec(2, seed=2), spec(3)]
    own, ray = shared(runs)
    assert own.of(runs[:3]) == own.of(runs[3:]) == ["people of run 0"]
    assert ray.made == runs[:1]
    own.let_go(runs[:2])
    assert own.of(runs[3:]) == ["people of run 0"]
    own.let_go(runs[3:])
    assert own.of([runs[3]]) == []  # nobody is to come for them
    assert ray.made == runs[:1]


def test_no_more_are_kept_than_the_smallest_machine_has_room_for() -> None:
    runs = [spec(number, seed=number // 2) for number in range(6)]
    own, ray = shared(runs, 2.1 * bytes_of(*SIZES) / people.STORE_SHARE)
    assert len(own.of(runs)) == 2
    assert own.of(runs[4:]) == []
    own.let_go(runs[:2])
    assert own.of(runs[4:]) == ["people of run 4"]
    assert ray.made == [runs[0], runs[2], runs[4]]


def test_runs_of_the_same_people_lie_together_within_a_part_of_the_results() -> None:
    runs = [spec(number, seed=number % 2) for number in range(PART - 2, PART + 3)]
    own, _ = shared(runs)
    assert [one.number - PART for one in own.in_order(runs)] == [-2, -1, 0, 2, 1]
    assert [one.number - PART for one in own.in_order(runs[2:])] == [0, 2, 1]
