import numpy as np
import pytest

from icsim import evidence
from icsim.evidence import places
from icsim.population.circumstances import circumstance_tables
from icsim.population.columns import AGE_BAND_OF_AGE, Condition
from icsim.population.health import (
    BAND_MIDDLES,
    DEMENTIA,
    N_AGES,
    AgeingTables,
    female_share_by_age,
    health_tables,
    logit_by_age,
    mental_need,
    mortality_by_age,
    social_need,
)

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def tables() -> AgeingTables:
    return health_tables(evidence.load())


def test_prevalence_is_the_catalogues(tables: AgeingTables):
    """Over sexes, deciles and factor groups: close at the middle of each age band, near over the band."""
    catalogue = evidence.load()
    women = female_share_by_age()
    over = tables.prevalence.astype(float).mean(axis=(1, 2))
    share = (1 - women)[:, None] * over[0] + women[:, None] * over[1]
    for c, condition in enumerate(Condition):
        assert condition.name
        bands = catalogue.by_age(f"prevalence_{condition.name.lower()}")
        for band, middle in enumerate(BAND_MIDDLES[:9].astype(int)):
            if band > 0:
                at = (share[middle - 1, c] + share[middle, c]) / 2
                assert at == pytest.approx(bands[band], rel=0.08, abs=3e-4), (condition, band)
                mean = share[AGE_BAND_OF_AGE[:N_AGES] == band, c].mean()
                assert mean == pytest.approx(bands[band], rel=0.2, abs=1e-3), (condition, band)


def test_newborns_have_no_conditions(tables: AgeingTables):
    assert tables.prevalence[:, :, :, 0].max() < 1e-9


def test_odds_by_sex_and_deprivation(tables: AgeingTables):
    catalogue = evidence.load()

    def odds(p: np.ndarray) -> np.ndarray:
        return p / (1 - p)

    copd = tables.prevalence[:, :, 8, 55, 1].astype(float)
    assert odds(copd[1, 4]) / odds(copd[0, 4]) == pytest.approx(
        catalogue.value("prevalence_female_odds_copd"), rel=1e-3
    )
    assert odds(copd[0, 0]) / odds(copd[0, 9]) == pytest.approx(
        catalogue.value("prevalence_deprived_odds_copd"), rel=1e-3
    )


def test_the_factor_is_standard(tables: AgeingTables):
    assert tables.factor.mean() == pytest.approx(0, abs=1e-6)
    assert (tables.factor**2).mean() == pytest.approx(1, abs=1e-6)
    assert (np.diff(tables.factor) > 0).all()


def test_logit_by_age_starts_where_people_do():
    bands = np.array([0, 0, 0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.3, 0.4])
    p = 1 / (1 + np.exp(-logit_by_age(bands, fall=2.5, years_on=5)))
    assert p[:20].max() < 1e-9
    assert (np.diff(p[20:]) >= 0).all()
    assert p[70] == pytest.approx(0.163, abs=0.003)


def test_mortality_reproduces_the_bands():
    deaths = mortality_by_age(evidence.load())
    lsoas = places.resolve("England").lsoas
    people = lsoas.filter(regex=r"^age_\d+$").to_numpy(dtype=np.int64).sum(axis=0)
    for first, last, key in ((65, 74, "65_74"), (75, 84, "75_84"), (45, 64, "45_64")):
        mean = np.average(deaths[first : last + 1], weights=people[first : last + 1])
        assert mean * 1000 == pytest.approx(evidence.load().value(f"mortality_{key}"), rel=0.12)
    assert np.average(deaths[:91], weights=people) * 1000 == pytest.approx(9.3, abs=1)


def test_replacement_grows_with_age_and_spares_the_young(tables: AgeingTables):
    assert tables.frailty_drift[85] > 5 * tables.frailty_drift[60] > 0
    assert tables.replaced[20].max() < 1e-3
    assert (np.diff(tables.replaced, axis=2) >= 0).all()
    assert 0.05 < tables.replaced[90, :, -1].mean() < 0.6
    assert tables.remission[12, 0] > 0.9  # asthma of the young goes
    assert tables.remission[86, [1, 7]].max() < 0.01  # COPD and diabetes of the old do not


def test_needs_rise_with_illness(tables: AgeingTables):
    u = (np.arange(2_000) + 0.5) / 2_000
    conditions = [
        0,
        int(Condition.HYPERTENSION | Condition.COPD),
        int(Condition.DEPRESSION_ANXIETY),
        int(Condition.SEVERE_MENTAL_ILLNESS),
    ]
    mental = [np.mean([mental_need(c, 40, x, tables) for x in u]) for c in conditions]
    assert mental == sorted(mental)
    assert mental[0] < mental[1] < mental[2] < mental[3]
    assert mental_need(conditions[3], 3, 0.0001, tables) == 0
    social = [
        np.mean([social_need(c, 80, f, x, tables) for x in u])
        for c, f in ((0, 0.05), (0, 0.2), (0, 0.4), (DEMENTIA, 0.4))
    ]
    assert social == sorted(social)
    assert social[0] < social[1] < social[2] < social[3]
    assert social_need(DEMENTIA, 17, 0.5, 0.999, tables) == 0


def test_what_the_tables_read_is_in_the_catalogue(tables: AgeingTables):
    catalogue = evidence.load().with_values({})
    circumstance_tables(catalogue, health_tables(catalogue))
    rows = {
        p.key for p in catalogue if p.topic == "population" and p.key.startswith(("prevalence", "frailty"))
    }
    assert rows <= catalogue.used
