"""A plain page of Mesa's for ICSModel: ``solara run docs/examples/mesa_page.py``.

Mesa's own controls (play, step, reset, sliders for parameters), and two charts of what the recorder holds.
Any key of an experiment can be a parameter, by its dotted name. Each visitor has a model of their own.
"""

import plotly.graph_objects as go
import solara
from mesa.visualization import SolaraViz
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
    "population.sample": 0.02,
    "years": 1,
    "programme": "none",
}


def days_of(model: ICSModel, kind: str, measure: str, title: str) -> go.Figure:
    """What the organisations of a kind recorded, day by day."""
    recorder = model.recorder
    column = recorder.column(kind, measure)
    figure = go.Figure()
    for k, row in enumerate(recorder.rows(kind)):
        figure.add_scatter(
            x=recorder.dates[: model.day], y=recorder.block(kind)[: model.day, k, column], name=row.name
        )
    legend = {"orientation": "h", "y": -0.2}
    return figure.update_layout(template="plotly_white", height=320, title=title, legend=legend)


@solara.component
def Beds(model: ICSModel) -> None:
    """Beds in use each night."""
    update_counter.get()  # draws again after every step
    solara.FigurePlotly(days_of(model, "acute_trust", "beds_occupied", "Beds occupied"))


@solara.component
def HomeCare(model: ICSModel) -> None:
    """People with home care, under the date and the number of people."""
    update_counter.get()
    with solara.Column():
        solara.Markdown(f"**{model.date:%d %B %Y}**, {len(model.patients):,} people")
        solara.FigurePlotly(days_of(model, "local_authority", "home_care_in_use", "People with home care"))


@solara.component
def Page() -> None:
    """Built inside a component: a module's own model would be shared by all visitors."""
    fixed = {key: value["value"] if isinstance(value, dict) else value for key, value in PARAMETERS.items()}
    model = solara.use_memo(lambda: ICSModel(**fixed), [])
    SolaraViz(model, components=[Beds, HomeCare], model_params=PARAMETERS, name="icsim, Mesa's way")
