"""The baseline table: rows judged by the published figure, from a finished run alone."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import icsim
from icsim.cli import app
from icsim.evidence import places, published
from icsim.evidence.catalogue import load
from icsim.validation.baseline import COLUMNS, Places, baseline_of, compare, summary
from icsim.validation.national import published_ae
from icsim.validation.row import AT_MOST, TREND, Published, Row, within

pytestmark = pytest.mark.integration
SMALL = ["population.sample=0.1", "years=2"]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    run = icsim.run("isle-of-wight", overrides=SMALL, out=tmp_path_factory.mktemp("baseline") / "run")
    return compare(run)


@pytest.fixture(scope="module")
def frame(table):
    return table.to_frame()


FIVE_PER_CENT = within(0.05)


def row(found, published=100.0, asked=FIVE_PER_CENT, **other):
    return Row("t", "l", "u", found, Published(published, "measured"), asked, **other)


@pytest.mark.parametrize(
    ("one", "verdict"),
    [
        (row(104.0), "in"),
        (row(106.0), "out"),
        (row(94.0), "out"),
        (row(200.0, asked=None), "not comparable"),
        (row(100.0, why="of another year"), "not comparable"),
        (row(100.0, published=math.nan), "not comparable"),
        (row(100.0, events=100), "too few"),
        (row(104.0, events=10_000), "in"),
        (row(-1.0, published=-1.8, asked=TREND), "in"),
        (row(0.4, published=-1.8, asked=TREND), "out"),
        (row(4.0, published=1.8, asked=TREND), "out"),
        (row(9.0, published=10.0, asked=AT_MOST), "in"),
        (row(11.0, published=10.0, asked=AT_MOST), "out"),
    ],
)
def test_a_row_is_judged_by_what_is_asked(one, verdict):
    assert one.verdict == verdict


def test_every_topic_of_the_baseline_is_there_with_figures(frame):
    asked = {
        "GP and nurse consultations", "A&E attendances", "Emergency admissions", "Stays in hospital", "Beds",
        "Planned care", "Deaths", "Social care", "Regression to the mean", "This place's people",
        "Isle of Wight NHS Trust", "Trend, 2015/16 to 2016/17",
    }  # fmt: skip
    assert asked <= set(frame["topic"])
    assert frame.loc[~frame["label"].str.contains("cells of age"), "found"].notna().all()
    unpublished = frame[frame["published"].isna()]
    assert set(unpublished["verdict"]) == {"not comparable"}
    assert np.count_nonzero(frame["source"] != "") > 0.9 * len(frame)
    assert set(frame["class"]) <= {"measured", "reported", "assumed"}


def test_published_rates_are_those_of_the_places_own_ages(frame):
    emergency = frame[(frame["topic"] == "Emergency admissions") & (frame["label"] == "all ages")].iloc[0]
    assert emergency["published"] > 115  # the Isle of Wight is older than England, whose rate is about 106


def test_a_place_is_judged_by_its_own_trusts_figures(frame):
    own = frame[frame["topic"] == "Isle of Wight NHS Trust"].set_index("label")
    known = published.trusts().query("code == 'R1F' and year == '2016/17'").iloc[0]
    assert own.loc["within four hours", "published"] == pytest.approx(known["within_4h"] * 100)
    assert own.loc["within four hours", "verdict"] == "not comparable"
    major = 100 * (1 - 8553 / 41492)  # its only major department; the other had no breaches
    assert major < own.loc["within four hours, England's mix", "published"] < 87
    assert own.loc["beds open in winter", "published"] == known["beds"]
    assert own.loc["beds open in winter", "found"] == pytest.approx(known["beds"], rel=0.2)  # not of a sample
    inputs = {"A&E attendances, everybody's", "beds open in winter", "beds occupied in winter"}
    assert set(own.index[own["set_to"]]) == inputs
    delayed = frame[frame["label"] == "delayed transfers"].iloc[0]
    assert delayed["why"].startswith("England's level")
    assert delayed["verdict"] == "not comparable"


def test_what_is_counted_fits_together(frame):
    found = frame.set_index(["topic", "label"])["found"]
    stays = "Stays in hospital"
    past = [found[stays, f"occupied by stays past {days} days"] for days in (7, 14, 21)]
    assert 100 > past[0] > past[1] > past[2] > 0
    assert found[stays, "emergency stay, 85+"] > found[stays, "emergency stay, 15-24"] > 0
    home = found["Social care", "A&E attendances of residents of care homes"]
    assert home > found["Social care", "emergency admissions of residents of care homes"] > 0


def test_every_place_has_published_levels_of_its_own():
    levels = published.place_levels()
    catalogue = load()
    assert set(levels["key"]) <= {row.key for row in catalogue}
    for measure in ("people", "need_index"):
        assert set(levels.loc[levels["measure"] == measure, "place"]) == set(places.shipped())
    assert set(published.trusts()["place"]) == set(places.shipped())


def test_englands_ae_of_a_year_is_the_published_total():
    total = float(published_ae()["attendances"].to_numpy()[0])
    assert total == pytest.approx(load().value("ae_attendances_england_2016_17") * 1e6, rel=0.001)


def test_the_table_is_printed_with_a_count_of_its_verdicts(table):
    from rich.console import Console

    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(table)
    text = console.export_text()
    assert summary(table.rows) in text
    assert f"{(table.to_frame()['verdict'] == 'in').sum()} in, " in text


def test_the_nine_are_a_line_a_place_and_measure(table):
    places = Places((table, table))
    frame = places.to_frame()
    assert len(frame) == 2 * len(table.own) == len(places.to_json()["rows"])
    assert list(frame.columns) == list(COLUMNS)
    assert set(frame["place"]) == {"isle-of-wight"}
    assert "within four hours" in set(frame["label"])


def test_england_has_rows_of_its_own(tmp_path):
    small = icsim.experiment.load("england", ["population.sample=0.001", "years=1"])
    frame = baseline_of(small, tmp_path / "england").to_frame()
    assert {"Spending", "Four hours in A&E"} <= set(frame["topic"])
    assert not any("England's level" in why for why in frame["why"])
    spending = frame[frame["topic"] == "Spending"].set_index("label")["found"]
    commissioners = float(spending.loc["commissioners, without primary care"])  # pyright: ignore[reportArgumentType]
    assert commissioners == pytest.approx(1240, rel=0.1)


def test_the_command_writes_its_table_for_scripts_and_says_what_it_needs(tmp_path):
    runner = CliRunner()
    files = [tmp_path / "table.json", tmp_path / "table.csv"]
    arguments = ["baseline", "harrogate", "--set", "population.sample=0.02", "--set", "years=1"]
    done = runner.invoke(app, [*arguments, "--json", str(files[0]), "--csv", str(files[1])])
    assert done.exit_code == 0, done.output
    kept = json.loads(files[0].read_text())
    assert kept["place"] == "harrogate"
    assert kept["sample"] == 0.02
    assert len(kept["rows"]) == len(pd.read_csv(files[1]))
    assert runner.invoke(app, ["baseline"]).exit_code == 2
    assert runner.invoke(app, ["baseline", "salford", "--all"]).exit_code == 2
    assert runner.invoke(app, [*arguments, "--csv", str(tmp_path / "no" / "t.csv")]).exit_code == 2
