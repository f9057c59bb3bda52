"""A results folder: complete or absent.

Everything is written into a hidden sibling (``.icsim-*.partial``) and renamed when it is whole. The hidden
folder is held under a file lock, so that the next writer can tell what a dead process left and sweep it away.
"""

import errno
import json
import os
import re
import shutil
import signal
import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from icsim.recording.manifest import FORMAT, FORMAT_VERSION, plain
from icsim.recording.recorder import Recorder
from icsim.recording.tables import TABLES

if TYPE_CHECKING:
    import pyarrow.parquet as pq

PARTIAL = ".icsim-*.partial"
REPLACED = ".icsim-*.replaced.*"
MANIFEST = "manifest.json"
ABANDONED_SECONDS = 7 * 24 * 3600  # where folders cannot be locked, only age tells that nobody writes there


class ResultError(Exception):
    """A results folder that cannot be written or read; the message is for the user."""


def folder_name(name: str, seed: int) -> str:
    """A readable folder name: ``salford-seed1``."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "run"
    return f"{slug}-seed{seed}"


def _lock(folder: Path) -> int | None:
    """Lock a folder for this process; the descriptor to close later, or None where locks do not exist.

    Raises:
        BlockingIOError: another process holds it.
    """
    try:
        import fcntl
    except ImportError:
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:  # a file system without locks
        os.close(descriptor)
        return None
    return descriptor


def sweep(parent: Path) -> None:
    """Remove what dead writers left in a folder, and put back a result whose replacement never came."""
    for folder in parent.glob(PARTIAL):
        with suppress(OSError):  # held by a living process, or just swept by another
            descriptor = _lock(folder)
            if descriptor is not None or time.time() - folder.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
            if descriptor is not None:
                os.close(descriptor)
    for folder in parent.glob(REPLACED):
        with suppress(OSError):
            final = parent / folder.name.split(".replaced.", 1)[1]
            if final.exists():
                shutil.rmtree(folder, ignore_errors=True)
            else:
                folder.rename(final)


def _is_taken(path: Path) -> bool:
    """Whether anything but an empty folder is there."""
    return path.is_symlink() or path.is_file() or (path.is_dir() and any(path.iterdir()))


class RunWriter:
    """Writes one results folder; use it as a context manager around the run.

    ``with RunWriter(out) as writer: writer.add(recorder); writer.complete(manifest)``. Leaving the
    block without ``complete`` removes every trace, also on Ctrl-C and SIGTERM; after SIGKILL the hidden
    remains are swept by the next writer in the same folder.

    Args:
        out: the folder to make; None chooses ``root/<name>-seed<seed>``, with -2, -3, ... when taken.
        name: what the run is of.
        seed: seed of the first replicate.
        root: where folders are made when ``out`` is None.
        overwrite: replace an earlier *run* at ``out``; anything else there is never touched.
        tables: which tables to record, names of ``TABLES``.

    Raises:
        ResultError: ``out`` is taken, or a table is unknown; at once, before anything is computed.
    """

    def __init__(
        self,
        out: str | Path | None = None,
        *,
        name: str = "run",
        seed: int = 1,
        root: str | Path = "runs",
        overwrite: bool = False,
        tables: Iterable[str] = tuple(TABLES),
    ) -> None:
        self.name = name
        self.tables = tuple(tables)
        for table in self.tables:
            if table not in TABLES:
                raise ResultError(f"cannot record {table!r}: expected some of {', '.join(TABLES)}")
        self._out = Path(out).expanduser().absolute() if out is not None else None
        self._parent = self._out.parent if self._out else Path(root).expanduser().absolute()
        self._folder_name = folder_name(name, seed)
        self._overwrite = overwrite
        self._partial: Path | None = None
        self._lock: int | None = None
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._rows: dict[str, int] = {}
        self._recorded: dict[str, Any] = {}
        self._made: list[Path] = []
        self._handlers: dict[int, Any] = {}
        if self._out is not None:
            self._refuse_taken(self._out)
        self._refuse_closed()

    def _refuse_closed(self) -> None:
        """See at once whether a folder can be made, not when the work is done."""
        there = next(folder for folder in (self._parent, *self._parent.parents) if os.path.lexists(folder))
        if not there.is_dir():
            raise ResultError(f"cannot write results in {self._parent}: {there} is not a folder")
        if not os.access(there, os.W_OK | os.X_OK):
            raise ResultError(f"cannot write results in {self._parent}: {there} may not be written to")

    def _refuse_taken(self, out: Path) -> None:
        if not _is_taken(out):
            return
        if not (out / MANIFEST).is_file():
            raise ResultError(f"{out} exists and is not a run of icsim: choose another folder with --out")
        if not self._overwrite:
            raise ResultError(
                f"{out} already holds a run: choose another folder with --out, or remove it first"
            )

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, getattr(signal, "SIGHUP", None)):
                if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                    self._handlers[number] = signal.signal(number, _leave)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abandon()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()

    def add(self, recorder: Recorder, replicate: int = 0) -> None:
        """Write one replicate's tables; its recorder may be dropped afterwards.

        Raises:
            ResultError: the disk refuses, or a replicate's table has other columns than the first one's.
        """
        import pyarrow as pa

        try:
            folder = self._open()
            for name in self.tables:
                for table in TABLES[name](recorder, replicate):
                    self._write(folder, name, table)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise ResultError(f"cannot write results in {self._parent}: {error}") from error
        self._recorded = {
            "start": recorder.start.isoformat(),
            "days": recorder.days_done,
            "organisations": [asdict(row) for row in recorder.organisations],
            "measures": {kind: [asdict(row) for row in table] for kind, table in recorder.measures.items()},
        }

    def _write(self, folder: Path, name: str, table: Any) -> None:
        import pyarrow.parquet as pq

        writer = self._writers.get(name)
        if writer is None:
            # No dictionary for floats: they seldom repeat enough to pay for it.
            texts = [column.name for column in table.schema if not _is_number(column.type)]
            writer = pq.ParquetWriter(
                folder / f"{name}.parquet",
                table.schema,
                compression="zstd",
                use_dictionary=cast("bool", texts),
            )
            self._writers[name] = writer
            self._rows[name] = 0
        writer.write_table(table.cast(writer.schema))
        self._rows[name] += len(table)

    def _open(self) -> Path:
        """The hidden folder, made and locked at first use."""
        if self._partial is not None:
            return self._partial
        missing = [self._parent, *self._parent.parents]
        self._made = [folder for folder in missing if not folder.exists()]
        self._parent.mkdir(parents=True, exist_ok=True)
        sweep(self._parent)
        while True:
            folder = self._parent / f".icsim-{uuid.uuid4().hex}.partial"
            folder.mkdir()
            # A sweeper may have come between making and locking; then the name is lost and another is taken.
            with suppress(BlockingIOError, FileNotFoundError):
                descriptor = _lock(folder)
                if folder.exists():
                    self._partial, self._lock = folder, descriptor
                    return folder
                if descriptor is not None:
                    os.close(descriptor)

    def complete(self, manifest: Mapping[str, Any]) -> Path:
        """Close the tables, write the manifest and give the folder its name; returns its path.

        Raises:
            ResultError: nothing was recorded, the disk refuses, or ``out`` was taken meanwhile.
        """
        if self._partial is None:
            raise ResultError("nothing was recorded")
        try:
            for writer in self._writers.values():
                writer.close()
            whole = {**manifest, **self._recorded, "tables": self._rows}
            text = json.dumps(whole, indent=1, default=plain, ensure_ascii=False)
            (self._partial / MANIFEST).write_text(text + "\n", encoding="utf-8")
            try:
                final = self._rename(self._partial)
            finally:
                sweep(self._parent)
        except OSError as error:
            raise ResultError(f"cannot write results in {self._parent}: {error}") from error
        self._partial = None
        self._made.clear()
        self.abandon()
        return final

    def _rename(self, partial: Path) -> Path:
        number = 1
        while True:
            suffix = "" if number == 1 else f"-{number}"
            final = self._out or self._parent / f"{self._folder_name}{suffix}"
            if self._out is None and _is_taken(final):
                number += 1
                continue
            if self._out is not None:
                self._refuse_taken(final)
                self._set_aside(final)
            try:
                if final.is_dir():
                    final.rmdir()  # empty: Windows renames onto nothing that exists
                partial.replace(final)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                    raise
                continue  # another process took the name a moment ago: look again
            return final

    def _set_aside(self, final: Path) -> None:
        """Move an earlier run away; ``sweep`` removes it, or puts it back should we die before the end."""
        if _is_taken(final):
            final.rename(self._parent / f".icsim-{uuid.uuid4().hex}.replaced.{final.name}")

    def abandon(self) -> None:
        """Remove whatever was written and not completed. Safe to call twice."""
        for writer in self._writers.values():
            with suppress(Exception):
                writer.close()
        self._writers.clear()
        if self._partial is not None:
            shutil.rmtree(self._partial, ignore_errors=True)
            self._partial = None
        for folder in self._made:
            with suppress(OSError):  # someone else has put something there
                folder.rmdir()
        self._made.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _leave(number: int, frame: object) -> None:
    """Turn a polite kill into an ordinary exit, so that context managers clean up."""
    raise SystemExit(128 + number)


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_timestamp(kind)


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a complete results folder, its tables checked for presence and length.

    Raises:
        ResultError: no such folder, not a run, written by a newer icsim, or damaged.
    """
    if not path.is_dir():
        runs = sorted(folder.parent.name for folder in path.absolute().parent.glob(f"[!.]*/{MANIFEST}"))
        hint = f"; runs beside it: {', '.join(runs[:8])}" if runs else ""
        what = "is a file, not a results folder" if path.exists() else "does not exist"
        raise ResultError(f"{path} {what}{hint}")
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ResultError(f"{path} is not a run of icsim: it has no {MANIFEST}") from None
    except (OSError, ValueError) as error:
        raise ResultError(f"{path / MANIFEST} cannot be read: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ResultError(f"{path} is not a run of icsim: {MANIFEST} is something else's")
    if not isinstance(manifest.get("tables"), dict) or manifest.get("format_version") != FORMAT_VERSION:
        newer = manifest.get("format_version")
        raise ResultError(
            f"{path} has format {newer}; this icsim reads {FORMAT_VERSION}: use the icsim that wrote it"
        )
    _check_tables(path, manifest["tables"])
    return manifest


def _check_tables(path: Path, tables: Mapping[str, int]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name, rows in tables.items():
        file = path / f"{name}.parquet"
        try:
            found = pq.read_metadata(file).num_rows
        except FileNotFoundError:
            raise ResultError(f"{path} is incomplete: {file.name} is missing") from None
        except (OSError, pa.ArrowInvalid) as error:
            raise ResultError(f"{file} is damaged: {error}") from None
        if found != rows:
            raise ResultError(f"{file} is damaged: {found} rows where the manifest says {rows}")
