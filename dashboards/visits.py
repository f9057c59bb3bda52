# pyright: reportPrivateImportUsage=false
"""Whose session is whose: one for each browser tab, gone when the tab is."""

from typing import Any

import solara
import solara.lab

from icsim.dashboards.session import Session

MOST = 100
"""Tabs that are served at once; each holds a page in the server's memory."""
_SESSIONS: dict[str, Session] = {}
_HERE: set[str] = set()


def admitted() -> bool:
    """Whether the tab that is being drawn has a seat; a closed tab gives its own away."""
    kernel = solara.get_kernel_id()
    if kernel not in _HERE and len(_HERE) >= MOST:
        return False
    _HERE.add(kernel)
    return True


def mine() -> Session:
    """The session of the tab that is being drawn; made when first asked for."""
    kernel = solara.get_kernel_id()
    if kernel not in _SESSIONS:
        _SESSIONS[kernel] = Session()
    return _SESSIONS[kernel]


def _visit() -> Any:
    kernel = solara.get_kernel_id()

    def leave() -> None:
        _HERE.discard(kernel)
        session = _SESSIONS.pop(kernel, None)
        if session is not None:
            session.close()

    return leave


solara.lab.on_kernel_start(_visit)
