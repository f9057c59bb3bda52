"""YAML text to a tree that knows its lines; what YAML allows beyond plain data is refused with a reason.

YAML 1.2 rules: ``no`` and ``off`` are text (accepted where a yes or no is asked for), ``010`` is ten.
"""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode

from icsim.experiment.errors import ExperimentError, Problem
from icsim.experiment.tree import MAX_DEPTH, MAX_NODES, Mark, Node

MAX_BYTES = 1_000_000
_TAG = "tag:yaml.org,2002:"


def decoded(raw: bytes, mark: Mark) -> str:
    """The text of a file; only UTF-8 (with or without a byte order mark) within the size limit is read."""
    if len(raw) > MAX_BYTES:
        raise ExperimentError(
            Problem(str(mark), "", f"larger than an experiment may be ({MAX_BYTES:,} bytes)")
        )
    if b"\0" in raw:
        raise ExperimentError(
            Problem(str(mark), "", "not a text file: it holds NUL bytes (expected YAML in UTF-8)")
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExperimentError(
            Problem(str(mark), "", f"not UTF-8 text (byte {error.start + 1}); save the file as UTF-8")
        ) from None


def read_yaml(text: str, mark: Mark) -> Node:
    """The tree of one YAML document, each node marked with its line; raises ``ExperimentError``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _Building(mark).document(text)
    except MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise _refused(mark, at, f"not valid YAML: {said}") from None
    except (
        YAMLError,
        RecursionError,
        ValueError,
        IndexError,
        AssertionError,
        TypeError,
        AttributeError,
    ) as error:
        if isinstance(error, ExperimentError):
            raise
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ExperimentError(Problem(str(mark), "", f"not valid YAML: {said}")) from None


def read_scalar(text: str) -> Any:
    """What YAML makes of a bare word: number, yes or no, date, nothing or text."""
    yaml = YAML(typ="safe", pure=True)
    return _scalar(yaml, text, yaml.resolver.resolve(ScalarNode, text, (True, False)))


def _scalar(yaml: YAML, text: str, tag: Any) -> Any:
    if str(tag) in {f"{_TAG}{kind}" for kind in ("int", "float", "bool", "null", "timestamp")}:
        try:
            return yaml.constructor.construct_object(ScalarNode(tag, text))
        except (ValueError, YAMLError, OverflowError):
            return text  # 2015-13-45 is no date: the schema says what was expected
    return text


def _refused(mark: Mark, at: Any, said: str, key: str = "") -> ExperimentError:
    line = None if at is None or mark.line is not None else at.line + 1
    return ExperimentError(Problem(str(replace(mark, line=line)), key, said))


class _Building:
    """Builds a tree from parse events, counting as it goes, so that no bomb is ever unfolded."""

    def __init__(self, mark: Mark):
        self.yaml = YAML(typ="safe", pure=True)
        self.mark = mark
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.count = 0

    def document(self, text: str) -> Node:
        events = iter(self.yaml.parse(text))
        root: Node | None = None
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                if root is not None:
                    raise _refused(
                        self.mark,
                        event.start_mark,
                        "a second document begins (---); one file, one experiment",
                    )
                root = self.node(next(events), events, 0)
        if root is None or root.value is None:
            raise ExperimentError(
                Problem(str(self.mark), "", "the file is empty; expected at least 'place: ...'")
            )
        return root

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        self.count += 1
        if depth > MAX_DEPTH:
            raise _refused(self.mark, event.start_mark, f"nested more than {MAX_DEPTH} deep")
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self.alias(event)
        before = self.count
        self.check_tag(event)
        if kind == "ScalarEvent":
            value: Any = self.scalar(event)
        elif kind == "MappingStartEvent":
            value = self.mapping(events, depth)
        else:
            value = self.sequence(events, depth)
        node = Node(value, self.marked(event))
        if event.anchor:
            self.anchors[event.anchor] = (node, self.count - before + 1)
        self.limit(event)
        return node

    def marked(self, event: Any) -> Mark:
        return self.mark if self.mark.line is not None else replace(self.mark, line=event.start_mark.line + 1)

    def limit(self, event: Any) -> None:
        if self.count > MAX_NODES:
            raise _refused(
                self.mark, event.start_mark, f"more than {MAX_NODES:,} values (aliases counted in full)"
            )

    def alias(self, event: Any) -> Node:
        if event.anchor not in self.anchors:
            raise _refused(
                self.mark, event.start_mark, f"*{event.anchor} refers to no finished &{event.anchor}"
            )
        node, size = self.anchors[event.anchor]
        self.count += size
        self.limit(event)
        return node

    def check_tag(self, event: Any) -> None:
        tag = event.tag
        if tag is not None and str(tag) not in {f"{_TAG}str", f"{_TAG}map", f"{_TAG}seq", "!"}:
            raise _refused(
                self.mark, event.start_mark, f"YAML tags are not read here ({tag}); write a plain value"
            )

    def scalar(self, event: Any) -> Any:
        if event.tag is not None or not event.implicit[0]:
            return event.value
        return _scalar(
            self.yaml, event.value, self.yaml.resolver.resolve(ScalarNode, event.value, (True, False))
        )

    def sequence(self, events: Iterator[Any], depth: int) -> list[Node]:
        items: list[Node] = []
        for event in events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            items.append(self.node(event, events, depth + 1))
        return items

    def mapping(self, events: Iterator[Any], depth: int) -> dict[str, Node]:
        items: dict[str, Node] = {}
        for event in events:
            if type(event).__name__ == "MappingEndEvent":
                break
            key = self.key(event, items)
            node = self.node(next(events), events, depth + 1)
            items[key] = Node(node.value, self.marked(event))  # a key's line is where a reader looks
        return items

    def key(self, event: Any, items: dict[str, Node]) -> str:
        key = event.value if type(event).__name__ == "ScalarEvent" else None
        if key is None or event.tag is not None:
            raise _refused(self.mark, event.start_mark, "a key must be plain text")
        if key == "<<":
            raise _refused(self.mark, event.start_mark, "merge keys (<<) are not read here; use extends")
        if key in items:
            raise _refused(
                self.mark, event.start_mark, f"the key is given twice (first {items[key].mark})", key
            )
        return key
