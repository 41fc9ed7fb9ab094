from __future__ import annotations

import gc
import signal
import threading
import weakref
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from queue import SimpleQueue
from typing import assert_type

import anyio
import pytest

import pjai
from pjai import Difference, blocking, memories, personas, records, v1
from pjai.differences import Inserted, Reset
from pjai.testing import Daemon

PATIENCE_S = 10


@pytest.fixture
def db(daemon: Daemon) -> Iterator[blocking.Database]:
    with blocking.connect(daemon.endpoint, client="blocking tests") as database:
        yield database


def remember(db: blocking.Database, owner: str, name: str, importance: int = 50) -> pjai.Receipt:
    return db.commit(
        v1.MemoryEntityCreated(
            id=pjai.new_id(), persona_id=owner, type="concept", name=name, importance=importance
        )
    )


def created(db: blocking.Database) -> str:
    name = pjai.new_id()
    db.commit(v1.PersonaCreated(id=name, name=name))
    return name


def test_differences_are_iterated(db: blocking.Database) -> None:
    name = pjai.new_id()
    with db.watch(personas.where(name=name)) as live:
        differences = live.changes()
        assert assert_type(next(differences), Difference[records.Persona]).changes == (Reset([]),)
        db.commit(v1.PersonaCreated(id=name, name=name))
        difference = next(differences)
        assert difference.changes == (Inserted(0, live.current[0]),)
        assert difference.applied_to([]) == live.current
    assert list(differences) == []


def test_a_signal_is_set_from_any_thread_and_what_follows_it_changes(db: blocking.Database) -> None:
    ada, bob = created(db), created(db)
    remember(db, ada, "Sourdough", 70)
    remember(db, bob, "Rye", 20)
    chosen = assert_type(db.signal(ada), blocking.Signal[str])
    with (
        db.watch(lambda: memories.where(persona_id=chosen.current)) as live,
        db.computed(lambda: [one.name for one in live.current if chosen.current == one.persona_id]) as theirs,
        db.computed(len, live) as how_many,
    ):
        assert (next(theirs), next(how_many)) == (["Sourdough"], 1)
        setting = threading.Thread(target=chosen.set, args=(bob,))
        setting.start()
        setting.join()
        assert live.reached(0) > 0
        assert (chosen.current, theirs.current, live.select) == (bob, ["Rye"], memories.where(persona_id=bob))
        chosen.update(lambda _: ada)
        assert live.reached(0) > 0
        assert theirs.current == ["Sourdough"]
    assert list(theirs) == []


def test_a_callback_gets_the_result_of_now_and_each_new_one_in_a_thread_of_its_own(
    db: blocking.Database,
) -> None:
    ada = created(db)
    results: SimpleQueue[tuple[list[str], threading.Thread]] = SimpleQueue()

    def note(rows: list[records.MemoryEntity]) -> None:
        # It may ask for more.
        assert db.count(memories.where(persona_id=ada)) >= len(rows)
        results.put(([one.name for one in rows], threading.current_thread()))

    with db.watch(memories.where(persona_id=ada).order_by(memories.name)) as live:
        stop = live.on_change(note)
        names, thread = results.get(timeout=PATIENCE_S)
        assert (names, thread is not threading.current_thread()) == ([], True)
        receipt = remember(db, ada, "Sourdough")
        assert results.get(timeout=PATIENCE_S) == (["Sourdough"], thread)
        # The iteration of the result has a place of its own.
        assert [one.name for one in next(live)] == ["Sourdough"]
        stop()
        assert not thread.is_alive()
        stop()
        receipt = remember(db, ada, "Rye")
        live.reached(receipt.seq)
        assert results.empty()


def test_the_block_s_end_ends_its_callbacks(db: blocking.Database) -> None:
    threads: SimpleQueue[threading.Thread] = SimpleQueue()
    with db.watch(personas.where(name="nobody")) as live:
        stop = live.on_change(lambda _: threads.put(threading.current_thread()))
        thread = threads.get(timeout=PATIENCE_S)
    assert not thread.is_alive()
    stop()


def test_a_callback_may_stop_itself(db: blocking.Database) -> None:
    called: SimpleQueue[threading.Thread] = SimpleQueue()
    number = db.signal(1)
    stopping = threading.Event()

    def once(_: int) -> None:
        stopping.wait(PATIENCE_S)
        stop()
        called.put(threading.current_thread())

    stop = number.on_change(once)
    stopping.set()
    thread = called.get(timeout=PATIENCE_S)
    thread.join(PATIENCE_S)
    number.set(2)
    assert called.empty()


def test_what_a_callback_raises_ends_the_live_query_and_is_logged(
    db: blocking.Database, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    with db.watch(personas.where(name="nobody")) as live, db.watch(personas.where(name="nobody")) as other:
        live.on_change(fail)
        with pytest.raises(ZeroDivisionError):
            for _ in live:
                pass
        with pytest.raises(ZeroDivisionError):
            live.reached(2**50)
        assert next(other) == []
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_callbacks_on_what_no_block_ends_end_with_the_connection(daemon: Daemon) -> None:
    before = threading.active_count()
    called = threading.Event()
    with blocking.connect(daemon.endpoint) as db:
        db.signal(1).on_change(lambda _: called.set())
        assert called.wait(PATIENCE_S)
    assert threading.active_count() == before


def test_a_function_that_would_wait_for_the_loop_that_runs_it_is_an_error(db: blocking.Database) -> None:
    with pytest.raises(RuntimeError), db.watch(lambda: personas.limit(db.count(personas))):
        pass


def test_what_an_asynchronous_block_composes_is_followed(db: blocking.Database) -> None:
    ada = created(db)
    with db.composed(lambda inner: pjai.queries.memory_insights(inner, ada)) as insights:
        assert next(insights).total == 0
        remember(db, ada, "Sourdough")
        assert any(value.total == 1 for value in insights)


def test_a_feed_is_iterated(db: blocking.Database) -> None:
    ada = created(db)
    with db.changes(table=memories.where(persona_id=ada)) as feed:
        assert feed.seq > 0
        receipt = remember(db, ada, "Sourdough")
        change = next(feed)
        assert isinstance(change, pjai.feed.RowInserted)
        assert (change.seq, change.row.name) == (receipt.seq, "Sourdough")
    assert list(feed) == []


def test_the_end_of_the_connection_ends_what_other_threads_iterate_over_and_the_blocks_they_are_in(
    daemon: Daemon,
) -> None:
    ended: SimpleQueue[str] = SimpleQueue()
    begun = threading.Barrier(3)

    def follow_a_signal(db: blocking.Database) -> None:
        for _ in db.signal("set once"):
            begun.wait(PATIENCE_S)
        ended.put("signal")

    def watch(db: blocking.Database) -> None:
        with db.watch(personas.limit(0)) as live:
            for _ in live:
                begun.wait(PATIENCE_S)
        ended.put("watch")

    def connect() -> None:
        with blocking.connect(daemon.endpoint) as db:
            for follow in (follow_a_signal, watch):
                threading.Thread(target=follow, args=(db,), daemon=True).start()
            begun.wait(PATIENCE_S)
        ended.put("connection")

    # In a thread that may be left behind, as what is tested is that it ends.
    threading.Thread(target=connect, daemon=True).start()
    assert {ended.get(timeout=PATIENCE_S) for _ in range(3)} == {"signal", "watch", "connection"}


def test_a_callback_that_was_stopped_is_forgotten(db: blocking.Database) -> None:
    class Note:
        def __init__(self) -> None:
            self.called = threading.Event()

        def __call__(self, _: object) -> None:
            self.called.set()

    with db.signal(1) as live:
        note = Note()
        stop = live.on_change(note)
        assert note.called.wait(PATIENCE_S)
        stop()
        left = weakref.ref(note)
        del note, stop
        # The end of the iteration is an exception, and with its frames a cycle.
        gc.collect()
        assert left() is None


def test_an_interrupt_ends_a_block_that_has_yet_to_begin(db: blocking.Database) -> None:
    ended = threading.Event()

    @asynccontextmanager
    async def endless(_: pjai.Database) -> AsyncIterator[pjai.Signal[int]]:
        try:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            await anyio.sleep_forever()
            yield pjai.signal(1)
        finally:
            ended.set()

    with pytest.raises(KeyboardInterrupt), db.composed(endless):
        pass
    assert ended.wait(PATIENCE_S)
