"""The catalogue of services: entries that come with icsim, and how an experiment's own lie upon them."""

from collections.abc import Iterator
from functools import cache

from pydantic import Field, ValidationError

from icsim import evidence
from icsim.experiment.errors import ExperimentError
from icsim.experiment.explaining import problems_of
from icsim.experiment.fields import Part
from icsim.experiment.services import Effect, Service, ServiceId, effect_key
from icsim.experiment.sources import shipped_service, shipped_services
from icsim.experiment.tree import Mark, Node, merged

EMPTY = Mark("services", "services")


class _Book(Part):
    """A mapping of entries, at the same path as in an experiment so that errors read the same."""

    services: dict[ServiceId, Service] = Field(default_factory=dict)


@cache
def shipped_book() -> dict[str, Service]:
    """Every entry that comes with icsim, by id.

    Raises:
        ExperimentError: an entry is wrong; the message names file, line and key.
    """
    nodes = {name: shipped_service(name) for name in shipped_services()}
    tree = Node({"services": Node(nodes, EMPTY)}, EMPTY)
    try:
        return _Book.model_validate(tree.plain()).services
    except ValidationError as error:
        raise ExperimentError(problems_of(error, tree)) from None


def told(word: str = "") -> list[tuple[str, ...]]:
    """The shipped entries in which every word of ``word`` occurs, a row of text each, by level and id.

    Columns: id, level, title, effects, posts per 100,000 residents, needs, places that had it.
    """
    words = word.casefold().split()
    rows = []
    for name, one in sorted(shipped_book().items(), key=lambda item: (item[1].level, item[0])):
        text = f"{name} {one.model_dump_json()}".casefold()
        if all(part in text for part in words):
            needs = [
                *one.needs.partners,
                *(f"trust {tie} {least:g}" for tie, least in one.needs.trust.items()),
            ]
            needs += [f"records {one.needs.records:g}"] if one.needs.records else []
            posts = f"{one.posts_per_100_000:g}" if one.posts_per_100_000 else ""
            effects, seen = "; ".join(effects_of(name, one)), ", ".join(one.seen_in)
            rows.append((name, str(one.level), one.title, effects, posts, ", ".join(needs), seen))
    return rows


def effects_of(name: str, one: Service) -> list[str]:
    """What an entry does, in short: each lever with range and class, what it adds and gives."""
    said = []
    for lever, effect in one.levers.items():
        if isinstance(effect, str):
            row = evidence.load()[effect_key(name, lever)]
            said.append(f"{lever} {row.value:g} ({row.low:g}-{row.high:g}, {row.kind})")
        elif isinstance(effect, Effect):
            said.append(f"{lever} {effect.value:g} ({effect.evidence})")
        else:
            said.append(f"{lever} {effect:g}")
    said += [f"adds {each:g} {what} a post" for what, each in one.adds.items()]
    return said + [f"gives {what} {full:g}" for what, full in one.gives.items()]


def with_services(tree: Node) -> Node:
    """The tree with the shipped entries of the services that it uses beneath its own ``services``.

    An experiment so holds every entry it rests on; what it says of a shipped one lies upon it, key by key.
    Names that nothing is known of are left to the checks.
    """
    if not isinstance(tree.value, dict):
        return tree
    given = tree.value.get("services", Node({}, EMPTY))
    if not isinstance(given.value, dict):
        return tree
    known = shipped_services()
    entries: dict[str, Node] = dict(given.value)
    wanted = [*_used(tree), *given.value]
    seen: set[str] = set()
    while wanted:
        name = wanted.pop(0)
        if name in seen:
            continue
        seen.add(name)
        if name in known:
            shipped = shipped_service(name)
            entries[name] = merged(shipped, given.value[name]) if name in given.value else shipped
        following = (
            entries[name].value.get("successor") if name in entries and _mapped(entries[name]) else None
        )
        if following is not None and isinstance(following.value, str):
            wanted.append(following.value)
    if not entries:
        return tree
    return Node({**tree.value, "services": Node(entries, given.mark)}, tree.mark)


def _mapped(node: Node) -> bool:
    return isinstance(node.value, dict)


def _used(tree: Node) -> Iterator[str]:
    """The ids of the services that a tree puts to use, as far as it is well formed."""
    programme = tree.value.get("programme")
    lists = [tree.value.get("interventions")]
    if programme is not None and isinstance(programme.value, dict):
        lists.append(programme.value.get("services"))
    for given in lists:
        for item in given.value if given is not None and isinstance(given.value, list) else ():
            use = item.value.get("use") if isinstance(item.value, dict) else None
            if use is not None and isinstance(use.value, str):
                yield use.value
