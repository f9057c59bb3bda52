"""What a sweep will take: memory from what was measured, time and disk from two small runs made here."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from icsim.experiment import load

if TYPE_CHECKING:
    from icsim.sweeps.design import Design

PROCESS_BYTES = 450_000_000
"""Memory of a worker that has imported and compiled everything, and holds nobody (measured)."""
BYTES_A_PERSON = 900
"""Memory for everyone who lives in the place or comes to it, results included (measured)."""
ARRIVALS_A_YEAR = 0.07
"""Births and newcomers a year, of those who live there (measured)."""
PILOT_PEOPLE = (4_000, 40_000)
PILOT_YEARS = 0.25


def memory_of(people: float, years: float) -> int:
    """Bytes that one run needs, all of its process."""
    return int(PROCESS_BYTES + BYTES_A_PERSON * people * (1 + ARRIVALS_A_YEAR * years))


@dataclass(frozen=True)
class Estimate:
    """What a sweep takes on this machine.

    Attributes:
        seconds: of all runs, one after the other.
        disk: bytes of results.
        memory: bytes of the largest run.
        told: what it rests on.
    """

    seconds: float
    disk: float
    memory: int
    told: str


def estimate(design: "Design", model: Callable[..., Any] | None = None) -> Estimate:
    """What a sweep takes, judged from runs of ``PILOT_PEOPLE`` people made here and now."""
    people, years = design.table["people"].to_numpy(float), design.table["years"].to_numpy(float)
    everybody = people_of(design.base["place"])
    shares = [min(wanted / everybody, 1.0) for wanted in PILOT_PEOPLE]
    short = min(PILOT_YEARS, float(design.base["years"]))
    _pilot(design, shares[0], short, model)  # compiles
    (few, few_days, size), (many, many_days, _) = (_pilot(design, one, short, model) for one in shares)
    step = max((shares[1] - shares[0]) * everybody, 1.0)
    a_person = max(many - few, 0.0) / step
    a_person_year = max(many_days - few_days, 0.0) / step / short
    fixed = max(few - a_person * shares[0] * everybody, 0.0)
    a_year = max(few_days / short - a_person_year * shares[0] * everybody, 0.0)
    seconds = fixed + a_year * years + people * (a_person + a_person_year * years)
    told = f"runs of {shares[0] * everybody:,.0f} and {shares[1] * everybody:,.0f} people for {short:g} years"
    memory = max(memory_of(*pair) for pair in zip(people, years, strict=True))
    return Estimate(float(seconds.sum()), size * float((1 + years).sum()) / (1 + short), memory, told)


def people_of(place: Any) -> int:
    """Everybody who lives in a place."""
    from icsim.evidence import places

    return places.resolve(place).population


def _pilot(
    design: "Design", sample: float, years: float, model: Callable[..., Any] | None
) -> tuple[float, float, float]:
    """Seconds of one run but for its days, seconds of its days, and bytes of its figures."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from icsim.model import ICSModel
    from icsim.running import record
    from icsim.sweeps.work import figures, table

    experiment = load(design.base, {"population.sample": sample, "years": years})
    began = time.perf_counter()
    ready = []

    def noted(*arguments: Any, **settings: Any) -> Any:
        made = (model or ICSModel)(*arguments, **settings)
        ready.append(time.perf_counter())
        return made

    recorder = record(experiment, noted)
    days = time.perf_counter() - ready[0]
    sink = pa.BufferOutputStream()
    pq.write_table(table(figures(recorder, design.keep), "pilot", 0.0), sink, compression="zstd")
    return time.perf_counter() - began - days, days, sink.tell()
