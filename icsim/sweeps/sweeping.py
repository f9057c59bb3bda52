"""A sweep from its file to its dataset."""

import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from icsim import __version__
from icsim.recording.store import ResultError, folder_name
from icsim.sweeps import design as designs
from icsim.sweeps.design import Design
from icsim.sweeps.execution import STORE_BYTES, Cluster, Execution, Progress, backlog
from icsim.sweeps.people import store_bytes
from icsim.sweeps.store import DESIGN, FORMAT, FORMAT_VERSION, MANIFEST, Store


@dataclass(frozen=True)
class Sweep:
    """A sweep that has been designed, and where its results are or will be."""

    design: Design
    url: str


def prepare(
    source: str | Path | Mapping[str, Any],
    *,
    overrides: Iterable[str] = (),
    out: str | os.PathLike[str] | None = None,
    replicates: int | None = None,
    told: Callable[..., object] = lambda steps=1: None,
) -> Sweep:
    """Read and check a sweep, or take up the one that ``out`` holds; nothing is written.

    Args:
        source: a file, the name of a shipped sweep, or a mapping as a file would hold it.
        overrides: ``key=value`` texts, of the experiment.
        out: folder or fsspec URL of the dataset; None makes it ``sweeps/<name>``.
        replicates: instead of the file's.
        told: called as points are checked.

    Raises:
        icsim.experiment.ExperimentError: a mistake in the file.
        ResultError: ``out`` holds something else.
    """
    written = designs.from_file(source)
    if replicates is not None:
        written = designs.with_replicates(written, replicates)
    url = os.fspath(out) if out is not None else f"sweeps/{slug(written.spec.name)}"
    base = designs.base_of(written, overrides)
    store = Store(url)
    if store.exists(MANIFEST):
        found = store.read_json(MANIFEST)
        _same(url, found, designs.identity_of(written.spec.model_dump(mode="json"), base.to_dict()), base)
        return Sweep(designs.opened(found, store.read_table(DESIGN).to_pandas()), url)
    if store.names(""):
        raise ResultError(f"{url} holds other things than a sweep: choose another place with --out")
    return Sweep(designs.make(written, base, told), url)


def slug(name: str) -> str:
    """A name as a folder."""
    return folder_name(name, 0).removesuffix("-seed0")


def _same(url: str, found: Mapping[str, Any], identity: str, base: Any) -> None:
    """Refuse to go on with what is of another design."""
    if found["identity"] == identity:
        return
    if found["code"] != designs.code_digest():
        said = "was begun with another version of icsim's model or evidence"
    elif found["base"] != base.to_dict():
        keys = [key for key, value in base.to_dict().items() if found["base"].get(key) != value]
        said = f"builds on another experiment (other {', '.join(keys[:4])})"
    else:
        said = "has another design"
    raise ResultError(f"{url} holds a sweep that {said}: choose another place with --out, or remove it first")


def run(
    sweep: Sweep,
    cluster: Cluster | None = None,
    *,
    retry_failed: bool = False,
    model: Callable[..., Any] | None = None,
    tell: Callable[[Progress], object] = lambda progress: None,
) -> Progress:
    """Make the runs that are not done and keep their results; what was done before is not made again.

    Args:
        sweep: from :func:`prepare`.
        cluster: where; None is this machine.
        retry_failed: make runs again that failed.
        model: what is run, a subclass of ``ICSModel``; None is the model.
        tell: called with the progress.

    Raises:
        ResultError: results cannot be kept, Ray is missing or no cluster answers.
    """
    with Store(sweep.url) as store:
        if not store.exists(MANIFEST):
            save(sweep, store)
        left = backlog(sweep.design, store, retry_failed)
        if not left.waiting:
            return Progress(left.total, left.done, left.failed)
        where = cluster or Cluster()
        room = store_bytes(sweep.design, left.waiting, where.workers, STORE_BYTES)
        with where.connected(room) as ray:
            _fits(sweep, ray)
            return Execution(sweep.design, store, ray, model=model, tell=tell).run(left)


def save(sweep: Sweep, store: Store) -> None:
    """Write the design: its table, then what it is of."""
    import pyarrow as pa

    design = sweep.design
    store.write_table(DESIGN, pa.Table.from_pandas(design.table, preserve_index=False))
    store.write_json(
        MANIFEST,
        {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "icsim": __version__,
            "code": design.code,
            "identity": design.identity,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "name": design.name,
            "sweep": design.spec,
            "base": design.base,
            "factors": [
                {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in vars(one).items()}
                for one in design.factors
            ],
        },
    )


def _fits(sweep: Sweep, ray: Any) -> None:
    """Refuse a run that no machine of the cluster has the memory for, before it is waited for in vain."""
    from icsim.sweeps.estimating import memory_of

    table = sweep.design.table
    needed = max(memory_of(*pair) for pair in zip(table["people"], table["years"], strict=True))
    nodes = [node["Resources"].get("memory", 0) for node in ray.nodes() if node["Alive"]]
    if nodes and needed > max(nodes):
        raise ResultError(
            f"the largest run needs about {needed / 1e9:.1f} GB; no machine has more than "
            f"{max(nodes) / 1e9:.1f} GB for runs: take a smaller population.sample or place"
        )
