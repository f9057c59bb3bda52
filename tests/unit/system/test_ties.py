"""What brings organisations together: joint posts, one building, shared records, each in its own way."""

from datetime import date

import numpy as np
import pytest

from icsim import evidence, experiment
from icsim.experiment.strategy import Source
from icsim.system.parties import Parties
from icsim.system.relationships import Relationships
from icsim.system.ties import Ties

pytestmark = pytest.mark.unit
NAMES = ("Royal", "CCG", "Surgery")
KINDS = ("acute_trust", "commissioner", "gp_practice")
MAY = date(2015, 5, 1)
KNOWN = evidence.load()


def made(**spec):
    """Network and ties of three organisations that all take part."""
    given = experiment.load({"place": "salford", "relationships": spec}).relationships
    network = Relationships(NAMES, KINDS, given)
    parties = Parties((), np.array(KINDS), np.ones(3, dtype=bool), np.ones(3))
    return network, Ties(KNOWN, given, network, parties)


@pytest.mark.parametrize("source", list(Source))
def test_each_source_brings_its_own_contact_and_investment(source):
    network, ties = made(contact=0.5, **{source: {"gp_practice->acute_trust": 0.5}})
    invested, closer = ties.today(MAY)
    assert invested[2, 0] == pytest.approx(0.5 * KNOWN.value(f"tie_investment_{source}"))
    assert closer[2, 0] == pytest.approx(0.5 * KNOWN.value(f"tie_contact_{source}"))
    assert invested.sum() == invested[2, 0]
    network.closer = closer
    assert network.contact_of("Surgery", "Royal") == pytest.approx(0.5 + 0.5 * closer[2, 0])
    assert network.contact_of("Royal", "Surgery") == 0.5


def test_one_building_and_records_are_not_the_same():
    found = [made(**{source: 1.0})[1].today(MAY) for source in Source]
    assert len({(float(i[0, 1]), float(c[0, 1])) for i, c in found}) == len(Source)


def test_sources_add_up_but_never_beyond_all_there_is():
    _, ties = made(joint_posts=1.0, co_location=1.0, shared_records=1.0)
    invested, closer = ties.today(MAY)
    assert invested.max() == 1
    apart = [1 - KNOWN.value(f"tie_contact_{source}") for source in Source]
    assert closer[0, 1] == pytest.approx(1 - np.prod(apart))


def test_building_lasts_from_its_first_day_to_its_last_between_whom_it_names():
    between = {"level": 0.8, "how": "co_location", "kinds": ["acute_trust", "gp_practice"]}
    _, ties = made(building=[{**between, "start": "2015-05-01", "end": "2015-05-31"}])
    for day, there in ((date(2015, 4, 30), 0), (MAY, 0.8), (date(2015, 5, 31), 0.8), (date(2015, 6, 1), 0)):
        level = ties.level(Source.CO_LOCATION, day)
        assert level[0, 2] == level[2, 0] == there
        assert not level[1].any()
        assert not ties.level(Source.JOINT_POSTS, day).any()


def test_rates_of_learning_go_by_pair():
    _, ties = made(
        learning={"default": 1.0, "commissioner->acute_trust": 0.0, "gp_practice->commissioner": 3.0}
    )
    assert ties.rate.tolist() == [[0, 1, 1], [0, 0, 1], [1, 3, 0]]


def test_a_network_may_have_any_shape():
    """A star: all know the commissioner, and nobody else one another."""
    star = {"default": 0.0, "acute_trust->commissioner": 1.0, "gp_practice->commissioner": 1.0}
    network, _ = made(contact=star)
    assert network.contact.tolist() == [[0, 1, 0], [0, 0, 0], [0, 1, 0]]
