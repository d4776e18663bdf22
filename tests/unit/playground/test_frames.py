from __future__ import annotations

import json

from wsengine.playground.frames import Frames, hello
from wsengine.playground.panel import Panel
from wsengine.playground.traces import Traces
from wsengine.servers.demo import DemoServer, Refusal
from wsengine.states import TRANSITIONS, EngineState

from ..tools import settle
from .stage import heartbeat, made, subject


def panel() -> Panel:
    made_panel = Panel("127.0.0.1", traces=Traces())
    made_panel.server = DemoServer(port=1)
    return made_panel


async def test_states_and_transitions_are_those_of_the_engine() -> None:
    told = hello(panel())
    assert told["states"] == [state.value for state in EngineState]
    assert len(told["transitions"]) == len(TRANSITIONS)
    assert told["transitions"][0] == {"from": "idle", "to": "opening", "why": "start()"}
    assert [adapter["name"] for adapter in told["adapters"]] == ["websockets", "aiohttp", "picows"]
    assert (told["hasEngine"], told["tracing"]) == (False, None)


async def test_without_the_sdk_it_says_how_to_get_it() -> None:
    assert hello(Panel("127.0.0.1"))["tracing"] == 'pip install "wsengine[otlp]"'


async def test_only_what_has_changed_is_sent_again() -> None:
    shown = panel()
    frames = Frames(shown)
    first = frames.next()
    assert first["server"]["running"] is False
    assert first["traces"] == []
    assert set(frames.next()) == {"type", "now", "wall"}
    shown.server.faults.refuse = Refusal(503, 2, 1)
    assert frames.next()["server"]["refuse"] == {"status": 503, "retryAfter": 2, "times": 1}


async def test_the_engine_is_shown_from_its_first_state() -> None:
    shown = panel()
    async with subject() as sub:
        shown.board, shown.subject = sub.board, sub
        frames = Frames(shown)
        first = frames.next()
        assert (first["engine"]["state"], first["engine"]["session"]) == ("idle", None)
        await sub.start()
        await settle()
        made[-1].connection.feed(heartbeat())
        await settle()
        frame = frames.next()
        assert frame["engine"]["state"] == "open"
        assert frame["engine"]["session"]["number"] == 1
        assert [change["state"] for change in frame["changes"]] == ["opening", "open"]
        assert frame["callbacks"]["on_message"]["count"] == 1
        assert [piece["what"] for piece in frame["work"]] == ["heartbeat"]
        assert json.loads(json.dumps(frame)) == frame


async def test_the_lanes_of_a_new_engine_are_all_new() -> None:
    shown = panel()
    async with subject() as sub:
        shown.board, shown.subject = sub.board, sub
        frames = Frames(shown)
        with sub.board.lanes.taken("old"):
            pass
        assert [piece["what"] for piece in frames.next()["work"]] == ["old"]
        await sub.exchange(workers=3)
        with sub.board.lanes.taken("new"):
            pass
        assert [piece["what"] for piece in frames.next()["work"]] == ["new"]
