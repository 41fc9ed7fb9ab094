"""Owns the synchronous face of what is asked of actors."""

from __future__ import annotations

from pjai import persona_calls
from pjai.blocking.facade import Facade, waiting


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
