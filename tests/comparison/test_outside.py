"""A client from outside is put into the same situations, and told beside the others."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from comparison.__main__ import main, parse
from comparison.client import CLIENTS
from comparison.subject import OUTSIDE

ROOT = Path(__file__).resolve().parents[2]

GOOD = """
import json, sys
from comparison.client_websockets import run
from comparison.order import Order

run(Order(**json.loads(sys.argv[-1])))
"""

MORTAL = """
import json, os, sys
from websockets.sync.client import connect
from comparison.order import tell, when_told

when_told(lambda: os._exit(0))
with connect(json.loads(sys.argv[-1])["url"]) as websocket:
    tell("open")
    websocket.send("a request, if one is wanted")
    websocket.recv()
"""
"""It does not survive a loss."""


@pytest.fixture(autouse=True)
def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no client of a test stay."""
    for name in ("mine", "mine, other"):
        monkeypatch.setitem(OUTSIDE, name, ())


def program(path: Path, text: str) -> str:
    """Return the command of a program that has an argument of its own, too."""
    path.write_text(text, encoding="utf-8")
    return f"'{sys.executable}' '{path}' --own"


async def test_it_is_told_beside_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    mine = f"mine={program(tmp_path / 'good.py', GOOD)}"
    other = f"mine, other={program(tmp_path / 'mortal.py', MORTAL)}"
    clients = ["--clients", "wsengine", "mine", "mine, other", "--with", mine, "--with", other]
    names = ("rst", "unauthorized", "request_in_flight", "resubscription", "stop_connected")
    kept = tmp_path / "found.json"
    assert await main(["--only", *names, *clients, "--save", str(kept)]) == 0
    assert "    mine, other            the program ends\n" in capsys.readouterr().out
    found = {one["name"]: one["results"] for one in json.loads(kept.read_text())["situations"]}
    assert all(list(results) == ["wsengine", "mine", "mine, other"] for results in found.values())
    words = {name: results["mine"]["words"] for name, results in found.items()}
    assert "back after" in words["rst"]
    assert words["unauthorized"] == "ends, with an error: 1 dials"
    assert words["resubscription"] == "subscribed again, by hand, in what runs at each open"
    assert "close frame" in words["stop_connected"]
    mortal = {name: results["mine, other"]["words"] for name, results in found.items()}
    assert mortal.pop("stop_connected") != "the program ends"
    assert set(mortal.values()) == {"the program ends"}


async def test_one_that_does_not_begin_is_not_tried(capsys: pytest.CaptureFixture[str]) -> None:
    mine = f"mine='{sys.executable}' -c pass"
    assert await main(["--only", "fin", "--clients", "mine", "--with", mine]) == 1
    assert "not tried: AssertionError" in capsys.readouterr().out


def test_names_and_commands() -> None:
    given = parse(["--with", "mine=/a/program --level=3 'one argument'"])
    assert given.clients == [*CLIENTS, "mine"]
    assert given.outside == [("mine", ["/a/program", "--level=3", "one argument"])]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--with", "mine"], "it is NAME=COMMAND"),
        (["--with", "=/a/program"], "it is NAME=COMMAND"),
        (["--with", "wsengine=/a/program"], "two clients have the same name"),
        (["--clients", "mine"], "no client 'mine'"),
    ],
)
def test_what_is_not_understood_is_refused(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(arguments)
    assert why in capsys.readouterr().err
