"""What was worked out from the catalogue is given again only where all that was read is the same."""

from dataclasses import replace

import pytest

from icsim.evidence import Catalogue, load
from icsim.evidence.remembering import KEPT, remembered

pytestmark = pytest.mark.unit


def test_it_is_worked_out_anew_only_where_a_value_that_was_read_differs() -> None:
    calls = []

    @remembered
    def total(catalogue: Catalogue) -> list[float]:
        calls.append(1)
        more = "no_such_row" in catalogue
        return [catalogue.value("mortality_85plus") + more + catalogue.value("mortality_75_84")]

    first, same = load().with_values({}), load().with_values({"gp_morale_start": 0.4})
    assert total(same) is total(first)
    assert len(calls) == 1
    assert first.used == first.lately == same.used == {"mortality_85plus", "mortality_75_84"}
    other = load().with_values({"mortality_85plus": 200.0})
    assert total(other)[0] == 200.0 + load().value("mortality_75_84")
    assert total(load().with_values({})) is total(first)  # the earlier one is still known
    assert len(calls) == 2

    with_one_more = Catalogue([*load(), replace(load()["mortality_85plus"], key="no_such_row")])
    assert total(with_one_more)[0] == total(first)[0] + 1  # what was not there counts as well
    for value in range(KEPT):
        total(load().with_values({"mortality_75_84": float(value)}))
    before = len(calls)
    total(first)
    assert len(calls) == before + 1  # only so many are kept
