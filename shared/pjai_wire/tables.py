"""Owns the tables: their columns, derived from the records.

memories.where(persona_id=ada).where(memories.importance >= 50).order_by(memories.importance.desc())
"""

from __future__ import annotations

from typing import Any, Final, Generic, TypeVar, cast

from msgspec import inspect as schema

from pjai_wire import records
from pjai_wire.columns import Column, Ordering
from pjai_wire.errors import UnknownColumn, UnknownTable
from pjai_wire.query import Condition, Query
from pjai_wire.records import Record
from pjai_wire.select import Aggregate, Select

RecordT = TypeVar("RecordT", bound=Record)


class Table(Generic[RecordT]):
    """A table of the contract; its columns are its attributes, and `where` begins a query.

    Args:
        name: the name on the wire and in the database.
        record: what a row is.
        is_local: whether its rows are of this machine alone, and in no log.
    """

    def __init__(self, name: str, record: type[RecordT], *, is_local: bool = False) -> None:
        self.table_name: Final = name
        self.record: Final = record
        self.is_local: Final = is_local
        declared = cast("schema.StructType", schema.type_info(record)).fields
        self.columns: Final = tuple(Column(field.name, field.encode_name, field.type) for field in declared)
        self.default_columns: Final = tuple(column for column in self.columns if not column.on_request)
        self._by_name = {column.name: column for column in self.columns}
        self._by_python_name = {column.python_name: column for column in self.columns}

    def __repr__(self) -> str:
        return f"<table {self.table_name}>"

    def __getattr__(self, python_name: str) -> Column:
        by_python_name: dict[str, Column] = self.__dict__.get("_by_python_name", {})
        if python_name in by_python_name:
            return by_python_name[python_name]
        name = self.__dict__.get("table_name", "the table")
        problem = UnknownColumn.near(f"{name} has no column {python_name!r}", python_name, by_python_name)
        raise AttributeError(str(problem))

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._by_python_name]

    def has(self, name: str) -> bool:
        """Whether the table has a column called `name` on the wire."""
        return name in self._by_name

    def column(self, name: str) -> Column:
        """The column called `name` on the wire.

        Raises:
            UnknownColumn: the table has no such column.
        """
        try:
            return self._by_name[name]
        except KeyError:
            message = f"{self.table_name} has no column {name!r}"
            raise UnknownColumn.near(message, name, self._by_name) from None

    def select(self, *columns: Column | str) -> Select[dict[str, Any]]:
        """A query for some columns; each row is a dict."""
        return self.all().select(*columns)

    def where(self, *conditions: Condition, **equal: object) -> Select[RecordT]:
        """A query for the rows on which all `conditions` hold and whose columns have the `equal` values."""
        return self.all().where(*conditions, **equal)

    def order_by(self, *orderings: Ordering | Column | str) -> Select[RecordT]:
        """A query for the rows in an order."""
        return self.all().order_by(*orderings)

    def limit(self, rows: int) -> Select[RecordT]:
        """A query for at most `rows` rows."""
        return self.all().limit(rows)

    def omit(self, *columns: Column | str) -> Select[RecordT]:
        """A query for the rows without some columns."""
        return self.all().omit(*columns)

    def group_by(self, *columns: Column | str, **aggregates: Aggregate) -> Select[dict[str, Any]]:
        """A query for one row a group."""
        return self.all().group_by(*columns, **aggregates)

    def all(self) -> Select[RecordT]:
        """A query for every row, up to the default limit."""
        return Select(self, Query(table=self.table_name))


personas = Table("personas", records.Persona)
memories = Table("memories", records.MemoryEntity)
memory_links = Table("memory_links", records.MemoryLink)
conversations = Table("conversations", records.Conversation)
messages = Table("messages", records.Message)
workflows = Table("workflows", records.Workflow)
plugins = Table("plugins", records.Plugin)
system_config = Table("system_config", records.SystemConfig)
user_preferences = Table("user_preferences", records.UserPreference)
warnings = Table("warnings", records.Warning)
dictionaries = Table("dictionaries", records.Dictionary)
indexes = Table("indexes", records.Index)
client_documents = Table("client_documents", records.ClientDocument, is_local=True)
metric_points = Table("metric_points", records.MetricPoint, is_local=True)
persona_secrets = Table("persona_secrets", records.PersonaSecrets)

STATE: tuple[Table[Any], ...] = (
    personas,
    memories,
    memory_links,
    conversations,
    messages,
    workflows,
    plugins,
    system_config,
    user_preferences,
    warnings,
    dictionaries,
    indexes,
    persona_secrets,
)
"""What is materialised from the event log."""

LOCAL: tuple[Table[Any], ...] = (client_documents, metric_points)
"""What is of this machine alone; changes to all of these are counted together, apart from the log."""

WITHHELD: tuple[Table[Any], ...] = (persona_secrets,)
"""Of these nobody is told the rows, neither by a query nor by a feed."""

TABLES: dict[str, Table[Any]] = {
    table.table_name: table for table in (*STATE, *LOCAL) if table not in WITHHELD
}
"""Every table that can be queried, by name."""


def table_named(name: str) -> Table[Any]:
    """The table called `name`.

    Raises:
        UnknownTable: the contract has no such table.
    """
    try:
        return TABLES[name]
    except KeyError:
        raise UnknownTable.near(f"there is no table {name!r}", name, TABLES) from None
