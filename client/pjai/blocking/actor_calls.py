"""Owns the synchronous face of what is asked of actors."""

from __future__ import annotations

from pjai import embedder_calls, memory_calls, optimiser_calls, persona_calls
from pjai.blocking.facade import Facade, waiting


class MemoryCalls(Facade[memory_calls.MemoryCalls]):
    """The memory steward of a daemon."""

    remember = waiting(memory_calls.MemoryCalls.remember)
    remember_all = waiting(memory_calls.MemoryCalls.remember_all)
    touch = waiting(memory_calls.MemoryCalls.touch)
    connect = waiting(memory_calls.MemoryCalls.connect)
    pin = waiting(memory_calls.MemoryCalls.pin)
    unpin = waiting(memory_calls.MemoryCalls.unpin)
    forget = waiting(memory_calls.MemoryCalls.forget)
    tend = waiting(memory_calls.MemoryCalls.tend)
    clean = waiting(memory_calls.MemoryCalls.clean)
    status = waiting(memory_calls.MemoryCalls.status)


class PersonaCalls(Facade[persona_calls.PersonaCalls]):
    """The persona actor's methods."""

    create = waiting(persona_calls.PersonaCalls.create)
    update = waiting(persona_calls.PersonaCalls.update)
    activate = waiting(persona_calls.PersonaCalls.activate)
    deactivate = waiting(persona_calls.PersonaCalls.deactivate)
    touch = waiting(persona_calls.PersonaCalls.touch)
    duplicate = waiting(persona_calls.PersonaCalls.duplicate)
    delete = waiting(persona_calls.PersonaCalls.delete)
    set_secrets = waiting(persona_calls.PersonaCalls.set_secrets)
    reveal = waiting(persona_calls.PersonaCalls.reveal)
    insights = waiting(persona_calls.PersonaCalls.insights)


class OptimiserCalls(Facade[optimiser_calls.OptimiserCalls]):
    """The query optimiser of a daemon."""

    status = waiting(optimiser_calls.OptimiserCalls.status)
    run = waiting(optimiser_calls.OptimiserCalls.run)
    create = waiting(optimiser_calls.OptimiserCalls.create)
    drop = waiting(optimiser_calls.OptimiserCalls.drop)
    resize_page_cache = waiting(optimiser_calls.OptimiserCalls.resize_page_cache)


class EmbedderCalls(Facade[embedder_calls.EmbedderCalls]):
    """The embedder of a daemon."""

    embed = waiting(embedder_calls.EmbedderCalls.embed)
    status = waiting(embedder_calls.EmbedderCalls.status)
