"""What must be refused in the headers of an answer with status 101."""

from __future__ import annotations

from typing import Any

import pytest

from wsengine import ConnectOptions
from wsengine.adapters.answers import fault_in

OFFER = ConnectOptions(subprotocols=("v2", "v1"))
EXTENSIONS, PROTOCOL = "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"
EXTENSION = "chose an extension that was not offered"
SUBPROTOCOL = "chose a subprotocol that was not offered"


@pytest.mark.parametrize(
    "items",
    [
        [],
        [("Sec-WebSocket-Accept", "x"), ("X-A", "1"), ("x-a", "2")],
        [(PROTOCOL, "v1")],
        [(EXTENSIONS, "permessage-deflate")],
        [(EXTENSIONS, "permessage-deflate; server_max_window_bits=8")],
        [(EXTENSIONS, "permessage-deflate; client_no_context_takeover; client_max_window_bits=9")],
        [(EXTENSIONS, 'permessage-deflate ; server_max_window_bits="15"')],
    ],
)
def test_a_good_answer(items: list[tuple[str, str]]) -> None:
    assert fault_in(items, OFFER) is None


@pytest.mark.parametrize(
    ("items", "fault"),
    [
        ([(PROTOCOL, "surprise")], SUBPROTOCOL),
        ([(PROTOCOL, "v1, v2")], SUBPROTOCOL),
        ([(PROTOCOL, "v1"), (PROTOCOL.lower(), "v1")], f"sent the header {PROTOCOL} twice"),
        (
            [("Sec-WebSocket-Accept", "x"), ("Sec-WebSocket-Accept", "x")],
            "sent the header Sec-WebSocket-Accept twice",
        ),
        ([(EXTENSIONS, "x-unheard-of")], EXTENSION),
        ([(EXTENSIONS, "permessage-deflate"), (EXTENSIONS, "x-more")], EXTENSION),
        ([(EXTENSIONS, ";;=")], "sent a Sec-WebSocket-Extensions that has no meaning: ';;='"),
        ([(EXTENSIONS, "permessage-deflate")] * 2, "chose permessage-deflate twice"),
    ],
)
def test_what_was_not_offered_or_is_there_twice(items: Any, fault: str) -> None:
    assert fault_in(items, OFFER) == fault


def test_compression_was_not_offered() -> None:
    items = [(EXTENSIONS, "permessage-deflate")]
    assert fault_in(items, ConnectOptions(compression=None)) == EXTENSION


@pytest.mark.parametrize(
    "parameter",
    [
        "server_max_window_bits",
        "client_max_window_bits",
        "server_max_window_bits=7",
        "server_max_window_bits=08",
        "client_max_window_bits=16",
        f"client_max_window_bits={'9' * 5000}",
        "server_no_context_takeover=1",
        "x=1",
    ],
)
def test_parameters_that_are_not_allowed(parameter: str) -> None:
    fault = fault_in([(EXTENSIONS, f"permessage-deflate; {parameter}")], OFFER)
    assert fault == f"chose permessage-deflate with {parameter[:200]!r}, which is not allowed"


def test_a_parameter_stands_there_once() -> None:
    twice = "permessage-deflate; client_no_context_takeover; client_no_context_takeover"
    assert "'client_no_context_takeover', which is not" in str(
        fault_in([(EXTENSIONS, twice)], OFFER)
    )


def test_a_window_that_zlib_does_not_have() -> None:
    small = "permessage-deflate; client_max_window_bits=8"
    assert "client_max_window_bits=8, which zlib cannot" in str(
        fault_in([(EXTENSIONS, small)], OFFER)
    )
