"""Owns the checking of events that are to be recorded, as far as that needs no state (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from msgspec import UNSET, Raw, Struct
from msgspec import inspect as schema

from pjai_wire import chain, limits
from pjai_wire.codec import Decoder, encode
from pjai_wire.errors import Forbidden, InvalidValue, LimitExceeded, PjaiError
from pjai_wire.events import EVENTS, Event, event_name, event_type
from pjai_wire.free import check_free
from pjai_wire.ids import new_id
from pjai_wire.methods import CommitParams, NewEvent

LARGE_BYTES = 64 * 2**10
"""A longer commit is decoded by whoever writes it, to hold up no others, and has a transaction to itself."""

_params = Decoder(CommitParams, "params")
_decoders: dict[type[Event], Decoder[Event]] = {kind: Decoder(kind, "args") for kind in EVENTS.values()}


class Incoming(Struct, frozen=True):
    """An event that fits the contract, as the log will hold it."""

    id: str
    name: str
    event: Event
    args: bytes
    args_hash: bytes


class IncomingCommit:
    """The events of an encoded `CommitParams`, decoded once, by whoever needs them first.

    Decoding twice would do no harm, so there is no lock for when two threads come at once.

    Args:
        params: what a client sent.
    """

    def __init__(self, params: bytes) -> None:
        self._params = params
        self._events: tuple[Incoming, ...] | None = None

    def events(self) -> tuple[Incoming, ...]:
        """The events.

        Raises:
            PjaiError: one is unknown or malformed.
        """
        if self._events is None:
            self._events = incoming(_params.decode(self._params).events)
        return self._events

    @property
    def is_large(self) -> bool:
        """Whether it takes long to decode, and to write."""
        return len(self._params) > LARGE_BYTES

    def decode_ahead(self) -> None:
        """Spares others the decoding where it is short; what is wrong is theirs to find."""
        if not self.is_large:
            try:
                self.events()
            except PjaiError:
                return


def own(event: Event) -> tuple[Incoming, ...]:
    """A commit of one event of what the daemon itself does.

    Raises:
        PjaiError: it does not fit the contract.
    """
    return (_incoming(NewEvent(id=new_id(), name=event_name(event), args=Raw(encode(event))), type(event)),)


def incoming(events: Iterable[NewEvent]) -> tuple[Incoming, ...]:
    """The events of a commit of a client's, checked against the contract.

    Raises:
        Forbidden: one is for the daemon alone to record.
        PjaiError: one is unknown or malformed, or two are the same.
    """
    checked = tuple(_incoming(new, _type_for_clients(new.name)) for new in events)
    if len({new.id for new in checked}) < len(checked):
        raise InvalidValue("two events of this commit have the same id", hint="each event has its own")
    return checked


def _type_for_clients(name: str) -> type[Event]:
    kind = event_type(name)
    if kind.daemon_only:
        raise Forbidden(f"the daemon alone records {name}", hint="it does so by itself, when it happens")
    return kind


def _incoming(new: NewEvent, kind: type[Event]) -> Incoming:
    if len(memoryview(new.args)) > limits.EVENT_BYTES_MAX:
        raise LimitExceeded(f"an event's arguments have at most {limits.EVENT_BYTES_MAX} bytes")
    event = _decoders[kind].decode(new.args)
    for name in _free_fields(kind):
        if (value := getattr(event, name)) is not UNSET:
            check_free(value)
    args = encode(event)
    return Incoming(new.id, new.name, event, args, chain.arguments_hash(args))


@cache
def _free_fields(kind: type[Event]) -> tuple[str, ...]:
    """The fields of an event that hold what its maker likes."""
    declared = schema.type_info(kind)
    assert isinstance(declared, schema.StructType)
    return tuple(field.name for field in declared.fields if _is_free(field.type))


def _is_free(declared: schema.Type) -> bool:
    members = declared.types if isinstance(declared, schema.UnionType) else (declared,)
    return any(isinstance(member, schema.DictType | schema.AnyType) for member in members)
