from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable

import pytest

from wsengine.adapter import Adapter, Connection, Handshake, NativeReceive
from wsengine.adapters.websockets import WebsocketsAdapter
from wsengine.adapters.websockets_connection import WebsocketsConnection
from wsengine.message import Message
from wsengine.testing import ScriptedAdapter, ScriptedConnection
from wsengine.testing.script import Accept


class Native(ScriptedConnection):
    """A connection that hands out its library's own receive."""

    @property
    def native_receive(self) -> Callable[[], Awaitable[Message]]:
        return self.receive

    def translate(self, error: Exception) -> Exception:
        return error


def as_adapters(ours: WebsocketsAdapter, scripted: ScriptedAdapter) -> list[Adapter]:
    """For the type checker: both follow the protocol."""
    return [ours, scripted]


def as_connections(ours: WebsocketsConnection, scripted: ScriptedConnection) -> list[Connection]:
    """For the type checker: both follow the protocol."""
    return [ours, scripted]


def test_the_answer_to_a_plain_handshake() -> None:
    handshake = Handshake()
    assert (handshake.status, handshake.headers, handshake.subprotocol) == (101, {}, None)


def test_handshakes_do_not_change_and_compare_by_value() -> None:
    handshake = Handshake(101, {"server": "x"}, "v1")
    assert handshake == Handshake(status=101, headers={"server": "x"}, subprotocol="v1")
    assert handshake != Handshake(101, {"server": "y"}, "v1")
    with pytest.raises(dataclasses.FrozenInstanceError):
        handshake.status = 200  # type: ignore[misc]


def test_what_may_be_secret_stays_out_of_the_repr() -> None:
    handshake = Handshake(101, {"set-cookie": "hunter2"}, "bearer.hunter2")
    assert repr(handshake) == "Handshake(status=101)"


def test_handshakes_share_no_headers() -> None:
    assert Handshake().headers is not Handshake().headers


async def test_a_connection_offers_its_native_receive_by_having_it() -> None:
    assert isinstance(Native(Accept()), NativeReceive)
    assert not isinstance(ScriptedConnection(Accept()), NativeReceive)


async def test_half_of_the_offer_is_none() -> None:
    class Half(ScriptedConnection):
        def translate(self, error: Exception) -> Exception:
            return error

    assert not isinstance(Half(Accept()), NativeReceive)


@pytest.mark.parametrize("protocol", [Adapter, Connection, NativeReceive])
def test_every_clause_of_the_contract_is_written_down(protocol: type) -> None:
    clauses = [value for name, value in vars(protocol).items() if not name.startswith("_")]
    assert clauses
    assert all(clause.__doc__ for clause in clauses)


@pytest.mark.parametrize(
    ("protocol", "implementation"),
    [
        (Adapter, WebsocketsAdapter),
        (Adapter, ScriptedAdapter),
        (Connection, WebsocketsConnection),
        (Connection, ScriptedConnection),
    ],
)
def test_our_own_follow_the_contract(protocol: type, implementation: type) -> None:
    methods = [name for name, value in vars(protocol).items() if callable(value) and name[0] != "_"]
    assert methods
    assert all(callable(getattr(implementation, name)) for name in methods)
