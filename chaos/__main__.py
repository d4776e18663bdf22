"""`make chaos`: engines on every adapter against faults of every kind.

The seed alone decides which faults and operations come, in which order and how far apart; how
they meet what the programs do at that moment is up to the machine. Exit code 0: nothing was
violated. 1: something was; the seed and the history that led to it are shown.

The long run:

    make chaos SEED=20261128 ARGS="--copies 2 --every 0.07 --calm-every 15 --kill-every 20 \\
        --faults 10000 --save chaos/results/long"

A soak, a fault every second for an hour:

    make chaos SECONDS=3600 ARGS="--every 1 --calm-every 30 --kill-every 60 \\
        --save chaos/results/soak"
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from .findings import Findings
from .outcome import Outcome
from .report import save, summary
from .run import Run
from .settings import Settings


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(
        "python -m chaos", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seed", type=int, help="left out: one is drawn, and shown")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (60)")
    parser.add_argument("--faults", type=int, help="how many faults, instead of how long")
    parser.add_argument("--every", type=float, default=0.3, help="seconds between two faults (0.3)")
    parser.add_argument("--copies", type=int, default=1, help="clients of each kind (1)")
    parser.add_argument(
        "--calm-every", type=float, default=10.0, help="seconds between checks (10)"
    )
    parser.add_argument("--kill-every", type=float, default=8.0, help="seconds between kills (8)")
    parser.add_argument("--rests", type=int, default=0, help="checks there must be (0)")
    parser.add_argument("--save", metavar="NAME", help="where to keep the report, without ending")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Run it; return the exit code."""
    given = parse(arguments)
    settings = Settings(
        seed=random.randrange(1 << 32) if given.seed is None else given.seed,
        seconds=given.seconds,
        faults=given.faults,
        every=given.every,
        copies=given.copies,
        calm_every=given.calm_every,
        kill_every=given.kill_every,
        rests=given.rests,
    )
    tell(f"seed {settings.seed}: {len(settings.clients)} clients")
    outcome, findings = asyncio.run(run(settings))
    told = summary(outcome, findings)
    if given.save:
        name = Path(given.save)
        save(told, name.parent, name.name)
    tell(
        f"seed {settings.seed}: {told['faults_in_all']} faults, {told['recoveries']} recoveries, "
        f"the slowest {told['slowest_recovery']:g} s of {told['allowed_recovery']:g} s, "
        f"{told['messages_checked']} messages checked, {told['requests_answered']} requests "
        f"answered, {len(told['violations'])} violations"
    )
    for line in findings.around() if findings.violations else ():
        tell(line)
    for violation in findings.violations[:20]:
        tell(f"VIOLATION: {violation}")
    return 1 if findings.violations else 0


async def run(settings: Settings) -> tuple[Outcome, Findings]:
    """Run it; return what came of it."""
    findings = Findings()
    return await Run(settings, findings, tell).go(), findings


def tell(line: str) -> None:
    """Say how it goes."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
