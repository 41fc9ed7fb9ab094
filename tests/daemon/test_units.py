"""The service units: systemd and launchd accept them, and they keep what the daemon promises."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
from pathlib import Path

import pytest

from pjaid.errors import DamagedKeys, InvalidSetting, NotPrivate, WrongPassphrase
from pjaid.process import PRIVATE_UMASK

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd" / "pjaid.service"
AGENT = ROOT / "launchd" / "io.github.pjai.pjaid.plist"

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def unit_values() -> dict[str, str]:
    lines = (line for line in UNIT.read_text().splitlines() if "=" in line)
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def verify(tmp_path: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Lets systemd judge the unit; the daemon's place is that of a program which exists here."""
    program = shutil.which("true")
    unit = tmp_path / UNIT.name
    unit.write_text(text.replace("ExecStart=%h/.local/bin/pjaid", f"ExecStart={program}"))
    return subprocess.run(
        ["systemd-analyze", "--user", "verify", "--recursive-errors=no", "--man=no", str(unit)],  # noqa: S607
        env={"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@needs_systemd
def test_systemd_accepts_the_unit_without_a_word(tmp_path: Path) -> None:
    verified = verify(tmp_path, UNIT.read_text())

    assert (verified.returncode, verified.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize(("right", "wrong"), [("UMask=", "Umaks="), ("KillMode=mixed", "KillMode=mixt")])
def test_systemd_would_notice_a_misspelling(tmp_path: Path, right: str, wrong: str) -> None:
    text = UNIT.read_text()
    assert right in text

    verified = verify(tmp_path, text.replace(right, wrong))

    assert verified.returncode != 0
    assert wrong.removesuffix("=").removeprefix("KillMode=") in verified.stderr


def test_the_service_is_not_restarted_where_only_a_person_helps() -> None:
    codes = set(map(int, unit_values()["RestartPreventExitStatus"].split()))

    assert codes == {kind.exit_code for kind in (DamagedKeys, InvalidSetting, NotPrivate, WrongPassphrase)}


def test_the_service_keeps_its_files_private() -> None:
    values = unit_values()

    assert int(values["UMask"], 8) == PRIVATE_UMASK
    assert values["RuntimeDirectoryMode"] == "0700"
    assert values["LimitCORE"] == "1", "a pipe of core_pattern is given nothing"


def test_launchd_can_read_the_agent() -> None:
    agent = plistlib.loads(AGENT.read_bytes())

    assert agent["Label"] == AGENT.stem
    assert agent["ProgramArguments"][:2] == ["/bin/sh", "-c"]
    assert agent["ProgramArguments"][2].startswith("exec ")
    assert agent["KeepAlive"] == {"SuccessfulExit": False}
    assert agent["Umask"] == PRIVATE_UMASK
    assert agent["HardResourceLimits"]["Core"] == 0
