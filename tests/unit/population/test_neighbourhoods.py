import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsim.evidence import places
from icsim.population.neighbourhoods import Grouping, group, middle_layer_area

pytestmark = pytest.mark.unit

LOW, SIZE, HIGH = 30_000, 40_000, 50_000


def table(authorities: dict[str, list[int]]) -> pd.DataFrame:
    """LSOAs of authorities whose MSOAs have these populations, two LSOAs to an MSOA, in a muddled order."""
    rows = [
        (f"{name} {i + 1:03d}{letter}", name, name, part)
        for name, sizes in authorities.items()
        for i, size in enumerate(sizes)
        for letter, part in (("A", size // 2), ("B", size - size // 2))
    ]
    frame = pd.DataFrame(rows, columns=["lsoa_name", "lad", "lad_name", "age_0"])
    return frame.sample(frac=1, random_state=1).reset_index(drop=True)


def check(grouping: Grouping, lsoas: pd.DataFrame) -> None:
    """What holds for any place."""
    population = lsoas.filter(regex=r"^age_\d+$").to_numpy(dtype=np.int64).sum(axis=1)
    of = grouping.neighbourhood
    assert list(np.bincount(of, population)) == list(grouping.neighbourhoods["population"])
    assert (grouping.neighbourhoods["authority"].to_numpy()[of] == grouping.authority).all()
    assert list(grouping.authorities["code"].to_numpy()[grouping.authority]) == list(lsoas["lad"].astype(str))
    areas: dict[tuple[str, str], set[int]] = {}
    ranks: dict[int, set[int]] = {}
    for name, code, n, rank in zip(lsoas["lsoa_name"], lsoas["lad"], of, grouping.rank, strict=True):
        areas.setdefault((middle_layer_area(name), code), set()).add(n)
        ranks.setdefault(n, set()).add(rank)
    assert all(len(neighbourhoods) == 1 for neighbourhoods in areas.values())
    assert all(max(run) - min(run) + 1 == len(run) for run in ranks.values())


def test_middle_layer_area():
    assert middle_layer_area("Salford 012B") == "Salford 012"
    assert middle_layer_area("Isles of Scilly 001A") == "Isles of Scilly 001"


@given(st.lists(st.integers(5_000, 12_000), min_size=1, max_size=60))
def test_any_authority_is_cut_into_runs_near_the_size_wanted(sizes: list[int]):
    lsoas = table({"Somewhere": sizes})
    grouping = group(lsoas, SIZE, LOW, HIGH)
    check(grouping, lsoas)
    people = grouping.neighbourhoods["population"]
    if sum(sizes) >= 2 * SIZE:  # whole MSOAs of up to 12,000 cannot be cut finer
        assert people.between(LOW - 6_000, HIGH + 6_000).all()


def test_authorities_are_never_joined_and_a_small_one_stays_whole():
    lsoas = table({"North": [8_000] * 10, "Tiny": [3_000], "South": [9_000] * 5})
    grouping = group(lsoas, SIZE, LOW, HIGH)
    check(grouping, lsoas)
    assert sorted(grouping.neighbourhoods["population"]) == [3_000, 40_000, 40_000, 45_000]
    assert set(grouping.neighbourhoods["name"]) == {"North 1", "North 2", "Tiny", "South"}


def test_the_size_wanted_is_followed():
    lsoas = table({"Somewhere": [8_000] * 20})
    assert len(group(lsoas, 20_000, 15_000, 25_000).neighbourhoods) == 8


def test_salford_has_six_and_england_stays_in_the_range():
    salford = places.resolve("salford").lsoas
    grouping = group(salford, SIZE, LOW, HIGH)
    check(grouping, salford)
    assert len(grouping.neighbourhoods) == 6
    assert grouping.neighbourhoods["population"].between(LOW, HIGH).all()

    england = places.resolve("England").lsoas
    grouping = group(england, SIZE, LOW, HIGH)
    check(grouping, england)
    authority = grouping.authorities["population"].to_numpy()[grouping.neighbourhoods["authority"]]
    large = grouping.neighbourhoods["population"].to_numpy()[authority >= 2 * LOW]
    assert ((large >= LOW) & (large <= HIGH)).mean() > 0.98
