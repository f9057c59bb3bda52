"""What strangers may ask of a dashboard: nothing beyond its folder, and only from this machine."""

import http.client
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.e2e
SECRET = "what no visitor may read"
PATIENCE = 60
Ask = Callable[..., tuple[int, str]]


@pytest.fixture
def ask(server: str) -> Ask:
    """A request as a stranger would write it, nothing tidied up: status and body."""
    address = urlsplit(server)

    def asked(path: str, **headers: str) -> tuple[int, str]:
        line = http.client.HTTPConnection(address.hostname or "", address.port or 0, timeout=PATIENCE)
        line.putrequest("GET", path, skip_host="host" in headers)
        for name, value in headers.items():
            line.putheader(name.replace("_", "-"), value)
        line.endheaders()
        answer = line.getresponse()
        body = answer.read().decode(errors="replace")
        line.close()
        return answer.status, body

    return asked


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
