"""Where shards lie: a local folder, or any file system that fsspec knows; whole files only."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from lookalike.errors import LookalikeError, MissingExtraError, SourceError, UsageError

_TEMPORARY = ".writing-"


class Storage:
    """A folder of files that are written once. Local paths need pyarrow, URLs fsspec too.

    Raises `MissingExtraError`, and `UsageError` for a URL that nothing knows.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._files, self._folder = _file_system(url)

    def names(self) -> list[str]:
        """The files there, in order; none where there is no such folder yet."""
        from pyarrow.fs import FileSelector

        with self._as_errors("listed"):
            found = self._files.get_file_info(FileSelector(self._folder, allow_not_found=True))
            return sorted(info.base_name for info in found if info.is_file)

    @contextmanager
    def reading(self, name: str) -> Iterator[Any]:
        """A file, open for reading anywhere in it. Raises `OSError`."""
        with self._files.open_input_file(self._path(name)) as file:
            yield file

    @contextmanager
    def writing(self, name: str) -> Iterator[IO[bytes]]:
        """A new file; it is there under its name once the block has ended well, and whole.

        Of several who write one name at a time, one wins, and the others do no harm.
        """
        temporary = self._path(f"{_TEMPORARY}{name}.{secrets.token_hex(8)}")
        with self._as_errors("written to"):
            self._files.create_dir(self._folder, recursive=True)
            try:
                with self._files.open_output_stream(temporary) as file:
                    yield file
                self._move(temporary, name)
            except BaseException:
                with suppress(OSError):
                    self._files.delete_file(temporary)
                raise

    def tidy(self, name: str) -> None:
        """Remove what others left who began to write a file that is there now."""
        begun = f"{_TEMPORARY}{name}."
        for left in self.names():
            if left.startswith(begun):
                with suppress(OSError):
                    self._files.delete_file(self._path(left))

    def _move(self, temporary: str, name: str) -> None:
        """Give a whole file its name; somebody who was quicker may have tidied it away."""
        try:
            self._files.move(temporary, self._path(name))
        except OSError:
            if name not in self.names():
                raise

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"

    @contextmanager
    def _as_errors(self, done: str) -> Iterator[None]:
        try:
            yield
        except LookalikeError:
            raise
        except OSError as error:
            raise SourceError(f"{self.url!r} cannot be {done}: {error}.") from error


def _file_system(url: str) -> tuple[Any, str]:
    """A file system of pyarrow's, and the folder in it."""
    try:
        from pyarrow import fs
    except ImportError as error:
        raise MissingExtraError("Making or reading shards", "tables") from error
    if "://" not in url:
        return fs.LocalFileSystem(), str(Path(url).absolute())
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingExtraError(f"The file system of {url!r}", "shards") from error
    try:
        found, path = url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise UsageError(f"{url!r} cannot be opened: {error}") from error
    return fs.PyFileSystem(fs.FSSpecHandler(found)), path.rstrip("/")
