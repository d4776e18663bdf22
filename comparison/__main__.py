"""`make reliability`: put wsengine and others into the same situations, and tell what they do.

    make reliability                                # all: some eight minutes
    make reliability ARGS="--only fin rst"          # some situations
    make reliability ARGS="--clients wsengine"      # some clients
    make reliability ARGS="--with 'mine=/path/to/program'"   # a client from outside, too
    make reliability ARGS="--save comparison/results/latest.json"

A client that hangs is killed: nothing waits without a bound.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import report
from .client import CLIENTS
from .situations import SITUATIONS
from .subject import OUTSIDE
from .trial import Result, Situation

BOUND = 120.0
"""Seconds that one client has in one situation."""

AT_ONCE = 3
"""Situations that are tried at the same time; what is about speed or memory is tried alone."""


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(
        "python -m comparison",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=SITUATIONS, default=list(SITUATIONS))
    parser.add_argument("--clients", nargs="+", metavar="NAME", help="left out: all")
    parser.add_argument(
        "--with",
        dest="outside",
        action="append",
        default=[],
        type=from_outside,
        metavar="NAME=COMMAND",
        help="a client from outside, which takes its order as its last argument",
    )
    parser.add_argument("--save", type=Path, metavar="FILE", help="where to keep it, as JSON")
    given = parser.parse_args(arguments)
    known = [*CLIENTS, *(name for name, _ in given.outside)]
    if len(known) > len(set(known)):
        parser.error("two clients have the same name")
    given.clients = given.clients or known
    if unknown := set(given.clients) - set(known):
        parser.error(f"no client {min(unknown)!r}; there are {', '.join(known)}")
    return given


def from_outside(text: str) -> tuple[str, list[str]]:
    """Return the name and the command of a client from outside."""
    name, _, command = text.partition("=")
    if not name or not command:
        raise argparse.ArgumentTypeError("it is NAME=COMMAND")
    return name, shlex.split(command)


async def try_all(names: Sequence[str], clients: Sequence[str]) -> dict[str, dict[str, Result]]:
    """Put clients into situations."""
    found: dict[str, dict[str, Result]] = {}
    slots = asyncio.Semaphore(AT_ONCE)

    async def together(situation: Situation) -> None:
        async with slots:
            results = await asyncio.gather(*(try_one(situation, client) for client in clients))
            found[situation.name] = dict(zip(clients, results, strict=True))
            show(situation, found[situation.name])

    async with asyncio.TaskGroup() as group:
        for name in names:
            if not SITUATIONS[name].alone:
                group.create_task(together(SITUATIONS[name]))
    for name in names:
        if (situation := SITUATIONS[name]).alone:
            found[name] = {client: await try_one(situation, client) for client in clients}
            show(situation, found[name])
    return {name: found[name] for name in names}


async def try_one(situation: Situation, client: str) -> Result:
    """Put one client into a situation."""
    try:
        async with asyncio.timeout(BOUND):
            return await situation.run(client)
    except TimeoutError:
        return Result(f"not over after {BOUND:g} s")
    except Exception as error:  # the others go on
        return Result(f"not tried: {error!r}")


def show(situation: Situation, results: Mapping[str, Result]) -> None:
    """Say what came of a situation."""
    sys.stdout.write(f"{situation.name}: {situation.what}\n")
    for client, result in results.items():
        sys.stdout.write(f"    {client:22} {result.words}\n")
    sys.stdout.flush()


async def main(arguments: Sequence[str]) -> int:
    """Run it; return the exit code."""
    given = parse(arguments)
    OUTSIDE.update(given.outside)
    clients = list(given.clients)
    if importlib.util.find_spec("rel") is None and "websocket-client, rel" in clients:
        clients.remove("websocket-client, rel")
        sys.stderr.write("without rel, which is not installed\n")
    found = await try_all(given.only, clients)
    if given.save:
        report.save(report.summary(found), given.save)
    results = [result for one in found.values() for result in one.values()]
    return 1 if any(result.words.startswith("not tried") for result in results) else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
