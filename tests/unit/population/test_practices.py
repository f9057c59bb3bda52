from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from icsim import evidence
from icsim.evidence import places
from icsim.population.neighbourhoods import Grouping, group
from icsim.population.practices import Registration, register

pytestmark = pytest.mark.unit


def grouping_of(name: str) -> tuple[Grouping, np.ndarray]:
    lsoas = places.resolve(name).lsoas
    population = lsoas.filter(regex=r"^age_\d+$").to_numpy(dtype=np.int64).sum(axis=1)
    return group(lsoas, 40_000, 30_000, 50_000), population


@pytest.fixture(scope="module")
def salford() -> tuple[Grouping, np.ndarray]:
    return grouping_of("salford")


def expected(registration: Registration, population: np.ndarray) -> np.ndarray:
    """People by practice when every LSOA's are shared out as told."""
    rows = np.repeat(np.arange(len(population)), np.diff(registration.start))
    before = np.r_[0.0, registration.until[:-1]]
    before[registration.start[:-1]] = 0.0
    return np.bincount(
        registration.practice,
        weights=(registration.until - before) * population[rows],
        minlength=len(registration.practices),
    )


@pytest.mark.parametrize("asked", [None, 46, 5])
def test_list_sizes_meet_their_targets_and_people_stay_near(
    salford: tuple[Grouping, np.ndarray], asked: int | None
):
    grouping, population = salford
    published = places.practice_list_sizes(places.resolve("salford"))
    registration = register(grouping, population, asked, published, evidence.load())
    practices = registration.practices
    assert len(practices) == (asked or len(published if published is not None else []))
    for first, last in pairwise(registration.start):
        assert (np.diff(registration.until[first:last]) >= 0).all()
    assert (registration.until[registration.start[1:] - 1] == 1.0).all()
    people = expected(registration, population)
    assert people.sum() == pytest.approx(population.sum())
    np.testing.assert_allclose(people, practices["list_size"], rtol=0.03)
    assert practices["name"].is_unique


def test_most_register_in_their_own_neighbourhood(salford: tuple[Grouping, np.ndarray]):
    grouping, population = salford
    for share in (0.6, 0.9):
        catalogue = evidence.load().with_values({"practice_own_neighbourhood_share": share})
        registration = register(grouping, population, 46, None, catalogue)
        at = registration.practices["neighbourhood"].to_numpy()
        rows = np.repeat(np.arange(len(population)), np.diff(registration.start))
        before = np.r_[0.0, registration.until[:-1]]
        before[registration.start[:-1]] = 0.0
        weight = (registration.until - before) * population[rows]
        own = weight[at[registration.practice] == grouping.neighbourhood[rows]].sum() / weight.sum()
        assert own == pytest.approx(share, abs=0.03)


def test_practices_as_an_experiment_may_list_them(salford: tuple[Grouping, np.ndarray]):
    grouping, population = salford
    asked = ["The Willows", {"name": "Pendleton", "list_size": 20_000}, 12_000, "Walkden"]
    practices = register(grouping, population, asked, None, evidence.load()).practices
    sizes = dict(zip(practices["name"], practices["list_size"], strict=True))
    assert sum(sizes.values()) == pytest.approx(population.sum(), abs=4)
    assert sizes["Pendleton"] == pytest.approx(20_000, rel=0.01)
    assert {"The Willows", "Walkden"} <= set(sizes)


@pytest.mark.parametrize("asked", [0, [], [-5], [None], [True]])
def test_practices_that_cannot_be_are_refused(salford: tuple[Grouping, np.ndarray], asked: object):
    grouping, population = salford
    with pytest.raises(ValueError, match="practices: expected"):
        register(grouping, population, asked, None, evidence.load())  # pyright: ignore[reportArgumentType]


def test_without_published_lists_sizes_have_englands_shape():
    grouping, population = grouping_of("wirral")
    practices = register(grouping, population, None, None, evidence.load()).practices
    sizes = practices["list_size"].to_numpy(dtype=float)
    assert len(practices) == round(population.sum() / evidence.load().value("practice_list_size_2017"))
    assert 0.4 < sizes.std() / sizes.mean() < 0.8
    assert np.median(sizes) < sizes.mean()


def test_an_authority_without_a_practice_uses_the_next(salford: tuple[Grouping, np.ndarray]):
    whole, population = salford
    # the last neighbourhood becomes an authority of its own that is too small for a practice
    neighbourhoods = whole.neighbourhoods.assign(authority=[0] * 5 + [1])
    alone = np.where(whole.neighbourhood == 5, population // 100, population)
    neighbourhoods["population"] = np.bincount(whole.neighbourhood, alone).astype(int)
    grouping = Grouping(
        pd.DataFrame({"name": ["a", "b"], "code": ["a", "b"], "population": [1, 1]}),
        neighbourhoods,
        neighbourhoods["authority"].to_numpy()[whole.neighbourhood],
        whole.neighbourhood,
        whole.rank,
    )
    registration = register(grouping, alone, 5, None, evidence.load())
    assert registration.practices["neighbourhood"].to_numpy().max() < 5
    np.testing.assert_allclose(expected(registration, alone).sum(), alone.sum())
