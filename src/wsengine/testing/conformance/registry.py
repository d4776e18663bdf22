"""What a check is, and the ways in which one ends."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from .probe import Probe

CheckFunction: TypeAlias = Callable[["Probe"], Coroutine[Any, Any, None]]

LIMIT = 10.0
"""Seconds that a check may take, where it does not say otherwise."""


@dataclass(frozen=True, slots=True)
class Check:
    """One clause of the contract, as code.

    Args:
        name: What it is called; the name of its function.
        clause: What an adapter must do; the docstring of its function.
        function: The check itself.
        limit: Seconds that it may take.
        natively: Whether it reads by `native_receive` and `translate` instead of `receive`.
        declinable: Whether an adapter that cannot do it has to say so when it dials. The check
            looks at that, where `cannot` of `check_adapter` has its name.
        chapter: The title of the part of the contract that it belongs to.
    """

    name: str
    clause: str
    function: CheckFunction
    limit: float = LIMIT
    natively: bool = False
    declinable: bool = False
    chapter: str = ""


class Mismatch(AssertionError):
    """What a check found is not what the clause says; for use inside checks.

    Args:
        expected: What should have happened.
        happened: What did.
    """

    def __init__(self, expected: str, happened: str) -> None:
        super().__init__(f"expected {expected}; {happened}")
        self.expected = expected
        self.happened = happened


class CheckFailed(AssertionError):
    """An adapter breaks a clause of the contract.

    Args:
        check: The check that found it.
        expected: What should have happened.
        happened: What did.
    """

    def __init__(self, check: Check, expected: str, happened: str) -> None:
        super().__init__(
            f"{check.name}: {check.clause}\n  expected: {expected}\n  happened: {happened}"
        )
        self.name = check.name
        self.clause = check.clause
        self.expected = expected
        self.happened = happened


class CheckSkipped(Exception):
    """A check does not apply to an adapter, or cannot run on this machine; its message says why."""


class Chapter:
    """The checks of one part of the contract; its instance is the decorator that adds one.

    ::

        check = Chapter("Messages")

        @check(limit=20)
        async def receives_text(probe: Probe) -> None:
            \"\"\"The clause, as a sentence.\"\"\"

    Args:
        title: What the part is about.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.checks: list[Check] = []

    def __call__(
        self, *, limit: float = LIMIT, also_natively: bool = False, declinable: bool = False
    ) -> Callable[[CheckFunction], CheckFunction]:
        """Make a check of a function: its name, and its docstring for the clause.

        Args:
            limit: Seconds that it may take.
            also_natively: Whether it runs a second time, as `native_...`, reading by
                `native_receive` and `translate`.
            declinable: Whether an adapter that cannot do it has to say so when it dials.
        """

        def add(function: CheckFunction) -> CheckFunction:
            name = function.__name__
            clause = " ".join((inspect.getdoc(function) or "").split())
            made = Check(name, clause, function, limit, declinable=declinable, chapter=self.title)
            self.checks.append(made)
            if also_natively:
                clause = f"With native_receive and translate, too: {clause}"
                self.checks.append(
                    dataclasses.replace(made, name=f"native_{name}", clause=clause, natively=True)
                )
            return function

        return add
