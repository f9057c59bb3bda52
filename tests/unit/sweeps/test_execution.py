"""The driver of a sweep, with workers that are functions: what it keeps, makes again, and gives up."""

import errno
import os
import random
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from icsim.recording.store import ResultError
from icsim.sweeps import design, execution
from icsim.sweeps.design import Design, RunSpec
from icsim.sweeps.execution import Execution, backlog
from icsim.sweeps.store import Store, schema

pytestmark = pytest.mark.unit
RUNS = 12


class Died(BaseException):
    """What is raised for a worker that is no more, and for a task that raised ``cause``."""

    cause: Exception | None = None


class Killed(BaseException):
    """The driver's own end."""


class Ray:
    """As much of Ray as the driver uses: tasks are done when they are waited for, in any order."""

    exceptions = SimpleNamespace(RayError=Died)

    def __init__(self, seed: int = 1, end_after: int | None = None) -> None:
        self.tasks: dict[int, Any] = {}
        self.most, self.waits, self.end_after = 0, 0, end_after
        self.random = random.Random(seed)

    def remote(self, work: Any) -> Any:
        ray = self

        class Remote:
            def options(self, **options: Any) -> "Remote":
                assert options["num_cpus"] == 1
                assert options["memory"] > 1e8
                return self

            def remote(self, *arguments: Any) -> int:
                reference = len(ray.tasks)
                ray.tasks[reference] = lambda: work(*arguments)
                return reference

        return Remote()

    def put(self, value: Any) -> Any:
        return value

    def wait(self, references: list[int], num_returns: int, timeout: float) -> tuple[list[int], list[int]]:
        self.most, self.waits = max(self.most, len(references)), self.waits + 1
        if self.waits == self.end_after:
            raise Killed
        return [self.random.choice(references)], []

    def get(self, reference: int) -> Any:
        try:
            return self.tasks[reference]()
        except Exception as error:
            died = Died(str(error))
            died.cause = error
            raise died from error

    def cancel(self, reference: int, force: bool) -> None:
        assert force

    def nodes(self) -> list[dict[str, Any]]:
        return []  # no room for people

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0}


@pytest.fixture(scope="module")
def whole() -> Design:
    trust = [number / 100 for number in range(RUNS)]
    written = design.from_file({"base": "isle-of-wight", "factors": {"relationships.initial_trust": trust}})
    return design.make(written, design.base_of(written))


class Work:
    """Stands for the work of a run; counts, and fails or dies where it is told to."""

    def __init__(self) -> None:
        self.made: Counter[int] = Counter()
        self.bad: dict[int, BaseException] = {}

    def one(self, base: Any, spec: RunSpec, keep: Any, model: Any) -> pa.Table:
        self.made[spec.number] += 1
        if spec.number in self.bad:
            raise self.bad[spec.number]
        row = {"run": spec.key, "financial_year": "all", "dimension": "place", "group": "",
               "outcome": "deaths", "value": spec.settings["relationships.initial_trust"], "seconds": 0.01,
               "error": None}  # fmt: skip
        return pa.Table.from_pylist([row], schema=schema())


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    from icsim.sweeps import work as working

    own = Work()
    monkeypatch.setattr(working, "make_one", own.one)
    monkeypatch.setattr(execution, "make_one", own.one)
    return own


def finish(whole: Design, folder: Path, ray: Any = None, retry_failed: bool = False) -> Any:
    with Store(folder) as store:
        left = backlog(whole, store, retry_failed)
        return Execution(whole, store, ray or Ray()).run(left)


def table(folder: Path) -> Any:
    return Store(folder).read_table("results/part-00000.parquet").to_pandas().drop(columns="seconds")


def test_every_run_is_made_once_and_few_are_under_way_at_once(
    whole: Design, work: Work, tmp_path: Path
) -> None:
    ray = Ray()
    done = finish(whole, tmp_path, ray)
    assert (done.done, done.failed) == (RUNS, 0)
    assert set(work.made.values()) == {1}
    assert ray.most <= 4
    assert table(tmp_path)["value"].tolist() == [number / 100 for number in range(RUNS)]


@pytest.mark.parametrize("seed", range(8))
def test_a_driver_that_ends_at_any_moment_and_goes_on_comes_to_the_same(
    whole: Design, work: Work, tmp_path: Path, seed: int
) -> None:
    finish(whole, tmp_path / "whole")
    work.made.clear()
    for attempt in range(RUNS):
        try:
            finish(whole, tmp_path / "broken", Ray(seed + attempt, end_after=1 + (seed + attempt) % 3))
            break
        except Killed:
            continue
    finish(whole, tmp_path / "broken")
    names = [sorted(path.name for path in (tmp_path / one).rglob("*")) for one in ("whole", "broken")]
    assert names[0] == names[1]
    assert table(tmp_path / "broken").equals(table(tmp_path / "whole"))
    assert max(work.made.values()) <= 2  # once more at most for what was under way, never for what was kept


def test_what_is_kept_is_not_made_again(whole: Design, work: Work, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        finish(whole, tmp_path, Ray(end_after=4))
    kept = Store(tmp_path).done()
    assert kept
    work.made.clear()
    finish(whole, tmp_path)
    again = {run.key for run in whole.runs if work.made[run.number]}
    assert not again & set(kept)


@pytest.mark.parametrize("error", [ValueError("poison"), Died("SIGSEGV")], ids=["raises", "kills its worker"])
def test_a_poisoned_run_fails_alone_and_can_be_made_again(
    whole: Design, work: Work, tmp_path: Path, error: BaseException
) -> None:
    work.bad = {5: error}
    done = finish(whole, tmp_path)
    assert (done.done, done.failed) == (RUNS, 1)
    said = table(tmp_path).set_index("run").loc[whole.runs[5].key]
    assert str(error) in said["error"]
    assert table(tmp_path)["error"].notna().sum() == 1
    work.bad, before = {}, Counter(work.made)
    assert finish(whole, tmp_path).failed == 1  # left alone unless asked
    assert work.made == before
    done = finish(whole, tmp_path, retry_failed=True)
    assert (done.done, done.failed, done.made) == (RUNS, 0, 1)
    assert table(tmp_path)["value"].tolist() == [number / 100 for number in range(RUNS)]


def test_a_full_disk_ends_the_sweep_with_a_clear_error_and_loses_nothing_done(
    whole: Design, work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = Counter[str]()
    fsync = os.fsync

    def nearly_full(descriptor: int) -> None:
        writes["all"] += 1
        if writes["all"] > 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", nearly_full)
    with pytest.raises(ResultError, match="No space left on device"):
        finish(whole, tmp_path)
    kept = Store(tmp_path).done()
    assert kept
    monkeypatch.undo()
    monkeypatch.setattr("icsim.sweeps.work.make_one", work.one)
    monkeypatch.setattr(execution, "make_one", work.one)
    work.made.clear()
    finish(whole, tmp_path)
    assert len(table(tmp_path)) == RUNS
    assert not {run.key for run in whole.runs if work.made[run.number]} & set(kept)


def test_a_disk_that_is_really_full_is_told_and_loses_nothing(
    whole: Design, work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "TASK_SECONDS", 0.0)  # a run in each task
    mount = ["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(tmp_path)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may make a small disk")
    try:
        with pytest.raises(ResultError, match=r"cannot write results in .*: No space left on device"):
            finish(whole, tmp_path / "set")
        kept = Store(tmp_path / "set").done()
        assert 0 < len(kept) < RUNS
        assert not list(tmp_path.rglob("*.partial"))
        subprocess.run(["mount", "-o", "remount,size=8m", str(tmp_path)], check=True)
        work.made.clear()
        assert finish(whole, tmp_path / "set").done == RUNS
        assert sum(work.made.values()) == RUNS - len(kept)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
