"""People made once and copied are those that each run would have made."""

import pickle
from typing import Any

import numpy as np
import pytest

from icsim import evidence
from icsim.evidence import places
from icsim.experiment import load
from icsim.model import people_asked
from icsim.population import synthesis
from icsim.population.ready import ReadyMade, at_hand
from icsim.population.synthesis import Population, synthesise
from icsim.sweeps.design import RunSpec
from icsim.sweeps.work import make_people, make_runs, read_by_people

pytestmark = pytest.mark.integration
BASE = load({"place": "isle-of-wight", "years": 0.1, "population": {"sample": 0.01}}).to_dict()


def made(**more: Any) -> tuple[Population, evidence.Catalogue]:
    experiment = load(BASE, {key.replace("__", "."): value for key, value in more.items()})
    catalogue = evidence.load().with_values(experiment.parameters)
    place = places.resolve(experiment.place)
    return synthesise(place, catalogue=catalogue, **people_asked(experiment, experiment.seed)), catalogue


def sent(ready: ReadyMade) -> ReadyMade:
    """As it comes from Ray's object store: arrays in memory that cannot be written to."""
    buffers: list[pickle.PickleBuffer] = []
    content = pickle.dumps(ready, protocol=5, buffer_callback=buffers.append)
    return pickle.loads(content, buffers=[bytes(buffer.raw()) for buffer in buffers])


def same(one: Population, other: Population) -> bool:
    frames = ("lsoas", "neighbourhoods", "practices", "authorities")
    return (
        one.people.tobytes() == other.people.tobytes()
        and one.n_residents == other.n_residents
        and all(getattr(one, name).equals(getattr(other, name)) for name in frames)
        and all(np.array_equal(a, b) for a, b in zip(one.ageing, other.ageing, strict=True))
    )


def test_a_copy_is_what_would_have_been_made_and_rests_on_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    own, read = made()
    ready = sent(make_people(BASE, RunSpec(0, "", 0, 0, BASE["seed"], {})))
    monkeypatch.setattr(synthesis, "_made", None)
    with at_hand(ready):
        copy, catalogue = made(contract__form="full")
    assert same(own, copy)
    assert catalogue.used == catalogue.lately == read.used
    assert copy.people.flags.writeable
    assert copy.people.ctypes.data % 64 == 0
    copy.people["age"] = 0
    copy.practices["list_size"] = 0
    with at_hand(ready):
        assert same(own, made()[0])  # and nobody sees what became of another's copy


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 2},
        {"years": 0.2},
        {"start": "2016-04-01"},
        {"population__sample": 0.011},
        {"place": "salford"},
        {"organisations__gp_practices__count": 7},
        {"organisations__community_teams__population_per_team": 20_000},
        {"parameters__mortality_85plus": 140.0},
        {"parameters__mdt_population_size": 20_000.0},
    ],
)
def test_others_are_made_where_anything_they_are_made_from_differs(other: dict[str, Any]) -> None:
    expected, _ = made(**other)
    with at_hand(sent(make_people(BASE, RunSpec(0, "", 0, 0, BASE["seed"], {})))):
        assert same(expected, made(**other)[0])


def test_which_parameters_people_are_made_from_is_seen_not_listed() -> None:
    read = read_by_people(BASE)
    assert {"mortality_85plus", "mdt_population_size", "births_per_1000_women_15_44"} <= read
    assert "gp_morale_start" not in read
    assert read == set(make_people(BASE, RunSpec(0, "", 0, 0, 7, {"population.sample": 0.1})).read)


def test_runs_with_ready_made_people_come_to_the_same_figures() -> None:
    settings = [{"relationships.initial_trust": trust} for trust in (0.2, 0.8)]
    specs = [RunSpec(k, f"run{k}", k, 0, 1, one) for k, one in enumerate(settings)]
    keep = ("place", "imd_fifth", "organisation", "party")
    plain, failed = make_runs(BASE, specs, keep, None)
    assert plain is not None
    assert not failed
    ready = sent(make_people(BASE, specs[1]))
    given, _ = make_runs(BASE, specs, keep, None, ready)
    assert given is not None
    assert given.drop_columns("seconds").equals(plain.drop_columns("seconds"))
    assert len(set(given["value"].to_pylist())) > 100
