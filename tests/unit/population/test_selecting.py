"""Each key of a selection against people made by hand, and a random order that two worlds share."""

from typing import Any

import numpy as np
import pytest

import icsim.care.purposes as care_purposes
import icsim.population.purposes as population_purposes
from icsim.experiment.happenings import Selection
from icsim.population.columns import Condition, Residence, Sex, Status, empty_people
from icsim.population.selecting import SHUFFLE, holds, matching, random_order

pytestmark = pytest.mark.unit


@pytest.fixture
def people() -> np.ndarray:
    """Four people: a boy, a woman with COPD, a frail woman in a care home, a man with three conditions."""
    people = empty_people(4)
    people["status"] = Status.RESIDENT
    people["age"] = [4, 40, 90, 66]
    people["sex"] = [Sex.MALE, Sex.FEMALE, Sex.FEMALE, Sex.MALE]
    people["imd_decile"] = [1, 5, 10, 2]
    people["conditions"] = [
        0,
        Condition.COPD,
        Condition.DEMENTIA | Condition.STROKE,
        Condition.DIABETES | Condition.HYPERTENSION | Condition.COPD,
    ]
    people["frailty"] = [0.01, 0.121, 0.5, 0.2399]
    people["deconditioning"] = [0.4, 0, 0, 0]
    people["residence"] = [Residence.HOME, Residence.HOME, Residence.CARE_HOME, Residence.HOME]
    people["mental_health_need"] = [0, 3, 1, 0]
    people["social_care_need"] = [0, 0, 3, 1]
    people["loneliness"] = [0, 2, 1, 0]
    return people


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        ({}, [0, 1, 2, 3]),
        ({"min_age": 66}, [2, 3]),
        ({"max_age": 40}, [0, 1]),
        ({"min_age": 5, "max_age": 89}, [1, 3]),
        ({"min_age": 0}, [0, 1, 2, 3]),
        ({"sex": "female"}, [1, 2]),
        ({"sex": "male"}, [0, 3]),
        ({"imd_deciles": [1, 2]}, [0, 3]),
        ({"conditions": ["copd"]}, [1, 3]),
        ({"conditions": ["dementia", "diabetes"]}, [2, 3]),
        ({"conditions": ["asthma"]}, []),
        ({"min_conditions": 2}, [2, 3]),
        ({"min_conditions": 3}, [3]),
        ({"frailty": ["fit"]}, [0]),
        ({"frailty": ["mild"]}, [1, 3]),
        ({"frailty": ["fit", "severe"]}, [0, 2]),
        ({"residence": "care_home"}, [2]),
        ({"residence": "home"}, [0, 1, 3]),
        ({"min_mental_health_need": 1}, [1, 2]),
        ({"min_mental_health_need": 3}, [1]),
        ({"min_social_care_need": 1}, [2, 3]),
        ({"min_loneliness": 2}, [1]),
        ({"sex": "male", "conditions": ["copd"], "min_age": 65}, [3]),
    ],
)
def test_each_key_chooses_whom_it_says(people: np.ndarray, keys: dict[str, Any], chosen: list[int]) -> None:
    mask = matching(people, Selection(**keys))

    assert mask.dtype == bool
    assert np.flatnonzero(mask).tolist() == chosen


def test_every_key_of_a_selection_is_read(people: np.ndarray) -> None:
    """A key added to the schema and forgotten here would choose everybody."""

    class Read:
        """Notes which keys are asked for."""

        def __init__(self) -> None:
            self.asked: set[str] = set()

        def __getattr__(self, name: str) -> None:
            self.asked.add(name)

    reader: Any = Read()
    matching(people, reader)

    assert reader.asked == set(Selection.model_fields)


def test_people_still_to_come_are_judged_alike(people: np.ndarray) -> None:
    people["status"] = Status.EXPECTED

    assert matching(people, Selection(min_age=66)).tolist() == [False, False, True, True]


def test_holds_any_of_the_conditions_wanted(people: np.ndarray) -> None:
    assert holds(people["conditions"], Condition.STROKE, Condition.DIABETES).tolist() == [
        False,
        False,
        True,
        True,
    ]
    assert not holds(people["conditions"]).any()


def test_random_order_is_a_fair_permutation_that_two_worlds_share() -> None:
    keys = np.arange(1, 10_001, dtype=np.uint64) * np.uint64(2_654_435_761)
    order = random_order(keys, 5)
    assert np.array_equal(np.sort(order), np.arange(10_000))
    assert abs(np.corrcoef(order, np.arange(10_000))[0, 1]) < 0.04  # 4 standard errors
    assert not np.array_equal(order, random_order(keys, 6))

    fewer = np.flatnonzero(np.arange(10_000) % 3 > 0)
    among = order[np.isin(order, fewer)]
    assert np.array_equal(fewer[random_order(keys[fewer], 5)], among)


def test_the_purpose_of_a_shuffle_is_nobody_elses() -> None:
    taken = [
        int(value)
        for module in (population_purposes, care_purposes)
        for name, value in vars(module).items()
        if name.isupper() and name not in ("ORGANISATION", "STEPS")
    ]
    assert int(SHUFFLE) not in taken
