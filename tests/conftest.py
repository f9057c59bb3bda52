"""What holds for every test: exactly one marker each, and properties that repeat in CI."""

import os

import pytest
from hypothesis import HealthCheck, settings

MARKERS = frozenset({"unit", "integration", "e2e"})

# Numba compiles inside the first example, which no deadline could allow for.
settings.register_profile("dev", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse to start where a test is not exactly one of unit, integration and e2e."""
    wrong = []
    for item in items:
        found = sorted(MARKERS & {mark.name for mark in item.iter_markers()})
        if len(found) != 1:
            wrong.append(f"  {item.nodeid}: {' and '.join(found) if found else 'none'}")
    if wrong:
        expected = "every test carries exactly one of the markers unit, integration and e2e; these do not:"
        raise pytest.UsageError("\n".join([expected, *wrong]))
