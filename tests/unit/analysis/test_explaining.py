"""An explanation cannot claim what the data do not show."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsim.analysis.explaining import _difference, _patients, chain
from icsim.analysis.facts import Fact, Sentence, Tables, moved
from icsim.experiment import load

pytestmark = pytest.mark.unit
MONTHS = [pd.Timestamp(2015, 4, 1), pd.Timestamp(2015, 5, 1), pd.Timestamp(2015, 6, 1)]
EXPERIMENT = load(
    {
        "place": "salford",
        "programme": {
            "name": "Together",
            "services": [
                {"use": "social-prescribing"},
                {"use": "telehealth"},
                {"use": "health-coaching", "levers": {"need_acsc": 0.5}},
                {"use": "gps-in-ae"},
            ],
        },
    }
)


def service(name, month, state, coverage=0.0, fidelity=0.0, filled=0.0, wanted=4.0, cause=""):
    return {
        "replicate": 0, "month": month, "service": name, "site": "", "state": state, "cause": cause,
        "coverage": coverage, "fidelity": fidelity, "posts_filled": filled, "posts_wanted": wanted,
        "people_reached": 0.0, "taken_on": 0.0, "need_found": 0.0, "minds_seen": 0.0, "spent_gbp": 0.0,
    }  # fmt: skip


def tables(effort=(0.3, 0.35, 0.5), trust=(0.4, 0.42, 0.5), **more):
    decisions = pd.DataFrame(
        [
            {"replicate": 0, "month": month, "organisation": kind, "kind": kind, "effort": effort[k],
             "incentive": 0.1 * k, "pressure": 0.2, "autonomy_loss": 0.0, "trust_given": trust[k],
             "trust_received": trust[k], "maturity": 0.0}
            for kind in ("acute_trust", "gp_practice")
            for k, month in enumerate(MONTHS)
        ]
    )  # fmt: skip
    ties = pd.DataFrame(
        [
            {"replicate": 0, "month": month, "source": "a", "target": "b", "trust": trust[k], "contact": 0.5}
            for k, month in enumerate(MONTHS)
        ]
    )
    events = pd.DataFrame(
        [
            {
                "replicate": 0,
                "date": MONTHS[1],
                "organisation": "CCG",
                "event": "leader leaves",
                "cause": "turnover",
            }
        ]
    )
    services = [service("social-prescribing", month, "waiting", cause="trust too low") for month in MONTHS]
    services += [service("telehealth", month, "running", 0.4, 0.8, 4.0) for month in MONTHS]
    services += [service("health-coaching", month, "ramping", 0.1, 0.6, 1.0) for month in MONTHS]
    services += [service("gps-in-ae", MONTHS[0], "ramping", 0.2, 0.3)]
    services += [service("gps-in-ae", month, "dropped", cause="ways too far apart") for month in MONTHS[1:]]
    found = {
        "decisions": decisions,
        "relationships": ties,
        "events": events,
        "services": pd.DataFrame(services),
    }
    return Tables([], found | more)


def numbers(text):
    return re.findall(r"\d[\d,]*(?:\.\d+)?", re.sub(r"\d{4}-\d{2}-\d{2}|95%", "", text))


def told(found):
    return [sentence for part in chain(found, EXPERIMENT) for sentence in part.sentences]


def test_every_number_of_every_sentence_is_a_fact_of_the_tables():
    found = tables()
    assert len(told(found)) > 6
    for sentence in told(found):
        assert sentence.holds(found)
        held = " ".join(str(fact) for fact in sentence.facts)
        assert set(numbers(sentence.text)) <= set(numbers(held)), sentence.text


def test_a_sentence_no_longer_holds_when_the_tables_change():
    sentences = told(tables())
    other = tables(effort=(0.3, 0.3, 0.9))
    assert not all(sentence.holds(other) for sentence in sentences)


def test_what_did_not_move_is_not_said_to_have_moved():
    still = told(tables(effort=(0.4, 0.9, 0.4), trust=(0.4, 0.9, 0.4)))
    text = " ".join(sentence.text for sentence in still)
    assert "rose" not in text
    assert "fell" not in text
    assert "stayed" in text


def test_effort_that_fell_is_not_said_to_have_risen():
    (one,) = [
        s for s in told(tables(effort=(0.5, 0.4, 0.3))) if s.text.startswith("The effort of acute hospitals")
    ]
    assert "fell from 0.50 to 0.30" in one.text
    assert "nothing recorded moved that way" in one.text  # incentive and trust rose


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "Social prescribing and link workers",
            "never at work in 3 months. Lost at its needs: trust too low",
        ),
        ("Telehealth at home", "Lost in the evidence"),
        ("Health coaching and patient activation", "posts stood empty (3.0 post-months of 12.0)"),
        ("GPs in A&E", "given up (ways too far apart)"),
    ],
)
def test_it_says_where_in_its_logic_model_a_service_lost_its_effect(name, said):
    (one,) = [sentence for sentence in told(tables()) if sentence.text.startswith(name)]
    assert said in one.text


def test_a_service_that_reached_nobody_is_not_said_to_have_worked():
    services = tables()["services"]
    idle = services.assign(state="waiting", cause="no money")
    text = " ".join(s.text for s in told(tables(services=idle)))
    assert "reaching" not in text
    assert "arrived" not in text


def differences(amount, low, high):
    rows = {"experiment": ["with"], "outcome": ["emergency_admissions"], "financial_year": ["all"],
            "dimension": ["place"], "difference": [amount], "low": [low], "high": [high],
            "relative": [amount / 1000], "replicate": [0]}  # fmt: skip
    return Tables([], {"differences": pd.DataFrame(rows)})


@given(st.floats(-500, 500), st.floats(0, 500))
def test_no_difference_within_its_interval_of_nothing_is_claimed(amount, half):
    (one,) = _patients(differences(amount, amount - half, amount + half), "with", "without")
    beyond = amount - half > 0 or amount + half < 0
    assert ("beyond luck" in one.text) == beyond
    assert ("told from luck" in one.text) == (not beyond)
    if beyond:
        assert ("more than" in one.text) == (amount > 0)


def test_one_pair_of_runs_proves_nothing():
    nothing = float("nan")
    (one,) = _patients(differences(-50.0, nothing, nothing), "with", "without")
    assert "may be luck" in one.text


def test_a_change_smaller_than_counts_is_none():
    fact = Fact("t", "c", (), "mean", 0.40, ".2f")
    assert moved(fact, replace(fact, value=0.41), 0.02) == "stayed"
    assert moved(fact, replace(fact, value=0.45), 0.02) == "rose"
    assert moved(fact, replace(fact, value=float("nan")), 0.02) == "stayed"


def test_words_of_a_pattern_are_kept_and_facts_listed():
    fact = Fact("t", "c", (("a", (1,)),), "mean", 0.4, ".1f")
    one = Sentence.made("It is {it} {word}.", it=fact, word="now")
    assert (one.text, one.facts) == ("It is 0.4 now.", (fact,))
    assert "{low}" in _difference("x", fact, fact, fact, "y")
