"""The baseline table: rows judged by the published figure, from a finished run alone."""

import math

import pytest

import icsim
from icsim.validation.baseline import Row, compare

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    run = icsim.run(
        "isle-of-wight",
        overrides=["population.sample=0.1", "years=2"],
        out=tmp_path_factory.mktemp("baseline") / "run",
    )
    return compare(run)


def test_a_row_is_judged_by_its_tolerance():
    assert Row("t", "l", "u", 104.0, 100.0, 0.05, "measured").verdict == "within"
    assert Row("t", "l", "u", 106.0, 100.0, 0.05, "measured").verdict == "outside"
    assert Row("t", "l", "u", 200.0, 100.0, math.nan, "measured").verdict == ""


def test_every_topic_of_the_baseline_is_there_with_figures(table):
    frame = table.to_frame()
    assert {"A&E attendances", "Emergency admissions", "Hospital", "Planned care", "Deaths"} <= set(
        frame["topic"]
    )
    assert frame.loc[~frame["label"].str.startswith("cells"), "found"].notna().all()
    assert (frame["published"] > 0).all()


def test_published_rates_are_those_of_the_places_own_ages(table):
    frame = table.to_frame()
    emergency = frame[(frame["topic"] == "Emergency admissions") & (frame["label"] == "all ages")].iloc[0]
    assert emergency["published"] > 115  # the Isle of Wight is older than England, whose rate is about 106


def test_the_table_is_printed_with_a_count_of_rows_within(table):
    from rich.console import Console

    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(table)
    text = console.export_text()
    within = (table.to_frame()["verdict"] == "within").sum()
    assert f"{within} of" in text
