"""Owns how events of workflows become rows."""

from __future__ import annotations

from collections.abc import Iterator

from pjai_wire.events import v1
from pjai_wire.tables import personas, workflows
from pjaid.store.materializers.registry import Read, materializes
from pjaid.store.requirements import exists
from pjaid.store.writes import Write, delete, given, put, update


@materializes(v1.WorkflowSaved, exists(personas, "persona_id"))
def workflow_saved(event: v1.WorkflowSaved, _read: Read) -> Iterator[Write]:
    """A saved workflow replaces what had its id, but keeps its age and its count."""
    first = {"execution_count": 0, "last_executed_at": None, "created_at": event.at}
    yield put(workflows, first, **given(event), updated_at=event.at)


@materializes(v1.WorkflowExecuted, exists(workflows))
def workflow_executed(event: v1.WorkflowExecuted, _read: Read) -> Iterator[Write]:
    """Executions are counted."""
    yield update(
        workflows.where(id=event.id),
        execution_count=workflows.execution_count + 1,
        last_executed_at=event.at,
    )


@materializes(v1.WorkflowDeleted, exists(workflows))
def workflow_deleted(event: v1.WorkflowDeleted, _read: Read) -> Iterator[Write]:
    """The row goes."""
    yield delete(workflows.where(id=event.id))
