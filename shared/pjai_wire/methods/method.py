"""Owns what a method is: its name, what it takes and answers, and what a caller must be allowed."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Generic, TypeVar

from msgspec import Struct

ParamsT = TypeVar("ParamsT", bound=Struct)
ResultT = TypeVar("ResultT", bound=Struct)


class Scope(StrEnum):
    """What a client must be allowed to do in order to call a method."""

    NONE = "none"
    READ = "read"
    WRITE = "write"
    SECRETS = "secrets"
    ADMIN = "admin"


class Method(Generic[ParamsT, ResultT]):
    """A method of the contract.

    Args:
        name: its name on the wire.
        params: the type of its params.
        result: the type of its result.
        needs: the scope that a caller must have.
        repeatable: whether asking twice does no more than asking once, so that a client may ask again
            when an answer was lost. An actor's method is none unless this says that it is.
    """

    def __init__(
        self,
        name: str,
        params: type[ParamsT],
        result: type[ResultT],
        *,
        needs: Scope,
        repeatable: bool | None = None,
    ) -> None:
        self.name: Final = name
        self.params: Final = params
        self.result: Final = result
        self.needs: Final = needs
        self.repeatable: Final = self.actor is None if repeatable is None else repeatable

    def __repr__(self) -> str:
        return f"<method {self.name}>"

    @property
    def actor(self) -> str | None:
        """The actor that answers it; None where the daemon itself does."""
        actor, dot, _ = self.name.partition(".")
        return actor if dot else None


class Params(
    Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True
):
    """What a method takes."""


class Result(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a method answers; a client ignores fields that it does not know."""


class Nothing(Params, frozen=True, kw_only=True):
    """No params."""


class Done(Result, frozen=True, kw_only=True):
    """No more to say than that it is done."""
