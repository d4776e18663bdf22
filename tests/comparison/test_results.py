"""What is kept of a comparison is whole, and the page on reliability shows all of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from comparison.client import CLIENTS
from comparison.situations import SITUATIONS

ROOT = Path(__file__).resolve().parents[2]
KEPT = json.loads((ROOT / "comparison/results/latest.json").read_text(encoding="utf-8"))


@pytest.fixture
def comparing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module that writes the tables."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    for name in ("comparing", "tables"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return __import__("comparing")


def test_every_situation_was_tried_with_every_client() -> None:
    clients = list(KEPT["situations"][0]["results"])
    assert clients[: len(CLIENTS)] == list(CLIENTS)
    assert [found["name"] for found in KEPT["situations"]] == list(SITUATIONS)
    for found in KEPT["situations"]:
        situation = SITUATIONS[found["name"]]
        assert (found["chapter"], found["what"]) == (situation.chapter, situation.what)
        assert list(found["results"]) == clients
        for result in found["results"].values():
            assert result["words"]
            assert "not tried" not in result["words"]


def test_every_result_is_on_the_page(comparing: Any) -> None:
    page = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
    assert set(comparing.CHAPTERS) == {found["chapter"] for found in KEPT["situations"]}
    for name in comparing.parts():
        assert f"<!-- generated: {name} -->" in page
    for found in KEPT["situations"]:
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {found['what']} |")]
        words = [result["words"] for result in found["results"].values()]
        assert row == f"| {found['what']} | {' | '.join(words)} |"


def test_a_client_from_outside_has_its_column_where_it_was_tried(
    comparing: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = json.loads(json.dumps(KEPT))
    fin, rst, _ = (found for found in told["situations"] if found["chapter"] == "The network")
    fin["results"] = {"wsengine": {"words": "back"}, "mine": {"words": "the program ends"}}
    rst["results"] = {"wsengine": {"words": "back"}}
    told["situations"] = [fin, rst]
    monkeypatch.setattr(comparing, "COMPARISON", tmp_path / "latest.json")
    (tmp_path / "latest.json").write_text(json.dumps(told), encoding="utf-8")
    assert comparing.parts()["comparison: The network"]().splitlines() == [
        "| situation | wsengine | mine |",
        "| --- | --- | --- |",
        f"| {fin['what']} | back | the program ends |",
        f"| {rst['what']} | back | - |",
    ]
    assert comparing.parts()["comparison: Many"]().startswith("| situation |")


def test_a_long_run_is_told_when_there_is_one(
    comparing: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(comparing, "LONG_RUN", tmp_path / "long.json")
    assert comparing.chaos_run() == "No long run is recorded yet."
    told = {
        "seed": 7,
        "seconds": 1234.5,
        "faults_in_all": 10001,
        "recoveries": 9000,
        "slowest_recovery": 3.5,
        "allowed_recovery": 9.0,
        "messages_checked": 1234567,
        "requests_answered": 5,
        "violations": ["one"],
    }
    (tmp_path / "long.json").write_text(json.dumps(told), encoding="utf-8")
    table = comparing.chaos_run()
    assert "| faults | 10,001 |" in table
    assert "| slowest recovery | 3.5 s of 9 s |" in table
    assert "| violations | 1 |" in table
