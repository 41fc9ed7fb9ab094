"""Owns how events of warnings become rows."""

from __future__ import annotations

from collections.abc import Iterator

from pjai_wire.events import v1
from pjai_wire.tables import personas, warnings
from pjaid.store.materializers.registry import Read, materializes
from pjaid.store.requirements import exists
from pjaid.store.writes import Write, delete, given, put


@materializes(v1.WarningRaised, exists(personas, "persona_id"))
def warning_raised(event: v1.WarningRaised, _read: Read) -> Iterator[Write]:
    """One that is raised again keeps its age."""
    yield put(warnings, {"raised_at": event.at}, **given(event))


@materializes(v1.WarningCleared, exists(warnings))
def warning_cleared(event: v1.WarningCleared, _read: Read) -> Iterator[Write]:
    """The row goes."""
    yield delete(warnings.where(id=event.id))
