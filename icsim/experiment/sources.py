"""Finding an experiment: a shipped name, a file, or a place of England."""

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from icsim.experiment.errors import ExperimentError, Problem, near
from icsim.experiment.reading import MAX_BYTES, decoded, read_yaml
from icsim.experiment.tree import Mark, Node, from_python

SUFFIXES = (".yaml", ".yml")
SERVICES = "services/"
SWEEPS = "sweeps/"  # beside the experiments, read by ``icsim.sweeps``


@dataclass(frozen=True, slots=True)
class Source:
    """An experiment found: its tree, what to call it, the folder its ``extends`` are relative to."""

    tree: Node
    name: str
    identity: str
    folder: Path


def shipped() -> dict[str, Traversable]:
    """The experiments that come with icsim, by sub-path without suffix ("places/salford"), sorted."""
    found = _below(resources.files("icsim.experiments"), "")
    beside = (SERVICES, SWEEPS)
    return dict(sorted((name, entry) for name, entry in found if not name.startswith(beside)))


@cache
def shipped_services() -> dict[str, Traversable]:
    """The entries of the catalogue of services that come with icsim, by id, sorted."""
    found = _below(resources.files("icsim.experiments") / SERVICES, SERVICES)
    return dict(sorted((name.rsplit("/", 1)[1], entry) for name, entry in found))


@cache
def shipped_service(name: str) -> Node:
    """One of them as a tree, read once: never change it. Raises ``KeyError`` where none is called so."""
    entry = shipped_services()[name]
    written = Mark(f"{SERVICES}{Path(str(entry)).parent.name}/{entry.name}", entry.name)
    return read_yaml(decoded(entry.read_bytes(), written), written)


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(SUFFIXES):
            yield f"{prefix}{entry.name.rsplit('.', 1)[0]}", entry


def find(text: str, folder: Path, mark: Mark | None = None, *, place: bool = False) -> Source:
    """The experiment called ``text``: shipped name first, then a file (relative to ``folder``), then a place.

    ``mark`` is where the name was written (an ``extends``); ``place`` lets the name of any CCG, STP or local
    authority stand for an experiment there with every default.
    """
    if "\0" in text or not text.strip():
        raise _not_found(text, folder, mark)
    if not text.endswith(SUFFIXES) and (found := _shipped(text, mark)):
        return found
    try:
        path = folder / Path(text).expanduser() if text.startswith("~") else folder / text
    except RuntimeError:  # a home folder of nobody
        path = folder / text
    try:
        exists = path.exists()
    except OSError:
        exists = False
    if exists or text.endswith(SUFFIXES):
        try:
            return _file(path)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                raise _unreadable(text, mark, error) from None
            if found := _shipped(text.rsplit(".", 1)[0], mark):
                return found
    if place and (found := _place(text)):
        return found
    raise _not_found(text, folder, mark)


def _shipped(text: str, mark: Mark | None) -> Source | None:
    """A shipped experiment by name or sub-path, in any case, spaces as hyphens; not one of several."""
    asked = text.strip().casefold().replace(" ", "-").removeprefix("./").removeprefix("experiments/")
    known = shipped()
    names = [name for name in known if asked in (name, name.rsplit("/", 1)[-1])]
    if asked in known:
        names = [asked]
    if not names:
        return None
    if len(names) > 1:
        raise ExperimentError(
            Problem(_where(mark), "extends" if mark else "", f"{text!r} is ambiguous", choices=names)
        )
    entry = known[names[0]]
    label = f"{names[0]}.{entry.name.rsplit('.', 1)[1]}"
    written = Mark(label, entry.name)
    tree = read_yaml(decoded(entry.read_bytes(), written), written)
    folder = Path(str(entry)).parent
    return Source(tree, names[0].rsplit("/", 1)[-1], f"shipped:{names[0]}", folder)


def _file(path: Path) -> Source:
    mark = Mark(_printable(str(path)), _printable(path.name))
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    return Source(
        read_yaml(decoded(raw, mark), mark), _printable(path.stem), str(path.resolve()), path.parent
    )


def _printable(text: str) -> str:
    """A file's name as it can be shown and stored anywhere, whatever bytes it is made of."""
    whole = os.fsencode(text).decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "_" for letter in whole)


def _place(text: str) -> Source | None:
    from icsim.evidence import places

    try:
        places.check(text)
    except places.UnknownPlace:
        return None
    mark = Mark("command line", "command line")
    return Source(from_python({"place": text}, mark), text.strip(), f"place:{text}", Path())


def _where(mark: Mark | None) -> str:
    return str(mark) if mark else ""


def _unreadable(text: str, mark: Mark | None, error: OSError) -> ExperimentError:
    said = (
        "a folder, not an experiment file"
        if error.errno == errno.EISDIR
        else f"cannot be read: {error.strerror}"
    )
    return ExperimentError(
        Problem(_where(mark), "extends" if mark else text, said, *([text] if mark else []))
    )


def _not_found(text: str, folder: Path, mark: Mark | None) -> ExperimentError:
    """Nothing of that name: say what was looked for, and the nearest of what there is."""
    known = shipped()
    choices = [name.rsplit("/", 1)[-1] for name in known] + list(known) + _files_near(text, folder)
    if mark:
        said = "expected the name of a shipped experiment or a file relative to this one"
        return ExperimentError(Problem(str(mark), "extends", said, value=text, choices=near(text, choices)))
    nearest = near(text, choices) or (() if text.endswith(SUFFIXES) else _nearest_places(text))
    said = "no shipped experiment, file, CCG, STP or local authority of England is called this"
    if text.endswith(SUFFIXES):
        said = "no such file, and no shipped experiment of this name"
    return ExperimentError(Problem("", "", said, value=text, choices=nearest))


def _files_near(text: str, folder: Path) -> list[str]:
    """Experiment files in the folder that ``text`` points to, written as ``text`` writes its path."""
    parent = text.rpartition("/")[0]
    try:
        names = [entry.name for entry in (folder / parent).iterdir() if entry.name.endswith(SUFFIXES)]
    except (OSError, ValueError):
        return []
    return [f"{parent}/{name}" if parent else name for name in sorted(names)[:1000]]


def _nearest_places(text: str) -> tuple[str, ...]:
    from icsim.evidence import places

    try:
        places.check(text)
    except places.UnknownPlace as error:
        return tuple(error.nearest[:2])
    return ()
