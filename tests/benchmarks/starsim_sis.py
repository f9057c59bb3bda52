"""Births, deaths, one need and an endemic infection on a random network in Starsim; prints a line of JSON."""

import argparse
import json
import time

import starsim as ss  # pyright: ignore[reportMissingImports]

DAYS_A_YEAR = 365
BIRTHS_A_YEAR_PER_1000 = 12
DEATHS_A_YEAR_PER_1000 = 10
NEEDS_A_YEAR = 2.0


class Need(ss.Module):
    """Counts needs, which arise in anybody with the same chance every day."""

    def __init__(self) -> None:
        super().__init__()
        self.define_pars(arises=ss.bernoulli(p=NEEDS_A_YEAR / DAYS_A_YEAR))
        self.define_states(ss.FloatArr("count", default=0.0))

    def step(self) -> None:
        """One day."""
        who = self.pars.arises.filter()
        self.count[who] = self.count[who] + 1


def simulation(people: int, days: int) -> ss.Sim:
    """A place whose infection settles at about a third of the people instead of dying out."""
    return ss.Sim(
        n_agents=people,
        start="2015-04-01",
        dur=ss.days(days),
        dt=ss.days(1),
        demographics=[
            ss.Births(birth_rate=ss.peryear(BIRTHS_A_YEAR_PER_1000)),
            ss.Deaths(death_rate=ss.peryear(DEATHS_A_YEAR_PER_1000)),
        ],
        modules=[Need()],
        diseases=ss.SIS(
            beta=ss.perday(0.02),
            init_prev=0.05,
            dur_inf=ss.lognorm_ex(mean=ss.days(30)),
            waning=ss.perday(0.02),
        ),
        networks=ss.RandomNet(n_contacts=4),
        rand_seed=1,
        verbose=0,
    )


def main() -> None:
    """Run and print people, days, agent-days, share infected at the end, and seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", type=int)
    parser.add_argument("days", type=int)
    given = parser.parse_args()
    simulation(min(given.people, 1000), 5).run()  # whatever Starsim compiles is not what is measured
    begin = time.perf_counter()
    sim = simulation(given.people, given.days)
    sim.init()
    built = time.perf_counter()
    sim.run()
    done = time.perf_counter()
    alive = sim.results.n_alive
    report = {
        "version": ss.__version__,
        "people": given.people,
        "days": len(alive),
        "agent_days": int(alive.sum()),
    }
    report["infected"] = float(sim.results.sis.prevalence[-1])
    print(json.dumps(report | {"build_s": built - begin, "days_s": done - built}))


if __name__ == "__main__":
    main()
