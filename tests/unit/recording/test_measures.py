from pathlib import Path

import numba
import numpy as np
import pytest

from icsim.recording.measures import (
    GROUP_MEASURES,
    KIND_LABELS,
    MEASURES,
    columns,
    measures_of,
    table_columns,
)

pytestmark = pytest.mark.unit


def test_every_kind_has_a_label_and_measures_without_repetition():
    assert set(KIND_LABELS) == set(MEASURES)
    for table in (*MEASURES.values(), GROUP_MEASURES):
        names = [measure.name for measure in table]
        assert len(set(names)) == len(names)
        assert all(name.isidentifier() and name == name.lower() for name in names)


def test_no_measure_hides_a_column_of_the_tables():
    taken = {"replicate", "date", "month", "financial_year", "days", "kind", "organisation", "code"}
    assert not taken & set(table_columns())
    assert not {"replicate", "financial_year", "age_band", "imd_fifth", "person_days"} & {
        measure.name for measure in GROUP_MEASURES
    }


def test_a_compiled_function_may_use_columns_as_constants():
    column = columns("acute_trust").AE_BREACHES

    @numba.njit
    def breach(block: np.ndarray, day: int) -> None:
        block[day, 0, column] += 1

    block = np.zeros((2, 1, len(MEASURES["acute_trust"])), dtype=np.float32)
    breach(block, 1)
    assert [measure.name for measure in MEASURES["acute_trust"]][block[1, 0].argmax()] == "ae_breaches"


def test_an_unknown_kind_names_the_nearest():
    with pytest.raises(ValueError, match="acute_trust"):
        measures_of("acute_trusts")


def test_the_page_on_results_names_every_column():
    page = Path(__file__).parents[3] / "docs" / "results.md"
    said = page.read_text(encoding="utf-8")
    measures = [*GROUP_MEASURES, *(measure for table in MEASURES.values() for measure in table)]
    missing = [measure for measure in measures if f"| `{measure.name}` | {measure.label} |" not in said]
    assert not missing
