"""A small made-up run: enough organisations to exercise every table, no model."""

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from icsim.recording.manifest import build_manifest
from icsim.recording.measures import columns
from icsim.recording.recorder import OrganisationRow, Recorder
from icsim.recording.run import Run, open_run
from icsim.recording.store import RunWriter

ORGANISATIONS = (
    OrganisationRow("Salford", "system"),
    OrganisationRow("Practice A", "gp_practice", "P1"),
    OrganisationRow("Practice B", "gp_practice", "P2"),
    OrganisationRow("Salford Royal", "acute_trust", "RM3"),
    OrganisationRow("Salford Council", "local_authority", "E08000006"),
    OrganisationRow("Salford CCG", "commissioner", "01G"),
    OrganisationRow("Homes", "care_homes"),
)
RESIDENTS = 10_000
PER_DAY = {
    "AE_ATTENDANCES": 12,
    "AE_BREACHES": 3,
    "EMERGENCY_ADMISSIONS": 4,
    "ZERO_DAY_ADMISSIONS": 1,
    "READMISSIONS_30D": 1,
    "DISCHARGES": 5,
    "BED_DAYS": 25,
    "BEDS_OPEN": 40,
    "BEDS_OCCUPIED": 36,
    "ELECTIVE_WAITING": 500,
    "WAITING_OVER_18_WEEKS": 50,
}


def _recorder(start: date = date(2015, 4, 1), days: int = 366, seed: int | None = None) -> Recorder:
    made = Recorder(start, days, ORGANISATIONS)
    made.block("system")[..., columns("system").POPULATION] = RESIDENTS
    draws = np.random.default_rng(seed)
    for name, mean in PER_DAY.items():
        values = mean if seed is None else draws.poisson(mean, (days, 1))
        made.block("acute_trust")[..., columns("acute_trust")[name]] = values
    made.block("gp_practice")[..., columns("gp_practice").APPOINTMENTS] = 70
    made.block("care_homes")[..., columns("care_homes").RESIDENTS] = 54
    days_of_year = np.bincount(made.year_of_day, minlength=len(made.financial_years))
    made.person_days[:] = (days_of_year * RESIDENTS / 50)[:, None, None]
    return made


def _write(folder: Any, *recorders: Recorder, name: str = "Salford", **options: Any) -> Run:
    seeds = list(range(1, len(recorders) + 1))
    with RunWriter(folder, name=name, **options) as writer:
        for replicate, made in enumerate(recorders):
            writer.add(made, replicate)
        return open_run(writer.complete(build_manifest(experiment={"place": name}, seeds=seeds, name=name)))


@pytest.fixture(scope="session")
def make_recorder() -> Callable[..., Recorder]:
    """``make_recorder(start, days, seed)``: constant days, or with a seed Poisson ones of the same mean."""
    return _recorder


@pytest.fixture(scope="session")
def write_run() -> Callable[..., Run]:
    """``write_run(folder, *recorders, **options of RunWriter)``."""
    return _write


@pytest.fixture(scope="session")
def people() -> pd.DataFrame:
    """People with numbers, categories and flags."""
    n, draws = 100, np.random.default_rng(1)
    return pd.DataFrame(
        {
            "age": draws.integers(0, 100, n).astype(np.uint8),
            "sex": pd.Categorical(draws.choice(["male", "female"], n)),
            "frailty": draws.random(n).astype(np.float32),
            "dementia": draws.random(n) < 0.1,
        }
    )
