"""Whatever command is killed, and whenever: what it writes is complete or absent, and it can be given anew.

A process makes each command once, to count the times it touches the disk. Then it forks for each
command, and the child is killed at one of these: before a folder is made, renamed or removed, or with a file
just begun. (Real signals at random moments: ``test_branch_and_resume``, ``test_sweep``.)
"""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="forks"),
]
ROOT = Path(__file__).parents[2]
PLACE = ["isle-of-wight", "--set", "population.sample=0.005", "--set", "years=0.06", "--set",
         "programme=none", "--set", "shocks=[]"]  # fmt: skip
SWEEPS = {
    "factors": """
design: morris
points: 2
levels: 4
factors: {relationships.initial_trust: {low: 0.1, high: 0.9}, relationships.contact: {low: 0.1, high: 0.9}}
""",
    "places": """
design: lhs
points: 24
factors: {place: [isle-of-wight, harrogate], relationships.initial_trust: {low: 0.1, high: 0.9}}
policies: {now: {}, full: {contract.form: full}}
""",
}
PLAN = """
place: isle-of-wight
years: 1
parameters:
- key: need_scale_death
targets:
- {row: 'Deaths: 85+', tolerance: 0.05}
"""
PHASE = ["phase", *PLACE, "--years", "1", "--sample", "0.01", "--across",
         "relationships.initial_trust=0.2,0.8", "--down", "contract.payment=activity,block"]  # fmt: skip
COMMANDS: dict[str, list[str]] = {
    "run": ["run", *PLACE, "--checkpoint", "2015-04-10", "--out", "new/run"],
    "run over an earlier one": ["run", *PLACE, "--seed", "3", "--out", "old/run", "--overwrite"],
    "branch": ["branch", "old/run/checkpoints/2015-04-10", "--out", "new/branch"],
    "compare": ["compare", "isle-of-wight", "policy.yaml", *PLACE[1:], "--out", "new/compare", "--jobs", "1",
                "--assumptions", "3", "--ensemble", "3"],
    "report of a run": ["report", "old/run"],
    "report of a comparison": ["report", "old/compare", "--out", "new/comparison.html"],
    "phase": [*PHASE, "--out", "new/phase"],
    "phase over an earlier one": [*PHASE, "--out", "old/phase", "--overwrite"],
    "sensitivity": ["sensitivity", "old/factors", "--outcome", "deaths"],
    "discover": ["discover", "old/places"],
    "totals": ["totals", "old/places"],
    "baseline": ["baseline", *PLACE, "--json", "new/base.json", "--csv", "new/base.csv"],
    "calibrate": ["calibrate", "--plan", "plan.yaml", "--sample", "0.01", "--max-runs", "2", "--seeds", "1",
                  "--jobs", "1", "--out", "new/fitted.yaml"],
    "validate": ["validate", "regression", "--fast", "--json", "new/found.json", "--page", "new/found.md"],
    "schema": ["schema", "--out", "new/schema.json"],
}  # fmt: skip


# --- what the forking process does -------------------------------------------------------------------------


class Watch:
    """Counts the times a folder is touched, and kills at one of them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count, self.kill_at = f"{folder}{os.sep}", 0, 0
        sys.addaudithook(self.heard)

    def heard(self, event: str, told: tuple[Any, ...]) -> None:
        if event not in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir"):
            return
        writes = event != "open" or (isinstance(told[2], int) and told[2] & (os.O_WRONLY | os.O_RDWR))
        path = os.fspath(told[0]) if isinstance(told[0], str | bytes | os.PathLike) else ""
        if not writes or not os.path.abspath(os.fsdecode(path)).startswith(self.folder):
            return
        self.count += 1
        if self.count == self.kill_at:
            if event == "open":  # begun, and nothing in it yet
                flags, self.kill_at = told[2] & ~os.O_EXCL, 0
                os.close(os.open(path, flags, 0o666))
            os.kill(os.getpid(), signal.SIGKILL)


def command(arguments: list[str]) -> int:
    from typer.testing import CliRunner

    from icsim.cli import app

    return CliRunner().invoke(app, arguments).exit_code


def at_once(self: Any, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
    """In place of a worker process."""
    done: Future[Any] = Future()
    done.set_result(work(*arguments))
    return done


def prepare(folder: Path) -> None:
    """Earlier results, and what commands read."""
    import pyarrow as pa

    from icsim.sweeps import sweeping
    from icsim.sweeps.execution import join
    from icsim.sweeps.store import Store, schema
    from icsim.sweeps.work import make_runs

    policy = "extends: isle-of-wight\nname: policy\ninterventions:\n- {name: x, levers: {need_acute: 0.5}}\n"
    for name, text in (("policy.yaml", policy), ("plan.yaml", PLAN)):
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("new", "old"):
        (folder / name).mkdir()
    for name in ("run", "compare", "phase"):
        arguments = [one.replace("new/", "old/") for one in COMMANDS[name]]
        assert command(arguments) == 0, name
    for name, text in SWEEPS.items():
        head = f"name: {name}\nbase: isle-of-wight\nset: {{years: 0.05, population.sample: 0.01}}\n"
        (folder / f"{name}.yaml").write_text(head + text, encoding="utf-8")
        sweep = sweeping.prepare(f"{name}.yaml", out=f"old/{name}")
        with Store(f"old/{name}") as store:
            sweeping.save(sweep, store)
            made, failed = make_runs(sweep.design.base, sweep.design.runs[:1], sweep.design.keep, None)
            assert made is not None, failed
            figures = made.to_pandas()
            for at, spec in enumerate(
                sweep.design.runs
            ):  # as if they had been made: only the writing is tested
                other = figures.assign(run=spec.key, value=figures["value"] * (1 + 0.01 * (at % 7)))
                store.add(spec.number, pa.Table.from_pandas(other, schema=schema(), preserve_index=False))
            join(sweep.design, store, 0)


@contextlib.contextmanager
def copied(folder: Path) -> Iterator[Path]:
    """A copy of the prepared folder to work in."""
    work = folder / "work"
    shutil.copytree(folder / "prepared", work)
    os.chdir(work)
    try:
        yield work
    finally:
        os.chdir(folder)
        shutil.rmtree(work)


def forked(watch: Watch, arguments: list[str], kill_at: int) -> int:
    """How a child ended that does a command and is killed: an exit code, or a signal below zero."""
    child = os.fork()
    if not child:
        watch.count, watch.kill_at = 0, kill_at
        os._exit(command(arguments))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def shown_in(work: Path) -> dict[str, str]:
    """What a user sees below a folder: every file that is not hidden and whether it is whole."""
    import pyarrow.parquet as pq

    from icsim.analysis.comparison import is_comparison, open_comparison
    from icsim.recording.run import open_run

    results = {"run", "branch", "compare"}
    found = {}
    for path in sorted(work.rglob("*")):
        name = path.relative_to(work)
        if any(part.startswith(".") for part in name.parts):
            continue
        said = "folder" if path.is_dir() else "whole"
        try:
            if path.is_dir() and (path.name in results or (path / "manifest.json").exists()):
                (open_comparison if is_comparison(path) else open_run)(path)
            elif path.is_dir() and path.name == "phase":
                assert len(list(path.iterdir())) == len(("phase.csv", "phase.svg", "phase.txt"))
            elif path.suffix in (".html", ".svg"):
                assert path.read_text(encoding="utf-8").rstrip().endswith(f"</{path.suffix[1:]}>")
            elif path.suffix == ".json":
                json.loads(path.read_text(encoding="utf-8"))
            elif path.suffix == ".parquet":
                pq.read_table(path)
            elif path.is_file():
                assert path.stat().st_size
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        found[str(name)] = said
    return found


def host(folder: Path) -> None:
    """Do every command once, then kill it; print what was seen, as JSON."""
    from icsim import workers
    from icsim.validation import validating

    workers.Workers.submit = at_once  # pyright: ignore[reportAttributeAccessIssue]
    validating.figures_of = lambda pattern, *_: dict.fromkeys(pattern.checks, 0.5)  # it takes minutes
    (folder / "prepared").mkdir()
    os.chdir(folder / "prepared")
    prepare(folder / "prepared")
    watch = Watch(folder / "work")
    told: dict[str, Any] = {}
    for name, arguments in COMMANDS.items():
        with copied(folder) as work:
            before = shown_in(work)
            watch.count = 0
            code = command(arguments)
            touches, whole = watch.count, shown_in(work)
        # late rather than early: at the end folders change names
        kill_at = max(random.randint(1, touches) for _ in range(2))
        with copied(folder) as work:
            ended = forked(watch, arguments, kill_at)
            seen = {"at": kill_at, "ended": ended, "left": shown_in(work), "again": None, "then": {}}
            if "--overwrite" in arguments or seen["left"].keys() != whole.keys():
                seen |= {"again": command(arguments), "then": shown_in(work)}
        told[name] = {"code": code, "before": before, "whole": whole, "kill": seen}
    print(json.dumps(told))


# --- the tests ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("killed")
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    kept = os.environ.get("NUMBA_CACHE_DIR") or str(Path.home() / ".cache" / "icsim")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS"), "1")
    own = {"PYTHONPATH": paths, "XDG_CACHE_HOME": str(folder / "cache"), "NUMBA_CACHE_DIR": kept, **threads}
    environment = {**os.environ, **own}
    done = subprocess.run(
        [sys.executable, __file__, str(folder)], env=environment, capture_output=True, text=True,
        timeout=1200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_killed_leaves_results_complete_or_absent(told: dict[str, Any], name: str) -> None:
    seen = told[name]
    assert seen["code"] == 0
    assert set(seen["whole"].values()) == {"whole", "folder"}
    kill = seen["kill"]
    assert kill["ended"] == -signal.SIGKILL, kill
    assert set(kill["left"].values()) <= {"whole", "folder"}, kill
    assert set(kill["left"]) - set(seen["before"]) <= set(seen["whole"]), kill
    if kill["again"] is not None:
        assert kill["again"] == 0, kill
        assert kill["then"] == seen["whole"], kill


if __name__ == "__main__":
    host(Path(sys.argv[1]).resolve())
