"""The server of the dashboard: Solara's, on this machine alone unless told otherwise."""

import os
import secrets
import socket
import sys
import threading
import warnings
import webbrowser
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HOST = "127.0.0.1"
SETTINGS = {
    "SOLARA_APP": "icsim.dashboards.app",
    "SOLARA_MODE": "production",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_THEME_LOADER": "plain",
    "SOLARA_THEME_TITLE": "icsim",
    "SOLARA_SESSION_HTTP_ONLY": "True",
    "SOLARA_SESSION_SAME_SITE": "strict",
}
"""Of Solara: nobody is told who looks."""
GONE_AFTER = "60s"
"""After which a tab whose connection broke is forgotten; one that is closed says so itself."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PLAIN = [(b"content-type", b"text/plain; charset=utf-8")]
PLOTLY = "/_icsim/plotly.min.js"
ZOOMABLE = b'content="width=device-width, initial-scale=1"'
NOT_ZOOMABLE = b'content="width=device-width, initial-scale=1, maximum-scale=1, user-scalable=no, minimal-ui"'


class CannotServe(Exception):  # noqa: N818 - says what is wrong
    """The dashboard cannot be served: what is missing, or whose port it is."""


def serve(
    port: int = 8765,
    *,
    host: str = HOST,
    browser: bool = True,
    runs: Path = Path("runs"),
    models: int = 6,
    people: int = 3_000_000,
) -> None:
    """Serve the dashboard until it is stopped.

    Args:
        port: 0 takes any that is free.
        host: 127.0.0.1, this machine alone; 0.0.0.0 lets others on the network in.
        browser: open a browser.
        runs: the folder whose runs and comparisons can be opened; nothing outside it is read.
        models: sessions whose models live at once.
        people: residents of all models that live at once, each with a twin.

    Raises:
        CannotServe: a missing extra, or a port that is taken.
    """
    for needed in ("solara", "uvicorn", "plotly", "anywidget"):
        if find_spec(needed) is None:
            raise CannotServe(f"{needed} is missing: pip install 'icsim[dashboard]'")
    # Solara tells of a cookie that it sets otherwise where there is no HTTPS; here that is as it should be.
    warnings.filterwarnings("ignore", message="Cookies with samesite")
    listening = _listen(host, port)
    os.environ.setdefault("SOLARA_KERNEL_CULL_TIMEOUT", GONE_AFTER)
    os.environ.update(SETTINGS)
    os.environ.setdefault("SOLARA_SESSION_SECRET_KEY", secrets.token_hex())
    os.environ["ICSIM_DASHBOARD_RUNS"] = str(runs.expanduser().resolve())
    os.environ["ICSIM_DASHBOARD_MODELS"], os.environ["ICSIM_DASHBOARD_PEOPLE"] = str(models), str(people)
    url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{listening.getsockname()[1]}"
    import uvicorn
    from solara.server.starlette import app  # reads its settings when it is imported

    config = uvicorn.Config(accessible(app, host), log_level="warning", ws_max_size=2_000_000, lifespan="on")
    print(f"icsim dashboard: {url}  (Ctrl+C stops it)", file=sys.stderr, flush=True)
    if browser:
        threading.Timer(1.0, webbrowser.open, [url]).start()
    uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()  # whoever calls before Solara is ready waits a moment
    except (OSError, OverflowError) as error:
        listening.close()
        said = getattr(error, "strerror", None) or error
        raise CannotServe(
            f"port {port} of {host} cannot be used: {said}; --port 0 takes a free one"
        ) from None
    return listening


def foreign(scope: Any, host: str) -> bool:
    """Whether another site's page is asking, which a browser on this machine would let it do.

    A page's own requests name its host as their origin; on this machine alone, no other name than its own is
    answered, whatever it resolves to.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    asked = headers.get(b"host", "")
    origin = headers.get(b"origin")
    if origin is not None and urlsplit(origin).netloc != asked:
        return True
    return host in LOOPBACK and urlsplit(f"//{asked}").hostname not in LOOPBACK


def _plotly() -> Callable[..., Any]:
    """What serves Plotly's own script from where it is installed: charts need no network."""
    import plotly
    from starlette.middleware.gzip import GZipMiddleware
    from starlette.responses import FileResponse

    script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    kept = {"cache-control": "public, max-age=86400"}

    async def answered(scope: Any, receive: Any, send: Any) -> None:
        await FileResponse(script, media_type="text/javascript", headers=kept)(scope, receive, send)

    return GZipMiddleware(answered)


def accessible(app: Any, host: str = HOST) -> Callable[..., Any]:
    """Solara's app with pages that can be zoomed and say their language, and the script of its charts.

    Pages of other sites are refused.
    """
    plotly = _plotly()

    async def answered(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket") and foreign(scope, host):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await send({"type": "http.response.start", "status": 403, "headers": PLAIN})
                await send(
                    {"type": "http.response.body", "body": b"Open the address that icsim dashboard prints."}
                )
            return
        if scope["type"] == "http" and scope["path"] == PLOTLY:
            await plotly(scope, receive, send)
            return
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        start: dict[str, Any] = {}
        page: list[bytes] = []

        async def changed(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = dict(message["headers"])
                if headers.get(b"content-type", b"").startswith(b"text/html"):
                    start.update(message)
                    return
            elif message["type"] == "http.response.body" and start:
                page.append(message.get("body", b""))
                if message.get("more_body"):
                    return
                body = b"".join(page)
                if b"content-encoding" not in dict(start["headers"]):
                    body = body.replace(NOT_ZOOMABLE, ZOOMABLE).replace(b"<html>", b'<html lang="en-GB">', 1)
                kept = [each for each in start["headers"] if each[0] != b"content-length"]
                await send({**start, "headers": [*kept, (b"content-length", str(len(body)).encode())]})
                start.clear()
                await send({"type": "http.response.body", "body": body})
                return
            await send(message)

        headers = [each for each in scope["headers"] if each[0] != b"accept-encoding"]
        html = scope["path"].rpartition(".")[2].count("/") or "." not in scope["path"]
        await app({**scope, "headers": headers} if html else scope, receive, changed)

    return answered
