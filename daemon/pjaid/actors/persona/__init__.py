"""Owns the persona actor: what a program does with personas beyond committing an event.

declaration  what the actor may do
names        texts as they are kept, and free names (pure)
life         create, update, activate, deactivate, touch
deleting     delete
duplicating  duplicate
commits      many events, some hundred at a time
marks        what says that one of these is under way
secrets      set_secrets, reveal
insights     insights
"""

from __future__ import annotations

from importlib import import_module

from pjaid.actors.persona.declaration import persona

for _room in ("life", "deleting", "duplicating", "secrets", "insights"):
    import_module(f"{__name__}.{_room}")

__all__ = ["persona"]
