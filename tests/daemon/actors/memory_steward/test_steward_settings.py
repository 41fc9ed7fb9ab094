"""The steward's settings: rows of `system_config`, of which those that are not valid are passed over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pjaid.actors.memory_steward.steward_settings import StewardSettings, by_row, settings_of

PROTOCOL = (Path(__file__).parents[4] / "shared" / "PROTOCOL.md").read_text(encoding="utf-8")


def test_without_rows_the_defaults_are_in_force() -> None:
    assert settings_of({}).settings == StewardSettings()


def test_a_row_sets_what_it_is_called() -> None:
    read = settings_of({"memory.cleanUpHours": 24, "memory.unknown": 5, "backup.hour": 3})
    assert (read.settings, read.ignored) == (StewardSettings(clean_up_hours=24), ())


@pytest.mark.parametrize("value", ["24", 0, 8_761, 1.5, None, [12], True])
def test_a_value_that_is_not_allowed_is_passed_over_and_named(value: Any) -> None:
    read = settings_of({"memory.cleanUpHours": value, "memory.purgeAfterDays": 1})
    assert (read.settings, read.ignored) == (
        StewardSettings(purge_after_days=1),
        ("memory.cleanUpHours",),
    )


def test_each_is_documented_with_its_default() -> None:
    for row_id, value in by_row(StewardSettings()).items():
        assert f"| `{row_id}` |" in PROTOCOL
        assert f" | {value} |" in PROTOCOL.split(f"| `{row_id}` |")[1].splitlines()[0]
