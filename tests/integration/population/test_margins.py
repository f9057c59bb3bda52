"""The people of England (a 1% sample) and of one place against what is published about them."""

from datetime import date

import numpy as np
import pytest

from icsim import evidence
from icsim.evidence import places
from icsim.population.columns import Condition, Residence, Sex, frailty_group
from icsim.population.health import MENTAL, female_share_by_age
from icsim.population.synthesis import Population, synthesise

pytestmark = pytest.mark.integration

VALUE = evidence.load().value


@pytest.fixture(scope="module")
def england() -> Population:
    return synthesise(
        places.resolve("England"),
        seed=2015,
        days=1096,
        sample=0.01,
        start=date(2015, 4, 1),
        catalogue=evidence.load(),
    )


@pytest.fixture(scope="module")
def people(england: Population) -> np.ndarray:
    return england.people[: england.n_residents]


def conditions(people: np.ndarray) -> np.ndarray:
    return np.bitwise_count(people["conditions"])


@pytest.mark.parametrize(
    ("first", "last", "key", "tolerance"),
    [
        (25, 34, "multimorbid_share_25_34", 1.0),
        (75, 120, "multimorbid_share_75plus", 2.0),
        (0, 120, "multimorbid_share", 2.0),
        (65, 84, "barnett_multimorbid_65_84", 4.0),
        (85, 120, "barnett_multimorbid_85plus", 3.0),
    ],
)
def test_multimorbidity_by_age(people: np.ndarray, first: int, last: int, key: str, tolerance: float):
    those = people[(people["age"] >= first) & (people["age"] <= last)]
    assert 100 * (conditions(those) >= 2).mean() == pytest.approx(VALUE(key), abs=tolerance)


def test_any_condition(people: np.ndarray):
    assert 100 * (conditions(people) >= 1).mean() == pytest.approx(VALUE("ltc_any_share"), abs=4)


def test_multimorbidity_begins_10_to_15_years_earlier_in_the_most_deprived(people: np.ndarray):
    middles = np.arange(22.5, 90, 5)
    reached = {}
    for decile in (1, 10):
        those = people[people["imd_decile"] == decile]
        group = ((those["age"].astype(int) - 20) // 5).clip(-1, 14)
        shares = np.array([(conditions(those[group == g]) >= 2).mean() for g in range(14)])
        reached[decile] = np.interp([0.1, 0.2, 0.3], np.maximum.accumulate(shares), middles)
    gap = (reached[10] - reached[1]).mean()
    low, high = (
        evidence.load()["multimorbidity_onset_gap"].low,
        evidence.load()["multimorbidity_onset_gap"].high,
    )
    assert low is not None
    assert high is not None
    assert low <= gap <= high + 1


def test_body_and_mind(people: np.ndarray):
    """Mental disorder with one and with five physical conditions, and both by deprivation (Barnett 2012)."""
    physical = np.bitwise_count(people["conditions"] & np.uint16(0xFFFF & ~MENTAL))
    mental = (people["conditions"] & MENTAL) > 0

    def odds(who: np.ndarray) -> float:
        share = mental[who & (people["age"] >= 18)].mean()
        return share / (1 - share)

    assert odds(physical == 1) / odds(physical == 0) == pytest.approx(
        VALUE("mental_disorder_or_1_phys"), abs=0.5
    )
    many = odds(physical >= 5) / odds(physical == 0)
    assert many == pytest.approx(VALUE("mental_disorder_or_5plus_phys"), abs=2)
    both = (physical > 0) & mental
    most, least = (100 * both[np.isin(people["imd_decile"], d)].mean() for d in ((1, 2), (9, 10)))
    assert most == pytest.approx(VALUE("phys_mental_multimorbid_most_deprived"), abs=1.5)
    assert least == pytest.approx(VALUE("phys_mental_multimorbid_least_deprived"), abs=1)


def test_frailty(people: np.ndarray):
    old = people[(people["age"] >= 65) & (people["age"] <= 95)]
    shares = 100 * np.bincount(frailty_group(old["frailty"]), minlength=4) / len(old)
    for share, group in zip(shares, ("fit", "mild", "moderate", "severe"), strict=True):
        row = evidence.load()[f"efi_share_65plus_{group}"]
        assert row.low is not None
        assert row.high is not None
        assert row.low <= share <= row.high, group


def test_care_homes_and_home_care(people: np.ndarray):
    old = people[people["age"] >= 65]
    resident = old[old["residence"] == Residence.CARE_HOME]
    assert len(resident) / len(old) == pytest.approx(VALUE("carehome_residents_65plus") / 10.03e6, rel=0.06)
    assert 85 <= resident["age"].mean() <= 86.7
    assert 0.55 < ((resident["conditions"] & Condition.DEMENTIA) > 0).mean() < 0.8
    assert (resident["package"] == 2).all()
    assert (resident["social_care_need"] == 3).all()
    assert (people["residence"][people["age"] < 65] == Residence.HOME).all()
    home_care = (old["package"] == 1).sum() / len(old)
    assert home_care == pytest.approx(VALUE("home_care_older_users") / 9.7e6, rel=0.06)
    assert (old["social_care_need"][old["package"] == 1] >= 2).all()


def test_dementia_activation_loneliness(people: np.ndarray):
    old = people["age"] >= 65
    assert ((people["conditions"][old] & Condition.DEMENTIA) > 0).mean() == pytest.approx(0.07, abs=0.004)
    ill = (people["age"] >= 18) & (people["conditions"] > 0)
    assert 100 * (people["activation"][ill] <= 47).mean() == pytest.approx(VALUE("pam_level1_share"), abs=1.5)
    assert 100 * (people["activation"][ill] > 72.4).mean() == pytest.approx(
        VALUE("pam_level4_share"), abs=1.5
    )
    adults = people[people["age"] >= 16]
    often = adults["loneliness"] == 2
    assert 0.05 < often.mean() < 0.08
    assert often[adults["imd_decile"] == 1].mean() > 1.6 * often[adults["imd_decile"] == 10].mean()


def test_what_is_left_over_is_unlike_for_people_alike_on_paper(people: np.ndarray):
    susceptibility = people["susceptibility"].astype(float)
    assert susceptibility.mean() == pytest.approx(1, abs=0.003)
    assert np.log(susceptibility).std() == pytest.approx(VALUE("susceptibility_sigma"), rel=0.01)
    for column in ("age", "frailty", "imd_decile", "activation"):
        assert abs(np.corrcoef(susceptibility, people[column])[0, 1]) < 0.01, column
    for service in ("gp", "ae", "community"):
        trust = people[f"trust_{service}"]
        assert trust.mean() == pytest.approx(VALUE(f"trust_{service}_start"), abs=0.01)
        assert 0 < trust.min() < trust.max() < 1


def test_women_by_age(people: np.ndarray):
    women = people["sex"] == Sex.FEMALE
    for age in (0, 30, 60, 80):
        near = np.abs(people["age"].astype(int) - age) <= 3
        assert women[near].mean() == pytest.approx(female_share_by_age()[age], abs=0.01)


def test_births_and_moves(england: Population):
    expected = england.people[england.n_residents :]
    born = expected["birth_day"] == expected["arrival_day"]
    per_1000 = 1000 / england.n_residents / 3
    births = born.sum() * per_1000
    arrivals = (~born).sum() * per_1000
    gone = england.people["departure_day"] < 1096
    departures = gone.sum() * per_1000
    assert births == pytest.approx(11.9, abs=0.5)
    assert 35 < departures < 45
    assert births + arrivals - departures - 9.3 == pytest.approx(7, abs=1.2)
    assert (england.people["departure_day"] > england.people["arrival_day"]).all()
    staying = england.people["age"][gone & (england.people["age"] > 0)]
    assert np.median(staying) < 32


def test_nothing_is_left_for_the_run_to_find_filled(people: np.ndarray):
    """Columns that are care's own start empty."""
    for column in ("care_plan", "caseload", "stays", "deconditioning", "unmet_need", "need_count", "setting"):
        assert not people[column].any(), column
    assert (people["lever"] == 1).all()
