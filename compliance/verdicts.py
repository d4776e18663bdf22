"""What the server found, reduced to what is kept: one small file a contestant and part."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

FINE: Final = frozenset({"OK", "INFORMATIONAL"})
"""Outcomes that need no explanation."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the test suite.

    Args:
        name: What it is called in the names of files.
        title: Its sections, as the report names them.
        cases: The patterns of its cases.
        with_bare: Whether the bare libraries play it, too.
    """

    name: str
    title: str
    cases: tuple[str, ...]
    with_bare: bool


CORE: Final = Part(
    "core", "1 to 10", tuple(f"{section}.*" for section in range(1, 11)), with_bare=True
)
COMPRESSION: Final = Part("compression", "12 and 13", ("12.*", "13.*"), with_bare=False)
PARTS: Final = (CORE, COMPRESSION)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one case.

    Args:
        outcome: What the server says of the messages: "OK", "NON-STRICT", "FAILED", ...
        close: What it says of the close: "OK", "WRONG CODE", "UNCLEAN", "FAILED", ...
        does: What the server does in this case.
        says: What it says of what happened.
    """

    outcome: str
    close: str
    does: str = ""
    says: str = ""

    @property
    def fine(self) -> bool:
        """Whether it needs no explanation."""
        return self.outcome in FINE and self.close in FINE


@dataclass(frozen=True, slots=True)
class Result:
    """What one contestant made of one part.

    Args:
        contestant: The name of the contestant.
        part: The name of the part.
        date: The day of the run, as "2026-12-31".
        versions: What ran, with versions.
        verdicts: The outcome of each case, in the order of the cases.
    """

    contestant: str
    part: str
    date: str
    versions: dict[str, str]
    verdicts: dict[str, Verdict]

    @property
    def failed(self) -> list[str]:
        """The cases that failed."""
        return [case for case, verdict in self.verdicts.items() if verdict.outcome == "FAILED"]

    def save(self, folder: Path) -> None:
        """Write it to its file in a folder. What needs no explanation is kept short."""
        folder.mkdir(exist_ok=True)
        content = asdict(self)
        content["verdicts"] = {
            case: verdict.outcome if verdict.fine else asdict(verdict)
            for case, verdict in self.verdicts.items()
        }
        text = json.dumps(content, indent=1) + "\n"
        (folder / f"{self.contestant}.{self.part}.json").write_text(text, encoding="utf-8")


def load(folder: Path) -> list[Result]:
    """Return all results that a folder keeps."""
    return [_from_json(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def _from_json(text: str) -> Result:
    content: dict[str, Any] = json.loads(text)
    verdicts = {
        case: Verdict(kept, "OK") if isinstance(kept, str) else Verdict(**kept)
        for case, kept in content.pop("verdicts").items()
    }
    return Result(**content, verdicts=verdicts)


def read_verdicts(reports: Path, contestant: str) -> dict[str, Verdict]:
    """Return the outcome of each case from the reports that the server wrote.

    Args:
        reports: The folder of the reports.
        contestant: The name under which the client played.
    """
    index: dict[str, Any] = json.loads((reports / "index.json").read_text(encoding="utf-8"))
    return dict(_verdicts(reports, index.get(contestant, {})))


def _verdicts(reports: Path, entries: dict[str, Any]) -> Iterator[tuple[str, Verdict]]:
    for case in sorted(entries, key=in_order):
        entry = entries[case]
        verdict = Verdict(entry["behavior"], entry["behaviorClose"])
        if not verdict.fine:
            text = (reports / entry["reportfile"]).read_text(encoding="utf-8")
            verdict = _explained(verdict, json.loads(text))
        yield case, verdict


def _explained(verdict: Verdict, report: dict[str, Any]) -> Verdict:
    """Add what the server does, and says, to a verdict."""
    does = re.split(r"<br>|\n", report["description"])[0]
    says = list(dict.fromkeys((report["result"], report["resultClose"])))
    code, reason = report["remoteCloseCode"], report["remoteCloseReason"]
    if code is not None:
        says.append(f"The client closed with {code}" + (f" ({reason})" if reason else ""))
    return Verdict(
        verdict.outcome,
        verdict.close,
        does=_plain(re.sub(r"<[^>]*>", "", does)),
        says="; ".join(_plain(one) for one in says),
    )


def _plain(text: str) -> str:
    return " ".join(text.split()).removesuffix(".")


def in_order(case: str) -> tuple[int, ...]:
    """Return a key to sort cases by: "7.9.5" before "7.10.1"."""
    return tuple(int(number) for number in case.split("."))
