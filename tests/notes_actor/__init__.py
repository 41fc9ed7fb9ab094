"""Notes, an actor of another's making: counts memories, and the times that a persona becomes active."""

from pjai import Database, memories, personas, v1
from pjai.actor import Actor, Permissions
from pjai_wire.methods import Params, Result

notes = Actor("notes", may=Permissions(methods=("count", "watch", "commit"), events=("v1.PersonaUsed",)))


class TotalParams(Params, frozen=True, kw_only=True):
    persona_id: str


class TotalResult(Result, frozen=True, kw_only=True):
    total: int


@notes.serves
async def total(db: Database, params: TotalParams) -> TotalResult:
    return TotalResult(total=await db.count(memories.where(persona_id=params.persona_id)))


@notes.runs
async def follow(db: Database) -> None:
    async with db.watch(personas.where(is_active=True).select("id")) as live:
        async for rows in live:
            for row in rows:
                await db.commit(v1.PersonaUsed(id=row["id"]))
