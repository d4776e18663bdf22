"""The demo, as a newcomer runs it."""

from __future__ import annotations

import asyncio
import re
import signal
import sys

import pytest

from .command import Ended, environment, ran, running

FAULTS = ("the server restarts", "the TCP connection is reset", "the server is gone for 2 seconds")


def recoveries(ended: Ended) -> dict[str, tuple[str, int, str]]:
    """Return the close code, the failed dials and the recovery of each fault in the summary."""
    cells = r"^\W*(the [\w ]*?\w) +\S +(\S+) +\S +(\d+) +\S +(\S[\w. ]*?) +\S$"
    row = re.compile(cells, re.MULTILINE)
    return {fault: (code, int(dials), took) for fault, code, dials, took in row.findall(ended.out)}


async def test_every_recovery_is_seen() -> None:
    began = asyncio.get_running_loop().time()
    async with running("demo", HTTP_PROXY="http://127.0.0.1:1", PYTHONIOENCODING="utf-8") as demo:
        ended = await demo.end("")
    assert asyncio.get_running_loop().time() - began < 20
    assert (ended.code, ended.err) == (0, "")
    assert "Every recovery was seen" in ended.out
    seen = recoveries(ended)
    assert tuple(seen) == FAULTS
    assert [code for code, _, _ in seen.values()] == ["1012", "1006", "1001"]
    seconds = [float(took.removesuffix(" s")) for _, _, took in seen.values()]
    assert seconds[0] >= 2  # what the policy gives a server that restarts
    assert seconds[2] >= 2  # as long as the server was gone
    assert seen[FAULTS[2]][1] >= 1
    check_that_the_summary_adds_up(ended)


def check_that_the_summary_adds_up(ended: Ended) -> None:
    """What the summary says is what the lines said while it happened."""
    seen = recoveries(ended).values()
    live = re.findall(r"recovered +first echo (\S+) s after the fault", ended.out)
    assert [took for _, _, took in seen] == [f"{took} s" for took in live]
    failed_dials = re.findall(r"on_restart_error +attempt", ended.out)
    assert len(failed_dials) == sum(dials for _, dials, _ in seen)
    sent, echoed, lost = re.findall(r"Messages: (\d+) sent, (\d+) echoed, (\d+) lost", ended.out)[0]
    assert int(sent) == int(echoed) + int(lost)
    assert int(echoed) > 100


async def test_too_little_time_is_no_success_and_ascii_is_enough_to_say_so() -> None:
    async with running("demo", "--seconds", "2", PYTHONIOENCODING="ascii") as demo:
        ended = await demo.end("")
    assert (ended.code, ended.err) == (1, "")
    assert recoveries(ended) == {FAULTS[0]: ("1012", 0, "not seen")}
    assert "Not every recovery was seen within 2 s." in ended.out
    assert ended.out.isascii()
    assert "websocket.client" not in ended.out  # that takes --telemetry


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
async def test_ctrl_c_ends_it_without_success() -> None:
    async with running("demo") as demo:
        await demo.line("Fault 1 of 3")
        demo.signal(signal.SIGINT)
        ended = await demo.end()
    assert (ended.code, ended.err) == (1, "")
    assert "Ended before every recovery was seen." in ended.out
    assert "stopped" in ended.out


async def test_telemetry_shows_what_an_sdk_is_told() -> None:
    ended = await ran("demo", "--telemetry", "--seconds", "2")
    assert (ended.code, ended.err) == (1, "")  # too little time, but the tables are there
    told = {row[0]: row[1:] for row in rows(ended) if row[0].startswith("websocket ")}
    assert told["websocket start"][:2] == ["1", "0"]
    assert told["websocket dial"][:2] == ["1", "0"]
    handled = int(told["websocket on_message"][0])
    assert handled > 10
    counts = {(row[0], row[1]): row[2] for row in rows(ended) if len(row) == 3}
    received = [int(counts["messages", f"receive, {kind}"]) for kind in ("text", "binary")]
    assert sum(received) == handled
    assert counts["engines", "stopped"] == "1"
    assert counts["reconnects", "closed"] == "1"
    assert re.fullmatch(r"1 x \d\.\d\d s", counts["session.duration", "1012, server"])


async def test_telemetry_without_the_sdk_is_one_line_and_exit_code_2() -> None:
    script = """
import sys
sys.modules["opentelemetry.sdk"] = None
sys.argv = ["wsengine", "demo", "--telemetry"]
import wsengine.cli
wsengine.cli.main()
"""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(),
    )
    out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    (line,) = err.decode().splitlines()
    assert line.endswith('run: pip install "wsengine[otlp]"')


def rows(ended: Ended) -> list[list[str]]:
    """Return the cells of all rows of all tables."""
    lines = [line.strip("│|") for line in ended.out.splitlines() if line[:1] in ("│", "|")]
    return [[cell.strip() for cell in re.split("[│|]", line)] for line in lines]
