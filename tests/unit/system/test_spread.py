"""How services spread between practices: alone it stalls, trusted peers carry it, edict adds little."""

import numpy as np
import pytest

from icsim import evidence
from icsim.system.spread import SpreadRules, chances, going_round, peers

pytestmark = pytest.mark.unit
N, YEARS = 40, 5
RULES = evidence.load().filled(SpreadRules, "spread")


def meeting(trust=0.5):
    ties = np.ones((N, N)) - np.eye(N)
    return ties * trust, ties * 0.5


def taken_up(years=YEARS, trust=0.5, start=0, rules=RULES, slack=1.0, fit=1.0, **how):
    """The share of practices that have taken a service up, by expectation month by month."""
    trusts, contact = meeting(trust)
    has = np.zeros(N)
    has[:start] = 1.0
    for _ in range(12 * years):
        seen = peers(has, trusts, contact)
        has = has + (1 - has) * chances(rules, seen=seen, slack=np.full(N, slack), fit=fit, **how)
    return float(has.mean())


def test_passive_diffusion_stalls_and_trusted_peers_spread():
    alone = taken_up(imitation=0.0)
    assert alone < 0.25
    assert taken_up() > 2 * alone


def test_without_trust_in_peers_nothing_is_won_by_meeting_them():
    assert taken_up(trust=0.0, start=4) == pytest.approx(taken_up(imitation=0.0, start=4))


def test_more_trust_spreads_faster():
    assert taken_up(trust=0.8) > taken_up(trust=0.4) > taken_up(trust=0.1)


def test_edict_alone_does_less_than_a_programme_that_goes_round():
    ordered = taken_up(years=3, imitation=0.0, edict=1.0)
    visited = taken_up(years=3, imitation=0.0, dissemination=1.0)
    assert ordered < 0.4 < visited


def test_the_pressed_and_the_badly_served_are_slower():
    assert taken_up(slack=0.3) < taken_up()
    assert taken_up(fit=0.3) < taken_up()
    assert taken_up(slack=0.0) == 0


def test_a_community_of_practice_speeds_it():
    assert taken_up(community=1.0) > taken_up()


def test_a_chance_never_passes_one_and_who_meets_nobody_sees_nothing():
    many = chances(RULES, seen=np.ones(N), slack=np.ones(N), fit=1.0, imitation=100, dissemination=100)
    assert ((many > 0) & (many < 1 + 1e-12)).all()
    assert (peers(np.ones(3), np.ones((3, 3)), np.zeros((3, 3))) == 0).all()


def test_a_programme_spends_as_much_on_going_round_wherever_it_goes():
    own, without = np.full(N, 0.4), np.ones(N, dtype=bool)
    for places in (1, 4, N, 2 * N):
        assert going_round(own, without, own, places).sum() == pytest.approx(N)
    assert (going_round(own, without, own, 4) > 0).sum() == 4
    assert (going_round(own, ~without, own, 4) == 0).all()
    assert (going_round(own * 0, without, own * 0, 4) == 0).all()


def test_going_to_the_willing_wins_more_at_first_and_the_unwilling_hold_their_places():
    own = np.linspace(0.1, 0.7, N)

    def won(wish, months):
        has = np.zeros(N)
        for _ in range(months):
            visits = going_round(wish, has < 0.5, own, 4)
            has = has + (1 - has) * chances(
                RULES, seen=has * 0, slack=np.ones(N), fit=1.0, dissemination=visits
            )
        return float(has.sum())

    assert won(own, 12) > 1.2 * won(np.arange(N) % 7, 12) > 1.2 * won(-own, 12)
