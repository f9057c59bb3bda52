"""Figures taken from what a run recorded are those of the folder that it would have written."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from icsim.analysis.outcomes import ALL, COLUMNS, figures_of, values_of
from icsim.experiment import load
from icsim.recording.arrays import of_recorder, sums_by
from icsim.running import record, run

pytestmark = pytest.mark.integration


def test_sums_by_group_are_those_of_pandas_and_leave_unknown_values_out() -> None:
    draws = np.random.default_rng(1)
    values = draws.lognormal(7, 3, (500, 3))
    values[draws.random((500, 3)) < 0.3] = np.nan
    of = draws.integers(0, 9, 500)  # the tenth group has no rows
    sums, known = sums_by(of, values, 10)
    expected: Any = pd.DataFrame(values).groupby(of).sum().reindex(range(10), fill_value=0.0)
    np.testing.assert_allclose(sums, expected.to_numpy(), rtol=1e-15)
    counted: Any = pd.DataFrame(values).groupby(of).count().reindex(range(10), fill_value=0)
    assert (known == counted.to_numpy()).all()


def test_a_run_that_is_not_written_has_the_figures_of_one_that_is(tmp_path: Path) -> None:
    experiment = load("salford", {"population.sample": 0.01, "years": 0.3, "start": "2016-02-10"})
    rows = figures_of(of_recorder(record(experiment)))
    found: Any = pd.DataFrame(rows, columns=list(COLUMNS))
    written = run(experiment, out=tmp_path / "run")
    pd.testing.assert_frame_equal(found, values_of(written), check_exact=True)

    by_name = found.set_index(list(COLUMNS[:-1]))["value"]  # and they are what the tables say
    monthly: Any = written.monthly
    trusts = monthly[monthly["kind"] == "acute_trust"]
    assert by_name[ALL, "place", "", "ae_attendances"] == trusts["ae_attendances"].sum() > 0
    for (year, name), same in monthly[monthly["kind"] == "gp_practice"].groupby(
        ["financial_year", "organisation"]
    ):
        assert by_name[year, "organisation", name, "appointments"] == same["appointments"].sum()
        wait = np.average(same["routine_wait_days"], weights=same["days"])
        assert by_name[year, "organisation", name, "routine_wait_days"] == pytest.approx(wait, rel=1e-12)
    for (year, name), same in trusts.groupby(["financial_year", "organisation"]):
        assert by_name[year, "organisation", name, "elective_waiting"] == same["elective_waiting"].iloc[-1]
    groups: Any = written.by_age_and_imd
    for (year, fifth), same in groups.groupby(["financial_year", "imd_fifth"]):
        assert by_name[year, "imd_fifth", str(fifth), "deaths"] == same["deaths"].sum()
    money: Any = written.money
    got, paid = (money.groupby(side)["amount_gbp"].sum() for side in ("payee", "payer"))
    for party, value in got.sub(paid, fill_value=0.0).items():
        assert by_name[ALL, "party", party, "surplus_gbp"] == pytest.approx(value, abs=0.01)
