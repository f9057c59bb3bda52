"""Where the results of a sweep are kept: a folder or any fsspec URL, every file in it whole or absent.

``sweep.json`` says what the sweep is of, ``design.parquet`` lists its runs. What is done lies in
``shards/`` as it comes, a file for each task; when a thousand runs in a row are done, their shards become one
file in ``results/`` in the order of the design. A run is done when a row of either says so.
"""

import json
import os
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from icsim.recording.store import ResultError

if TYPE_CHECKING:
    import pyarrow as pa

MANIFEST, DESIGN, SHARDS, RESULTS, LOCK = "sweep.json", "design.parquet", "shards", "results", ".lock"
FORMAT, FORMAT_VERSION = "icsim sweep", 1
PART = 1000
"""Runs in one file of results."""
COLUMNS = ("run", "financial_year", "dimension", "group", "outcome", "value", "seconds", "error")
"""Of the results: a row for each figure of a run; one row, with ``error``, for a run that failed."""


def schema() -> "pa.Schema":
    """The columns of results, as Arrow types."""
    import pyarrow as pa

    text = pa.dictionary(pa.int32(), pa.string())
    kinds = [text] * 5 + [pa.float64(), pa.float32(), pa.string()]
    return pa.schema(list(zip(COLUMNS, kinds, strict=True)))


def failure(key: str, error: str) -> "pa.Table":
    """The row of a run that failed."""
    import pyarrow as pa

    row = {**dict.fromkeys(COLUMNS), "run": key, "error": error}
    return pa.Table.from_pylist([row], schema=schema())


class Store:
    """One dataset; use it as a context manager where it is written, so that nobody else writes it too.

    Args:
        url: a folder, or a URL of any file system that fsspec knows (``s3://bucket/name``).
    """

    def __init__(self, url: str | os.PathLike[str]) -> None:
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise ResultError('a sweep needs fsspec: pip install "icsim[cluster]"') from None
        self.url = os.fspath(url)
        try:
            self.fs, root = url_to_fs(os.path.expanduser(self.url), use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise ResultError(f"{self.url} cannot be written to: {error}") from None
        self.root = root.rstrip("/")
        protocols = self.fs.protocol
        self.local = "file" in ((protocols,) if isinstance(protocols, str) else protocols)
        self._lock: int | None = None

    def path(self, name: str) -> str:
        """The full path of a file of the dataset."""
        return f"{self.root}/{name}"

    def exists(self, name: str) -> bool:
        """Whether a file is there."""
        return bool(self.fs.exists(self.path(name)))

    # --- writing ---

    def __enter__(self) -> Self:
        if self.local:
            self._lock = self._locked()
            for left in self.names(""):  # of a process that was killed while it wrote
                if left.endswith(".partial"):
                    self.remove(left)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _locked(self) -> int | None:
        try:
            os.makedirs(self.root, exist_ok=True)
            descriptor = os.open(self.path(LOCK), os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise self._refused(error) from None
        try:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise ResultError(f"{self.url} is being written by another process") from None
        except (ImportError, OSError):  # no locks here
            pass
        return descriptor

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole or not at all.

        Raises:
            ResultError: the disk or the service refuses.
        """
        path = self.path(name)
        try:
            if not self.local:
                self.fs.pipe_file(path, content)  # object stores show an object when all of it is there
                return
            os.makedirs(os.path.dirname(path), exist_ok=True)
            partial = f"{path}.{uuid.uuid4().hex[:8]}.partial"
            try:
                with open(partial, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(partial, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(partial)
                raise
        except Exception as error:  # a service has errors of its own
            raise self._refused(error) from error

    def _refused(self, error: Exception) -> ResultError:
        said = (error.strerror if isinstance(error, OSError) else None) or f"{type(error).__name__}: {error}"
        return ResultError(f"cannot write results in {self.url}: {said}")

    def write_table(self, name: str, table: "pa.Table") -> None:
        """Write a table as Parquet, whole or not at all; raises ``ResultError``."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        self.write(name, sink.getvalue().to_pybytes())

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Write JSON, whole or not at all; raises ``ResultError``."""
        self.write(name, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""
        with suppress(FileNotFoundError):
            self.fs.rm_file(self.path(name))

    def add(self, first: int, table: "pa.Table") -> None:
        """Keep what a task made as a shard; ``first`` is the number of the first run in it."""
        self.write_table(f"{SHARDS}/{first // PART:05}/{first:07}-{uuid.uuid4().hex[:8]}.parquet", table)

    def join(self, part: int, keys: Iterable[str]) -> None:
        """Make one file of results from the shards of a part, ``keys`` giving the order of runs.

        A run that shards and an earlier file both have is taken from the shards: it was made again.
        """
        import pyarrow as pa

        pc = _compute()
        shards = self._shards(part)
        if not shards:
            return
        fresh = pa.concat_tables([self.read_table(name) for name in shards]).unify_dictionaries()
        name = f"{RESULTS}/part-{part:05}.parquet"
        if self.exists(name):
            old = self.read_table(name)
            known = pc.unique(fresh["run"].cast(pa.string()))
            again = pc.is_in(old["run"].cast(pa.string()), value_set=known)
            fresh = pa.concat_tables([old.filter(pc.invert(again)), fresh]).unify_dictionaries()
        self.write_table(name, _in_order(fresh, list(keys)))
        for shard in shards:
            self.remove(shard)
        if self.local:  # object stores have no folders
            for folder in (f"{SHARDS}/{part:05}", SHARDS):
                with suppress(OSError):
                    os.rmdir(self.path(folder))

    # --- reading ---

    def names(self, folder: str) -> list[str]:
        """Every file below a folder of the dataset, as ``folder/...``, sorted."""
        at = self.path(folder).rstrip("/")
        try:
            found = self.fs.find(at)
        except FileNotFoundError:
            return []
        return sorted(one[len(self.root) + 1 :] for one in found)

    def _shards(self, part: int) -> list[str]:
        return [one for one in self.names(f"{SHARDS}/{part:05}") if one.endswith(".parquet")]

    def read_json(self, name: str) -> dict[str, Any]:
        """A JSON file; raises ``ResultError`` where it is not there or damaged."""
        try:
            found = json.loads(self.fs.cat_file(self.path(name)))
        except FileNotFoundError:
            raise ResultError(f"{self.url} is not a sweep of icsim: it has no {name}") from None
        except (OSError, ValueError, RecursionError) as error:
            raise ResultError(f"{self.path(name)} cannot be read: {error}") from None
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise ResultError(f"{self.url} is not a sweep of icsim: {name} is something else's")
        if found.get("format_version") != FORMAT_VERSION:
            raise ResultError(f"{self.url} was written by a newer icsim: use that")
        return found

    def read_table(self, name: str, columns: list[str] | None = None) -> "pa.Table":
        """A Parquet file; raises ``ResultError`` where it cannot be read."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            # From memory: a Python file let go of by a thread of Arrow's aborts the process.
            content = pa.BufferReader(self.fs.cat_file(self.path(name)))
            return pq.ParquetFile(content).read(columns=columns, use_threads=False)
        except (OSError, pa.ArrowException) as error:
            raise ResultError(f"{self.path(name)} cannot be read: {error}") from None

    def done(self) -> dict[str, bool]:
        """Whether each run that is done failed, by key; a shard that cannot be read is thrown away."""
        import pyarrow as pa

        pc = _compute()
        found: dict[str, bool] = {}
        for name in [*self.names(RESULTS), *self.names(SHARDS)]:
            if not name.endswith(".parquet"):
                continue
            try:
                table = self.read_table(name, ["run", "error"])
            except ResultError:
                if name.startswith(RESULTS):
                    raise
                self.remove(name)
                continue
            keys = table["run"].cast(pa.string())
            found.update(dict.fromkeys(pc.unique(keys).to_pylist(), False))
            failed = keys.filter(pc.is_valid(table["error"]))
            found.update(dict.fromkeys(failed.to_pylist(), True))
        return found


def _compute() -> Any:
    """Arrow's functions, made at run time, where a type checker does not see them."""
    from importlib import import_module

    return import_module("pyarrow.compute")


def _in_order(table: "pa.Table", keys: list[str]) -> "pa.Table":
    """Rows by run in the order of ``keys``; within a run as they are."""
    import numpy as np
    import pyarrow as pa

    place = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    ranks = np.array([place.get(key, len(place)) for key in table["run"].cast(pa.string()).to_pylist()])
    plain = table.take(np.argsort(ranks, kind="stable")).combine_chunks()
    texts = [name for name, kind in zip(COLUMNS, schema().types, strict=True) if pa.types.is_dictionary(kind)]
    for name in texts:  # dictionaries in order of appearance, so that the file is the same however it came
        column = plain[name].cast(pa.string()).dictionary_encode()
        plain = plain.set_column(plain.schema.get_field_index(name), name, column)
    return plain.cast(schema())
