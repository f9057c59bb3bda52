"""A results folder: complete or absent.

Everything is written into a hidden sibling (``.icsim-*.partial``) and renamed when it is whole. The hidden
folder is held under a file lock, so that the next writer can tell what a dead process left and sweep it away,
or go on with it: a run that says what it is of (``identity``) leaves behind its finished replicates.
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

from icsim.recording.manifest import FORMAT, FORMAT_VERSION, digest, plain
from icsim.recording.recorder import Recorder
from icsim.recording.tables import TABLES

if TYPE_CHECKING:
    import pyarrow.parquet as pq

PARTIAL = ".icsim-*.partial"
REPLACED = ".icsim-*.replaced.*"
MANIFEST = "manifest.json"
UNFINISHED = "unfinished.json"
CHECKPOINTS = "checkpoints"
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


def _unfinished(folder: Path) -> dict[str, Any]:
    """What a hidden folder says of its run; {} when it cannot be gone on with."""
    try:
        found = json.loads((folder / UNFINISHED).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and "out" in found else {}


def sweep(parent: Path, out: str | None = None) -> None:
    """Remove what dead writers left in a folder, and put back a result whose replacement never came.

    Runs that can be gone on with stay for a week, but for one that was to become ``out``.
    """
    for folder in parent.glob(PARTIAL):
        with suppress(OSError):  # held by a living process, or just swept by another
            descriptor = _lock(folder)
            old = time.time() - folder.stat().st_mtime > ABANDONED_SECONDS
            wanted = _unfinished(folder).get("out", out) != out
            if old or (descriptor is not None and not wanted):
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


def set_aside(final: Path) -> None:
    """Move an earlier result away; ``sweep`` removes it, or puts it back should we die before the end."""
    if _is_taken(final):
        final.rename(final.parent / f".icsim-{uuid.uuid4().hex}.replaced.{final.name}")


class RunWriter:
    """Writes one results folder; use it as a context manager around the run.

    ``with RunWriter(out) as writer: writer.add(recorder); writer.complete(manifest)``. Leaving the
    block without ``complete`` removes every trace, also on Ctrl-C and SIGTERM, at the latest when the next
    replicate is written if other code has swallowed the signal; after SIGKILL the hidden remains are swept
    by the next writer in the same folder.

    Args:
        out: the folder to make; None chooses ``root/<name>-seed<seed>``, with -2, -3, ... when taken.
        name: what the run is of.
        seed: seed of the first replicate.
        root: where folders are made when ``out`` is None.
        overwrite: replace an earlier *run* at ``out``; anything else there is never touched.
        tables: which tables to record, names of ``TABLES``.
        identity: what the run is of, for JSON; a run with another identity does not go on with it. None: a
            dead run's remains are of no use to anyone.
        resume: go on with the unfinished run that was to become this folder.

    Attributes:
        done: replicates that are written.
        noted: what the caller noted with them, the latest of each name.

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
        identity: Mapping[str, Any] | None = None,
        resume: bool = False,
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
        self._identity = None if identity is None else dict(identity)
        self.done: list[int] = []
        self.noted: dict[str, Any] = {}
        self.worth_keeping = False
        self._schemas: dict[str, Any] = {}
        self._rows: dict[str, int] = {}
        self._recorded: dict[str, Any] = {}
        self._made: list[Path] = []
        self._handlers: dict[int, Any] = {}
        self._asked_to_leave: BaseException | None = None
        if self._out is not None:
            self._refuse_taken(self._out)
        self._refuse_closed()
        if resume:
            self._adopt()

    @property
    def _final_name(self) -> str:
        return self._out.name if self._out else self._folder_name

    def _adopt(self) -> None:
        """Go on with what a dead run left."""
        known = {folder: _unfinished(folder) for folder in self._parent.glob(PARTIAL)}
        mine = [folder for folder, found in known.items() if found.get("out") == self._final_name]
        goal = self._parent / self._final_name
        if not mine:
            others = sorted({found["out"] for found in known.values() if found})
            hint = f"; unfinished there: {', '.join(others)}" if others else ""
            raise ResultError(
                f"there is no unfinished run of {goal} to resume{hint}: run it without --resume"
            )
        folder = max(mine, key=lambda one: one.stat().st_mtime)
        found = known[folder]
        if found.get("identity") != self._identity:
            raise ResultError(
                f"the unfinished run of {goal} {_difference(found.get('identity'), self._identity)}"
            )
        try:
            self._lock = _lock(folder)
        except BlockingIOError:
            raise ResultError(f"{goal} is being written by another process") from None
        self._partial, self.worth_keeping = folder, True
        self.done, self.noted = list(found["done"]), dict(found["noted"])
        self._rows, self._recorded = dict(found["rows"]), dict(found["recorded"])

    def _refuse_closed(self) -> None:
        """See at once whether a folder can be made, not when the work is done."""
        there = next(folder for folder in (self._parent, *self._parent.parents) if os.path.lexists(folder))
        if not there.is_dir():
            raise ResultError(f"cannot write results in {self._parent}: {there} is not a folder")
        if not os.access(there, os.W_OK | os.X_OK):
            raise ResultError(f"cannot write results in {self._parent}: {there} may not be written to")

    def _refuse_taken(self, out: Path) -> None:
        try:
            if not _is_taken(out):
                return
        except OSError as error:  # a name too long, a loop of links
            raise ResultError(f"cannot write results in {out.parent}: {error.strerror}") from None
        if not (out / MANIFEST).is_file():
            raise ResultError(f"{out} exists and is not a run of icsim: choose another folder with --out")
        if not self._overwrite:
            raise ResultError(
                f"{out} already holds a run: choose another folder with --out, or remove it first"
            )

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            usual = dict.fromkeys((signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)), signal.SIG_DFL)
            for number, handler in {**usual, signal.SIGINT: signal.default_int_handler}.items():
                if signal.getsignal(number) is handler:
                    self._handlers[number] = signal.signal(number, self._leave)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asked = self._asked_to_leave
        self.abandon(keep=self.worth_keeping and isinstance(asked or error, KeyboardInterrupt | SystemExit))
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()
        if asked is not None and isinstance(
            error, Exception
        ):  # compiled code makes an error of its own of it
            raise asked from error

    def _leave(self, number: int, frame: object) -> None:
        """Turn a signal into an exit, so that context managers clean up."""
        self._asked_to_leave = KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)
        raise self._asked_to_leave

    def _heed(self) -> None:
        """Leave, if a signal asked for it where nothing can be raised: in a finaliser, for instance."""
        if self._asked_to_leave is not None:
            raise self._asked_to_leave

    def add(self, recorder: Recorder, replicate: int = 0, **noted: Any) -> None:
        """Write one replicate's tables; its recorder may be dropped afterwards.

        ``noted``: whatever a run that goes on after this one must know, for JSON.

        Raises:
            ResultError: the disk refuses, or a replicate's table has other columns than the first one's.
        """
        import pyarrow as pa

        self._heed()
        try:
            folder = self._open()
            part = folder / f"{replicate}.writing"
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            rows = {name: self._write(part, name, recorder, replicate) for name in self.tables}
            shutil.rmtree(folder / f"{replicate}", ignore_errors=True)  # of a run killed before it said so
            part.replace(folder / f"{replicate}")
        except (OSError, ValueError, pa.ArrowException) as error:
            raise ResultError(f"cannot write results in {self._parent}: {error}") from error
        for name, count in rows.items():
            if count is None:
                continue
            self._rows[name] = self._rows.get(name, 0) + count
        self._recorded = {
            "start": recorder.start.isoformat(),
            "days": recorder.days_done,
            "organisations": [asdict(row) for row in recorder.organisations],
            "measures": {kind: [asdict(row) for row in table] for kind, table in recorder.measures.items()},
        }
        self.done.append(replicate)
        self.noted.update(noted)
        self.save()

    def add_table(self, name: str, table: Any) -> None:
        """Write an Arrow table of one's own as ``name.parquet``.

        Raises:
            ResultError: the disk refuses.
        """
        import pyarrow as pa

        try:
            with _parquet(self.folder / f"{name}.parquet", table.schema) as writer:
                writer.write_table(table)
        except (OSError, pa.ArrowException) as error:
            raise ResultError(f"cannot write results in {self._parent}: {error}") from error
        self._rows[name] = len(table)

    def _write(self, part: Path, name: str, recorder: Recorder, replicate: int) -> int | None:
        """Write a table of one replicate; returns its rows, None when it was not recorded."""
        rows = 0
        writer: pq.ParquetWriter | None = None
        for table in TABLES[name](recorder, replicate):
            if writer is None:
                if name not in self._schemas:
                    self._schemas[name] = self._schema(name, table.schema)
                writer = _parquet(part / f"{name}.parquet", self._schemas[name])
            writer.write_table(table.cast(writer.schema))
            rows += len(table)
        if writer is None:
            return None
        writer.close()
        return rows

    def _schema(self, name: str, new: Any) -> Any:
        """The columns of a table: those of a replicate written before this process began, or the new ones."""
        import pyarrow.parquet as pq

        files = [self.folder / f"{replicate}" / f"{name}.parquet" for replicate in self.done]
        return next((pq.read_schema(file) for file in files if file.exists()), new)

    @property
    def folder(self) -> Path:
        """The hidden folder, which becomes the results; made at first use."""
        try:
            return self._open()
        except OSError as error:
            raise ResultError(f"cannot write results in {self._parent}: {error}") from error

    def save(self) -> None:
        """Say in the hidden folder what is done, so that another process can go on."""
        self._heed()
        if self._identity is None:
            return
        said = {
            "out": self._final_name,
            "identity": self._identity,
            "done": self.done,
            "noted": self.noted,
            "rows": self._rows,
            "recorded": self._recorded,
        }
        try:
            fresh = self._open() / f"{UNFINISHED}.writing"
            fresh.write_text(json.dumps(said, default=plain), encoding="utf-8")
            fresh.replace(self._open() / UNFINISHED)
        except OSError as error:
            raise ResultError(f"cannot write results in {self._parent}: {error}") from error

    def _join(self, folder: Path) -> None:
        """One file for each table, from those of the replicates in order."""
        import pyarrow.parquet as pq

        parts = [folder / f"{replicate}" for replicate in sorted(self.done)]
        for name in self._rows:
            files = [part / f"{name}.parquet" for part in parts if (part / f"{name}.parquet").exists()]
            if len(files) == 1:
                files[0].replace(folder / f"{name}.parquet")
            elif files:
                with _parquet(folder / f"{name}.parquet", pq.read_schema(files[0])) as writer:
                    for file in files:
                        with pq.ParquetFile(file) as source:
                            for group in range(source.num_row_groups):
                                writer.write_table(source.read_row_group(group).cast(writer.schema))
        for part in parts:
            shutil.rmtree(part)
        for left in [
            folder / UNFINISHED,
            *folder.rglob(".*.partial"),
        ]:  # the latter half written, then killed
            left.unlink(missing_ok=True)

    def _open(self) -> Path:
        """The hidden folder, made and locked at first use."""
        if self._partial is not None:
            return self._partial
        missing = [self._parent, *self._parent.parents]
        self._made = [folder for folder in missing if not folder.exists()]
        self._parent.mkdir(parents=True, exist_ok=True)
        sweep(self._parent, self._final_name)
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
        self._heed()
        try:
            self._join(self._partial)
            columns = {name: _columns(self._partial / f"{name}.parquet") for name in self._rows}
            whole = {**manifest, **self._recorded, "tables": self._rows, "columns": columns}
            text = json.dumps(
                whole | {"digest": digest({**whole, "digest": None})},
                indent=1,
                default=plain,
                ensure_ascii=False,
            )
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
                set_aside(final)
            try:
                if final.is_dir():
                    final.rmdir()  # empty: Windows renames onto nothing that exists
                partial.replace(final)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                    raise
                continue  # another process took the name a moment ago: look again
            return final

    def abandon(self, keep: bool = False) -> None:
        """Remove what was written and not completed, or leave it to be gone on with. Safe to call twice."""
        if self._partial is not None:
            if not keep:
                shutil.rmtree(self._partial, ignore_errors=True)
            self._partial = None
        for folder in self._made:
            with suppress(OSError):  # someone else has put something there
                folder.rmdir()
        self._made.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _parquet(path: Path, schema: Any) -> "pq.ParquetWriter":
    import pyarrow.parquet as pq

    # No dictionary for floats: they seldom repeat enough to pay for it.
    texts = [column.name for column in schema if not _is_number(column.type)]
    return pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=cast("bool", texts))


def _difference(left: Any, asked: Any) -> str:
    """In what an unfinished run's identity is another, in words."""
    if not isinstance(left, dict) or not isinstance(asked, dict):
        return "is of another kind: run without --resume"
    if left.get("code") != asked.get("code"):
        return (
            f"was begun by other code of icsim (digest {left.get('code')}, here {asked.get('code')}): run "
            "without --resume"
        )
    old, new = left.get("experiment") or {}, asked.get("experiment") or {}
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)] or [
        key for key in {**left, **asked} if left.get(key) != asked.get(key)
    ]
    said = ", ".join(sorted(keys)[:4])
    return f"is of another experiment (other {said}): give the same, or run without --resume"


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_timestamp(kind)


def read_manifest(path: Path, kind: str = FORMAT, called: str = "run") -> dict[str, Any]:
    """The manifest of a complete results folder, its tables checked for presence and length.

    ``kind`` is the format that it must say it has, ``called`` what a folder of this format holds.

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
        raise ResultError(f"{path} is not a {called} of icsim: it has no {MANIFEST}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ResultError(f"{path / MANIFEST} cannot be read: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != kind:
        raise ResultError(f"{path} is not a {called} of icsim: {MANIFEST} is something else's")
    if not isinstance(manifest.get("tables"), dict) or manifest.get("format_version") != FORMAT_VERSION:
        newer = manifest.get("format_version")
        raise ResultError(
            f"{path} has format {newer}; this icsim reads {FORMAT_VERSION}: use the icsim that wrote it"
        )
    _check_tables(path, manifest["tables"], manifest.get("columns"))
    if "digest" in manifest and digest({**manifest, "digest": None}) != manifest["digest"]:
        raise ResultError(
            f"{path / MANIFEST} was changed after it was written: the {called} cannot be trusted"
        )
    return manifest


def _columns(file: Path) -> str:
    """A digest of the names and types of a table's columns, by which another table in its place is known."""
    import pyarrow.parquet as pq

    return digest([(column.name, str(column.type)) for column in pq.read_schema(file)])[:16]


def _check_tables(path: Path, tables: Mapping[str, int], columns: object) -> None:
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
        if isinstance(columns, dict) and columns.get(name) != _columns(
            file
        ):  # runs before November 2026 do not say
            raise ResultError(f"{file} is damaged: it has other columns than those that were written")
