"""A progress bar that knows when to keep quiet."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE_SECONDS = 1.0


@contextmanager
def progress(description: str, total: float | None = None) -> Iterator[Callable[..., None]]:
    """Show a bar on standard error while the block runs, from its second second on, if that is a terminal.

    Args:
        description: what is going on, such as ``Simulating``.
        total: steps to do; None shows a bar that only moves.

    Yields:
        ``advance(steps=1, description=None)``: call it as the work goes on; it does nothing when quiet.
    """
    if not sys.stderr.isatty():
        yield lambda steps=1, description=None: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%" if total else ""),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task(description, total=total)
    lock, over = threading.Lock(), threading.Event()

    def start() -> None:
        with lock:
            if not over.is_set():
                bar.start()

    timer = threading.Timer(PATIENCE_SECONDS, start)
    timer.daemon = True
    timer.start()

    def advance(steps: float = 1, description: str | None = None) -> None:
        bar.update(task, advance=steps, description=description)

    try:
        yield advance
    finally:
        timer.cancel()
        with lock:
            over.set()
            bar.stop()
