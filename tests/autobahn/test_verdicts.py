"""What is kept of the server's reports, on a recorded piece of some."""

from __future__ import annotations

from pathlib import Path

import pytest
from compliance.verdicts import Result, Verdict, in_order, load, read_verdicts

RECORDED = Path(__file__).parent / "recorded"


def test_cases_come_in_the_order_of_their_numbers() -> None:
    assert list(read_verdicts(RECORDED, "websockets")) == [
        "1.1.1",
        "3.2",
        "6.4.1",
        "7.1.5",
        "7.13.1",
    ]
    assert sorted(["7.13.1", "10.1.1", "7.9.2"], key=in_order) == ["7.9.2", "7.13.1", "10.1.1"]


def test_a_case_that_is_fine_needs_no_report_of_its_own() -> None:
    verdicts = read_verdicts(RECORDED, "websockets")
    assert verdicts["1.1.1"] == Verdict("OK", "OK")
    assert verdicts["7.13.1"] == Verdict("INFORMATIONAL", "INFORMATIONAL")


def test_a_failed_case_tells_what_happened() -> None:
    verdict = read_verdicts(RECORDED, "websockets")["7.1.5"]
    assert verdict == Verdict(
        "FAILED",
        "WRONG CODE",
        does="Send message fragment1 followed by close then fragment",
        says=(
            "The close code should have been 1000 or empty; "
            "The client closed with 1002 (incomplete fragmented message)"
        ),
    )


@pytest.mark.parametrize(
    ("case", "does"),
    [
        ("3.2", "Send small text message, then send again with RSV = 2, then send Ping"),
        ("6.4.1", "Send invalid UTF-8 text message in 3 fragments (frames)"),
    ],
)
def test_a_description_is_one_line_without_markup(case: str, does: str) -> None:
    assert read_verdicts(RECORDED, "websockets")[case].does == does


def test_a_close_that_failed_is_told_where_the_messages_are_right() -> None:
    verdict = read_verdicts(RECORDED, "picows-bare")["3.7"]
    assert (verdict.outcome, verdict.close, verdict.fine) == ("OK", "FAILED", False)
    assert "The connection was failed by the wrong endpoint" in verdict.says


def test_a_contestant_that_did_not_play_has_no_verdicts() -> None:
    assert read_verdicts(RECORDED, "aiohttp") == {}


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    verdicts = read_verdicts(RECORDED, "websockets")
    one = Result("websockets", "core", "2026-01-02", {"wsengine": "1.0"}, verdicts)
    other = Result("picows", "compression", "2026-01-03", {}, {"12.1.1": Verdict("OK", "OK")})
    for result in (one, other):
        result.save(tmp_path / "results")
    kept = {
        case: verdict if not verdict.fine else Verdict(verdict.outcome, "OK")
        for case, verdict in verdicts.items()
    }
    assert load(tmp_path / "results") == [
        other,
        Result("websockets", "core", "2026-01-02", {"wsengine": "1.0"}, kept),
    ]
    assert one.failed == ["7.1.5"]
