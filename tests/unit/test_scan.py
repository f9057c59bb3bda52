import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsim.compiling import kernel
from icsim.population.columns import LINE_BYTES, PERSON, empty_people
from icsim.prefetch import prefetch, prefetch_days, prefetch_most
from icsim.scan import rows_at_most

pytestmark = pytest.mark.unit


@given(values=st.lists(st.integers(-5, 5), max_size=70), most=st.integers(-6, 6), first=st.integers(0, 70))
def test_the_rows_due_are_those_that_numpy_finds_in_order(values, most, first):
    column = np.array(values, np.int32)
    first = min(first, len(column))
    kept = np.full(len(column) + 1, -1, np.int32)
    found = rows_at_most(column, np.int32(most), first, len(column), kept[:-1], 0)
    found = rows_at_most(column, np.int32(most), 0, first, kept[:-1], found)
    order = np.r_[first : len(column), 0:first].astype(np.int64)
    assert kept[:found].tolist() == order[column[order] <= most].tolist()
    assert kept[-1] == -1  # nothing is written beyond the end


@kernel
def _fetch_everything(people, table):
    for i in range(len(people)):
        prefetch(people, i)
        prefetch_most(people, i)
        prefetch_days(people, i)
        prefetch(table, (i, 1))


def test_fetching_ahead_changes_nothing():
    people, table = empty_people(5), np.arange(10.0).reshape(5, 2)
    before = people.tobytes(), table.tobytes()
    _fetch_everything(people, table)
    assert (people.tobytes(), table.tobytes()) == before


def test_a_person_fills_whole_cache_lines_and_no_column_straddles_two():
    people = empty_people(3)
    assert people.ctypes.data % LINE_BYTES == 0
    assert PERSON.itemsize % LINE_BYTES == 0
    for name, (kind, offset, *_) in (PERSON.fields or {}).items():
        assert offset // LINE_BYTES == (offset + kind.itemsize - 1) // LINE_BYTES, name
