from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from icsim.recording.recorder import Recorder
from icsim.recording.run import Run
from icsim.recording.store import ResultError

pytestmark = pytest.mark.integration
MakeRecorder = Callable[..., Recorder]
WriteRun = Callable[..., Run]


def test_eight_charts_of_whole_months(tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun):
    figure: Any = write_run(tmp_path / "run", make_recorder(days=366 + 10)).plot()
    lines = {trace.name: trace for trace in figure.data}
    assert len(lines) == len(figure.data) == 8
    assert "Salford: 1 April 2015 to 10 April 2016, seed 1" in figure.layout.title.text
    attendances = lines["A&E attendances"]
    assert len(attendances.x) == 12, "ten days of April would look like a collapse"
    assert set(attendances.y) == {12.0}, "a day, whatever the length of the month"
    assert set(lines["Bed occupancy, own hospitals"].y) == {90.0}
    assert set(lines["A&E within four hours"].y) == {75.0}
    ranges = {trace.name: figure.layout[trace.yaxis.replace("y", "yaxis")].range for trace in figure.data}
    assert ranges["A&E attendances"][0] == 0, "counts start at nothing"
    assert ranges["A&E within four hours"] == (69.5, 100.5)


def test_replicates_have_a_band_around_their_mean(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun
):
    run = write_run(tmp_path / "run", *(make_recorder(days=61, seed=seed) for seed in range(4)))
    traces: Any = run.plot("ae_attendances").data
    high, low, mean = traces
    assert low.fill == "tonexty"
    assert np.all(np.asarray(low.y) <= np.asarray(mean.y))
    assert np.all(np.asarray(mean.y) <= np.asarray(high.y))
    overview: Any = run.plot()
    assert "4 replicates" in overview.layout.title.text


def test_a_run_of_a_few_days_still_draws(tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun):
    figure: Any = write_run(tmp_path / "run", make_recorder(days=5)).plot("appointments")
    assert len(figure.data[0].x) == 1


def test_a_page_needs_no_network(tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun):
    write_run(tmp_path / "run", make_recorder(days=61)).plot().write_html(
        tmp_path / "p.html", include_plotlyjs=True
    )
    assert 'src="http' not in (tmp_path / "p.html").read_text(encoding="utf-8")


def test_a_measure_may_be_recorded_by_several_kinds(
    tmp_path: Path, make_recorder: MakeRecorder, write_run: WriteRun
):
    run = write_run(tmp_path / "run", make_recorder(days=61))
    with pytest.raises(ResultError, match="ae_attendances"):
        run.plot("ae_atendances")
    figure: Any = run.plot("beds_occupied")
    titles = [note.text for note in figure.layout.annotations]
    assert any("Acute hospital" in title for title in titles)
