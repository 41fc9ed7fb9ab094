"""Owns `pjai search` and `pjai recall`: what is found by what is in it."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any, get_args

import click
from rich.console import Group
from rich.live import Live
from rich.text import Text

from pjai.cli.invocation import Body, Invocation, invoked
from pjai.cli.personas import existing_persona
from pjai.cli.rows import by_wire_name
from pjai.cli.selection import conditions, where_option
from pjai.cli.values import instant, shown, visible
from pjai.database import Database
from pjai.hits import Hit, Hits, Snippet
from pjai.live_query import LiveQuery
from pjai.searching import Shown, Sought
from pjai_wire import limits
from pjai_wire.columns import Column
from pjai_wire.errors import InvalidQuery, UnknownTable
from pjai_wire.fields import MemoryType
from pjai_wire.methods import RecallResult, SearchMode
from pjai_wire.query import Condition
from pjai_wire.select import Select
from pjai_wire.tables import Table, memories, table_named

MARK = "bold yellow"
MARKED_PLAIN = ("«", "»")
"""Around a match where no colour shows it."""

_CALLED = {"memories": "name", "messages": "content", "conversations": "summary", "workflows": "name"}
"""The column that says what a row is."""


def seeking(body: Body) -> Body:
    """Gives a command the options that say what is searched for, and how."""

    @click.argument("words", metavar="TEXT", nargs=-1, required=True)
    @click.option("--mode", type=click.Choice(get_args(SearchMode)), help="By both where nothing is said.")
    @click.option("--persona", metavar="NAME", help="Of this persona; a name or an id.")
    @click.option("--since", metavar="TIME", help="Made at or after, such as 2025-03-01.")
    @click.option("--until", metavar="TIME", help="Made before.")
    @click.option("--type", "kind", type=click.Choice(get_args(MemoryType)), help="Memories of this type.")
    @where_option("summary is not null")
    @click.option("--links", is_flag=True, help="Also memories that a hit is linked with.")
    @click.option("--diversity", type=click.FloatRange(0, 1), default=0.0, help="Hits unlike each other.")
    @functools.wraps(body)
    async def run(
        invocation: Invocation,
        *,
        words: Sequence[str],
        mode: SearchMode | None,
        since: str | None,
        until: str | None,
        links: bool,
        diversity: float,
        **options: object,
    ) -> None:
        which = Sought(links=links, diversity=diversity)
        if mode is not None:
            which["mode"] = mode
        if since is not None:
            which["since"] = instant(since)
        if until is not None:
            which["until"] = instant(until)
        await body(invocation, text=" ".join(words), which=which, **options)

    return run


@click.command()
@invoked
@seeking
@click.option(
    "--table", metavar="TABLE", default=memories.table_name, show_default=True, help="What is searched."
)
@click.option(
    "--limit",
    type=click.IntRange(1, limits.SEARCH_HITS_MAX),
    default=limits.SEARCH_HITS_DEFAULT,
    show_default=True,
    metavar="HITS",
    help="At most so many.",
)
@click.option("--context", is_flag=True, help="With the turn before and the turn after each hit.")
@click.option("--watch", is_flag=True, help="And again at each change, until Ctrl-C.")
async def search(
    invocation: Invocation,
    *,
    text: str,
    which: Sought,
    table: str,
    persona: str | None,
    kind: str | None,
    where: tuple[str, ...],
    limit: int,
    context: bool,
    watch: bool,
) -> None:
    """Finds what is said, by words and by meaning, the best first.

    Plain words find what has any of them. "A phrase", begin*, AND, OR, NOT and parentheses mean what they
    say.
    """
    async with invocation.connect() as db:
        asked, output = table_named(table), invocation.output
        among = await _among(db, asked, persona, kind, where)
        is_for_people = output.is_terminal if watch else not output.as_json
        columns = _columns_for_people(asked) if is_for_people else asked.default_columns
        options = Shown(limit=limit, snippets=True, context=context, **which)
        if watch:
            async with db.watch_search(text, among.select(*columns), "pjai search", **options) as live:
                _note_meaning(invocation, live)
                await _watched(invocation, asked, live)
            return
        hits = await db.search(text, among.select(*columns), **options)
    if output.as_json:
        output.document(_document(columns, hits))
        return
    for hit in hits:
        for line in _lines(asked, hit, is_coloured=output.is_terminal):
            output.text(line)
    _note_meaning(invocation, hits)
    if not hits:
        invocation.output.note("nothing was found")


@click.command()
@invoked
@seeking
@click.option(
    "--budget",
    type=click.IntRange(limits.RECALL_TOKENS_MIN, limits.RECALL_TOKENS_MAX),
    default=limits.RECALL_TOKENS_DEFAULT,
    show_default=True,
    metavar="TOKENS",
    help="What it takes at most, by an estimate.",
)
async def recall(
    invocation: Invocation,
    *,
    text: str,
    which: Sought,
    persona: str | None,
    kind: str | None,
    where: tuple[str, ...],
    budget: int,
) -> None:
    """The best of memory about something, ready to stand in a prompt.

    The text is taken in plain words, as a person says them: it has no operators.
    """
    async with invocation.connect() as db:
        among = await _among(db, memories, persona, kind, where)
        found = await db.recall(text, among, budget_tokens=budget, **which)
    if invocation.output.as_json:
        invocation.output.document(found)
        return
    for line in found.text.splitlines():
        invocation.output.say(visible(line))
    _note_meaning(invocation, found)
    if not found.memories and not found.left_out:
        invocation.output.note("nothing was found")
        return
    left_out = f"; {found.left_out} did not fit" if found.left_out else ""
    invocation.output.note(f"{len(found.memories)} memories, about {found.tokens} tokens{left_out}")


def _note_meaning(invocation: Invocation, found: Hits[Any] | LiveQuery[Any] | RecallResult) -> None:
    """Says why vectors have no part in what is found, where they should."""
    if found.meaning == "unavailable":
        invocation.output.note(f"by words alone: {found.why}")


async def _among(
    db: Database, table: Table[Any], persona: str | None, kind: str | None, where: tuple[str, ...]
) -> Select[Any]:
    """What is searched among.

    Raises:
        NotFound: there is no such persona.
        InvalidQuery: the table has no personas, or no types.
    """
    chosen: list[Condition] = conditions(table, where)
    if persona is not None:
        chosen.append(_column(table, "personaId", "--persona") == (await existing_persona(db, persona)).id)
    if kind is not None:
        chosen.append(_column(table, "type", "--type") == kind)
    return table.where(*chosen)


def _column(table: Table[Any], name: str, option: str) -> Any:
    if not table.has(name):
        raise InvalidQuery(f"{table.table_name} have no {name}", hint=f"leave {option} out")
    return table.column(name)


def _lines(table: Table[Any], hit: Hit[dict[str, Any]], *, is_coloured: bool) -> Iterator[Text]:
    """A hit for people: how it scores and is called, where it matches, and the turns around it."""
    why = [f"{name} {value:.2f}" for name, value in (("words", hit.words), ("meaning", hit.meaning)) if value]
    why += [f"{name} +{value:.2f}" for name, value in hit.signals.items()]
    if hit.linked_from is not None:
        why.append(f"linked with {hit.linked_from}")
    yield Text.assemble((f"{hit.score:.2f}", "bold"), "  ", _called(table, hit.row))
    yield Text.assemble(("      ", ""), (", ".join((hit.row["id"], *why)), "dim"))
    if hit.before is not None:
        yield Text.assemble("      ", (_called(table, hit.before), "dim"))
    if hit.snippet is not None:
        yield Text.assemble("      ", *_marked(hit.snippet, is_coloured=is_coloured))
    if hit.after is not None:
        yield Text.assemble("      ", (_called(table, hit.after), "dim"))


def _marked(snippet: Snippet, *, is_coloured: bool) -> Iterator[str | tuple[str, str]]:
    before, after = ("", "") if is_coloured else MARKED_PLAIN
    for at, piece in enumerate(snippet):
        text = visible(piece)
        yield (f"{before}{text}{after}", MARK) if at % 2 else text


def _columns_for_people(table: Table[Any]) -> tuple[Column, ...]:
    """What is shown of a hit.

    Raises:
        UnknownTable: the table is not searched.
    """
    if table.table_name not in _CALLED:
        raise UnknownTable.near(f"{table.table_name} is not searched", table.table_name, _CALLED)
    return (table.column("id"), table.column(_CALLED[table.table_name]))


def _called(table: Table[Any], row: dict[str, Any]) -> str:
    """What a row is called by people."""
    column = _CALLED[table.table_name]
    return shown(column, row[column])


async def _watched(invocation: Invocation, table: Table[Any], live: LiveQuery[Hit[dict[str, Any]]]) -> None:
    """The hits, and again at each change: one screen at a terminal, and otherwise a JSON line each time."""
    output = invocation.output
    if not output.is_terminal:
        async for hits in live:
            output.line({"seq": live.seq, "hits": _documents(table.default_columns, hits)})
            output.flush()
        return
    with Live(console=output.console, auto_refresh=False) as screen:
        async for hits in live:
            lines = [line for hit in hits for line in _lines(table, hit, is_coloured=True)]
            caption = Text(f"{len(hits)} hits at {live.seq}; Ctrl-C ends", "dim")
            screen.update(Group(*lines, caption), refresh=True)


def _document(columns: Sequence[Column], hits: Hits[dict[str, Any]]) -> dict[str, Any]:
    return {
        "seq": hits.seq,
        "mode": hits.mode,
        "meaning": hits.meaning,
        "why": hits.why,
        "model": hits.model,
        "hits": _documents(columns, hits),
    }


def _documents(columns: Sequence[Column], hits: Sequence[Hit[dict[str, Any]]]) -> list[dict[str, Any]]:
    def named(row: dict[str, Any] | None) -> dict[str, Any] | None:
        return None if row is None else by_wire_name(columns, row)

    return [
        {
            **by_wire_name(columns, hit.row),
            "score": hit.score,
            "words": hit.words,
            "meaning": hit.meaning,
            "signals": hit.signals,
            "linkedFrom": hit.linked_from,
            "snippet": hit.snippet,
            "before": named(hit.before),
            "after": named(hit.after),
        }
        for hit in hits
    ]
