"""The house rules: one import name, imports downwards only, a quick start, one marker a test."""

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]

# Lowest floor first; modules of one floor do not import one another.
FLOORS: list[set[str]] = [
    {"compiling", "experiments", "keeping", "workers"},
    {"streams", "handle", "prefetch", "scan"},
    {"evidence"},
    {"population"},
    {"experiment"},
    {"recording"},
    {"care"},
    {"system"},
    {"agents"},
    {"checkpoint"},
    {"restoring", "branching"},
    {"model"},
    {"running"},
    {"analysis"},
    {"sweeps", "validation"},
    {"reporting"},
    {"dashboards"},
    {"cli"},
    {"__init__", "__main__"},
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}


def upward_imports(name: str, source: str) -> list[str]:
    """The imports in the module of this dotted name that break the order, as 'line: what'.

    Imports for the type checker only (``if TYPE_CHECKING:``) are never carried out and do not count.
    """
    tree = ast.parse(source)
    typing_only = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for child in ast.walk(statement)
    }
    home = name.split(".")[1]
    wrong = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or id(node) in typing_only:
            continue
        for target in _imported(node, name):
            if target not in FLOOR:
                wrong.append(f"{name}:{node.lineno}: icsim.{target} has no floor: give it one in {__file__}")
            elif target != home and FLOOR[target] >= FLOOR[home]:
                wrong.append(f"{name}:{node.lineno}: icsim.{home} imports icsim.{target}")
    return wrong


def _imported(node: ast.stmt, name: str) -> list[str]:
    """First names below icsim that this statement imports; '__init__' for a name of icsim itself."""
    if isinstance(node, ast.Import):
        dotted = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            base = importlib.util.resolve_name("." * node.level + base, name.rpartition(".")[0])
        dotted = [f"{base}.{alias.name}" if base == "icsim" else base for alias in node.names]
    else:
        return []
    below = [(*path.split("."), "__init__")[1] for path in dotted if path.split(".")[0] == "icsim"]
    return [each if _is_module(each) else "__init__" for each in below if each != "__version__"]


def _is_module(name: str) -> bool:
    """Whether this name of icsim is a module or package, not a function or class that it offers."""
    return name in FLOOR or (ROOT / "icsim" / name).exists() or (ROOT / "icsim" / f"{name}.py").exists()


def _modules() -> list[tuple[str, Path]]:
    """Dotted name and file of every module; the packages behind links once, under icsim."""
    found = []
    for folder, subfolders, files in os.walk(ROOT / "icsim", followlinks=True):
        subfolders[:] = sorted(each for each in subfolders if each != "__pycache__")
        for file in sorted(each for each in files if each.endswith(".py")):
            path = Path(folder, file)
            found.append((".".join(path.relative_to(ROOT).with_suffix("").parts), path))
    return found


def _run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A Python process in a folder, with the icsim that this test sees."""
    spec = importlib.util.find_spec("icsim")
    assert spec is not None
    assert spec.origin is not None
    environment = os.environ | {"PYTHONPATH": str(Path(spec.origin).parents[1])}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("folder", ["agents", "dashboards"])
def test_importing_a_top_level_folder_names_the_package_to_import(folder: str) -> None:
    done = _run(f"import {folder}", ROOT)
    assert done.returncode != 0
    assert "ImportError" in done.stderr
    assert f"icsim.{folder}" in done.stderr


@pytest.mark.parametrize(("name", "path"), [pytest.param(*each, id=each[0]) for each in _modules()])
def test_imports_run_downwards(name: str, path: Path) -> None:
    assert upward_imports(name, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("icsim.care.day", "import icsim.agents.patient"),
        ("icsim.care.day", "from icsim.agents import Patient"),
        ("icsim.care.day", "from icsim import model"),
        ("icsim.care.day", "from ..agents import Patient"),
        ("icsim.care.day", "from .. import running"),
        ("icsim.care.day", "def late():\n    from icsim.running import run"),
        ("icsim.care.day", "from icsim import open_run"),
        ("icsim.care.day", "import icsim"),
        ("icsim.population.synthesis", "from icsim.experiment import Experiment"),
        ("icsim.recording.recorder", "from icsim.care.services import Services"),
    ],
)
def test_an_upward_import_is_found(name: str, source: str) -> None:
    assert len(upward_imports(name, source)) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("icsim.care.day", "from icsim.streams import uniform\nfrom .services import Services\nimport numpy"),
        ("icsim.care.day", "from icsim.population.columns import PERSON"),
        ("icsim.recording.store", "from icsim import __version__"),
        ("icsim.agents.patient", "if TYPE_CHECKING:\n    from icsim.model import ICSModel"),
        ("icsim.cli", "from icsim import running\nfrom icsim.dashboards import app"),
    ],
)
def test_a_downward_import_is_accepted(name: str, source: str) -> None:
    assert upward_imports(name, source) == []


@pytest.mark.parametrize(
    "code",
    ["import icsim", "import sys; from icsim.cli import main; sys.argv = ['icsim', '--help']; main()"],
    ids=["import icsim", "icsim --help"],
)
def test_starts_within_a_second(code: str, tmp_path: Path) -> None:
    seconds = []
    for _ in range(5):
        before = time.perf_counter()
        done = _run(code, tmp_path)
        seconds.append(time.perf_counter() - before)
        assert done.returncode == 0, done.stderr
        if seconds[-1] < 1.0:
            return
    pytest.fail(f"best of five: {min(seconds):.2f} s")


@pytest.mark.parametrize(
    ("marks", "accepted"),
    [
        ("", False),
        ("@pytest.mark.unit\n@pytest.mark.e2e\n", False),
        ("@pytest.mark.parametrize('x', [1])\n", False),
        ("@pytest.mark.unit\n", True),
    ],
    ids=["none", "two", "another", "one"],
)
def test_a_test_without_exactly_one_marker_is_refused(marks: str, accepted: bool, tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    argument = "x" if "parametrize" in marks else ""
    source = f"import pytest\n\n\n{marks}def test_nothing({argument}):\n    pass\n"
    (tmp_path / "test_sample.py").write_text(source)
    arguments = ["-c", str(ROOT / "pyproject.toml"), "--rootdir=.", "."]
    done = _run(f"import sys, pytest; sys.exit(pytest.main({arguments!r}))", tmp_path)
    assert (done.returncode == pytest.ExitCode.OK) is accepted, done.stdout + done.stderr
    if not accepted:
        assert done.returncode == pytest.ExitCode.USAGE_ERROR
        assert "exactly one of the markers" in done.stdout + done.stderr
