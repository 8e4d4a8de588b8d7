"""Visual search for any pile of images: offline, fast, and nothing is lost."""

from __future__ import annotations

TYPE_CHECKING = False  # true for type checkers; `typing` itself takes time to load
if TYPE_CHECKING:
    from lookalike.client.client import Client as Client
    from lookalike.datasets.fetching import fetch_images as fetch_images
    from lookalike.embed.report import Report as Report
    from lookalike.errors import DuplicateIdError as DuplicateIdError
    from lookalike.errors import FetchError as FetchError
    from lookalike.errors import FilterError as FilterError
    from lookalike.errors import ImageRejectedError as ImageRejectedError
    from lookalike.errors import LibraryBusyError as LibraryBusyError
    from lookalike.errors import LibraryDamagedError as LibraryDamagedError
    from lookalike.errors import LibraryError as LibraryError
    from lookalike.errors import LibraryNotFoundError as LibraryNotFoundError
    from lookalike.errors import LibraryTooNewError as LibraryTooNewError
    from lookalike.errors import LookalikeError as LookalikeError
    from lookalike.errors import MissingExtraError as MissingExtraError
    from lookalike.errors import ModelError as ModelError
    from lookalike.errors import NotBetterError as NotBetterError
    from lookalike.errors import RecipeMismatchError as RecipeMismatchError
    from lookalike.errors import ServerError as ServerError
    from lookalike.errors import SourceError as SourceError
    from lookalike.errors import StorageFullError as StorageFullError
    from lookalike.errors import TrainingError as TrainingError
    from lookalike.errors import UnknownIdError as UnknownIdError
    from lookalike.errors import UnknownNameError as UnknownNameError
    from lookalike.errors import UsageError as UsageError
    from lookalike.images.crop import Crop as Crop
    from lookalike.images.limits import Limits as Limits
    from lookalike.library.embedding import embed_files as embed_files
    from lookalike.library.library import Library as Library
    from lookalike.library.opening import open as open  # noqa: A004
    from lookalike.search.query import Item as Item
    from lookalike.search.query import Query as Query
    from lookalike.search.results import Hit as Hit
    from lookalike.search.results import Hits as Hits
    from lookalike.search.results import QueryPart as QueryPart
    from lookalike.tables.clean import clean_table as clean_table
    from lookalike.tables.split import split_table as split_table

_HOMES = {
    "Client": "client.client",
    "Crop": "images.crop",
    "DuplicateIdError": "errors",
    "FilterError": "errors",
    "FetchError": "errors",
    "Hit": "search.results",
    "Hits": "search.results",
    "ImageRejectedError": "errors",
    "Item": "search.query",
    "Library": "library.library",
    "LibraryBusyError": "errors",
    "LibraryDamagedError": "errors",
    "LibraryError": "errors",
    "LibraryNotFoundError": "errors",
    "LibraryTooNewError": "errors",
    "Limits": "images.limits",
    "LookalikeError": "errors",
    "MissingExtraError": "errors",
    "ModelError": "errors",
    "NotBetterError": "errors",
    "Query": "search.query",
    "QueryPart": "search.results",
    "RecipeMismatchError": "errors",
    "Report": "embed.report",
    "ServerError": "errors",
    "SourceError": "errors",
    "StorageFullError": "errors",
    "TrainingError": "errors",
    "UnknownIdError": "errors",
    "UnknownNameError": "errors",
    "UsageError": "errors",
    "clean_table": "tables.clean",
    "embed_files": "library.embedding",
    "fetch_images": "datasets.fetching",
    "open": "library.opening",
    "split_table": "tables.split",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605  one list of public names, not two


def __getattr__(name: str) -> object:
    """Import what is asked for, so that a worker or a command loads no more than it uses."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'lookalike' has no attribute {name!r}")
    found: object = getattr(import_module(f"lookalike.{_HOMES[name]}"), name)
    return found


def __dir__() -> list[str]:
    return __all__
