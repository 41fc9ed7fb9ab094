"""Settings: each is documented, bounded, and found in its sources in the promised order."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect

from pjai_wire.endpoints import runtime_directory
from pjaid.errors import EX_CONFIG, InvalidSetting, StartError
from pjaid.setting_sources import load_settings, unknown_flag, unknown_variables
from pjaid.settings import DECLARATIONS, Declaration, Settings, settings_of

NUMBERS = (inspect.IntType, inspect.FloatType)
LETTERS = st.characters(categories=("L", "N"), include_characters="-_. ")


def kind_of(declaration: Declaration) -> inspect.Type:
    kind = inspect.type_info(declaration.annotation)
    assert isinstance(kind, inspect.Metadata)
    return kind.type


def accepted(declaration: Declaration) -> st.SearchStrategy[object]:
    match kind_of(declaration):
        case inspect.IntType(ge=low, le=high):
            return st.integers(low, high)
        case inspect.FloatType(ge=low, le=high):
            return st.floats(low, high)
        case inspect.BoolType():
            return st.booleans()
        case inspect.LiteralType(values=words):
            return st.sampled_from(words)
        case inspect.StrType():
            return st.text(LETTERS, min_size=1)
        case _:
            return st.text(LETTERS, min_size=1).map(lambda name: Path("/data") / name)


def as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str | Path) else as_text(value)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "pjaid.toml"


def environ(config: Path, **more: str) -> dict[str, str]:
    config.touch()
    return {"PJAI_CONFIG": str(config), **more}


@pytest.mark.parametrize("declaration", DECLARATIONS.values(), ids=lambda declaration: declaration.name)
def test_each_setting_is_documented(declaration: Declaration) -> None:
    assert declaration.sentence.endswith(".")
    assert declaration.allowed
    if isinstance(kind_of(declaration), NUMBERS):
        assert declaration.unit
        assert declaration.allowed.startswith(("a number from", "a whole number from"))


def test_every_default_is_allowed() -> None:
    values = msgspec.structs.asdict(Settings())
    flags = {name: as_text(value) for name, value in values.items() if value is not None}

    settings, _ = load_settings(flags, {"PJAI_CONFIG": os.devnull})

    assert settings == Settings()


def test_the_runtime_directory_is_where_clients_look() -> None:
    assert Settings().runtime_dir == runtime_directory()


def test_a_later_source_wins(config: Path) -> None:
    config.write_text("readers_max = 11\nwrite_queue_max = 22\ntick_interval_ms = 33\n")
    variables = environ(config, PJAI_WRITE_QUEUE_MAX="222", PJAI_TICK_INTERVAL_MS="333")

    settings, sources = load_settings({"tick_interval_ms": "3333"}, variables)

    found = (settings.clients_max, settings.readers_max, settings.write_queue_max, settings.tick_interval_ms)
    assert found == (1000, 11, 222, 3333)
    assert sources["clients_max"] == "default"
    assert sources["readers_max"] == f"file {config}"
    assert sources["write_queue_max"] == "environment PJAI_WRITE_QUEUE_MAX"
    assert sources["tick_interval_ms"] == "flag --tick-interval-ms"


def test_an_empty_variable_counts_as_not_set(config: Path) -> None:
    _, sources = load_settings({}, environ(config, PJAI_LOG_LEVEL=""))

    assert sources["log_level"] == "default"


@given(st.fixed_dictionaries({}, optional={name: accepted(d) for name, d in DECLARATIONS.items()}))
def test_an_accepted_value_reads_the_same_from_every_source(values: dict[str, object]) -> None:
    values |= {"readers_min": 1, "actor_heartbeat_ms": 10, "embedder": "static"}
    flags = {name: as_text(value) for name, value in values.items()}
    variables = {f"PJAI_{name.upper()}": text for name, text in flags.items()}

    from_flags, _ = load_settings(flags, {"PJAI_CONFIG": os.devnull})
    from_environment, _ = load_settings({}, {"PJAI_CONFIG": os.devnull, **variables})

    assert msgspec.structs.asdict(from_flags) | values == msgspec.structs.asdict(from_flags)
    assert from_flags == from_environment


def test_a_file_may_hold_every_setting(config: Path) -> None:
    given = Settings(
        passphrase_file=Path("/run/pjai passphrase"),
        metrics_prometheus_socket=Path("/run/pjai metrics"),
        embedder="endpoint",
        embedder_model_dir=Path("/models/small"),
        embedder_url="http://localhost:11434/v1/embeddings",
        embedder_model="nomic-embed-text",
        embedder_key_file=Path("/run/pjai key"),
        embedder_query_prefix="search_query: ",
        embedder_text_prefix="search_document: ",
        development=True,
    )
    values = msgspec.structs.asdict(given)
    config.write_text("".join(f"{name} = {as_toml(value)}\n" for name, value in values.items()))

    settings, sources = load_settings({}, environ(config))

    assert msgspec.structs.asdict(settings) == values
    assert set(sources.values()) == {f"file {config}"}


def test_a_path_may_be_relative_or_in_the_home_directory(
    monkeypatch: pytest.MonkeyPatch, config: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.chdir(tmp_path)

    settings, _ = load_settings({"data_dir": "~/store", "state_dir": "here"}, environ(config))

    assert settings.data_dir == Path("/home/ada/store")
    assert settings.state_dir == tmp_path / "here"


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("log_level", "loud", "one of: debug"),
        ("readers_max", "65", "a whole number from 1 to 64"),
        ("readers_max", "2.5", "a whole number from 1 to 64"),
        ("topic_lease_s", "nan", "a number from 0.1 to 3600"),
        ("development", "maybe", "true or false"),
        ("data_dir", "~nobody-of-this-name/store", "a path"),
        ("data_dir", "", "a path"),
    ],
)
def test_a_refused_value_is_named_with_its_source_and_what_is_allowed(
    config: Path, name: str, text: str, allowed: str
) -> None:
    with pytest.raises(InvalidSetting) as refused:
        load_settings({name: text}, environ(config))

    assert f"{name} from flag --{name.replace('_', '-')}" in refused.value.message
    assert allowed in refused.value.hint
    assert refused.value.exit_code == EX_CONFIG


def test_a_number_in_the_file_is_not_quoted(config: Path) -> None:
    config.write_text('readers_max = "10"\n')

    with pytest.raises(InvalidSetting, match=rf"readers_max from file {config}"):
        load_settings({}, environ(config))


def test_an_unknown_setting_in_the_file_is_named_without_its_value(config: Path) -> None:
    config.write_text('passphrase = "correct horse"\nreader_max = 3\n')

    with pytest.raises(InvalidSetting, match="'passphrase'") as refused:
        load_settings({}, environ(config))

    assert "correct horse" not in str(refused.value)


def test_the_nearest_setting_is_suggested(config: Path) -> None:
    config.write_text("reader_max = 3\n")

    with pytest.raises(InvalidSetting, match="did you mean 'readers_max'"):
        load_settings({}, environ(config))


def test_a_file_that_is_not_toml_is_refused(config: Path) -> None:
    config.write_bytes(b"readers_max: 3\n\xff")

    with pytest.raises(InvalidSetting, match="is not TOML"):
        load_settings({}, environ(config))


def test_a_chosen_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="does not exist"):
        load_settings({}, {"PJAI_CONFIG": str(tmp_path / "absent.toml")})


def test_fewer_readers_at_most_than_at_least_are_refused(config: Path) -> None:
    with pytest.raises(InvalidSetting, match="readers_min"):
        load_settings({"readers_min": "5", "readers_max": "4"}, environ(config))


def test_the_passphrase_is_no_setting() -> None:
    assert "passphrase" not in DECLARATIONS


@pytest.mark.parametrize("flag", ["--tick", "--tick-intervall-ms", "--tick_interval_ms"])
def test_an_unknown_flag_is_told_with_the_nearest(flag: str) -> None:
    refused = unknown_flag(flag)

    assert flag in refused.message
    assert refused.hint == "did you mean '--tick-interval-ms'?"


def test_a_flag_that_is_near_to_none_is_told_with_all() -> None:
    assert all(declaration.flag in unknown_flag("--").hint for declaration in DECLARATIONS.values())


def test_a_variable_that_means_nothing_is_named_with_the_nearest() -> None:
    variables = {
        **{declaration.variable: "" for declaration in DECLARATIONS.values()},
        **dict.fromkeys(("PJAI_CONFIG", "PJAI_PASSPHRASE", "PJAI_ENDPOINT", "PJAI_TEST_KILLS", "HOME"), ""),
        "PJAI_TICK_INTERVALL_MS": "20",
    }

    assert unknown_variables(variables) == {"PJAI_TICK_INTERVALL_MS": "did you mean 'PJAI_TICK_INTERVAL_MS'?"}


def test_an_actor_is_told_the_settings_that_begin_with_its_name() -> None:
    settings = Settings(metrics_prometheus_port=9_100, metrics_prometheus_socket=Path("/run/m.sock"))
    assert settings_of(settings, "metrics") == {"prometheus_port": 9_100, "prometheus_socket": "/run/m.sock"}
    assert settings_of(Settings(), "metrics") == {"prometheus_port": 0, "prometheus_socket": None}
    assert settings_of(settings, "notes") == {}


ENDPOINT = {
    "embedder": "endpoint",
    "embedder_url": "http://127.0.0.1:11434/v1/embeddings",
    "embedder_model": "small",
}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"embedder_url": ""}, "embedder_url is no http"),
        ({"embedder_url": "ftp://127.0.0.1/"}, "embedder_url is no http"),
        ({"embedder_url": "http://ada:secret@127.0.0.1/"}, "has a user or a password"),
        ({"embedder_url": "http://127.0.0.1:99999/"}, "embedder_url"),
        ({"embedder_model": ""}, "embedder_model"),
        ({"embedder_url": "https://api.example.org/v1/embeddings"}, "would leave this machine"),
    ],
)
def test_an_endpoint_that_cannot_be_meant_stops_the_start(
    config: Path, wrong: dict[str, str], said: str
) -> None:
    with pytest.raises(InvalidSetting, match=said) as refused:
        load_settings({**ENDPOINT, **wrong}, environ(config))
    assert "secret" not in str(refused.value)


def test_texts_leave_the_machine_only_where_a_setting_says_so(config: Path) -> None:
    elsewhere = {
        **ENDPOINT,
        "embedder_url": "https://api.example.org/v1/embeddings",
        "embedder_allow_remote": "true",
    }
    settings, _ = load_settings(elsewhere, environ(config))
    assert settings.embedder_allow_remote


def test_a_model_on_this_machine_needs_its_folder(config: Path) -> None:
    with pytest.raises(InvalidSetting, match="embedder_model_dir"):
        load_settings({"embedder": "onnx"}, environ(config))
    settings, _ = load_settings({"embedder": "onnx", "embedder_model_dir": "/models"}, environ(config))
    assert settings_of(settings, "embedder")["model_dir"] == "/models"


def test_a_setting_of_just_an_actor_s_name_reaches_it() -> None:
    assert settings_of(Settings(), "embedder")["embedder"] == "static"
