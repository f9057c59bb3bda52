"""What a visitor may open: a shipped place or contract, any place of England, an experiment given as text.

Text from a visitor reads no file: it may extend what icsim ships and nothing else.
"""

import base64
import json
import zlib
from typing import Any

from icsim.evidence import places
from icsim.experiment import Experiment, ExperimentError, load
from icsim.experiment.errors import Problem, near
from icsim.experiment.reading import decoded, read_yaml
from icsim.experiment.sources import shipped
from icsim.experiment.status_quo import GOES_WITH, NONE
from icsim.experiment.tree import Mark

MOST_BYTES = 200_000
MOST_PEOPLE = 1_200_000
"""People in one live model: more would leave no room for other viewers."""
NAMED = ("salford", "morecambe-bay", "harrogate", "mid-nottinghamshire", "isle-of-wight",
         "north-east-hampshire-and-farnham", "northumberland", "south-somerset", "wirral")  # fmt: skip
"""The nine places, as the page offers them."""


def place(name: str, *, sample: float = 1.0, years: float = 3.0, seed: int = 1) -> Experiment:
    """The experiment of a shipped name or of any CCG, STP or local authority of England; never of a file.

    Raises:
        ExperimentError: no such place, or too many people.
    """
    known = [*shipped(), *NAMED]
    keys = {"population.sample": sample, "years": years, "seed": seed}
    if name in known:
        return _small_enough(load(name, keys))
    return _small_enough(load({"place": name, "name": name.replace("->", "-")[:120]}, keys))


def uploaded(raw: bytes, label: str) -> Experiment:
    """The experiment in a file that a visitor sent.

    Raises:
        ExperimentError: not an experiment, too large, or one that would read other files.
    """
    mark = Mark(label, label)
    if len(raw) > MOST_BYTES:
        raise ExperimentError(
            Problem(label, "", f"larger than {MOST_BYTES // 1000} kB: not an experiment file")
        )
    written = read_yaml(decoded(raw, mark), mark).plain()
    if not isinstance(written, dict):
        raise ExperimentError(Problem(label, "", "expected keys and values, as in 'place: salford'"))
    return told(written, label)


def told(written: dict[str, Any], label: str) -> Experiment:
    """An experiment as a mapping that a visitor sent; see :func:`uploaded`."""
    extends = written.get("extends")
    known = [*shipped(), *NAMED]
    for name in extends if isinstance(extends, list) else [] if extends is None else [extends]:
        if name not in known:
            said = "a file opened here may extend what icsim ships and no other file"
            raise ExperimentError(Problem(label, "extends", said, name, choices=near(str(name), known)))
    return _small_enough(load(written))


def people_of(experiment: Experiment) -> float:
    """Residents that a live model of it has."""
    return places.resolve(experiment.place).population * experiment.population.sample


def _small_enough(experiment: Experiment) -> Experiment:
    people = people_of(experiment)
    if people > MOST_PEOPLE:
        share = experiment.population.sample * MOST_PEOPLE / people
        said = f"{people:,.0f} people are too many to watch live: take at most {share:.2g} of them"
        raise ExperimentError(Problem("", "population.sample", said, experiment.population.sample))
    if experiment.replicates != 1:
        return load(experiment, {"replicates": 1})
    return experiment


def status_quo(experiment: Experiment) -> Experiment:
    """The twin of an experiment: without its programme and what goes with one (``programme: none``)."""
    plain: dict[Any, Any] = experiment.to_dict() | {"programme": NONE, "interventions": []}
    for *above, last in GOES_WITH:
        at = plain
        for step in above:
            at = at[step]
        at.pop(last, None)
    return load(plain)


def shared(room: Experiment, twin: Experiment, day: int) -> str:
    """A session as letters for a link: what differs from the twin, and how far it has come."""
    told_of = {"twin": _short(twin), "room": _differences(twin, room), "day": day}
    packed = zlib.compress(json.dumps(told_of, separators=(",", ":")).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def from_link(letters: str) -> tuple[Experiment, Experiment, int]:
    """Room, twin and day of a link.

    Raises:
        ExperimentError: not a link of this page, or one cut short.
    """
    try:
        packed = base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
        reader = zlib.decompressobj()
        text = reader.decompress(packed, MOST_BYTES)
        if reader.unconsumed_tail:
            raise ValueError("too long")
        found = json.loads(text)
        base, changes, day = dict(found["twin"]), dict(found["room"]), int(found["day"])
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise ExperimentError(
            Problem("link", "", f"not a session of this page, or cut short ({error})")
        ) from None
    twin = told(base, "link")
    return _small_enough(load(twin, changes)), twin, min(max(day, 0), twin.days)


def _short(experiment: Experiment) -> dict[str, Any]:
    """The experiment as a mapping upon a shipped place, where it extends one, whole otherwise."""
    for name in (experiment.name, *NAMED):
        if name not in (*shipped(), *NAMED):
            continue
        base = load(name)
        if base.place == experiment.place:
            titles = {"name": experiment.name, "description": experiment.description}
            keys = {key: value for key, value in _differences(base, experiment).items() if key not in titles}
            short = {"extends": name, **titles, **_nested(keys)}
            if load(_without_nothing(short)) == experiment:
                return _without_nothing(short)
    return experiment.to_dict()


def _differences(base: Experiment, other: Experiment) -> dict[str, Any]:
    """Dotted keys of what differs; lists whole."""
    found: dict[str, Any] = {}

    def look(one: Any, two: Any, path: str) -> None:
        if isinstance(one, dict) and isinstance(two, dict) and set(one) == set(two):
            for key in two:
                look(one[key], two[key], f"{path}.{key}" if path else key)
        elif one != two:
            found[path] = two

    look(base.to_dict(), other.to_dict(), "")
    return found


def _nested(keys: dict[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in keys.items():
        *above, last = path.split(".")
        at = tree
        for step in above:
            at = at.setdefault(step, {})
        at[last] = value
    return tree


def saved(room: Experiment, name: str) -> str:
    """The YAML of an experiment file that reproduces a session: ``icsim run FILE``."""
    import io

    from ruamel.yaml import YAML

    short = _short(load(room, {"name": name}))
    text = io.StringIO()
    writer = YAML()
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.dump(_without_nothing(short), text)
    return f"# A session of icsim dashboard. Run it again: icsim run FILE\n{text.getvalue()}"


def _without_nothing(value: Any) -> Any:
    """Without keys that are null: what is left out is the same and shorter."""
    if isinstance(value, dict):
        return {key: _without_nothing(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nothing(each) for each in value]
    return value
