"""The evidence catalogue and the place data: every default with its source."""

from icsim.evidence.catalogue import Catalogue, CatalogueError, Parameter, UnknownParameter, load

__all__ = ["Catalogue", "CatalogueError", "Parameter", "UnknownParameter", "load"]
