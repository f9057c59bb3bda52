"""The resolved experiment as YAML, each value's origin beside it."""

from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from icsim.experiment.schema import Experiment
from icsim.experiment.tree import Path, dotted

WIDEST_COLUMN = 64  # origins stand in one column unless a value is longer
MANIFEST_WIDTH = 10**6  # no value is folded: one line, one origin


def shown_yaml(experiment: Experiment) -> str:
    """The experiment as YAML that ``load`` reads back, with the origin of each value as a comment."""
    content = experiment.to_dict()
    bare = _dumped(_commented(content, (), None, 0))
    column = min(max(len(line) for line in bare.splitlines()) + 2, WIDEST_COLUMN)
    return _dumped(_commented(content, (), experiment.origins, column))


def _dumped(content: CommentedMap) -> str:
    yaml = YAML()
    yaml.width = MANIFEST_WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(
        type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    out = StringIO()
    yaml.dump(content, out)
    return out.getvalue()


def _commented(value: Any, path: Path, origins: dict[str, str] | None, column: int) -> Any:
    if isinstance(value, dict):
        mapping = CommentedMap()
        for key, below in value.items():
            mapping[_plain(key)] = _commented(below, (*path, key), origins, column)
            origin = None if origins is None else origins.get(dotted((*path, key)))
            if origin is not None:
                mapping.yaml_add_eol_comment(origin, _plain(key), column=column)
        if not value:
            mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list):
        items = CommentedSeq(_commented(item, (*path, at), origins, column) for at, item in enumerate(value))
        if not any(isinstance(item, dict) for item in value):
            items.fa.set_flow_style()
        return items
    return _plain(value)


def _plain(value: Any) -> Any:
    """Whole numbers without ``.0``; text with line breaks in quotes, so that it stays on its line."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, str) and not value.isprintable():
        return DoubleQuotedScalarString(value)
    return value
