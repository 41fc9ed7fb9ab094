"""Owns what was found: each operation beside its floor and its target, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from tests.workload.timing import Spread

Details = Mapping[str, float | str]


class Target(Struct, frozen=True):
    """What an operation is to reach, and what it reached."""

    reached: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def text(self) -> str:
        """The target in words."""
        return f"{'≥' if self.at_least else '≤'} {self.limit:g} {self.unit}"

    @property
    def ok(self) -> bool:
        """Whether it was reached."""
        return self.reached >= self.limit if self.at_least else self.reached <= self.limit


class Finding(Struct, frozen=True, kw_only=True):
    """What came out for one operation; times are in microseconds."""

    title: str
    spread: Spread | None = None
    floor_p50: float | None = None
    floor: str = ""
    """What the floor is."""
    target: Target | None = None
    details: Details = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """The operation's median over its floor's."""
        if self.spread is None or self.floor_p50 is None:
            return None
        return self.spread.p50 / self.floor_p50

    def figures(self) -> dict[str, Any]:
        """The finding as it stands in the JSON."""
        figures: dict[str, Any] = {"title": self.title}
        if self.spread is not None:
            figures |= {
                "runs": self.spread.runs,
                "p50_us": self.spread.p50,
                "p95_us": self.spread.p95,
                "p99_us": self.spread.p99,
                "longest_us": self.spread.longest,
            }
        if self.floor_p50 is not None:
            figures |= {"floor": self.floor, "floor_p50_us": self.floor_p50, "ratio": self.ratio}
        if self.target is not None:
            figures |= {"reached": self.target.reached, "target": self.target.text, "ok": self.target.ok}
        return {key: _rounded(value) for key, value in (figures | dict(self.details)).items()}


def as_json(about: Mapping[str, Any], findings: Mapping[str, Finding]) -> dict[str, Any]:
    """Everything that was found, by operation; under `about`, where and with what."""
    return {"about": dict(about), **{name: finding.figures() for name, finding in findings.items()}}


def as_table(about: Mapping[str, Any], findings: Mapping[str, Finding]) -> str:
    """The same for people."""
    heads = ("", "", "p50 us", "p95 us", "p99 us", "floor us", "ratio", "target", "reached", "")
    lines = [heads, *(_line(name, finding) for name, finding in findings.items())]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    table = "\n".join(_aligned(line, widths) for line in lines)
    details = "\n".join(
        f"  {name:<{widths[0]}}  {_in_words(finding)}"
        for name, finding in findings.items()
        if finding.floor or finding.details
    )
    conditions = "\n".join(f"  {name}: {value}" for name, value in about.items())
    return f"{table}\n\n{details}\n\n{conditions}\n"


def _line(name: str, finding: Finding) -> tuple[str, ...]:
    spread, target = finding.spread, finding.target
    times = ("",) * 3 if spread is None else tuple(map(_number, (spread.p50, spread.p95, spread.p99)))
    return (
        name,
        finding.title,
        *times,
        "" if finding.floor_p50 is None else _number(finding.floor_p50),
        "" if finding.ratio is None else f"{finding.ratio:.2f}",
        "" if target is None else target.text,
        "" if target is None else f"{target.reached:.3g}",
        "" if target is None else "ok" if target.ok else "MISSED",
    )


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if 2 <= column <= 6 or column == 8 else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _in_words(finding: Finding) -> str:
    floor = [f"floor: {finding.floor}"] if finding.floor else []
    return "; ".join([*floor, *(f"{name} {_said(value)}" for name, value in finding.details.items())])


def _said(value: float | str) -> str:
    return value if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2f}"


def _rounded(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value
