"""The catalogue of checks, and how a function becomes one."""

from __future__ import annotations

import inspect
import itertools

from wsengine.testing import CHECKS, Check, CheckFailed
from wsengine.testing.conformance.probe import Probe
from wsengine.testing.conformance.registry import LIMIT, Chapter


def test_a_function_becomes_a_check() -> None:
    check = Chapter("Doing well")

    @check(limit=20, declinable=True)
    async def does_well(probe: Probe) -> None:
        """It does
        well."""

    wanted = Check(
        "does_well", "It does well.", does_well, 20, declinable=True, chapter="Doing well"
    )
    assert check.checks == [wanted]


def test_a_check_may_run_natively_too() -> None:
    check = Chapter("Doing well")

    @check(also_natively=True)
    async def does_well(probe: Probe) -> None:
        """It does well."""

    plain, native = check.checks
    assert (plain.name, plain.natively, plain.limit) == ("does_well", False, LIMIT)
    assert (native.name, native.natively, native.limit) == ("native_does_well", True, LIMIT)
    assert native.function is plain.function
    assert native.chapter == plain.chapter == "Doing well"
    assert "native_receive" in native.clause


def test_a_failure_names_the_clause_what_was_expected_and_what_happened() -> None:
    async def does_well(probe: Probe) -> None: ...

    failure = CheckFailed(Check("does_well", "It does well.", does_well), "this", "that")
    assert (failure.name, failure.clause) == ("does_well", "It does well.")
    assert str(failure) == "does_well: It does well.\n  expected: this\n  happened: that"


def test_every_check_states_its_clause_as_a_sentence() -> None:
    assert [name for name, check in CHECKS.items() if not check.clause.endswith(".")] == []


def test_the_checks_of_a_chapter_stand_together() -> None:
    chapters = [name for name, _ in itertools.groupby(CHECKS.values(), lambda check: check.chapter)]
    assert len(chapters) == len(set(chapters))
    assert "" not in chapters


def test_no_check_hides_another_of_the_same_name() -> None:
    functions = {check.function for check in CHECKS.values()}
    modules = [inspect.getmodule(function) for function in functions]
    chapters = [
        value for module in modules for value in vars(module).values() if isinstance(value, Chapter)
    ]
    assert functions == {check.function for chapter in chapters for check in chapter.checks}
