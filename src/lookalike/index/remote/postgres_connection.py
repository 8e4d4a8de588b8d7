"""Opens a connection to PostgreSQL that knows the types of pgvector."""

from __future__ import annotations

from typing import Any

import psycopg
from pgvector.psycopg import register_vector

from lookalike.index.remote.address import Address
from lookalike.index.remote.postgres_errors import said

_DEFAULTS = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    "application_name": "lookalike",
}


def open_connection(address: Address) -> psycopg.Connection[Any]:
    """A connection that commits each statement; the extension is made where it is missing.

    Raises `ServerError`.
    """
    parameters: dict[str, Any] = {
        **_DEFAULTS,
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "password": address.password,
        "dbname": address.database,
        **address.options,
    }
    given = {name: value for name, value in parameters.items() if value not in {"", None}}
    with said(address):
        connection = psycopg.connect(autocommit=True, **given)
    try:
        with said(address):
            connection.execute("SET client_min_messages = warning")
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            register_vector(connection)
    except BaseException:
        connection.close()
        raise
    return connection
