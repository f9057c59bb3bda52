"""People that several runs of a sweep begin with, made once: in Ray's object store while runs need them."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from icsim.population.columns import PERSON
from icsim.sweeps.design import Design, RunSpec
from icsim.sweeps.estimating import ARRIVALS_A_YEAR, memory_of
from icsim.sweeps.store import PART
from icsim.sweeps.work import make_people, read_by_people

PARAMETERS = "parameters"
MATTER = (
    "place", "start", "years", "population", "organisations.gp_practices",
    "organisations.community_teams.population_per_team",
)  # fmt: skip
"""Keys of an experiment that people are made from, besides the seed and some parameters. A run whose people
would be others, whatever these say, makes its own: see ``icsim.population.ready``."""
TABLES_BYTES = 500_000
STORE_SHARE = 0.6
"""Of the object store of the smallest machine; the rest is for results and for what is on its way."""
MEMORY_SHARE = 0.2
"""Of this machine's memory, for its object store, at most."""
AHEAD = 2
"""People kept in the store for each worker."""
SHARED_MEMORY = Path("/dev/shm")
"""Where Ray keeps its store on Linux."""


def bytes_of(people: float, years: float) -> int:
    """Of everybody who begins a run or comes in its course."""
    return int(PERSON.itemsize * people * (1 + ARRIVALS_A_YEAR * years)) + TABLES_BYTES


def store_bytes(design: Design, waiting: Sequence[RunSpec], workers: int, least: int) -> int:
    """Of the object store that a sweep on this machine asks for: ``least`` and room for shared people."""
    seeds, of = Counter(spec.seed for spec in waiting), design.sizes
    sizes = [bytes_of(*of[spec.number]) for spec in waiting if seeds[spec.seed] > 1]
    shared = max(sizes, default=0)
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    most = MEMORY_SHARE * there
    if SHARED_MEMORY.is_dir():
        most = min(most, shutil.disk_usage(SHARED_MEMORY).free / 2)
    return int(max(least, min(least + AHEAD * workers * shared / STORE_SHARE, most)))


def key_of(spec: RunSpec, read: Collection[str]) -> str:
    """What the people of a run are made from, as far as the design sets it; ``read``: the parameters."""

    def matters(key: str) -> bool:
        first, _, parameter = key.partition(".")
        if first == PARAMETERS:
            return not parameter or parameter in read
        return any(f"{key}.".startswith(f"{one}.") or one.startswith(f"{key}.") for one in MATTER)

    settings = {key: value for key, value in spec.settings.items() if matters(key)}
    return json.dumps([spec.seed, settings], sort_keys=True, default=str)


class SharedPeople:
    """The people of runs to come that begin with the same, by reference.

    Args:
        ray: connected.
        base: reference to the design's base.
        waiting: the runs to be made.
        sizes: how many people a run has, and its years, by number.
    """

    def __init__(
        self, ray: Any, base: Any, waiting: Sequence[RunSpec], sizes: Mapping[int, tuple[float, float]]
    ) -> None:
        self._ray, self._base, self._sizes = ray, base, sizes
        self._make = ray.remote(make_people)
        varied = any(key.startswith(PARAMETERS) for spec in waiting for key in spec.settings)
        read = self._read() if varied else ()
        self._key = {spec.number: key_of(spec, read) for spec in waiting}
        self._left = Counter(self._key.values())
        self._made: dict[str, tuple[Any, int]] = {}
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        self._room = STORE_SHARE * min((node.get("object_store_memory", 0) for node in nodes), default=0)

    def _read(self) -> Collection[str]:
        """Parameters that people are made from."""
        task = self._ray.remote(read_by_people).options(num_cpus=1, memory=memory_of(0, 0))
        return self._ray.get(task.remote(self._base))

    def in_order(self, waiting: Sequence[RunSpec]) -> list[RunSpec]:
        """The runs with those of the same people together, within each part of the results."""
        first: dict[tuple[int, str], int] = {}
        places = []
        for number, spec in enumerate(waiting):
            group = spec.number // PART, self._key[spec.number]
            places.append((spec.number // PART, first.setdefault(group, number), number))
        return [waiting[number] for _, _, number in sorted(places)]

    def of(self, specs: Sequence[RunSpec]) -> list[Any]:
        """References to the people of these runs that others share, made now if there is room for them."""
        found = []
        for spec in specs:
            key = self._key[spec.number]
            if key not in self._made and not self._begin(key, spec):
                continue
            if self._made[key][0] not in found:
                found.append(self._made[key][0])
        return found

    def _begin(self, key: str, spec: RunSpec) -> bool:
        """Have people made that at least two runs begin with; False where they are not to be shared."""
        size = bytes_of(*self._sizes[spec.number])
        if self._left[key] < 2 or size + sum(own for _, own in self._made.values()) > self._room:
            return False
        task = self._make.options(
            num_cpus=1, memory=memory_of(*self._sizes[spec.number]), name="icsim people"
        )
        self._made[key] = task.remote(self._base, spec), size
        return True

    def let_go(self, specs: Sequence[RunSpec]) -> None:
        """These runs are over; people whom no run is waiting for leave the store."""
        for spec in specs:
            key = self._key[spec.number]
            self._left[key] -= 1
            if not self._left[key]:
                self._made.pop(key, None)
