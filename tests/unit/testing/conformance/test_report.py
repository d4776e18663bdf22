"""What became of all checks, in a text that can be read."""

from __future__ import annotations

from wsengine.testing import CHECKS, CheckFailed, ConformanceError, Report

FAILURE = CheckFailed(CHECKS["sends_text"], "this", "that")
REPORT = Report(("receives_text",), {"dials_ipv6": "no IPv6"}, (FAILURE,))


def test_a_report_lists_each_check_with_what_became_of_it() -> None:
    passed, skipped, *failed = str(REPORT).splitlines()
    assert passed == "passed   receives_text"
    assert skipped == "skipped  dials_ipv6: no IPv6"
    assert failed == f"FAILED   {FAILURE}".splitlines()


def test_the_error_counts_those_that_ran_and_has_the_report() -> None:
    error = ConformanceError(REPORT)
    assert str(error) == f"1 of 2 checks failed\n{FAILURE}"
    assert error.report is REPORT
    assert error.failures == (FAILURE,)
