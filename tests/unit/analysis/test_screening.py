"""What matters over many comparisons stands out, and chance does not."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from icsim.analysis.doubt import _position
from icsim.analysis.screening import Screening, rows, screening

pytestmark = pytest.mark.unit
LUCK = np.random.default_rng(11)


class Made:
    """A comparison whose draws are made up."""

    policies = ("policy",)
    reference = "reference"

    def __init__(self, keys: list[str], weights: dict[str, float], level: float, draws: int = 60):
        values = np.array([[_position(key, k) for key in keys] for k in range(draws)])
        at = [(weight, keys.index(key)) for key, weight in weights.items() if key in keys]
        effect = sum((weight * values[:, column] for weight, column in at), np.zeros(draws))
        self.drawn_values = pd.DataFrame(
            [("assumptions", k, key, values[k, at]) for k in range(draws) for at, key in enumerate(keys)],
            columns=["study", "draw", "key", "value"],
        )
        figures: list[tuple[Any, ...]] = []
        for k in range(draws):
            for pair in range(2):
                base = level * (1 + 0.01 * values[k, 0]) + LUCK.normal() * 0.001 * level
                change = effect[k] + LUCK.normal()
                figures += [("assumptions", k, pair, "reference", "deaths", base)]
                figures += [("assumptions", k, pair, "policy", "deaths", base + change)]
        self.draws = pd.DataFrame(
            figures, columns=["study", "draw", "replicate", "experiment", "outcome", "value"]
        )


def beyond(found: Screening) -> list[str]:
    return [one.key for one in found.found if one.beyond]


def test_an_effect_that_luck_hides_in_each_place_stands_out_over_all():
    places: Any = [Made([f"k{j}" for j in range(40 + at)], {"k3": 1.6}, 1000.0 * at) for at in range(1, 10)]
    over_all = screening(places, "deaths", change=True)
    assert beyond(over_all) == ["k3"]
    assert len(over_all.found) == 3  # the closest are told in any case
    assert (over_all.values, over_all.draws) == (45, 60)  # those of half of the places
    one = over_all.found[0]
    assert 0 < one.low < one.correlation < one.high
    assert (one.comparisons, one.draws) == (9, 60)
    # of the level under the reference it is another value, and places may differ ninefold
    assert screening(places, "deaths", change=False).found[0].key == "k0"
    assert rows(over_all, "change", "deaths")[0][:3] == ("change", "deaths", "k3")


def test_what_places_share_by_the_chance_of_their_draws_is_no_finding():
    """Nine places with one cause and the same draws: what goes with that cause by chance stays out."""
    keys = [f"k{j}" for j in range(400)]
    places: Any = [Made(keys, {"k3": 30.0}, 100.0) for _ in range(9)]
    assert beyond(screening(places, "deaths", change=True)) == ["k3"]


def test_a_value_is_told_with_the_places_that_draw_it_and_of_few_it_is_left_out():
    def places(those: int) -> Any:
        return [Made(["a", "b", *(["own"] if at < those else [])], {"own": 6.0}, 100.0) for at in range(6)]

    one, *others = screening(places(4), "deaths", change=True).found
    assert one.beyond
    assert not any(other.beyond for other in others)
    assert (one.key, one.comparisons, one.draws) == ("own", 4, 60)
    assert "own" not in {one.key for one in screening(places(2), "deaths", change=True).found}


def test_chance_is_not_taken_for_a_finding():
    def found() -> int:
        places: Any = [Made([f"k{j}" for j in range(60)], {}, 10.0)]
        return len(beyond(screening(places, "deaths", change=True)))

    assert sum(bool(found()) for _ in range(20)) <= 4
    assert screening([], "deaths", change=True).found == ()
