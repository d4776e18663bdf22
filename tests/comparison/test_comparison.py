"""The comparison tells what it sees: its clients run, and a result is made of what they did."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from comparison.__main__ import main
from comparison.client import CLIENTS
from comparison.crowd import peak
from comparison.order import Order
from comparison.report import save, summary
from comparison.site import Site
from comparison.situations import SITUATIONS
from comparison.subject import running
from comparison.trial import Result

PYTHON_CLIENTS = [name for name in CLIENTS if "rel" not in name]


def test_all_situations_are_there() -> None:
    assert len(SITUATIONS) > 25
    for name, situation in SITUATIONS.items():
        assert situation.name == name
        assert situation.what


async def test_some_situations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "found.json"
    only = ["--only", "rst", "request_in_flight", "handler_raises", "--clients", "wsengine"]
    assert await main([*only, "--save", str(kept)]) == 0
    told = capsys.readouterr().out
    assert "rst: it is cut by a RST" in told
    found = {one["name"]: one for one in json.loads(kept.read_text())["situations"]}
    assert set(found) == {"rst", "request_in_flight", "handler_raises"}
    figures = {name: one["results"]["wsengine"]["figures"] for name, one in found.items()}
    assert 0 <= figures["rst"]["noticed"] <= figures["rst"]["back"] < 15
    assert figures["request_in_flight"]["how"] == "ConnectionClosed"
    assert figures["handler_raises"]["handled"]


@pytest.mark.parametrize("name", PYTHON_CLIENTS)
async def test_each_client_connects_and_stops(name: str) -> None:
    async with Site() as site, running(name, Order(url=site.url, subscribe=True)) as subject:
        async with asyncio.timeout(10):
            while not site.texts:  # noqa: ASYNC110 - another process comes
                await asyncio.sleep(0.01)
        subject.tell_stop()
        assert await subject.ended(20)
    assert len(site.dials) == 1
    assert [text for _, text in site.texts] == ["subscribe prices"]


async def test_a_client_that_does_not_do_what_it_must_is_told() -> None:
    async with Site() as site, running("wsengine", Order(url=site.url)) as subject:
        with pytest.raises(AssertionError, match="no 'asked' within"):
            await subject.must("asked", within=0.1)
        assert await subject.when("open") is not None


def test_the_peak_is_the_most_within_a_window() -> None:
    assert peak([], 0.1) == 0
    assert peak([0.0, 0.5, 0.55, 0.59, 1.0], 0.1) == 3


def test_what_was_found_before_stays(tmp_path: Path) -> None:
    path = tmp_path / "results/latest.json"
    save(summary({"rst": {"wsengine": Result("old")}, "fin": {"wsengine": Result("old")}}), path)
    new = Result("new", {"back": 0.12345})
    save(summary({"rst": {"wsengine": new}}), path)
    found = json.loads(path.read_text(encoding="utf-8"))["situations"]
    assert [one["name"] for one in found] == ["fin", "rst"]
    assert [one["results"]["wsengine"]["words"] for one in found] == ["old", "new"]
    assert found[1]["results"]["wsengine"]["figures"] == {"back": 0.123}
