import csv
import pickle
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

import icsim.evidence
from icsim.evidence.catalogue import (
    AGE_BANDS,
    COLUMNS,
    FOLDER,
    KINDS,
    Catalogue,
    CatalogueError,
    UnknownParameter,
    read_catalogue,
)
from icsim.population import columns

pytestmark = pytest.mark.unit

GOOD = {
    "key": "a",
    "value": "2",
    "low": "1",
    "high": "3",
    "unit": "x",
    "year": "2016/17",
    "topic": "t",
    "source": "somebody",
    "url": "",
    "class": "measured",
    "note": "",
}


def write(
    folder: Path, *rows: dict[str, str], name: str = "some.csv", header: tuple[str, ...] = COLUMNS
) -> Path:
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([[{**GOOD, **row}[column] for column in COLUMNS] for row in rows])
    return folder


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return icsim.evidence.load()


def test_every_group_of_evidence_is_there(catalogue):
    assert len(catalogue) >= 592
    for key in ("gp_nurse_consult_rate", "ga_beds_per_1000_england", "cost_ae", "pam4_vs_1_ed_rr"):
        assert catalogue[key].kind == "measured"
    assert catalogue["site_pop_salford"].kind == "reported"
    assert catalogue["emerg_rate_85+"].kind == "assumed"
    assert catalogue["eq_trust"].is_number is False


def test_numbers_are_floats_and_text_is_refused_as_a_number(catalogue):
    assert catalogue.value("gp_nurse_consult_rate") == 5.16
    with pytest.raises(ValueError, match="holds text"):
        catalogue.value("eq_trust")


def test_assumed_numbers_of_the_evidence_have_a_range(tmp_path):
    for name in ("activity", "supply", "money", "interventions", "outcomes", "equations"):
        shutil.copy(FOLDER / f"{name}.csv", tmp_path)
    evidence = read_catalogue(tmp_path)
    bare = [p.key for p in evidence if p.kind == "assumed" and p.is_number and None in (p.low, p.high)]
    assert bare == []


def test_bounds_hold_no_other_years(catalogue):
    assert catalogue["ae_4h_salford"].high is None
    assert catalogue.value("ae_4h_salford_2016_17") == 86.0
    assert catalogue["ae_4h_salford_2016_17"].year == "2016/17"
    assert catalogue.value("ga_occupancy_wirral_uth_2017_18") == 98.6


def test_by_age_follows_the_bands_of_the_population(catalogue):
    assert AGE_BANDS == columns.AGE_BANDS
    rates = catalogue.by_age("gp_consult_rate")
    assert rates.shape == (10,)
    assert rates[0] == catalogue.value("gp_consult_rate_0-4")
    assert rates[-1] == catalogue.value("gp_consult_rate_85+")
    with pytest.raises(UnknownParameter):
        catalogue.by_age("gp_consult")


def test_unknown_key_names_the_nearest(catalogue):
    with pytest.raises(KeyError) as caught:
        catalogue.value("gp_nurse_consult_rates")
    assert "gp_nurse_consult_rate" in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)


def test_used_remembers_what_was_read_and_nothing_else(catalogue):
    mine = catalogue.with_values({})
    mine.search("beds")
    _ = mine.to_frame(), list(mine), "cost_ae" in mine
    assert mine.used == set()
    mine.value("cost_ae")
    assert mine.used == {"cost_ae"}


def test_replaced_values_say_that_evidence_no_longer_backs_them(catalogue):
    mine = catalogue.with_values({"cost_ae": 100})
    assert mine.value("cost_ae") == 100.0
    assert mine["cost_ae"].kind == "assumed"
    assert catalogue["cost_ae"].kind == "measured"
    assert "148" in mine["cost_ae"].note
    assert catalogue.with_values({"cost_ae": 148})["cost_ae"] == catalogue["cost_ae"]


@pytest.mark.parametrize("value", ["cheap", True, None, float("nan"), float("inf"), [1]])
def test_a_replacement_must_be_a_number(catalogue, value):
    with pytest.raises(ValueError, match="cost_ae"):
        catalogue.with_values({"cost_ae": value})


def test_a_replacement_must_exist(catalogue):
    with pytest.raises(UnknownParameter, match="cost_ae"):
        catalogue.with_values({"cost_aee": 1})


def test_search_needs_every_word_and_puts_keys_first(catalogue):
    found = catalogue.search("Frimley beds")
    assert found[0].key.startswith("ga_beds_frimley")
    assert all("frimley" in str(p).casefold() and "beds" in str(p).casefold() for p in found)
    assert catalogue.search("no such thing at all") == []
    assert len(catalogue.search()) == len(catalogue)


def test_frame_has_the_columns_of_the_files(catalogue):
    frame = catalogue.to_frame()
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == len(catalogue)
    assert set(frame["class"]) == set(KINDS)
    assert np.nanmin(frame["high"] - frame["low"]) >= 0


def test_reading_is_fast():
    best = min(_timed() for _ in range(3))
    assert best < 0.06


def _timed() -> float:
    start = time.process_time()
    read_catalogue(FOLDER)
    return time.process_time() - start


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key": ""}, "without a key"),
        ({"value": ""}, "value is empty"),
        ({"class": "published"}, "class 'published', expected one of measured, reported, assumed"),
        ({"source": ""}, "source is empty"),
        ({"low": "2.5"}, "low <= value <= high"),
        ({"high": "1.5"}, "low <= value <= high"),
        ({"low": "few"}, "low 'few'"),
        ({"value": "some", "low": "4"}, "low <= value <= high"),
    ],
)
def test_a_bad_row_is_named_with_file_and_line(tmp_path, change, message):
    with pytest.raises(CatalogueError, match=message) as caught:
        read_catalogue(write(tmp_path, {"key": "first"}, change))
    assert "some.csv line 3" in str(caught.value)


def test_a_key_stands_once_over_all_files(tmp_path):
    write(tmp_path, {}, name="a.csv")
    write(tmp_path, {"key": "b"}, {}, name="b.csv")
    with pytest.raises(CatalogueError, match=r"b\.csv line 3: key 'a' is already in a\.csv line 2"):
        read_catalogue(tmp_path)


def test_wrong_columns_are_refused(tmp_path):
    with pytest.raises(CatalogueError, match="expected the columns key,value"):
        read_catalogue(write(tmp_path, header=(*COLUMNS[:-1], "remark")))


def test_cells_missing_are_refused(tmp_path):
    write(tmp_path, {})
    with (tmp_path / "some.csv").open("a") as file:
        file.write("b,1,,\n")
    with pytest.raises(CatalogueError, match="line 3: expected 11 cells, got 4"):
        read_catalogue(tmp_path)
