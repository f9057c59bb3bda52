"""Hard limits of parameters."""

import math

import pytest

from icsim import evidence
from icsim.evidence.limits import limits

pytestmark = pytest.mark.unit
NUMBERS = [row for row in evidence.load() if row.is_number]


def test_every_row_lies_within_its_own_limits():
    for row in NUMBERS:
        allowed = limits(row)
        known = [float(x) for x in (row.low, row.value, row.high) if x is not None]
        assert all(allowed.allow(x) for x in known if x or not allowed.above), row
        assert not allowed.allow(math.nan)
        assert not allowed.allow(math.inf)
        assert not allowed.allow(-math.inf)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("day_case", "a number from 0 to 1"),
        ("patience_days", "a number above 0 and up to 900"),
        ("prevalence_female_odds_asthma", "a number above 0 and up to"),
        ("activation_mean", "a number from 0 to 100"),
        ("choice_wait", "a number from -20 to 20"),
        ("frailty_persistence", "a number from 0 to 1"),
        ("cost_ae", "a number from 0 to 14,800"),
        ("support_frailty", "a number from 0 to 500"),
    ],
)
def test_limits_follow_from_unit_and_range(key, said):
    assert str(limits(evidence.load()[key])).startswith(said)


def test_a_row_of_text_has_no_limits():
    words = next(row for row in evidence.load() if not row.is_number)
    with pytest.raises(ValueError, match="holds text"):
        limits(words)
