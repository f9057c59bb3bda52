"""icsim: a local integrated care system, person by person and day by day.

``run`` runs an experiment, ``branch`` continues a checkpoint into another future, ``open_run`` opens the
results of either, ``compare`` compares experiments, ``ICSModel`` is the Mesa model, ``load`` reads an
experiment. They are imported when first used, so that ``import icsim`` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from icsim.analysis.comparing import compare
    from icsim.analysis.comparison import Comparison, open_comparison
    from icsim.experiment import Experiment, ExperimentError, load
    from icsim.model import ICSModel
    from icsim.recording.run import Run, open_run
    from icsim.recording.store import ResultError
    from icsim.running import branch, run

__version__ = "0.1.0"

_HOMES = {
    "Comparison": "icsim.analysis.comparison",
    "Experiment": "icsim.experiment",
    "ExperimentError": "icsim.experiment",
    "ICSModel": "icsim.model",
    "ResultError": "icsim.recording.store",
    "Run": "icsim.recording.run",
    "branch": "icsim.running",
    "compare": "icsim.analysis.comparing",
    "load": "icsim.experiment",
    "open_comparison": "icsim.analysis.comparison",
    "open_run": "icsim.recording.run",
    "run": "icsim.running",
}
__all__ = [
    "Comparison",
    "Experiment",
    "ExperimentError",
    "ICSModel",
    "ResultError",
    "Run",
    "branch",
    "compare",
    "load",
    "open_comparison",
    "open_run",
    "run",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'icsim' has no attribute {name!r}")
