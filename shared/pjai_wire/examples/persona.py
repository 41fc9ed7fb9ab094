"""Owns examples of the persona actor's methods."""

from __future__ import annotations

from pjai_wire import methods
from pjai_wire.examples.exchange import Reply, Request
from pjai_wire.examples.story import ADA, NOON, example_id
from pjai_wire.fields import Personality, PersonaSettings

_ADA = methods.PersonaParams(id=ADA)

PERSONA_REQUESTS = (
    Request("a name", methods.PERSONA_CREATE, methods.PersonaCreateParams(name="Ada")),
    Request(
        "all of it",
        methods.PERSONA_CREATE,
        methods.PersonaCreateParams(
            name="Ada",
            id=ADA,
            description="bakes bread",
            avatar="https://example.org/ada.png",
            personality=Personality(traits=("curious", "calm")),
            settings=PersonaSettings(memory_retention=30),
            memory_config={"hotLimit": 200},
        ),
    ),
    Request(
        "some fields",
        methods.PERSONA_UPDATE,
        methods.PersonaUpdateParams(
            id=ADA,
            name="Ada Lovelace",
            avatar=None,
            personality=methods.PersonalityChange(temperament="warm"),
            settings=methods.PersonaSettingsChange(privacy_level="high"),
        ),
    ),
    Request("a persona", methods.PERSONA_ACTIVATE, _ADA),
    Request("a persona", methods.PERSONA_DEACTIVATE, _ADA),
    Request("a persona", methods.PERSONA_TOUCH, _ADA),
    Request("a persona", methods.PERSONA_DUPLICATE, methods.PersonaDuplicateParams(id=ADA)),
    Request(
        "with memories",
        methods.PERSONA_DUPLICATE,
        methods.PersonaDuplicateParams(id=ADA, name="Bo", with_memories=True),
    ),
    Request("a persona", methods.PERSONA_DELETE, _ADA),
    Request(
        "one set and one removed",
        methods.PERSONA_SET_SECRETS,
        methods.PersonaSetSecretsParams(id=ADA, private_memory=None, api_keys={"weather": "an example"}),
    ),
    Request(
        "a secret",
        methods.PERSONA_REVEAL,
        methods.PersonaRevealParams(id=ADA, secret="apiKeys"),  # noqa: S106 # which one, and not the secret
    ),
    Request("a persona", methods.PERSONA_INSIGHTS, _ADA),
)

_CHANGED = methods.PersonaChanged(id=ADA, seq=44)

PERSONA_REPLIES = (
    Reply("created", methods.PERSONA_CREATE, _CHANGED),
    Reply("updated", methods.PERSONA_UPDATE, _CHANGED),
    Reply("activated", methods.PERSONA_ACTIVATE, _CHANGED),
    Reply("deactivated", methods.PERSONA_DEACTIVATE, _CHANGED),
    Reply("touched", methods.PERSONA_TOUCH, _CHANGED),
    Reply(
        "another",
        methods.PERSONA_DUPLICATE,
        methods.PersonaDuplicated(id=example_id(9), name="Ada (2)", memories=2, links=1, seq=47),
    ),
    Reply("deleted", methods.PERSONA_DELETE, _CHANGED),
    Reply("set", methods.PERSONA_SET_SECRETS, _CHANGED),
    Reply(
        "a secret",
        methods.PERSONA_REVEAL,
        methods.PersonaRevealed(api_keys={"weather": "an example"}, seq=45),
    ),
    Reply(
        "two memories",
        methods.PERSONA_INSIGHTS,
        methods.PersonaInsights(
            id=ADA,
            at=NOON,
            memories=2,
            by_type={"concept": 1, "task": 1},
            by_tier={"hot": 2},
            importance_average=57.5,
            ages=(
                methods.AgeBucket(name="day", memories=1),
                methods.AgeBucket(name="week", memories=1),
                methods.AgeBucket(name="month", memories=0),
                methods.AgeBucket(name="quarter", memories=0),
                methods.AgeBucket(name="year", memories=0),
                methods.AgeBucket(name="older", memories=0),
            ),
            growth=(*(0,) * 27, 1, 0, 1),
            conversations=1,
            links=1,
            log_bytes=1_380,
            log_bytes_lately=920,
        ),
    ),
)
