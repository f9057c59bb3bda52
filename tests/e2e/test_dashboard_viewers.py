"""Many viewers of one dashboard: each their own model, gone with their tab; nothing beyond the folder."""

import http.client
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.e2e
PLACE = "?place=isle-of-wight&sample=0.01&years=0.2&seed=3"
SECRET = "what no visitor may read"
PATIENCE = 180  # a loaded machine closes tabs late
Ask = Callable[..., tuple[int, str]]


@pytest.fixture
def ask(server: str) -> Ask:
    """A request as a stranger would write it, nothing tidied up: status and body."""
    address = urlsplit(server)

    def asked(path: str, way: str = "GET", sent: str = "", **headers: str) -> tuple[int, str]:
        line = http.client.HTTPConnection(address.hostname or "", address.port or 0, timeout=PATIENCE)
        line.putrequest(way, path, skip_host="host" in headers)
        if sent:
            headers["content_length"] = str(len(sent))
        for name, value in headers.items():
            line.putheader(name.replace("_", "-"), value)
        line.endheaders(sent.encode() or None)
        answer = line.getresponse()
        body = answer.read().decode(errors="replace")
        line.close()
        return answer.status, body

    return asked


def models(process: subprocess.Popen[bytes]) -> int:
    """How many processes the server has in which models live."""
    told = subprocess.run(
        ["ps", "-ww", "-o", "args=", "--ppid", str(process.pid)], capture_output=True, text=True, check=False
    )
    return told.stdout.count("spawn_main(")


def until(what: Callable[[], bool], said: str) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, said
        time.sleep(0.1)


def test_each_viewer_has_a_model_that_goes_with_the_tab(
    browser: Any, server: str, process: subprocess.Popen[bytes]
) -> None:
    until(lambda: models(process) == 0, "models of tabs that earlier tests closed live on")
    rooms = [browser.new_context() for _ in range(2)]
    pages = []
    for room in rooms:
        page = room.new_page()
        page.set_default_timeout(PATIENCE * 1000)  # the first model compiles
        page.goto(f"{server}/{PLACE}")
        pages.append(page)
    for page in pages:
        page.wait_for_selector("[data-test=network]")
    assert models(process) == 2
    pages[0].click("[data-test=month]")
    pages[0].wait_for_function("document.querySelector('[data-test=date]').textContent == '1 May 2015'")
    assert pages[1].inner_text("[data-test=date]") == "1 April 2015"
    rooms[0].close()
    until(lambda: models(process) == 1, "the model of a closed tab lives on")
    pages[1].click("[data-test=day]")
    pages[1].wait_for_function("document.querySelector('[data-test=date]').textContent == '2 April 2015'")
    rooms[1].close()
    until(lambda: models(process) == 0, "the model of the last tab lives on")


def test_nothing_is_written_for_a_visitor(ask: Ask, page: Any, server: str, runs: Path) -> None:
    before = sorted(runs.parent.rglob("*"))
    for way in ("PUT", "POST", "DELETE", "PATCH"):
        for path in (
            "/",
            "/runs/x",
            "/../x",
            "/..%2fx",
            "/results",
            "/static/x",
            "/_solara/api/upload",
            "/log",
        ):
            assert ask(path, way, "name: x")[0] in (404, 405), (way, path)
    page.goto(server)
    page.wait_for_selector("[data-test=upload]")
    file = {"name": "../../x.yaml", "mimeType": "text/plain", "buffer": b"name: ../../x\nplace: atlantis"}
    page.set_input_files("[data-test=upload]", file)
    page.wait_for_selector("[data-test=refused]:has-text('atlantis')")
    large = {"name": "large.yaml", "mimeType": "text/plain", "buffer": b"#" * 300_000}
    page.set_input_files("[data-test=upload]", large)
    page.wait_for_selector("[data-test=refused]:has-text('larger than 200 kB')")
    binary = {"name": "x.yaml", "mimeType": "text/plain", "buffer": bytes(range(256))}
    page.set_input_files("[data-test=upload]", binary)
    page.wait_for_selector("[data-test=refused]:not(:has-text('larger than'))")
    assert "Traceback" not in page.inner_text("body")
    assert sorted(runs.parent.rglob("*")) == before


@pytest.mark.parametrize(
    "path",
    [
        "/../secret", "/static/../../secret", "/static/public/../../secret", "/static/assets/../../secret",
        "/static/..%2f..%2f..%2f..%2f..%2f..{secret}", "/static/public/..%2f..%2f..%2f..%2f..{secret}",
        "/_icsim/..%2f..{secret}", "/_icsim/plotly.min.js/../../..{secret}",
        "/_solara/cdn/..%2f..%2f..{secret}", "/jupyter/nbextensions/..%2f..%2f..{secret}",
        "/static//{secret}", "/{secret}", "/results?open=../secret", "/results?open={secret}",
        "/evidence?run=..%2Fsecret",
    ],
)  # fmt: skip
def test_no_address_reads_a_file_outside_the_folder(ask: Ask, runs: Path, path: str) -> None:
    secret = runs.parent / "secret"
    secret.write_text(SECRET, encoding="utf-8")
    status, body = ask(path.format(secret=secret))
    assert status in (200, 307, 404)  # Solara answers any unknown address with its page
    assert SECRET not in body
    assert ask("/_icsim/plotly.min.js")[0] == 200


def test_another_sites_page_and_name_are_refused(ask: Ask, server: str) -> None:
    mine = urlsplit(server).netloc
    assert ask("/", origin=server)[0] == 200
    for headers in ({"origin": "http://example.org"}, {"host": "example.org"}, {"origin": "null"}):
        assert ask("/results", **headers)[0] == 403
    kernel = "/jupyter/api/kernels/0b7e1d3e-0000-4000-8000-000000000000/channels?session_id=a"
    switch = {"connection": "Upgrade", "upgrade": "websocket", "sec_websocket_version": "13",
              "sec_websocket_key": "AAAAAAAAAAAAAAAAAAAAAA=="}  # fmt: skip
    assert ask(kernel, origin=f"http://evil.{mine}", **switch)[0] == 403


def test_only_this_machine_is_served(server: str) -> None:
    port = urlsplit(server).port or 0
    listening = [
        line.split()[1]
        for table in ("tcp", "tcp6")
        if (found := Path("/proc/net") / table).exists()
        for line in found.read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{port:04X}")
    ]
    if not listening:
        pytest.skip("this system does not tell who listens where")
    assert listening == [f"0100007F:{port:04X}"]
