"""Owns the supervision tree of actors: a list that one can read aloud."""

from __future__ import annotations

from collections.abc import Collection, Iterable, MutableMapping

from msgspec import Struct

from pjaid.errors import InvalidSetting
from pjaid.supervisor.installed import installed_actors
from pjaid.supervisor.restart import Restart


class Place(Struct, frozen=True):
    """An actor's place in the tree."""

    name: str
    actor: str
    """Where its declaration is: `module:attribute`."""
    restart: Restart = Restart()
    secrets: frozenset[str] = frozenset()
    """Variables of the daemon's environment that it alone is given."""
    imports_late: tuple[str, ...] = ()
    """Modules that it needs when it works, and not to be known."""


TREE: tuple[Place, ...] = (
    Place("persona", "pjaid.actors.persona:persona"),
    Place("memory", "pjaid.actors.memory_steward:memory"),
    Place("metrics", "pjaid.actors.metrics.actor:metrics"),
    Place("optimiser", "pjaid.actors.query_optimiser:optimiser"),
    Place(
        "embedder",
        "pjaid.actors.embedder:embedder",
        secrets=frozenset({"PJAI_EMBEDDER_KEY"}),
        imports_late=("pjaid.actors.embedder.making",),
    ),
)
"""Ours, one for one: when one falls, the others stay."""


def preloaded(tree: Iterable[Place], idle: Collection[str] = ()) -> list[str]:
    """The modules of ours. Another's is imported by its own process alone, as it may do harm.

    Args:
        tree: the actors that run.
        idle: the names of those that have nothing to do, and import nothing late.
    """
    ours = [place for place in tree if place in TREE]
    late = [module for place in ours if place.name not in idle for module in place.imports_late]
    return [*(place.actor.partition(":")[0] for place in ours), *late]


def places(wanted: str) -> tuple[Place, ...]:
    """The actors that run.

    Args:
        wanted: their names, separated by commas; or `all`, or `none`.

    Raises:
        InvalidSetting: there is none of a name.
    """
    if wanted == "none":
        return ()
    others = (Place(name, actor) for name, actor in installed_actors().items())
    known = {place.name: place for place in (*others, *TREE)}
    if wanted == "all":
        return tuple(known.values())
    names = [name.strip() for name in wanted.split(",")]
    for name in names:
        if name not in known:
            raise InvalidSetting(
                f"there is no actor {name!r}",
                hint=f"actors is one or more of: {', '.join(['all', 'none', *known])}",
            )
    return tuple(known[name] for name in dict.fromkeys(names))


def take_secrets(environ: MutableMapping[str, str]) -> dict[str, str]:
    """Takes what only one actor is to know out of an environment, so that no process inherits it.

    Returns:
        The variables that there were, whether or not their actor runs.
    """
    known = {variable for place in TREE for variable in place.secrets}
    return {variable: environ.pop(variable) for variable in known & environ.keys()}
