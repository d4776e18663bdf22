from __future__ import annotations

import json
from typing import Any

import pytest

from wsengine import ConfigError
from wsengine.playground.commands import COMMANDS, number_of, parse

GOOD: list[dict[str, Any]] = [
    *({"command": name} for name in ("start", "stop", "exit", "restart", "pause", "resume")),
    {"command": "workers", "count": 4},
    {"command": "adapter", "name": "picows"},
    {"command": "rate", "per_second": 0},
    {"command": "work", "seconds": 0.5},
    {"command": "server_start"},
    {"command": "server_stop"},
    {"command": "interrupt"},
    {"command": "interrupt", "code": 4000, "reason": "tired"},
    {"command": "refuse", "status": 503, "retry_after": 2, "times": None},
    {"command": "admit"},
    {"command": "fault", "name": "stop_reading", "on": True},
    {"command": "delay", "seconds": 1},
    {"command": "garble"},
    {"command": "flood", "messages": 10, "size": 100},
    {"command": "reset"},
]


@pytest.mark.parametrize("message", GOOD, ids=lambda message: message["command"])
def test_what_the_page_sends_is_understood(message: dict[str, Any]) -> None:
    text = json.dumps({**message, "id": 7})
    command = parse(text)
    given = {name: value for name, value in message.items() if name != "command"}
    assert (command.name, number_of(text)) == (message["command"], 7)
    assert {name: command.values[name] for name in given} == given


def test_every_command_is_tried() -> None:
    assert {message["command"] for message in GOOD} == set(COMMANDS)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "JSON object"),
        ("7", "JSON object"),
        ("{}", "command=None"),
        ('{"command": "format_disk"}', "command='format_disk'"),
        ('{"command": ["start"]}', r"command=\['start'\]"),
        ('{"command": "start", "now": true}', "now=True: is no field of start"),
        ('{"command": "start", "id": -1}', "id=-1"),
        ('{"command": "start", "id": "x"}', "id='x'"),
        ('{"command": "workers"}', "count=None"),
        ('{"command": "workers", "count": 0}', "count=0"),
        ('{"command": "workers", "count": 1000}', "count=1000: must be at most 32"),
        ('{"command": "workers", "count": true}', "count=True"),
        ('{"command": "adapter", "name": "os:system"}', "name='os:system'"),
        ('{"command": "adapter", "name": {}}', "name={}"),
        ('{"command": "rate", "per_second": NaN}', "per_second=nan"),
        ('{"command": "rate", "per_second": 1e9}', "must be at most 200"),
        ('{"command": "work", "seconds": -1}', "seconds=-1"),
        ('{"command": "interrupt", "code": -1}', "code=-1"),
        ('{"command": "interrupt", "code": 65536}', "code=65536: must be at most 65535"),
        ('{"command": "interrupt", "code": 1000.5}', "code=1000.5"),
        ('{"command": "interrupt", "reason": 7}', "reason=7"),
        ('{"command": "refuse", "status": 200}', "status=200"),
        ('{"command": "refuse", "status": 503, "times": 0}', "times=0"),
        ('{"command": "refuse", "status": 503, "retry_after": 0.5}', "retry_after=0.5"),
        ('{"command": "fault", "name": "listeners", "on": true}', "name='listeners'"),
        ('{"command": "fault", "name": "stop_reading", "on": 1}', "on=1"),
        ('{"command": "flood", "messages": 1000000, "size": 100}', "messages=1000000"),
        ('{"command": "flood", "messages": 1, "size": 1}', "size=1"),
    ],
)
def test_what_is_wrong_is_named(text: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        parse(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ('{"id": 3, "command": "rm"}', 3),
        ('{"id": true}', None),
        ('{"id": -3}', None),
        ("{}", None),
        ("no json", None),
    ],
)
def test_the_number_of_a_wrong_command_is_known_too(text: str, number: int | None) -> None:
    assert number_of(text) == number
