"""A plain page of Mesa's for ICSModel: ``solara run docs/examples/mesa_page.py``.

Mesa's own controls (play, step, reset, sliders for parameters), and its charts of what the model's data
collector holds.
Any key of an experiment can be a parameter, by its dotted name. Each visitor has a model of their own.
"""

import solara
from mesa.visualization import SolaraViz, make_plot_component
from mesa.visualization.utils import update_counter

from icsim import ICSModel

PARAMETERS = {
    "experiment": {
        "type": "Select",
        "value": "isle-of-wight",
        "values": ["isle-of-wight", "salford", "harrogate"],
        "label": "Place",
    },
    "relationships.initial_trust": {
        "type": "SliderFloat",
        "value": 0.4,
        "min": 0.0,
        "max": 1.0,
        "step": 0.1,
        "label": "Trust at the start",
    },
    "seed": {"type": "SliderInt", "value": 1, "min": 1, "max": 100, "step": 1, "label": "Seed"},
    "population.sample": 0.05,
    "years": 1,
    "programme": "none",
}


@solara.component
def Today(model: ICSModel) -> None:
    """The day about to be lived, and the people who live it."""
    update_counter.get()  # draws again after every step
    solara.Text(f"{model.date:%d %B %Y}: {len(model.patients):,} people")


@solara.component
def Page() -> None:
    """Built inside a component: a module's own model would be shared by all visitors."""
    fixed = {key: value["value"] if isinstance(value, dict) else value for key, value in PARAMETERS.items()}
    model = solara.use_memo(lambda: ICSModel(**fixed), [])
    charts = [make_plot_component("beds_occupied"), make_plot_component("delayed_transfers")]
    SolaraViz(model, components=[*charts, Today], model_params=PARAMETERS, name="icsim, Mesa's way")
