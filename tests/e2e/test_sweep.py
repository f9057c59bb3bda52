"""``icsim sweep`` with Ray itself: killed, resumed, poisoned, and on two nodes of which one is lost."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from icsim.sweeps import sweeping
from icsim.sweeps.dataset import open_dataset
from icsim.sweeps.execution import join
from icsim.sweeps.store import Store, failure
from icsim.sweeps.work import make_runs

pytestmark = pytest.mark.e2e
pytest.importorskip("ray")
ROOT = Path(__file__).parents[2]
PATIENCE = 300
WORKING = "ray::icsim runs"  # the title of a worker that makes runs
SMALL = """
name: small
base: isle-of-wight
set: {years: 0.1, population.sample: 0.01}
design: list
points:
- relationships.initial_trust: 0.2
- population.sample: 1e-9  # leaves nobody: this point fails
- {contract.form: full, relationships.initial_trust: 0.7}
replicates: 4
"""
RUNS, POISONED = 12, 4
STARTED = b"Ray runtime started"


@pytest.fixture(autouse=True)
def _its_own_ray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    (tmp_path / "token").write_text("a" * 64)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


def start(folder: Path, out: str, *more: str) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    arguments = ["sweep", "small.yaml", "--out", out, *(more or ["--jobs", "2"])]
    return subprocess.Popen(
        [sys.executable, "-m", "icsim.cli", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    said, complained = process.communicate(timeout=PATIENCE)
    return process.returncode, said, complained


def until(true: Callable[[], bool], process: subprocess.Popen[Any] | None = None) -> None:
    """Wait for something that comes before the process ends."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert process is None or process.poll() is None, "it ended before that"
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.05)


def kept(url: Path) -> dict[str, bool]:
    return Store(url).done() if url.exists() else {}


def children(of: int) -> dict[int, str]:
    """Every process below another, with its title."""
    parents, titles = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                titles[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except (OSError, ValueError):
                continue
    found, fresh = {}, {of}
    while fresh:
        fresh = {pid for pid, parent in parents.items() if parent in fresh}
        found |= {pid: titles[pid] for pid in fresh}
    return found


def figures(url: Path) -> pd.DataFrame:
    return pd.read_parquet(url / "results").drop(columns="seconds")


def plain_loop(folder: Path, out: Path) -> None:
    """The same sweep without Ray and without interruption."""
    sweep = sweeping.prepare(folder / "small.yaml", out=out)
    with Store(out) as store:
        sweeping.save(sweep, store)
        for spec in sweep.design.runs:
            table, failed = make_runs(sweep.design.base, [spec], sweep.design.keep, None)
            store.add(spec.number, table if table is not None else failure(spec.key, failed[0][1]))
        join(sweep.design, store, 0)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds workers in /proc")
def test_killed_at_random_and_resumed_it_comes_to_what_a_plain_loop_comes_to(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    process = start(tmp_path, "broken")
    until(lambda: bool(kept(broken)), process)
    time.sleep(random.uniform(0, 0.3))
    below = children(process.pid)
    process.kill()  # the driver, by SIGKILL
    process.communicate()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below))
    before = kept(broken)
    seconds = open_dataset(broken).runs.set_index("run")["seconds"].dropna()

    process = start(tmp_path, "broken")
    until(lambda: any(WORKING in title for title in children(process.pid).values()), process)
    for pid, title in children(process.pid).items():
        if WORKING in title:
            os.kill(pid, signal.SIGKILL)  # a worker
            break
    code, said, complained = ended(process)
    assert code == 1, complained  # one point cannot be run
    assert f"{RUNS} of {RUNS} runs done ({len(before)} of them before), {POISONED} failed" in said
    assert f"{POISONED} x ExperimentError: population.sample: 1e-09: leaves nobody" in said
    after = open_dataset(broken).runs.set_index("run")["seconds"]
    assert after[seconds.index].equals(seconds)  # what was kept was not made again

    plain_loop(tmp_path, tmp_path / "whole")
    names = [sorted(p.name for p in (tmp_path / one).rglob("*")) for one in ("whole", "broken")]
    assert names[0] == names[1] == [".lock", "design.parquet", "part-00000.parquet", "results", "sweep.json"]
    pd.testing.assert_frame_equal(figures(broken), figures(tmp_path / "whole"))
    design = pd.read_parquet(broken / "design.parquet")
    pd.testing.assert_frame_equal(design, pd.read_parquet(tmp_path / "whole" / "design.parquet"))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Ray cluster of two nodes on this machine, a head and a worker: its address, and the worker."""
    folder = tempfile.mkdtemp(prefix="icsim-ray-", dir="/tmp")  # Ray's sockets bear no long paths
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    ray = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus=1"]
    ray += ["--object-store-memory=80000000", "--node-ip-address=127.0.0.1", "--disable-usage-stats"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "1"}
    nodes = []
    try:
        for more in (["--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={folder}"],
                     [f"--address={address}"]):  # fmt: skip
            with (tmp_path / "nodes.log").open("ab") as log:
                node = subprocess.Popen(
                    [*ray, *more], env=environment, stdout=log, stderr=log, start_new_session=True
                )
            nodes.append(node)
            until(lambda: (tmp_path / "nodes.log").read_bytes().count(STARTED) == len(nodes), node)
        yield address, nodes[1]
    finally:
        for node in nodes:
            below = children(node.pid)
            node.kill()
            node.wait()
            for pid in below:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds a node's processes in /proc")
def test_a_node_lost_in_the_middle_takes_no_run_with_it(
    tmp_path: Path, cluster: tuple[str, subprocess.Popen[bytes]]
) -> None:
    address, node = cluster
    process = start(tmp_path, "set", "--address", address)
    until(lambda: any(WORKING in title for title in children(node.pid).values()), process)
    for pid in children(node.pid):  # the machine is gone, all at once
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    node.kill()
    code, said, complained = ended(process)
    assert code == 1, complained  # one point cannot be run, anywhere
    assert f"{RUNS} of {RUNS} runs done, {POISONED} failed" in said
    runs = open_dataset(tmp_path / "set").runs
    assert runs["done"].all()
    assert runs["run"].is_unique
    figures = open_dataset(tmp_path / "set").outcomes()
    assert len(figures) == RUNS - POISONED
