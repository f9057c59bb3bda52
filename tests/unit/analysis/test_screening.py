"""What matters over many comparisons stands out, and chance does not."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from icsim.analysis.screening import rows, screening

pytestmark = pytest.mark.unit
LUCK = np.random.default_rng(11)


class Made:
    """A comparison whose draws are made up."""

    policies = ("policy",)
    reference = "reference"

    def __init__(self, keys: list[str], weights: dict[str, float], level: float, draws: int = 60):
        values = LUCK.uniform(size=(draws, len(keys)))
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


def test_a_small_effect_that_each_place_hides_stands_out_over_all():
    places: Any = [Made([f"k{j}" for j in range(40 + at)], {"k3": 1.2}, 1000.0 * at) for at in range(1, 10)]
    over_all = screening(places, "deaths", change=True)
    assert [one.key for one in over_all.found] == ["k3"]
    assert (over_all.values, over_all.draws) == (49, 540)
    one = over_all.found[0]
    assert 0 < one.low < one.correlation < one.high
    assert (one.comparisons, one.draws) == (9, 540)
    assert abs(one.beyond) > over_all.chance > 2.5  # the furthest of 49
    alone = [bool(screening([place], "deaths", change=True).found) for place in places]
    assert sum(alone) < 6
    # of the level under the reference it is another value, and places may differ a hundredfold
    assert [one.key for one in screening(places, "deaths", change=False).found] == ["k0"]
    assert rows(over_all, "change", "deaths")[0][:3] == ("change", "deaths", "k3")


def test_a_value_that_few_places_draw_is_told_with_their_number():
    places: Any = [Made(["a", "b", *(["own"] if at < 3 else [])], {"own": 4.0}, 100.0) for at in range(6)]
    (one,) = screening(places, "deaths", change=True).found
    assert (one.key, one.comparisons, one.draws) == ("own", 3, 180)


def test_chance_is_not_taken_for_a_finding():
    def found() -> int:
        places: Any = [Made([f"k{j}" for j in range(60)], {}, 10.0)]
        return len(screening(places, "deaths", change=True).found)

    assert sum(bool(found()) for _ in range(20)) <= 4
    assert screening([], "deaths", change=True).found == ()
