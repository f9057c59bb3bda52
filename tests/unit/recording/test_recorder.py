from datetime import date

import numpy as np
import pytest

from icsim.recording.measures import MEASURES, activity
from icsim.recording.recorder import OrganisationRow, Recorder, financial_year

pytestmark = pytest.mark.unit
TRUST = OrganisationRow("Royal", "acute_trust", "RM3")


def test_a_block_is_days_by_organisations_by_measures_and_writing_is_recording():
    recorder = Recorder(date(2015, 4, 1), 10, [TRUST, OrganisationRow("Infirmary", "acute_trust")])
    block = recorder.block("acute_trust")
    assert block.shape == (10, 2, len(MEASURES["acute_trust"]))
    assert block.dtype == np.float32
    block[3, 1, recorder.column("acute_trust", "bed_days")] = 7
    assert recorder.block("acute_trust").sum() == 7
    assert [row.name for row in recorder.rows("acute_trust")] == ["Royal", "Infirmary"]


def test_a_place_is_added_once_and_absent_kinds_have_empty_blocks():
    assert [row.kind for row in Recorder(date(2015, 4, 1), 1, [TRUST]).organisations] == [
        "system",
        "acute_trust",
    ]
    named = Recorder(date(2015, 4, 1), 1, [OrganisationRow("Wirral", "system")])
    assert [row.name for row in named.rows("system")] == ["Wirral"]
    assert named.block("gp_practice").shape[1] == 0


def test_financial_years_turn_on_the_first_of_april():
    assert financial_year(date(2016, 3, 31)) == "2015/16"
    assert financial_year(date(2016, 4, 1)) == "2016/17"
    assert financial_year(date(1999, 12, 1)) == "1999/00"
    recorder = Recorder(date(2016, 3, 30), 4, [TRUST])
    assert recorder.financial_years == ("2015/16", "2016/17")
    assert recorder.year_of_day.tolist() == [0, 0, 1, 1]
    assert recorder.by_group.shape[:3] == recorder.person_days.shape == (2, 10, 5)


def test_a_measure_of_ones_own_needs_no_other_change():
    measures = {**MEASURES, "acute_trust": [*MEASURES["acute_trust"], activity("smiles", "Smiles", "smiles")]}
    recorder = Recorder(date(2015, 4, 1), 2, [TRUST], measures)
    assert recorder.column("acute_trust", "smiles") == len(MEASURES["acute_trust"])


@pytest.mark.parametrize(
    ("days", "rows", "message"),
    [
        (0, [TRUST], "at least one day"),
        (1, [TRUST, TRUST], "'Royal'"),
        (1, [OrganisationRow("x", "acute_trsut")], "acute_trust"),
    ],
)
def test_impossible_runs_are_refused(days: int, rows: list[OrganisationRow], message: str):
    with pytest.raises(ValueError, match=message):
        Recorder(date(2015, 4, 1), days, rows)


def test_unknown_measures_and_uneven_relationships_are_refused():
    recorder = Recorder(date(2015, 4, 1), 1, [TRUST])
    with pytest.raises(KeyError, match="smiles"):
        recorder.column("acute_trust", "smiles")
    with pytest.raises(ValueError, match="one value for each"):
        recorder.relate(date(2015, 4, 1), ["a", "b"], ["b"], [0.5], [0.5], [0.0], [0.0])
