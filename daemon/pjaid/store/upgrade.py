"""Owns the step from an older program's file to this one's: the state is made anew from the log."""

from __future__ import annotations

from collections.abc import Callable

import apsw
import structlog

from pjai_wire.errors import StorageError
from pjaid.errors import EX_DATAERR, StartError
from pjaid.store import reads, schema
from pjaid.store.rebuild import replay
from pjaid.store.recorder import Recorder
from pjaid.store.words import keeping

log = structlog.get_logger()


def upgrade(connection: apsw.Connection, *, on_progress: Callable[[str], None] = lambda _: None) -> None:
    """Brings a file, which `schema.prepare` found to be ours, to this program's schema.

    It is one transaction, so a program that falls in the midst leaves the file as it was. What is not made
    from the log stays as it is.

    Args:
        connection: the only one to the file.
        on_progress: told how far it has come, in a sentence.

    Raises:
        StartError: the log is damaged.
    """
    version = connection.pragma("user_version")
    if version == schema.SCHEMA_VERSION:
        return
    events = reads.head(connection)

    def report(done: int) -> None:
        log.info("upgrading", schema=schema.SCHEMA_VERSION, events=done, of=events)
        on_progress(f"bringing the store up to date: {done} of {events} events")

    report(0)
    try:
        with connection:
            schema.drop_state(connection)
            connection.execute(schema.LOCAL)
            schema.create_state(connection)
            replay(connection, Recorder(connection), on_progress=report)
            keeping.make(connection)
            connection.pragma("user_version", schema.SCHEMA_VERSION)
    except StorageError as problem:
        raise StartError(
            f"the store could not be brought up to date: {problem.message}",
            hint=problem.hint,
            exit_code=EX_DATAERR,
        ) from problem
    log.info("upgraded", schema_before=version, schema=schema.SCHEMA_VERSION, events=events)
