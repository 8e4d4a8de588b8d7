"""What PostgreSQL refuses, in words that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from lookalike.errors import ServerError
from lookalike.index.remote.address import Address, without_secrets

_ADVICE = (
    ("password authentication failed", "Check the user and the password in the URL."),
    ("no password supplied", "Put the password into the URL, PGPASSWORD or ~/.pgpass."),
    ("no pg_hba.conf entry", "The server lets nobody in from here: ask its owner."),
    ("does not exist", "Check the name of the database and of the user in the URL."),
    ("connection refused", "Is the server running, and are host and port right?"),
    ("could not translate host name", "Check the name of the host in the URL."),
    ("failed to resolve host", "Check the name of the host in the URL."),
    ("timeout expired", "Check host, port and firewall."),
)


@contextmanager
def said(address: Address) -> Iterator[None]:
    """Errors of psycopg become a `ServerError` that names the server and no secret."""
    try:
        yield
    except psycopg.Error as error:
        raise ServerError(_message(error, address)) from None


def _message(error: psycopg.Error, address: Address) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    what = without_secrets(lines[0].strip().rstrip("."), address)
    at = address.shown
    if isinstance(error, errors.FeatureNotSupported | errors.UndefinedFile) and "vector" in what:
        return (
            f"{at} has no pgvector, which compares vectors. Install it on the server "
            "(the package is called postgresql-18-pgvector on Debian)."
        )
    if isinstance(error, errors.InsufficientPrivilege):
        return (
            f"{at} refuses: {what}. Grant the user CREATE on the schema; the extension is made "
            "once by an owner of the database: CREATE EXTENSION vector"
        )
    if isinstance(error, errors.UndefinedTable):
        return f"{at}: {what}. Publish anew with --replace."
    if isinstance(error, errors.DiskFull):
        return f"{at} has no room left: {what}. Make some and publish again: it goes on from here."
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        low = str(error).lower()
        advice = next((advice for sign, advice in _ADVICE if sign in low), None)
        if advice is not None:
            return f"{at} cannot be used: {what}. {advice}"
        return (
            f"The connection to {at} broke: {what}. What was sent stays there: run the same "
            "command again, it goes on where it stopped."
        )
    return f"{at} refuses: {what}."
