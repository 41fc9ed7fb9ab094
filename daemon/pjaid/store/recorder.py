"""Owns the recording of events: held against the state, put in the log, turned into rows, in that order."""

from __future__ import annotations

from functools import cache
from typing import Any

import apsw
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pjai_wire import chain
from pjai_wire.codec import encode
from pjai_wire.errors import Conflict, InternalError, PjaiError
from pjai_wire.events import Event
from pjai_wire.ids import now_ms
from pjai_wire.methods import Receipt
from pjai_wire.select import Select
from pjai_wire.tables import Table
from pjaid.store import dictionaries, reads
from pjaid.store.incoming import Incoming
from pjaid.store.materializers import MATERIALIZERS
from pjaid.store.statements import compile_query
from pjaid.store.writes import Write, apply_write

NO_LIMIT = -1
ROW_BYTES_MAX = 2**30
ORIGINS_KEPT_MAX = 1_000


@cache
def _records(table: Table[Any]) -> msgspec.msgpack.Decoder[list[Any]]:
    return msgspec.msgpack.Decoder(list.__class_getitem__(table.record))


class Origin(Struct, frozen=True):
    """Where a commit comes from, as the audit trail tells it."""

    client: str
    session: str


class Head(Struct, frozen=True):
    """The end of the log."""

    seq: int
    hash: bytes


class Recorder:
    """Records events on one connection, inside a transaction of the caller's.

    Args:
        connection: where to write.
        development: run each materializer twice, and refuse one that does not repeat itself.
    """

    def __init__(self, connection: apsw.Connection, *, development: bool = False) -> None:
        self._connection = connection
        self._development = development
        self._device: str = connection.execute("SELECT value FROM meta WHERE name = 'device'").get
        self._origins: dict[Origin, int] = {}
        self.head = self._read_head()

    @property
    def device(self) -> str:
        """This store's id in the audit trail."""
        return self._device

    def restore(self, head: Head) -> None:
        """Goes back to `head`, because the transaction that went beyond it was rolled back."""
        self.head = head
        self._origins.clear()
        dictionaries.forget(self._connection)

    def commit(self, events: tuple[Incoming, ...], origin: Origin) -> Receipt:
        """Records events; on an error the caller rolls back all of them.

        Raises:
            PjaiError: an event is impossible, or was committed before in other company.
        """
        commit_id = events[0].id
        origin_id = self._origin_id(origin)
        before = self.head.seq
        try:
            for new in events:
                self._record(new, commit_id, origin_id)
        except (PjaiError, apsw.ConstraintError):
            # A repeated commit stumbles over its own rows, or else over the unique id of its first event.
            if (receipt := self._repeated(events, before)) is not None:
                return receipt
            raise
        return Receipt(seq=self.head.seq, commit_id=commit_id)

    def materialise(self, event: Event) -> None:
        """Turns a recorded event into rows."""
        for write in self._writes(event):
            apply_write(self._connection, write)

    def _record(self, new: Incoming, commit_id: str, origin_id: int) -> None:
        persona: str | None = None
        for requirement in MATERIALIZERS[type(new.event)].requires:
            persona = requirement(self._connection, new.event) or persona
        seq = self.head.seq + 1
        digest = chain.link(self.head.hash, seq, new.id, new.name, new.args_hash)
        row = (
            seq, new.id, commit_id, new.name, new.args, new.args_hash, now_ms(), origin_id, persona, digest,
        )  # fmt: skip
        self._connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        self.head = Head(seq, digest)
        self.materialise(new.event)

    def _writes(self, event: Event) -> list[Write]:
        materializer = MATERIALIZERS[type(event)]
        writes = list(materializer.writes(event, self._read))
        if self._development and writes != list(materializer.writes(event, self._read)):
            raise InternalError(
                f"the materializer {materializer.name} is not pure: two runs made different writes",
                hint="ids, times and chance come in the event",
            )
        return writes

    def _read(self, select: Select[Any]) -> list[Any]:
        """Every record that `select` names, whatever its limit."""
        statement = compile_query(replace(select.query, limit=NO_LIMIT))
        rows = reads.rows(self._connection, statement, ROW_BYTES_MAX)
        # Through the codec, because documents are stored encoded.
        return _records(select.table).decode(encode(rows))

    def _origin_id(self, origin: Origin) -> int:
        known = self._origins.get(origin)
        if known is None:
            if len(self._origins) >= ORIGINS_KEPT_MAX:
                self._origins.clear()
            values = (origin.client, origin.session, self._device)
            self._connection.execute(
                "INSERT INTO origins (client, session, device) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                values,
            )
            sql = "SELECT id FROM origins WHERE client = ? AND session = ? AND device = ?"
            known = self._origins[origin] = int(self._connection.execute(sql, values).get)
        return known

    def _repeated(self, events: tuple[Incoming, ...], head_before: int) -> Receipt | None:
        """The receipt of the commit that recorded the same events before, if there was one."""
        sql = "SELECT seq, commit_id, name FROM events WHERE id = ?"
        recorded = [self._connection.execute(sql, (new.id,)).fetchone() for new in events]
        before = [
            (row[0], row[1] == events[0].id and row[2] == new.name)
            for new, row in zip(events, recorded, strict=True)
            if row is not None and row[0] <= head_before
        ]
        if not before:
            return None
        if len(before) < len(events) or not all(same for _, same in before):
            raise Conflict(
                "an event of this commit has an id that was committed before, in another commit",
                hint="a new event needs a new id; a repeated commit has all of its events",
            )
        return Receipt(seq=max(seq for seq, _ in before), commit_id=events[0].id, repeated=True)

    def _read_head(self) -> Head:
        row = self._connection.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        return Head(row[0], row[1]) if row else Head(0, chain.ORIGIN)
