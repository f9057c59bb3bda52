from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icsim.recording.measures import MEASURES, columns
from icsim.recording.recorder import OrganisationRow, Recorder
from icsim.recording.tables import TABLES, by_age_and_imd, daily, money, monthly, relationships

pytestmark = pytest.mark.unit
ROWS = [OrganisationRow("Royal", "acute_trust", "RM3"), OrganisationRow("Infirmary", "acute_trust", "RBN")]
PRACTICE = OrganisationRow("Practice", "gp_practice")


def frame(tables: Iterable[pa.Table]) -> Any:
    return pa.concat_tables(list(tables)).to_pandas()


@settings(max_examples=10, deadline=None)
@given(
    start=st.dates(date(2012, 1, 1), date(2019, 12, 31)),
    days=st.integers(1, 120),
    seed=st.integers(0, 2**32 - 1),
)
def test_months_add_up_to_days(start: date, days: int, seed: int):
    recorder = Recorder(start, days, [*ROWS, PRACTICE])
    draws = np.random.default_rng(seed)
    for kind in MEASURES:
        block = recorder.block(kind)
        block[:] = draws.poisson(draws.integers(1, 5000), block.shape)
    by_day, by_month = frame(daily(recorder, 0)), frame(monthly(recorder, 0))
    assert len(by_day) == days * len(recorder.organisations)
    assert by_month.groupby("organisation")["days"].sum().eq(days).all()
    for kind, table in MEASURES.items():
        for measure in table:
            one_day = by_day.loc[by_day["kind"] == kind, ["organisation", "date", measure.name]]
            one_month = by_month.loc[by_month["kind"] == kind].set_index("organisation")
            for organisation, own in one_day.groupby("organisation"):
                values = own[measure.name].astype(float)
                found = one_month.loc[[organisation]]
                if measure.over_time == "sum":
                    assert found[measure.name].sum() == values.sum()
                elif measure.over_time == "mean":
                    assert np.average(found[measure.name], weights=found["days"]) == pytest.approx(
                        values.mean()
                    )
                else:
                    assert found[measure.name].iloc[-1] == values.iloc[-1]


def test_a_day_lies_where_it_belongs():
    recorder = Recorder(date(2016, 2, 28), 3, [*ROWS, PRACTICE])
    recorder.block("acute_trust")[1, 1, columns("acute_trust").BED_DAYS] = 7
    table = frame(daily(recorder, 4))
    found = table[table["bed_days"] == 7]
    assert len(found) == 1
    assert found[["replicate", "kind", "organisation", "code"]].iloc[0].tolist() == [
        4,
        "acute_trust",
        "Infirmary",
        "RBN",
    ]
    assert found["date"].iloc[0] == pd.Timestamp("2016-02-29")
    assert table.loc[table["kind"] == "gp_practice", "bed_days"].isna().all()
    assert table.loc[table["kind"] == "acute_trust", "bed_days"].notna().all()


def test_a_day_without_a_value_does_not_count_in_a_mean():
    recorder = Recorder(date(2015, 4, 1), 61, [PRACTICE])
    wait = recorder.block("gp_practice")[:, 0, columns("gp_practice").ROUTINE_WAIT_DAYS]
    wait[:] = np.nan
    wait[:10] = np.arange(10)
    months = frame(monthly(recorder, 0)).query("kind == 'gp_practice'")["routine_wait_days"]
    assert months.iloc[0] == 4.5
    assert np.isnan(months.iloc[1])


def test_tables_stop_at_the_last_day_done():
    recorder = Recorder(date(2015, 4, 1), 90, [PRACTICE])
    recorder.days_done = 40
    assert frame(daily(recorder, 0))["date"].max() == pd.Timestamp("2015-05-10")
    assert frame(monthly(recorder, 0)).query("kind == 'gp_practice'")["days"].tolist() == [30, 10]


def test_age_and_deprivation_keep_their_places():
    recorder = Recorder(date(2016, 3, 1), 60, [PRACTICE])
    recorder.by_group[1, 9, 0, 2] = 5
    recorder.person_days[1, 9, 0] = 77
    table = frame(by_age_and_imd(recorder, 0))
    assert len(table) == 2 * 10 * 5
    found = table[table["person_days"] == 77].iloc[0]
    assert (found["financial_year"], found["age_band"], found["imd_fifth"]) == ("2016/17", "85+", 1)
    assert found[recorder.group_measures[2].name] == 5


def test_ledgers_become_tables_also_when_empty():
    recorder = Recorder(date(2015, 4, 1), 1, [PRACTICE])
    assert frame(money(recorder, 0)).empty
    recorder.pay(date(2015, 4, 1), "CCG", "Royal", "emergency", 12.5)
    recorder.relate(date(2015, 5, 1), ["a", "b"], ["b", "a"], [0.1, 0.2], [0.3, 0.4], [1, 0], [0, 1])
    paid = frame(money(recorder, 2)).iloc[0]
    assert (paid["replicate"], paid["payee"], paid["amount_gbp"]) == (2, "Royal", 12.5)
    ties = frame(relationships(recorder, 0))
    assert ties["trust"].tolist() == [0.1, 0.2]
    assert ties["month"].eq(pd.Timestamp("2015-05-01")).all()


def test_people_are_optional():
    assert list(TABLES["people"](Recorder(date(2015, 4, 1), 1, [PRACTICE]), 0)) == []
