"""What a researcher may write, and how it is read."""

from icsim.experiment.errors import ExperimentError
from icsim.experiment.loading import load
from icsim.experiment.schema import Experiment

__all__ = ["Experiment", "ExperimentError", "load"]
