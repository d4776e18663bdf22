"""The report: tables, JSON, and the files that are written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks.contestant import Beside
from benchmarks.report import to_json, to_markdown, write
from benchmarks.runner import Results

from .samples import contestant, rate, results, trip


def made_up() -> Results:
    bare = contestant("bare")
    engine = contestant("engine", beside=(Beside("bare", {"per_second": 0.9}),))
    lines = [contestant("trip", "round-trip"), contestant("gone")]
    samples = {
        "bare": [rate(1000), rate(1100), rate(900)],
        "engine": [rate(500), rate(1100), rate(900)],
        "trip": [trip(100), trip(110), trip(120)],
        "gone": [],
    }
    left_out = {"gone": "the module gone is not installed"}
    return results([bare, engine, *lines], samples, left_out=left_out, seconds=61.2)


def rows(report: str, title: str) -> list[list[str]]:
    """Return the cells of the rows that begin with a title."""
    lines = [line.strip("|").split("|") for line in report.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in lines if line[0].strip() == title]


def test_figures_are_medians_with_their_spread() -> None:
    bare = rows(to_markdown(made_up()), "<bare>")[0]
    assert bare == ["<bare>", "100", "1,000 ±10%", "1,000.00", "1.00"]


def test_ratios_have_a_table_of_their_own() -> None:
    _, engine = rows(to_markdown(made_up()), "<engine>")
    ratios = ["1.00 (0.50..1.00)", "1.00 (1.00..2.00)"]
    assert engine == ["<engine>", "<bare>", *ratios, ">= 0.9 met"]


def test_bars_stand_first_and_are_counted() -> None:
    report = to_markdown(made_up())
    assert "1 met, 0 missed, 0 not measured." in report
    (bar,) = rows(report, "burst: <engine>")
    assert bar == [
        "burst: <engine>",
        "messages/s",
        "<bare>",
        "1.00 (0.50..1.00)",
        "3",
        ">= 0.9 met",
    ]
    assert report.index("## Bars") < report.index("## Burst")


@pytest.mark.parametrize("gone", ["engine", "bare"])
def test_a_bar_that_could_not_be_measured_is_named(gone: str) -> None:
    found = made_up()
    found.samples[gone].clear()
    found.left_out[gone] = "failed in round 2 (it crashed)"
    assert "0 met, 0 missed, 1 not measured: `engine`." in to_markdown(found)


def test_a_missed_bar_is_shouted() -> None:
    found = made_up()
    found.samples["engine"][:] = [rate(1), rate(1), rate(1)]
    report = to_markdown(found)
    assert "0 met, 1 missed, 0 not measured." in report
    assert ">= 0.9 MISSED" in report


def test_who_was_left_out_is_said() -> None:
    report = to_markdown(made_up())
    assert "- `gone`: the module gone is not installed" in report
    assert "- Time: 1 min 1 s" in report
    assert rows(report, "<gone>") == []


def test_crowds_are_told_apart_by_their_size() -> None:
    some = [contestant(f"idle-{count}", "idle", title="<idle>") for count in (10, 2000)]
    sample = {"kib": 1.0, "start_s": 1.0, "cpu_percent": 1.0}
    samples = {f"idle-{count}": [{**sample, "count": count}] for count in (10, 2000)}
    report = to_markdown(results(some, samples))
    assert len(rows(report, "<idle>, 10")) == len(rows(report, "<idle>, 2,000")) == 1


def test_json_has_every_sample_and_comparison() -> None:
    content = json.loads(to_json(made_up()))
    assert content["samples"]["engine"] == [rate(500), rate(1100), rate(900)]
    assert content["comparisons"][0] == {
        "contestant": "engine",
        "metric": "per_second",
        "how": "ratio",
        "against": "bare",
        "median": 1.0,
        "rounds": [0.5, 1.0, 1.0],
        "bar": 0.9,
        "met": True,
    }
    assert content["amounts"]["bare"] == {"count": 100, "size": 32, "text": False}


def test_files_are_written_and_linked(tmp_path: Path) -> None:
    report = write(made_up(), tmp_path / "new", "mine")
    names = {file.name for file in (tmp_path / "new").iterdir()}
    assert names == {"mine.json", "mine.md", "mine-throughput.svg", "mine-latency.svg"}
    assert (tmp_path / "new" / "mine.md").read_text(encoding="utf-8") == report
    assert "(mine-throughput.svg)" in report
    assert "(mine-latency.svg)" in report
