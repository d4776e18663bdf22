"""The measured part of docs/compliance.md."""

from __future__ import annotations

from pathlib import Path

import pytest
from compliance.__main__ import KEPT, PAGE, judge
from compliance.reasons import REASONS, reason
from compliance.report import SECTIONS, fill, summary, worse
from compliance.verdicts import Result, Verdict, load, read_verdicts

from tests.docs.reading import table

RECORDED = Path(__file__).parent / "recorded"
CASES = ("3.2", "6.4.1", "7.1.5")  # those of the recorded ones that are not OK
EMPTY = "# Page\n\n<!-- measured: make compliance -->\nold\n<!-- end -->\n\nafter\n"


def result(contestant: str, part: str = "core", **outcomes: str) -> Result:
    """Return a result: `c7_1_5="FAILED"` is case 7.1.5."""
    verdicts = {
        name[1:].replace("_", "."): Verdict(outcome, outcome, "does", "says")
        for name, outcome in outcomes.items()
    }
    return Result(contestant, part, "2026-01-02", {"wsengine": "1.0"}, verdicts)


def recorded(contestant: str) -> Result:
    """Return what was recorded of a contestant."""
    return Result(contestant, "core", "2026-01-02", {}, read_verdicts(RECORDED, contestant))


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page with the results of one adapter."""
    path = tmp_path / "page.md"
    results = [
        recorded("websockets"),
        result("websockets-bare", c1_1_1="OK", c3_2="OK", c6_4_1="NON-STRICT", c7_1_5="FAILED"),
        result("websockets", "compression", c12_1_1="OK", c13_7_2="UNIMPLEMENTED"),
    ]
    path.write_text(fill(EMPTY, results), encoding="utf-8")
    return path


def test_the_page_has_what_is_kept() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert fill(text, load(KEPT)) == text, "run: python -m compliance --page"


def test_what_stands_around_the_measured_part_stays(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Page\n\n<!-- measured: make compliance -->\n\n|")
    assert text.endswith("\n<!-- end -->\n\nafter\n")
    assert "old" not in text
    assert fill(text, []) != text


def test_a_page_without_the_part_is_an_error() -> None:
    with pytest.raises(ValueError, match="needs one <!-- measured"):
        fill("# Page\n", [])


def test_the_summary_has_a_row_for_each_adapter_and_part(page: Path) -> None:
    assert table(page, "adapter") == [
        ["websockets", "1 to 10", "5", "1", "2", "1", "1", "0", "1: 7.1.5"],
        ["websockets", "12 and 13", "2", "1", "0", "0", "0", "1", "not run"],
    ]


def test_outcomes_are_counted_by_section(page: Path) -> None:
    assert table(page, "section") == [
        ["1 framing", "1", "1", "0", "0", "0", "0"],
        ["3 reserved bits", "1", "0", "1", "0", "0", "0"],
        ["6 UTF-8", "1", "0", "1", "0", "0", "0"],
        ["7 closing", "2", "0", "0", "1", "1", "0"],
        ["12 compression, many payloads", "1", "1", "0", "0", "0", "0"],
        ["13 compression, many parameters", "1", "0", "0", "0", "0", "1"],
        ["all", "7", "2", "2", "1", "1", "1"],
    ]


def test_each_case_that_is_not_ok_has_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REASONS["websockets"], "7.1.5", "The library does not allow it")
    bare = result("websockets-bare", c3_2="FAILED", c6_4_1="OK")
    lines = fill(EMPTY, [recorded("websockets"), bare]).splitlines()
    begin = lines.index("| case | what the server does | outcome | bare library | why |")
    does = "Send small text message, then send again with RSV = 2, then send Ping"
    assert lines[begin + 2] == f"| 3.2 | {does} | NON-STRICT | FAILED | (1) |"
    does = "Send invalid UTF-8 text message in 3 fragments (frames)"
    assert lines[begin + 3] == f"| 6.4.1 | {does} | NON-STRICT | OK | (2) |"
    does = "Send message fragment1 followed by close then fragment"
    assert lines[begin + 4] == f"| 7.1.5 | {does} | FAILED | not run | (3) |"
    notes = [f"- ({n}) {reason('websockets', case)}." for n, case in enumerate(CASES, 1)]
    assert lines[begin + 5 : begin + 9] == ["", *notes]


def test_a_reason_is_given_once() -> None:
    text = fill(EMPTY, [result("websockets", c6_4_1="FAILED", c6_4_9="FAILED")])
    assert text.count(str(reason("websockets", "6.4.1"))) == 1
    assert text.count("| (1) |") == 2


def test_a_reason_that_is_not_known_is_what_the_server_says() -> None:
    text = fill(EMPTY, [result("picows", c1_1_1="FAILED")])
    assert "| 1.1.1 | does | FAILED | not run | (1) |" in text
    assert "- (1) not known; the server says: says." in text


def test_a_failed_close_shows_beside_the_outcome() -> None:
    text = fill(EMPTY, [Result("picows", "core", "", {}, recorded("picows-bare").verdicts)])
    assert "| Send Close with RSV = 7 | OK, close FAILED |" in text


def test_patterns_of_reasons() -> None:
    why = reason("websockets", "3.2")
    assert why is not None
    assert reason("websockets", "4.1.3") == why
    assert reason("websockets", "6.4.9") == reason("websockets", "6.4.1") is not None
    assert reason("websockets", "6.40.1") is None
    assert reason("aiohttp", "3.2") is None
    assert reason("another", "3.2") is None


def test_worse_is_what_the_bare_library_passes() -> None:
    engine = result("picows", c1_1="FAILED", c1_2="FAILED", c1_3="NON-STRICT")
    bare = result("picows-bare", c1_1="FAILED", c1_2="OK", c1_3="OK")
    assert worse(engine, bare) == ["1.2"]
    assert worse(engine, None) == ["1.1", "1.2"]
    assert judge([engine, bare]) == 1
    assert judge([bare, engine]) == 0
    assert judge([engine]) == 1


def test_one_line_about_a_result() -> None:
    one = result("picows", c1_1="FAILED", c1_2="OK", c1_3="OK")
    assert summary(one) == "picows: 3 cases: 2 OK, 0 NON-STRICT, 0 INFORMATIONAL, 1 FAILED"


def test_every_section_that_was_run_has_a_title() -> None:
    run = {int(case.partition(".")[0]) for kept in load(KEPT) for case in kept.verdicts}
    assert run
    assert run <= set(SECTIONS)
