"""`make compliance`: have the fuzzing server of Autobahn|Testsuite test every adapter.

Exit code 0: nothing failed that the bare library passes. 1: something did, or the run itself
failed. 77: nothing was run, for there is no Python 2.7.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from platform import python_implementation, python_version
from typing import Final

from wsengine import WSEngineError
from wsengine.loading import ADAPTERS

from .contestants import Contestant
from .play import play_all
from .report import fill, summary, worse
from .server import fuzzing_server
from .suite import SUITE_VERSION, WORK, NoPython27Error, ensure
from .verdicts import COMPRESSION, CORE, Part, Result, load, read_verdicts

KEPT: Final = Path(__file__).parent / "results"
PAGE: Final = Path(__file__).parents[1] / "docs" / "compliance.md"
SKIPPED: Final = 77
"""The exit code by which a test says that it could not run (the convention of automake)."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(
        "python -m compliance",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "cases", nargs="*", metavar="CASE", help='only these, such as 7.1.5 or "9.*"; not kept'
    )
    parser.add_argument(
        "--adapter", action="append", choices=ADAPTERS, help="only this one; may be repeated"
    )
    parser.add_argument(
        "--compression",
        action="store_true",
        help="sections 12 and 13 (12 minutes an adapter) instead of 1 to 10 (half a minute)",
    )
    parser.add_argument("--page", action="store_true", help="run nothing, only write the page")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Run it; return the exit code."""
    given = parse(arguments)
    if given.page:
        write_page()
        return 0
    part = COMPRESSION if given.compression else CORE
    if given.cases:
        part = Part("chosen", "chosen cases", tuple(given.cases), with_bare=True)
    try:
        interpreter = ensure(tell)
    except NoPython27Error as error:
        tell(str(error))
        return SKIPPED
    code = 0
    for library in given.adapter or ADAPTERS:
        contestants = [Contestant(library), Contestant(library, bare=True)]
        try:
            contestants[0].prepare()
        except WSEngineError as error:
            tell(f"{library}: left out: {error}")
            continue
        played = run(interpreter, contestants[: 1 + part.with_bare], part)
        code = max(code, judge(played))
        if not given.cases:
            for result in played:
                result.save(KEPT)
            write_page()
    return code


def run(interpreter: Path, contestants: Sequence[Contestant], part: Part) -> list[Result]:
    """Have contestants play a part, one after the other; return what became of it."""
    folder = WORK / f"{contestants[0].name}.{part.name}"
    played = []
    with fuzzing_server(interpreter, part.cases, folder) as url:
        for contestant in contestants:
            count = asyncio.run(play_all(contestant, url, tell))
            verdicts = read_verdicts(folder / "reports", contestant.name)
            if len(verdicts) != count:
                raise RuntimeError(f"{count - len(verdicts)} of {count} cases have no outcome")
            date, versions = f"{datetime.now(UTC):%Y-%m-%d}", _versions(contestant)
            played.append(Result(contestant.name, part.name, date, versions, verdicts))
    tell(f"details: {folder / 'reports' / 'index.html'}")
    return played


def judge(played: Sequence[Result]) -> int:
    """Tell the outcome of an adapter; return 1 where it is worse than the bare library."""
    for result in played:
        tell(summary(result))
        for case, verdict in result.verdicts.items():
            if verdict.outcome == "FAILED":
                tell(f"  {case} FAILED: {verdict.does}: {verdict.says}")
    engine, bare = played[0], played[1] if len(played) > 1 else None
    if more := worse(engine, bare):
        tell(f"{engine.contestant}: WORSE than the bare library in {', '.join(more)}")
    return 1 if more else 0


def write_page() -> None:
    """Write the measured part of the page from all results that are kept."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(fill(page, load(KEPT)), encoding="utf-8")


def tell(line: str) -> None:
    """Say how it goes."""
    sys.stderr.write(f"{line}\n")


def _versions(contestant: Contestant) -> dict[str, str]:
    return {
        python_implementation(): python_version(),
        **contestant.versions(),
        "autobahntestsuite": SUITE_VERSION,
    }


if __name__ == "__main__":
    logging.disable()  # clients are meant to complain of this server
    sys.exit(main(sys.argv[1:]))
