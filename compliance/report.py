"""The measured part of docs/compliance.md, from the results that are kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from wsengine.loading import ADAPTERS

from .reasons import reason
from .verdicts import FINE, PARTS, Part, Result, Verdict

SECTIONS: Final = {
    1: "framing",
    2: "pings and pongs",
    3: "reserved bits",
    4: "opcodes",
    5: "fragmentation",
    6: "UTF-8",
    7: "closing",
    9: "limits and performance",
    10: "automatic fragmentation",
    12: "compression, many payloads",
    13: "compression, many parameters",
}
OUTCOMES: Final = ("OK", "NON-STRICT", "INFORMATIONAL", "FAILED")

_MEASURED = re.compile(r"(<!-- measured: make compliance -->\n).*?(<!-- end -->)", re.DOTALL)


def fill(page: str, results: Iterable[Result]) -> str:
    """Return the text of the page with its measured part written anew.

    Raises:
        ValueError: The page has no such part.
    """
    text = "\n".join(_lines({(result.contestant, result.part): result for result in results}))
    filled, count = _MEASURED.subn(lambda part: f"{part[1]}\n{text}\n{part[2]}", page)
    if count != 1:
        raise ValueError("the page needs one <!-- measured: make compliance -->, and <!-- end -->")
    return filled


def worse(result: Result, bare: Result | None) -> list[str]:
    """Return the cases that a contestant failed, and the bare library did not."""
    excused = [] if bare is None else bare.failed
    return [case for case in result.failed if case not in excused]


def summary(result: Result) -> str:
    """Return one line about a result."""
    counts = _count(result.verdicts.values())
    told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in _columns(counts))
    return f"{result.contestant}: {counts.total()} cases: {told}"


Results = dict[tuple[str, str], Result]
"""Results by contestant and part."""


def _lines(results: Results) -> Iterator[str]:
    yield from _summary(results)
    for library in ADAPTERS:
        done = [
            (part, results[library, part.name]) for part in PARTS if (library, part.name) in results
        ]
        if not done:
            continue
        yield f"## {library}\n"
        for part, result in done:
            yield _what_ran(part, result)
        yield ""
        yield from _sections([result for _, result in done])
        for part, result in done:
            yield from _remarks(library, result, results.get((f"{library}-bare", part.name)))


def _summary(results: Results) -> Iterator[str]:
    """Yield the table of all: a row for each adapter and part."""
    counts = _count(verdict for one in results.values() for verdict in one.verdicts.values())
    columns = _columns(counts)
    yield from _head("adapter", "sections", "cases", *columns, "failed by the bare library")
    for library in ADAPTERS:
        for part in PARTS:
            if result := results.get((library, part.name)):
                counts = _count(result.verdicts.values())
                bare = results.get((f"{library}-bare", part.name))
                yield _row(
                    library, part.title, counts.total(), *_pick(counts, columns), _failed(bare)
                )
    yield ""


def _what_ran(part: Part, result: Result) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    return f"- Sections {part.title}: {result.date}, {versions}"


def _sections(results: Sequence[Result]) -> Iterator[str]:
    """Yield the table of one adapter: a row for each section, and the sum."""
    verdicts = {case: verdict for one in results for case, verdict in one.verdicts.items()}
    total = _count(verdicts.values())
    columns = _columns(total)
    yield from _head("section", "cases", *columns)
    for section, title in SECTIONS.items():
        counts = _count(one for case, one in verdicts.items() if case.startswith(f"{section}."))
        if counts:
            yield _row(f"{section} {title}", counts.total(), *_pick(counts, columns))
    yield _row("all", total.total(), *_pick(total, columns))
    yield ""


def _remarks(library: str, result: Result, bare: Result | None) -> Iterator[str]:
    """Yield the table of the cases that are not OK, and below it the reason of each."""
    remarks = {case: one for case, one in result.verdicts.items() if not one.fine}
    if not remarks:
        return
    notes: dict[str, str] = {}
    yield from _head("case", "what the server does", "outcome", "bare library", "why")
    for case, verdict in remarks.items():
        why = reason(library, case) or f"not known; the server says: {verdict.says}"
        note = notes.setdefault(why, f"({len(notes) + 1})")
        beside = None if bare is None else bare.verdicts.get(case)
        yield _row(case, verdict.does, _outcome(verdict), _outcome(beside), note)
    yield ""
    for why, note in notes.items():
        yield f"- {note} {why}."
    yield ""


def _outcome(verdict: Verdict | None) -> str:
    if verdict is None:
        return "not run"
    if verdict.outcome == "FAILED" or verdict.close in FINE:
        return verdict.outcome
    return f"{verdict.outcome}, close {verdict.close}"


def _failed(result: Result | None) -> str:
    if result is None:
        return "not run"
    return f"{len(result.failed)}: {', '.join(result.failed)}" if result.failed else "0"


def _count(verdicts: Iterable[Verdict]) -> Counter[str]:
    return Counter(verdict.outcome for verdict in verdicts)


def _columns(counts: Counter[str]) -> list[str]:
    """Return the outcomes to show: the usual four, and what else there was."""
    return [*OUTCOMES, *sorted(set(counts) - set(OUTCOMES))]


def _pick(counts: Counter[str], columns: Iterable[str]) -> list[int]:
    return [counts[column] for column in columns]


def _head(*cells: str) -> tuple[str, str]:
    return _row(*cells), _row(*("---" for _ in cells))


def _row(*cells: object) -> str:
    escaped = (str(cell).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"
