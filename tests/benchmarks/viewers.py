"""How the dashboard serves many viewers: some at play, the others idle, all on this machine.

    python tests/benchmarks/viewers.py --idle 30 --active 5 --seconds 60

Starts ``icsim dashboard`` on a free port, opens viewers as browsers do (over Solara's websocket, drawing
nothing), lets the idle ones open a place and stand, lets the active ones play, and times what a visitor
waits for: the first page, a press of Pause, a newcomer's page. Stops by itself.
"""

import argparse
import asyncio
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import websockets

PATIENCE = 300.0
HOW: dict[str, Any] = {
    "max_size": None,
    "open_timeout": PATIENCE,
    "ping_timeout": PATIENCE,
    "additional_headers": {"Cookie": f"solara-session-id={uuid.uuid4()}"},
}
PLACE = "/?place={place}&sample={sample}&years=10&seed={seed}"


class Viewer:
    """A tab: what its widgets hold, and how long it waits for them."""

    def __init__(self, address: str, path: str) -> None:
        self.address, self.path = address, path
        self.widgets: dict[str, dict[str, Any]] = {}
        self.news = asyncio.Event()
        self.done = False

    async def open(self) -> float:
        """Seconds from asking until the page is there."""
        begin = time.perf_counter()
        socket = self.address.replace("http", "ws", 1)
        url = f"{socket}/jupyter/api/kernels/{uuid.uuid4()}/channels?session_id=a"
        self.socket = await websockets.connect(url, **HOW)
        self.control = uuid.uuid4().hex
        self.reading = asyncio.create_task(self.read())
        await self.send("comm_open", self.control, {}, target_name="solara.control", target_module=None)
        await self.send("comm_msg", self.control, {"method": "run", "args": {"path": self.path}})
        await self.until(lambda: self.done)
        return time.perf_counter() - begin

    async def send(self, kind: str, comm: str, data: dict[str, Any], **more: Any) -> None:
        """A message as Jupyter's clients write it."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": "a",
            "username": "",
            "version": "5.2",
        }
        content = {"comm_id": comm, "data": data, **more}
        message = {"header": {**header, "date": "2026-01-01T00:00:00Z"}, "parent_header": {}, "metadata": {},
                   "content": content, "channel": "shell", "buffers": []}  # fmt: skip
        await self.socket.send(json.dumps(message))

    async def read(self) -> None:
        """Keep what the server says of its widgets."""
        async for raw in self.socket:
            if isinstance(raw, bytes):
                continue
            message = json.loads(raw)
            content = message.get("content", {})
            data, comm = content.get("data", {}), content.get("comm_id")
            kind = message.get("header", {}).get("msg_type") or message.get("msg_type")
            if kind == "comm_open":
                self.widgets[comm] = dict(data.get("state", {}))
            elif kind == "comm_close":
                self.widgets.pop(comm, None)
            elif kind == "comm_msg" and comm == self.control:
                self.done = self.done or data.get("method") == "finished"
            elif kind == "comm_msg" and data.get("method") == "update":
                self.widgets.setdefault(comm, {}).update(data["state"])
            self.news.set()

    async def until(self, what: Callable[[], Any]) -> None:
        """Wait for something to be so."""
        end = time.perf_counter() + PATIENCE
        while not what():
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), end - time.perf_counter())

    def bar(self) -> tuple[str, dict[str, Any]]:
        """The widget with the date and the buttons."""
        return next(((c, w) for c, w in self.widgets.items() if {"now", "busy", "error"} <= set(w)), ("", {}))

    def now(self, key: str) -> Any:
        """What the page shows of the model's state."""
        return (self.bar()[1].get("now") or {}).get(key)

    async def order(self, *order: Any) -> None:
        """Press a button."""
        event = {"method": "custom", "content": {"event": "order", "data": list(order)}}
        await self.send("comm_msg", self.bar()[0], event)

    async def close(self) -> None:
        """Close the tab."""
        self.reading.cancel()
        await self.socket.close()


async def watch(address: str, asked: argparse.Namespace, server: int) -> dict[str, Any]:
    """Seconds waited, by what for, and megabytes held."""
    waited: dict[str, list[float]] = {"a first page": [], "a place, opened": [], "a page over HTTP": []}
    viewers = []
    for k in range(asked.idle + asked.active):
        place = PLACE.format(place=asked.place, sample=asked.sample, seed=k + 1)
        opens = k >= asked.idle - asked.opened
        viewer = Viewer(address, place if opens else "/")
        waited["a first page"].append(await viewer.open())
        viewers.append(viewer)
        if not opens:
            continue
        begin = time.perf_counter()
        await viewer.until(lambda viewer=viewer: viewer.now("date"))
        waited["a place, opened"].append(time.perf_counter() - begin)
    active = viewers[asked.idle :]
    for viewer in active:
        await viewer.order("play", asked.speed)
        await viewer.until(lambda viewer=viewer: viewer.now("playing"))
    end = time.perf_counter() + asked.seconds
    waited |= {"Pause, at play": [], "a newcomer's page": []}
    lived = {id(viewer): viewer.now("date") for viewer in active}
    held = [memory(server)]
    while time.perf_counter() < end:
        for viewer in active:
            if viewer.now("done"):
                await viewer.order("restart")
                await viewer.until(lambda viewer=viewer: not viewer.now("done"))
                await viewer.order("play", asked.speed)
                continue
            begin = time.perf_counter()
            await viewer.order("pause")
            await viewer.until(lambda viewer=viewer: viewer.now("playing") is False)
            waited["Pause, at play"].append(time.perf_counter() - begin)
            await viewer.order("play", asked.speed)
        newcomer = Viewer(address, "/results")
        waited["a newcomer's page"].append(await newcomer.open())
        await newcomer.close()
        begin = time.perf_counter()
        await asyncio.to_thread(lambda: urllib.request.urlopen(address, timeout=PATIENCE).read())
        waited["a page over HTTP"].append(time.perf_counter() - begin)
        held.append(memory(server))
    moved = sum(lived[id(viewer)] != viewer.now("date") for viewer in active)
    for viewer in viewers:
        await viewer.close()
    return {"waited": waited, "server": [h[0] for h in held], "models": [h[1] for h in held],
            "many": [h[2] for h in held], "moved": moved}  # fmt: skip


def memory(server: int) -> tuple[float, float, int]:
    """Megabytes of the server and of its models together, and how many models there are."""
    told = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,ppid=,rss=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 3) for line in told.stdout.splitlines()]
    mine = next(float(rss) for pid, _, rss, _ in rows if int(pid) == server)
    models = [float(rss) for _, parent, rss, args in rows if int(parent) == server and "spawn_main" in args]
    return mine / 1024, sum(models) / 1024, len(models)


def main() -> None:
    """Start a server, watch it, say what was found, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idle", type=int, default=30)
    parser.add_argument("--opened", type=int, default=30, help="of the idle, how many have opened a place")
    parser.add_argument("--active", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--speed", type=float, default=30.4, help="days a second; 0: as fast as can be")
    parser.add_argument("--place", default="isle-of-wight")
    parser.add_argument("--sample", type=float, default=0.2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = [sys.executable, "-m", "icsim.cli", "dashboard", "--port", "0", "--no-browser"]
        command += ["--runs", folder]
        with log.open("w") as written:
            server = subprocess.Popen(command, stderr=written, stdin=subprocess.DEVNULL)
        try:
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text())):
                if server.poll() is not None:
                    raise SystemExit(f"the dashboard did not start: {log.read_text()}")
                time.sleep(0.1)
            said = asyncio.run(watch(found[0], asked, server.pid))
        finally:
            server.terminate()
            server.wait(PATIENCE)
    stand = f"{asked.idle} idle ({min(asked.opened, asked.idle)} with a place)"
    print(
        f"{stand} and {asked.active} active viewers of {asked.sample:g} of {asked.place}, {asked.seconds:g} s"
    )
    print(f"  {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for what, seconds in said["waited"].items():
        if seconds:
            middle = statistics.median(seconds)
            print(f"  {what}: median {middle:.2f} s, longest {max(seconds):.2f} s ({len(seconds)} times)")
    most, many = max(said["server"]), max(said["many"])
    print(f"  memory: server {most:,.0f} MB, {many} models {max(said['models']):,.0f} MB")
    print(f"  models that moved: {said['moved']} of {asked.active}")


if __name__ == "__main__":
    main()
