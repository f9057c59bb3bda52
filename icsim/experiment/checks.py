"""What needs more than one key to judge: the place, the catalogue, names, shares, dates within the run."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from operator import attrgetter
from typing import Any

from icsim import evidence
from icsim.evidence.limits import limits
from icsim.experiment.errors import SHOWN_PROBLEMS, ExperimentError, Problem, near
from icsim.experiment.happenings import Intervention, ShockKind
from icsim.experiment.organisations import Kind
from icsim.experiment.schema import Experiment
from icsim.experiment.services import Use, effect_key
from icsim.experiment.sources import shipped_services
from icsim.experiment.tree import Node, Path, dotted

TOPIC = "experiment"  # catalogue rows that are defaults of the schema's own keys
TOLERANCE = 1e-9
NAMES_SHOWN = 8
PART_OF = {"home_care_older_users_la_funded": "home_care_older_users"}
COUNCILS: Path = ("organisations", "local_authorities", "councils")
# Keys that are read and kept for later versions; naming them in an experiment earns a note.
NOT_YET_ACTED_UPON: frozenset[str] = frozenset(
    {
        "organisations.care_homes.count",
    }
)
STRIKES: dict[ShockKind, tuple[Kind, ...]] = {
    ShockKind.FLU: (),
    ShockKind.BED_CLOSURE: (Kind.ACUTE_TRUST,),
    ShockKind.LEADER_LEAVES: tuple(Kind),
    ShockKind.FUNDING_CUT: tuple(kind for kind in Kind if kind is not Kind.COMMISSIONER),
    ShockKind.FUNDING_RISE: tuple(kind for kind in Kind if kind is not Kind.COMMISSIONER),
    ShockKind.STAFF_LOSS: tuple(kind for kind in Kind if kind is not Kind.COMMISSIONER),
    ShockKind.SOCIAL_CARE_CUT: (Kind.LOCAL_AUTHORITY, Kind.CARE_HOMES),
    ShockKind.BAD_WINTER: (),
    ShockKind.SPECIAL_MEASURES: tuple(Kind),
    ShockKind.DEFICIT: tuple(Kind),
}


def _problem(
    tree: Node, path: Path, said: str, choices: Iterable[str] = (), *, value: bool = True
) -> Problem:
    node, exact = tree.find(path)
    shown = (node.plain(),) if value and exact else ()
    return Problem(str(node.mark), dotted(path), said, *shown, choices=tuple(choices))


def check_place(tree: Node) -> Iterator[Problem]:
    """Whether the place exists; a place of the wrong shape is left to the schema."""
    node, exact = tree.find(("place",))
    if not exact or not _place_shaped(node.plain()):
        return
    from icsim.evidence import places

    try:
        places.check(node.plain())
    except places.UnknownPlace as error:
        said = error.message.removeprefix("place").removeprefix(":").strip()
        yield Problem(str(node.mark), "place", said, choices=error.nearest[:3])


def _place_shaped(spec: Any) -> bool:
    if isinstance(spec, dict):
        spec = spec.get("lsoas") if list(spec) == ["lsoas"] else None
    texts = spec if isinstance(spec, list) else [spec]
    return bool(texts) and all(isinstance(text, str) and 0 < len(text.strip()) <= 200 for text in texts)


def check_parameters(tree: Node) -> Iterator[Problem]:
    """Whether every parameter is a numeric row of the catalogue that is not set by a key of its own."""
    node, _ = tree.find(("parameters",))
    if node is tree or not isinstance(node.value, dict):
        return
    rows = {row.key: row for row in evidence.load()}
    usable = [name for name, row in rows.items() if row.is_number and row.topic != TOPIC]
    unknown = 0
    for key, below in node.value.items():
        path = ("parameters", key)
        if key not in rows:
            unknown += 1
            said = "the evidence catalogue has no such parameter (icsim evidence WORD searches it)"
            choices = near(key, usable, 3) if unknown <= SHOWN_PROBLEMS else ()
            yield _problem(tree, path, said, choices, value=False)
        elif rows[key].topic == TOPIC:
            said = "a default of the experiment itself; set the experiment's own key instead"
            yield _problem(tree, path, said, value=False)
        elif not rows[key].is_number:
            yield _problem(tree, path, f"holds text in the catalogue ({rows[key].value!r}): it cannot be set")
        elif (
            isinstance(below.value, int | float) and abs(below.value) < math.inf
        ):  # else the schema complains
            said = _impossible(rows[key], below.value)
            if said:
                yield _problem(tree, path, said)


def _impossible(row: evidence.Parameter, value: float) -> str:
    """What no world can have, rather than what the evidence makes unlikely; "" when it is possible."""
    allowed = limits(row)
    return "" if allowed.allow(value) else f"expected {allowed} ({row.unit})"


def check_whole(experiment: Experiment, tree: Node) -> list[str]:
    """Raise ``ExperimentError`` for what contradicts itself; return what is worth a warning."""
    problems = [
        *_names(experiment, tree),
        *_shares(experiment, tree),
        *_parts(experiment, tree),
        *_councils(experiment, tree),
        *_pairs(experiment, tree),
        *_shocks(experiment, tree),
        *_steps_in_order(experiment, tree),
        *_control_totals(experiment, tree),
        *_services(experiment, tree),
        *_holder(experiment, tree),
    ]
    if problems:
        raise ExperimentError(problems)
    return [*_outside_range(experiment), *_not_yet(experiment, tree)]


def _names(experiment: Experiment, tree: Node) -> Iterator[Problem]:
    """Names are unique among organisations, and among interventions."""
    organisations = experiment.organisations
    groups: list[tuple[Path, str]] = []
    for at, trust in enumerate(organisations.acute_trusts or ()):
        groups.append((("organisations", "acute_trusts", at, "name"), trust.name))
    for at, practice in enumerate(organisations.gp_practices.practices or ()):
        groups.append((("organisations", "gp_practices", "practices", at, "name"), practice.name))
    for at, council in enumerate(organisations.local_authorities.councils or ()):
        groups.append(((*COUNCILS, at, "name"), council.name))
    for key in ("commissioners", "mental_health_trusts"):
        for at, name in enumerate(getattr(organisations, key).names or ()):
            groups.append((("organisations", key, "names", at), name))
    for key in ("urgent_care", "voluntary_sector"):
        if (name := getattr(organisations, key).name) is not None:
            groups.append((("organisations", key, "name"), name))
    yield from _repeated(groups, tree)
    for path, name in groups:
        if name in tuple(Kind) or name == "default":
            yield _problem(tree, path, "a word of the schema, not a name")
    yield from _repeated([((*path, "name"), one.name) for path, one in _running(experiment)], tree)


def _running(experiment: Experiment) -> Iterator[tuple[Path, Intervention | Use]]:
    """Interventions, and the programme's services, with their paths."""
    for at, one in enumerate(experiment.interventions):
        yield ("interventions", at), one
    if not isinstance(experiment.programme, str):
        for at, use in enumerate(experiment.programme.services):
            yield ("programme", "services", at), use


def _services(experiment: Experiment, tree: Node) -> Iterator[Problem]:
    """Services used are entries, successors too; levers that name evidence have a row."""
    entries, rows = experiment.services, evidence.load()
    known = [*shipped_services(), *entries]
    said = "no service of the catalogue or of this experiment (icsim services lists them)"
    for path, one in _running(experiment):
        if isinstance(one, Use) and one.use not in entries:
            yield _problem(tree, (*path, "use"), said, near(one.use, known))
    for name, entry in entries.items():
        if entry.successor and entry.successor not in entries:
            yield _problem(tree, ("services", name, "successor"), said, near(entry.successor, known))
        for lever, effect in entry.levers.items():
            if effect == "evidence" and effect_key(name, lever) not in rows:
                without = f"the evidence catalogue has no row {effect_key(name, lever)}; give a number here"
                yield _problem(tree, ("services", name, "levers", lever), without)


def _repeated(names: list[tuple[Path, str]], tree: Node) -> Iterator[Problem]:
    first: dict[str, Path] = {}
    for path, name in names:
        before = first.setdefault(name.casefold(), path)
        if before != path:
            yield _problem(tree, path, f"this name is taken by {dotted(before)}; names are unique")


def _shares(experiment: Experiment, tree: Node) -> Iterator[Problem]:
    trusts = experiment.organisations.acute_trusts or ()
    total = sum(trust.resident_share or 0 for trust in trusts)
    if total > 1 + TOLERANCE:
        path: Path = ("organisations", "acute_trusts")
        said = f"the trusts' resident_share sum to {total:g}; expected at most 1"
        yield _problem(tree, path, said, value=False)


def _parts(experiment: Experiment, tree: Node) -> Iterator[Problem]:
    """A parameter that counts a part of another is not the larger."""
    rows = evidence.load()
    for part, whole in PART_OF.items():
        of = {key: experiment.parameters.get(key, rows.value(key)) for key in (part, whole)}
        if of[part] > of[whole]:
            path: Path = ("parameters", part if part in experiment.parameters else whole)
            said = f"{part} ({of[part]:g}) is a part of {whole} ({of[whole]:g}) and cannot be more"
            yield _problem(tree, path, said)


def _councils(experiment: Experiment, tree: Node) -> Iterator[Problem]:
    """Each district of the place is served by one council."""
    councils = experiment.organisations.local_authorities.councils
    if councils is None:
        return
    from icsim.evidence.councils import districts_in, find_district

    districts = districts_in(experiment.place)
    taken: dict[str, str] = {}
    rest = [at for at, council in enumerate(councils) if council.districts is None]
    for at, council in enumerate(councils):
        for number, text in enumerate(council.districts or ()):
            path: Path = (*COUNCILS, at, "districts", number)
            code = find_district(districts, text)
            if code is None:
                said = f"not a district of this place, which lies in {_listed(districts.values())}"
                yield _problem(tree, path, said, near(text, list(districts.values())))
            elif code in taken:
                yield _problem(tree, path, f"{taken[code]} serves this district already")
            else:
                taken[code] = council.name
    left = [name for code, name in districts.items() if code not in taken]
    for at in rest[1:]:
        said = f"{councils[rest[0]].name} already serves the districts left over; give this one's districts"
        yield _problem(tree, (*COUNCILS, at, "name"), said)
    if rest and not left:
        said = "no district is left over for it; give its districts"
        yield _problem(tree, (*COUNCILS, rest[0], "name"), said)
    if left and not rest:
        said = f"no council serves {_listed(left)}; one council may leave districts out and serves the rest"
        yield _problem(tree, COUNCILS, said, value=False)


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    return (
        f"{', '.join(names[:NAMES_SHOWN])} and {len(names) - NAMES_SHOWN} more"
        if len(names) > NAMES_SHOWN
        else ", ".join(names)
    )


def _pairs(experiment: Experiment, tree: Node) -> Iterator[Problem]:
    """Pairs of relationships name kinds, or organisations that the experiment names."""
    known = [*(str(kind) for kind in Kind), *experiment.organisations.named()]
    given: list[tuple[Path, object]] = [
        (("relationships", key), getattr(experiment.relationships, key))
        for key in experiment.relationships.BY_PAIR
    ]
    steps = experiment.relationships.steps
    given += [(("relationships", "steps", at, "trust"), step.trust) for at, step in enumerate(steps)]
    for where, values in given:
        for pair in values if isinstance(values, dict) else ():
            path = (*where, pair)
            one, arrow, other = pair.partition("->")
            if pair == "default":
                continue
            if not arrow:
                said = "expected 'default' or a pair such as gp_practice->acute_trust"
                yield _problem(tree, path, said, near(pair, ["default"]), value=False)
            for end in (one, other) if arrow else ():
                if end not in known:
                    said = f"{end!r} is neither a kind of organisation nor one named in this experiment"
                    yield _problem(tree, path, said, near(end, known), value=False)


def _shocks(experiment: Experiment, tree: Node) -> Iterator[Problem]:
    named = experiment.organisations.named()
    for at, shock in enumerate(experiment.shocks):
        if shock.organisation is None:
            continue
        path: Path = ("shocks", at, "organisation")
        kinds = [str(kind) for kind in STRIKES[shock.kind]]
        if not kinds:
            yield _problem(tree, path, f"{shock.kind} strikes people: leave organisation out")
        elif shock.organisation not in [*kinds, *named]:
            said = f"expected {' or '.join(kinds)}, or an organisation named in this experiment"
            yield _problem(tree, path, said, near(shock.organisation, [*kinds, *named]))


def _steps_in_order(experiment: Experiment, tree: Node) -> Iterator[Problem]:
    for key in ("contract", "relationships"):
        steps = getattr(experiment, key).steps
        for at, (before, after) in enumerate(pairwise(steps), start=1):
            if after.date <= before.date:
                path: Path = (key, "steps", at, "date")
                yield _problem(tree, path, f"expected a date after that of the step before ({before.date})")


def _holder(experiment: Experiment, tree: Node) -> Iterator[Problem]:
    """Who holds a contract is an organisation that the experiment names."""
    holder, known = experiment.contract.holder, experiment.organisations.named()
    if holder is not None and holder not in known:
        said = "expected an organisation named in this experiment"
        yield _problem(tree, ("contract", "holder"), said, near(holder, known))


def _control_totals(experiment: Experiment, tree: Node) -> Iterator[Problem]:
    """Control totals name kinds that have them, or trusts and commissioners of this experiment."""
    totals, organisations = experiment.contract.control_totals, experiment.organisations
    if isinstance(totals, str):
        return
    known = [str(Kind.ACUTE_TRUST), str(Kind.COMMISSIONER)]
    known += [trust.name for trust in organisations.acute_trusts or ()]
    known += organisations.commissioners.names or ()
    for name in totals.surplus_shares:
        if name not in known:
            path: Path = ("contract", "control_totals", "surplus_shares", name)
            said = "expected acute_trust, commissioner, or a trust or commissioner this experiment names"
            yield _problem(tree, path, said, near(name, known), value=False)


def _outside_range(experiment: Experiment) -> Iterator[str]:
    rows = {row.key: row for row in evidence.load()}
    for key, value in experiment.parameters.items():
        low, high = rows[key].low, rows[key].high
        if (low is not None and value < low) or (high is not None and value > high):
            bounds = f"{'-' if low is None else f'{low:g}'} to {'-' if high is None else f'{high:g}'}"
            unit = rows[key].unit
            yield f"parameters.{key}: {value:g} lies outside the catalogue's range ({bounds} {unit})"


def _not_yet(experiment: Experiment, tree: Node) -> Iterator[str]:
    usual = Experiment(place=experiment.place)
    written = [
        key
        for key in sorted(NOT_YET_ACTED_UPON)
        if tree.find(tuple(key.split(".")))[1] and attrgetter(key)(experiment) != attrgetter(key)(usual)
    ]
    if written:
        yield f"kept, but this version does not act on: {', '.join(written)}"


@dataclass(frozen=True, slots=True)
class _Dated:
    """A date of an experiment: where it is, and what to leave out when the run ends before it."""

    path: Path
    day: date
    item: (
        Path | None
    )  # the list item that has no effect without this date; None for an end, which is just cut


def _dates(experiment: Experiment) -> Iterator[_Dated]:
    dated: list[tuple[Path, Any, str]] = [(path, one, "start") for path, one in _running(experiment)]
    dated += [(("shocks", at), one, "date") for at, one in enumerate(experiment.shocks)]
    for path, one, first in dated:
        for name in (first, "end"):
            if (day := getattr(one, name)) is not None:
                yield _Dated((*path, name), day, None if name == "end" else path)
    for key in ("contract", "relationships"):
        for at, step in enumerate(getattr(experiment, key).steps):
            yield _Dated((key, "steps", at, "date"), step.date, (key, "steps", at))
    for path, one in _agreed(experiment):
        for name in ("start", "end"):
            if (day := getattr(one, name)) is not None:
                yield _Dated((*path, name), day, None if name == "end" else path)


def _agreed(experiment: Experiment) -> Iterator[tuple[Path, Any]]:
    """What is in force from a start to an end: programme, nation, choice, agreements of the contract."""
    for key in ("programme", "nation", "choice_of_practice"):
        if not isinstance(one := getattr(experiment, key), str):
            yield (key,), one
    for key in ("pooled_budget", "performance", "control_totals"):
        if not isinstance(one := getattr(experiment.contract, key), str):
            yield ("contract", key), one


def cut_to_run(experiment: Experiment, tree: Node, order: dict[str, int]) -> tuple[Node, list[str]]:
    """Check that dates lie within the run and in order.

    A date beyond the run is an error, unless the run was shortened by a later layer than the one the date was
    written in (``--set years=1`` upon a file that plans three): then what would start later is left out, with
    a warning. So it is with a start that a later layer put off: what had begun by then begins with the run,
    and shocks that were over are left out. Returns the tree, the same object when nothing was cut.
    """
    problems: list[Problem] = []
    cut: list[_Dated] = []
    earlier: list[_Dated] = []
    put_off = _rank(tree, ("start",), order)
    shortened = max(_rank(tree, (key,), order) for key in ("start", "years"))
    for dated in _dates(experiment):
        if dated.day < experiment.start:
            if dated.path[-1] == "start" and _rank(tree, dated.path, order) < put_off:
                earlier.append(replace(dated, item=None))
                continue
            if dated.path[0] == "shocks" and _rank(tree, dated.path, order) < put_off:
                earlier.append(replace(dated, item=dated.path[:2]))
                continue
            said = f"before the run begins ({experiment.start})"
            problems.append(_problem(tree, dated.path, said))
        elif dated.day >= experiment.end:
            if _rank(tree, dated.path, order) < shortened:
                cut.append(dated)
            else:
                said = f"after the run ends (first day {experiment.start}, {experiment.years:g} years, so "
                problems.append(_problem(tree, dated.path, f"{said}it must be before {experiment.end})"))
    problems += _backwards(experiment, tree)
    if problems:
        raise ExperimentError(problems)
    words = _cut_words([one for one in cut if one.item], experiment)
    if earlier:
        words.append(_earlier_words(earlier, experiment))
    return _without(tree, [*cut, *earlier]) if cut or earlier else tree, words


def _rank(tree: Node, path: Path, order: dict[str, int]) -> int:
    node, exact = tree.find(path)
    return order.get(node.mark.label, -1) if exact else -1


def _backwards(experiment: Experiment, tree: Node) -> Iterator[Problem]:
    for path, one in [*_running(experiment), *_agreed(experiment)]:
        if one.start is not None and one.end is not None and one.end < one.start:
            yield _problem(tree, (*path, "end"), f"before its start ({one.start})")


def _cut_words(cut: list[_Dated], experiment: Experiment) -> list[str]:
    """One note on all that is left out."""
    names = [dotted(dated.item or ()) for dated in cut]
    if not cut:
        return []
    if len(cut) == 1:
        return [
            f"{names[0]} is left out: it starts on {cut[0].day}, the run now ends before {experiment.end}"
        ]
    when = f"the run now ends before {experiment.end}"
    return [f"{_listed(names)} are left out: they start later, {when}"]


def _earlier_words(earlier: list[_Dated], experiment: Experiment) -> str:
    """One note on all that was to begin before the run now does."""
    begin = [dotted(one.path[:-1]) for one in earlier if one.item is None]
    over = list(dict.fromkeys(dotted(one.item) for one in earlier if one.item is not None))
    said = [f"{_listed(begin)} would have begun earlier and now begin with it"] if begin else []
    said += [f"{_listed(over)} came earlier and are left out"] if over else []
    return f"the run now begins on {experiment.start}: {'; '.join(said)}"


def _without(tree: Node, cut: list[_Dated]) -> Node:
    """The tree without the items and ends that lie beyond the run."""
    gone = {dated.item or dated.path for dated in cut}

    def kept(node: Node, path: Path) -> Node:
        if isinstance(node.value, dict):
            below = {k: kept(n, (*path, k)) for k, n in node.value.items() if (*path, k) not in gone}
            return Node(below, node.mark)
        if isinstance(node.value, list):
            items = [kept(n, (*path, at)) for at, n in enumerate(node.value) if (*path, at) not in gone]
            return Node(items, node.mark)
        return node

    return kept(tree, ())
