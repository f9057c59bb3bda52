# pyright: reportPrivateImportUsage=false
"""The live page: a place and its twin on the wall, and the room's hands on it."""

import asyncio
import re
from collections.abc import Callable
from typing import Any, cast

import solara
import solara.lab

from icsim.dashboards import opening, parts, visits
from icsim.dashboards.hands import catalogue
from icsim.dashboards.session import Session
from icsim.dashboards.steering import OFFERED
from icsim.dashboards.stories.telling import shipped
from icsim.evidence import places
from icsim.experiment import Experiment, ExperimentError, load

LOOK_EVERY = 0.2
"""Seconds between two looks at what the worker has told."""
FIRST = {"place": "salford", "sample": "1", "years": "3", "seed": "1"}
ASKED = ("place", "story", "sample", "years", "seed")
NOW = ("place", "date", "residents", "simulated", "done", "playing", "start", "end")
COMMANDS = ("play", "pace_only", "pause", "step", "jump", "steer", "restart", "go_on", "guess", "leave")


def use_news(session: Session) -> int:
    """Draw again when a session has news; returns the number of the news."""
    version, set_version = solara.use_state(session.version)

    async def watch() -> None:
        seen = version
        while True:
            if session.version != seen:
                seen = session.version
                set_version(seen)
            await asyncio.sleep(LOOK_EVERY)

    solara.lab.use_task(watch, dependencies=[session])
    return version


def named_places() -> list[list[str]]:
    """The nine places: key and what people call them."""
    return [
        [name, name.replace("-", " ").title().replace(" And ", " and ").replace(" Of ", " of ")]
        for name in opening.NAMED
    ]


def asked_in_link() -> tuple[dict[str, str], str]:
    """What the address asks for: a place (``?place=salford``), a story (``?story=``), a session (``?s=``)."""
    from urllib.parse import parse_qs

    search = solara.use_router().search or ""
    given = {key: values[0] for key, values in parse_qs(search.lstrip("?")).items()}
    return {key: given[key] for key in ASKED if key in given}, given.get("s", "")


@solara.component
def Live() -> Any:
    """The page."""
    session = visits.mine()
    use_news(session)
    refused, set_refused = solara.use_state("")
    link, letters = asked_in_link()

    def begin(make: Callable[[], tuple[Experiment, Experiment, int]]) -> None:
        try:
            room, twin, day = make()
        except (ExperimentError, places.UnknownPlace) as error:
            set_refused(str(error))
            return
        set_refused("")
        session.open(room, twin, day)

    def choose(given: dict[str, Any]) -> None:
        begin(lambda: _as_routine(_from_form(given)))

    def tell(given: dict[str, Any]) -> None:
        sample, _, seed = _numbers(given)
        try:
            session.tell(str(given.get("story", "")), sample, seed)
        except ExperimentError as error:
            set_refused(str(error))
            return
        set_refused("")

    def send(given: dict[str, Any]) -> None:
        begin(lambda: _uploaded(given))

    def from_address() -> None:
        if letters and session.room is None:
            begin(lambda: opening.from_link(letters))
        elif "story" in link and session.room is None:
            tell({**FIRST, **link})
        elif "place" in link and session.room is None:
            choose({**FIRST, **link})

    solara.use_effect(from_address, [letters, str(link)])
    if session.room is None:
        first = {**FIRST, **link}
        with solara.Div(classes=["ic-first"]) as main:
            solara.HTML(tag="h1", unsafe_innerHTML="Watch a health system beside its twin")
            solara.HTML(tag="p", classes=["ic-lead"], unsafe_innerHTML=WELCOME)
            parts.Chooser(places=named_places(), first=first, refused=refused, event_choose=choose,
                          event_send=send)  # fmt: skip
            parts.Stories(stories=told_stories(), event_tell=tell)
        return main
    return Wall(session)


WELCOME = (
    "Pick a place and press play. Every resident is simulated day by day, with the organisations that look "
    "after them. Beside it runs its twin: the same people with the same luck, without what you change. "
    "<strong>It is no forecast:</strong> it shows what would follow if its assumptions held."
)


def _numbers(given: dict[str, Any]) -> tuple[float, float, int]:
    """Sample, years and seed of a form or a link."""
    try:
        return float(given["sample"]), float(given["years"]), int(float(given["seed"]))
    except (KeyError, TypeError, ValueError):
        return 1.0, 3.0, 1


def told_stories() -> list[dict[str, Any]]:
    """The stories, as the page offers them."""
    return [
        {"name": name, "title": one.title, "about": one.about, "minutes": one.minutes}
        for name, one in shipped().items()
    ]


def _from_form(given: dict[str, Any]) -> Experiment:
    sample, years, seed = _numbers(given)
    return opening.place(str(given.get("place", "")).strip(), sample=sample, years=years, seed=seed)


def _as_routine(experiment: Experiment) -> tuple[Experiment, Experiment, int]:
    """A shipped experiment with a programme has its status quo for twin, a place itself."""
    return experiment, opening.status_quo(experiment), 0


def _uploaded(given: dict[str, Any]) -> tuple[Experiment, Experiment, int]:
    text = given.get("text")
    raw = b" " * (opening.MOST_BYTES + 1) if text is None else str(text).encode()
    return _as_routine(opening.uploaded(raw, str(given.get("name", "file"))[:80]))


@solara.component
def Wall(session: Session) -> Any:
    """A session on the wall."""
    use_news(session)
    file, set_file = solara.use_state("")
    shared, set_shared = solara.use_state("")
    asked_for, ask_for = solara.use_state(cast("bool | None", None))  # the controls; None: as suits
    state = session.state

    def order(given: list[Any]) -> None:
        if given and given[0] in COMMANDS:
            set_file("")
            set_shared("")
            session.order(*given)

    def save(_: Any) -> None:
        set_file(opening.saved(_lived(session, LIVED[0]), _file_name(session)))

    def link(_: Any) -> None:
        room, twin = (_lived(session, key) for key in LIVED)
        set_shared("?s=" + opening.shared(room, twin, state["day"]))

    ready = bool(state) and not session.busy
    hands = not state.get("story") if asked_for is None else asked_for
    offered = [{"name": name, "said": each["said"]} for name, each in OFFERED.items()]
    with solara.Div(classes=["ic-wall"]) as main:
        now = {key: state.get(key) for key in NOW}
        parts.Bar(now=now if state else {}, busy=session.busy, error=session.error, hands=hands,
                  event_order=order, event_other=lambda _: session.put_away(),
                  event_show=lambda _: ask_for(not hands))  # fmt: skip
        if not state:
            return main
        if state.get("story"):
            parts.Story(story=state["story"], playing=bool(state["playing"]), ready=ready, event_order=order)
        parts.Axis(**{key: state[key] for key in ("day", "days", "start", "end", "marks")})
        parts.Tiles(tiles=state["tiles"], total=state["days"])
        with solara.Div(classes=["ic-pictures", "" if hands else "ic-wide-pictures"]):
            parts.Network(network=state["network"])
            parts.Patients(patients=state["patients"], twin=state["patients_twin"], needs=state["needs"],
                           needs_twin=state["needs_twin"], playing=bool(state["playing"]))  # fmt: skip
            if hands:
                parts.Hands(hands=state["hands"], network=state["network"], offered=offered,
                            catalogue=catalogue(), ready=ready, event_order=order)  # fmt: skip
            parts.Feed(feed=state["feed"])
        parts.Keep(file=file, name=_file_name(session) + ".yaml", shared=shared, ready=ready, event_save=save,
                   event_link=link)  # fmt: skip
    return main


LIVED = ("experiment", "experiment_twin")


def _lived(session: Session, key: str) -> Experiment:
    return load(session.state[key])


def _file_name(session: Session) -> str:
    name = session.room.name if session.room is not None else "session"
    return re.sub(r"[^a-z0-9-]+", "-", f"{name}-session".lower()).strip("-")
