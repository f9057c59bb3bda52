import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsim import evidence
from icsim.population.ageing import birthday, grow_older
from icsim.population.columns import N_CONDITIONS, Condition, Residence, Sex, empty_people
from icsim.population.health import AgeingTables, health_tables
from icsim.streams import entity_key

pytestmark = pytest.mark.unit

EXOGENOUS = ["age", "conditions", "frailty"]


@pytest.fixture(scope="module")
def tables() -> AgeingTables:
    return health_tables(evidence.load())


def cohort(n: int, age: int, seed: int = 1) -> np.ndarray:
    people = empty_people(n)
    people["key"] = [entity_key(seed, 1, 1000001, age, k) for k in range(n)]
    people["age"] = age
    people["sex"] = np.where(np.arange(n) % 2, Sex.FEMALE, Sex.MALE)
    people["imd_decile"] = 1 + np.arange(n) % 10
    people["frailty"] = 0.05
    return people


def age_by(people: np.ndarray, years: int, tables: AgeingTables) -> np.ndarray:
    for person in people:
        for _ in range(years):
            grow_older(person, tables)
    return people


def test_birthdays_are_a_year_apart():
    days = [birthday(-1000, age) for age in range(111)]
    assert set(np.diff(days)) == {365, 366}
    assert days[100] - days[0] == 36525


@given(
    st.integers(0, 110),
    st.integers(0, 2**16 - 1),
    st.floats(0.001, 0.7),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_anybody_can_have_a_birthday(age: int, conditions: int, frailty: float, mental: int, social: int):
    people = cohort(1, age)
    people["conditions"], people["frailty"] = conditions, frailty
    people["mental_health_need"], people["social_care_need"] = mental, social
    grow_older(people[0], health_tables(evidence.load()))
    assert people["age"] == min(age + 1, 110)
    assert 0 < people["frailty"] <= np.float32(0.7)
    assert people["mental_health_need"] <= 3
    assert people["social_care_need"] <= 3


def test_twins_grow_old_alike_whatever_care_they_have_had(tables: AgeingTables):
    one, other = cohort(300, 70), cohort(300, 70)
    for column, value in (("deconditioning", 0.2), ("trust_gp", 0.1), ("stays", 4), ("unmet_need", 2)):
        other[column] = value
    other["social_care_need"] = 3
    other["residence"] = Residence.CARE_HOME
    age_by(one, 15, tables)
    age_by(other, 15, tables)
    for column in EXOGENOUS:
        assert (one[column] == other[column]).all(), column
    assert (other["social_care_need"] == 3).all()
    assert (other["residence"] == Residence.CARE_HOME).all()


def test_order_and_company_do_not_matter(tables: AgeingTables):
    together = age_by(cohort(50, 60), 10, tables)
    alone = cohort(50, 60)
    for i in reversed(range(50)):
        age_by(alone[i : i + 1], 10, tables)
    assert together.tobytes() == alone.tobytes()


def test_chronic_illness_stays_and_asthma_may_go(tables: AgeingTables):
    chronic = int(Condition.COPD | Condition.DIABETES | Condition.DEMENTIA | Condition.STROKE)
    people = cohort(400, 5)
    people["conditions"] = chronic
    age_by(people, 40, tables)
    kept = int(Condition.COPD | Condition.DEMENTIA | Condition.STROKE)
    assert ((people["conditions"] & kept) == kept).all()
    children = age_by(cohort(1_000, 0), 10, tables)
    had = (children["conditions"] & Condition.ASTHMA) > 0
    age_by(children, 30, tables)
    assert 0 < ((children["conditions"][had] & Condition.ASTHMA) == 0).sum() < had.sum()


def test_the_deprived_fall_ill_years_earlier(tables: AgeingTables):
    people = cohort(1_500, 0)
    people["imd_decile"] = np.where(np.arange(1_500) % 2, 1, 10)
    share = {1: [], 10: []}
    for _ in range(80):
        age_by(people, 1, tables)
        for decile, shares in share.items():
            shares.append(
                (np.bitwise_count(people["conditions"][people["imd_decile"] == decile]) >= 2).mean()
            )
    onset = {d: float(np.interp(0.3, np.maximum.accumulate(s), np.arange(80))) for d, s in share.items()}
    assert 8 <= onset[10] - onset[1] <= 17


def test_needs_follow_illness_on_top_of_what_care_made_of_them(tables: AgeingTables):
    people, helped = cohort(2_000, 75), cohort(2_000, 75)
    age_by(people, 10, tables)
    worse = people["mental_health_need"] > 0
    assert 0 < worse.sum() < 700
    helped["mental_health_need"] = 1  # need that nobody born with this u would have
    age_by(helped, 10, tables)
    difference = helped["mental_health_need"].astype(int) - people["mental_health_need"]
    assert set(np.unique(difference)) <= {0, 1}
    assert (difference == 1).mean() > 0.9
    assert len(list(Condition)) == N_CONDITIONS
