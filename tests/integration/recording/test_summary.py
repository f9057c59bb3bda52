from collections.abc import Callable
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from icsim.analysis.outcomes import values_of
from icsim.recording.indicators import ELSEWHERE, INDICATORS
from icsim.recording.measures import columns
from icsim.recording.recorder import DECISIONS, OrganisationRow, Recorder
from icsim.recording.run import Run
from icsim.recording.store import ResultError
from icsim.recording.summary import interval

pytestmark = pytest.mark.integration
MakeRecorder = Callable[..., Recorder]
WriteRun = Callable[..., Run]


@pytest.fixture
def run(tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun) -> Run:
    recorder = make_recorder(days=366 + 90)
    for month, amount in ((date(2015, 4, 1), 7e6), (date(2016, 4, 1), 1e6)):
        recorder.pay(month, "Salford CCG", "Salford Royal", "emergency", amount)
        recorder.pay(month, "NHS England", "Salford Royal", "outside emergency", amount)
        recorder.pay(month, "NHS England", "Salford CCG", "allocation", amount)
    return write_run(tmp_path / "run", recorder)


def figures(run: Run) -> Any:
    frame: Any = run.summary().to_frame()
    return frame.set_index(["indicator", "financial_year"])["mean"]


def test_indicators_are_what_the_days_say(run: Run):
    found = figures(run)
    year = ("2015/16",)
    expected = {
        "population": 10_000,
        "ae_attendances": 12 * 366 / 10,
        "four_hours": 75,
        "emergency_admissions": 4 * 366 / 10,
        "zero_day_share": 25,
        "length_of_stay": 25 / 6,  # nights over all stays, those of no night among them
        "readmissions_30d": 100 / 6,
        "occupancy": 90,
        "occupancy_winter": 90,
        "eighteen_weeks": 90,
        "gp_consultations": 2 * 70 * 366 / 10_000,
        "care_home_residents": 1000 * 54 / (10_000 * 3 / 10),
        "spending_acute_trust": 700,
    }
    for name, value in expected.items():
        assert found[(name, *year)] == pytest.approx(value), name
    assert "spending_commissioner" not in found


def test_part_of_a_year_is_a_yearly_rate_and_says_so(run: Run):
    assert figures(run)[("ae_attendances", "2016/17")] == pytest.approx(12 * 365 / 10)
    assert "90 days" in run.summary().headings[1]


def test_every_figure_of_england_is_in_the_catalogue_and_of_the_right_size():
    from icsim.evidence import load

    parameters = {parameter.key: parameter for parameter in load()}
    expected = {
        "ae_attendances": 428,
        "emergency_admissions": 108,
        "electives": 105,
        "delayed_transfers": 20.7,
    }
    expected |= {"care_home_residents": 27.3, "home_care_users": 34.9, "first_outpatients": 352}
    for indicator in INDICATORS:
        if indicator.england is None:
            continue
        assert all(key in parameters for key in indicator.england.keys), indicator.england.keys
        row = indicator.england.row(parameters, "2017/18")
        figure = indicator.england.figure(parameters, row)
        if indicator.unit == "%":
            assert 5 < figure <= 100, indicator.name
        if indicator.name in expected:
            assert figure == pytest.approx(expected[indicator.name], rel=0.01)


def test_beds_are_those_of_the_places_own_trusts(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun
):
    from icsim.agents import acute_trust

    assert acute_trust.ELSEWHERE == ELSEWHERE
    recorder = make_recorder()
    names = [*recorder.organisations, OrganisationRow(ELSEWHERE, "acute_trust")]
    wider = Recorder(recorder.start, recorder.days, names)
    for kind in ("system", "acute_trust"):
        wider.block(kind)[:, :1] = recorder.block(kind)
    beds = wider.block("acute_trust")
    beds[:, 1, columns("acute_trust").BEDS_OPEN] = 1000
    beds[:, 1, columns("acute_trust").BEDS_OCCUPIED] = 500
    beds[:, 1, columns("acute_trust").AE_ATTENDANCES] = 12
    found = figures(write_run(tmp_path / "run", wider))
    assert found[("occupancy", "2015/16")] == pytest.approx(90)
    assert found[("ae_attendances", "2015/16")] == pytest.approx(2 * 12 * 366 / 10), "residents go there too"


def test_deaths_of_england_are_those_published_by_age():
    from icsim.evidence import load

    parameters = {parameter.key: parameter for parameter in load()}
    england = next(indicator.england for indicator in INDICATORS if indicator.name == "deaths")
    assert england is not None
    # 533,253 deaths among 58.7 million people of England and Wales in 2017 (ONS)
    assert england.figure(parameters, england.row(parameters, "2017/18")) == pytest.approx(9.08, rel=0.01)


def test_a_title_says_place_days_and_seed(tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun):
    run = write_run(tmp_path / "run", make_recorder(days=30), make_recorder(days=30), name="isle-of-wight")
    assert run.summary().title == "Isle of Wight: 1 April 2015 to 30 April 2015, seeds 1 to 2"


def test_three_years_fit_a_terminal_of_80_columns(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun
):
    summary = write_run(tmp_path / "run", make_recorder(days=1096)).summary()
    out = StringIO()
    Console(file=out, width=80, color_system=None).print(summary)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    notes = len(summary.notes)
    topics = {line.indicator.topic for line in summary.lines}
    assert len(lines) == 4 + len(topics) + len(summary.lines) + 1 + notes, out.getvalue()


def test_ten_years_show_as_many_as_there_is_room_for(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun
):
    summary = write_run(tmp_path / "run", make_recorder(days=3653)).summary()

    def shown(width: int) -> str:
        out = StringIO()
        Console(file=out, width=width, color_system=None).print(summary)
        return out.getvalue()

    narrow, wide = shown(80), shown(200)
    assert "of 10 years, for want of room" in narrow
    assert "want of room" not in wide
    for text in (narrow, wide):
        assert "2015/16" in text
        assert "2024/25" in text
        assert "…" not in text
        assert all(line.indicator.title in text for line in summary.lines)


def test_england_is_of_the_nearest_year(run: Run):
    frame: Any = run.summary().to_frame().set_index("indicator")
    assert set(frame.loc["four_hours", "england_year"]) == {"2016/17"}
    assert set(frame.loc["four_hours", "england_class"]) == {"measured"}


def test_a_summary_reads_as_text_table_and_page(run: Run):
    summary = run.summary()
    out = StringIO()
    Console(file=out, width=100, color_system=None).print(summary)
    for text in (str(summary), out.getvalue(), summary._repr_html_()):
        for word in (
            "Salford: 1 April 2015",
            "A&amp;E" if text.startswith("<") else "A&E",
            "439.2",
            "420.0",
            "2015/16",
        ):
            assert word in text
    assert max(map(len, str(summary).splitlines()[:-1])) <= 100, "all but the path fits"
    assert "\x1b" not in str(summary)


def test_replicates_give_a_mean_with_its_interval(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun
):
    run = write_run(tmp_path / "run", *(make_recorder(seed=seed) for seed in range(4)))
    row: Any = run.summary().to_frame().set_index("indicator").loc["ae_attendances"]
    yearly: Any = run.daily.groupby("replicate")["ae_attendances"].sum()
    yearly = yearly / 10
    assert row["mean"] == pytest.approx(yearly.mean(), rel=1e-6)
    half = 3.182446 * yearly.std() / 2
    assert (row["high"] - row["low"]) / 2 == pytest.approx(half, rel=1e-4)
    assert "±" in str(run.summary())
    assert "4 replicates" in str(run.summary())


def test_no_interval_without_replicates():
    mean, low, high = interval(np.array([3.0, np.nan]))
    assert mean == 3
    assert np.isnan(low)
    assert np.isnan(high)


def test_what_was_not_recorded_is_left_out_or_said(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun
):
    months_only = write_run(tmp_path / "months", make_recorder(), tables=["monthly"])
    names = set(months_only.summary().to_frame()["indicator"])
    assert "ae_attendances" in names
    assert "care_home_residents" not in names
    with pytest.raises(ResultError, match="no table 'people'"):
        _ = months_only.people
    days_only = write_run(tmp_path / "days", make_recorder(), tables=["daily"])
    with pytest.raises(ResultError, match="no table 'monthly'"):
        days_only.summary()


def test_outcomes_without_those_of_organisations_are_the_others_unchanged(run: Run):
    every = values_of(run)
    assert "organisation" in set(every["dimension"])
    others = every[every["dimension"] != "organisation"].reset_index(drop=True)
    pd.testing.assert_frame_equal(values_of(run, organisations=False), others)


def test_services_count_for_the_place_by_the_last_month_and_those_not_at_work_reach_nobody(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun
):
    recorder = make_recorder(days=61)
    for month, reach, state in ((date(2015, 4, 1), 0.1, "ramping"), (date(2015, 5, 1), 0.4, "running")):
        recorder.decisions.add(month, "Salford CCG", "commissioner", *[0.5] * len(DECISIONS))
        recorder.services.add(
            month, "huddles", "", state, "", reach, 0.6, 2.0, 3.0, 10.0, 0.0, 0.0, 0.0, 100.0
        )
        recorder.services.add(
            month, "huddles", "a practice", state, "", 1.0, 1.0, 2.0, 3.0, 10.0, 0.0, 0.0, 0.0, 100.0
        )
        recorder.services.add(
            month, "telehealth", "", "stalled", "", 0.3, 0.9, 1.0, 1.0, 5.0, 0.0, 0.0, 0.0, 50.0
        )
    found = (
        values_of(write_run(tmp_path / "run", recorder))
        .set_index(["financial_year", "dimension", "group", "outcome"])["value"]
        .sort_index()
    )
    place = found["2015/16", "place", ""]
    assert place["services_at_work"] == 1
    assert place["service_posts"] == 3
    assert place["service_coverage"] == pytest.approx(0.2)
    assert place["service_fidelity"] == pytest.approx(0.6)
    assert found["2015/16", "service", "telehealth", "service_fidelity"] == pytest.approx(0.9)
