"""What a researcher may write, and how it is read."""

from icsim.experiment.schema import Experiment

__all__ = ["Experiment"]
