"""Births, deaths and one need in plain Mesa, as its tutorial would write them; prints one line of JSON."""

import argparse
import json
import time

import mesa

DAYS_A_YEAR = 365
BIRTHS_A_YEAR = 0.012
DEATHS_A_YEAR = 0.010
NEEDS_A_YEAR = 2.0


class Person(mesa.Agent):
    """Somebody who may die, need something or have a child today."""

    def __init__(self, model: mesa.Model) -> None:
        super().__init__(model)
        self.needs = 0

    def step(self) -> None:
        """One day."""
        draw = self.model.random.random
        if draw() < NEEDS_A_YEAR / DAYS_A_YEAR:
            self.needs += 1
        if draw() < BIRTHS_A_YEAR / DAYS_A_YEAR:
            Person(self.model)
        if draw() < DEATHS_A_YEAR / DAYS_A_YEAR:
            self.remove()


class Place(mesa.Model):
    """People and nothing else."""

    def __init__(self, people: int, seed: int) -> None:
        super().__init__(rng=seed)
        for _ in range(people):
            Person(self)

    def step(self) -> None:
        """One day; ``do`` is the quicker of Mesa's two ways of going round."""
        self.agents.do("step")


def main() -> None:
    """Run and print people, days, agent-days, and seconds for building and for the days."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", type=int)
    parser.add_argument("days", type=int)
    given = parser.parse_args()
    begin = time.perf_counter()
    place = Place(given.people, seed=1)
    built = time.perf_counter()
    agent_days = 0
    for _ in range(given.days):
        agent_days += len(place.agents)
        place.step()
    done = time.perf_counter()
    report = {
        "version": mesa.__version__,
        "people": given.people,
        "days": given.days,
        "agent_days": agent_days,
    }
    print(json.dumps(report | {"build_s": built - begin, "days_s": done - built}))


if __name__ == "__main__":
    main()
