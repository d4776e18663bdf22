"""What became of all checks together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .registry import CheckFailed


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the checks.

    Args:
        passed: The names of those that passed.
        skipped: The names of those that did not run, or cannot pass, each with its reason.
        failures: What was wrong with the others; empty in what `check_adapter` returns.
    """

    passed: tuple[str, ...]
    skipped: Mapping[str, str]
    failures: tuple[CheckFailed, ...] = ()

    def __str__(self) -> str:
        lines = [f"passed   {name}" for name in self.passed]
        lines += [f"skipped  {name}: {reason}" for name, reason in self.skipped.items()]
        lines += [f"FAILED   {failure}" for failure in self.failures]
        return "\n".join(lines)


class ConformanceError(AssertionError):
    """An adapter breaks the contract; the message lists every clause that it breaks.

    Args:
        report: What became of all checks.
    """

    def __init__(self, report: Report) -> None:
        count = len(report.passed) + len(report.failures)
        listed = "\n".join(str(failure) for failure in report.failures)
        super().__init__(f"{len(report.failures)} of {count} checks failed\n{listed}")
        self.report = report
        self.failures = report.failures
