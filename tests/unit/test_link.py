from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sized

import pytest

from wsengine import JsonCodec, JsonCorrelator
from wsengine.adapter import Connection
from wsengine.conversation import Conversation
from wsengine.correlator import check_correlator
from wsengine.link import Link
from wsengine.message import Message
from wsengine.testing import ScriptedConnection
from wsengine.testing.script import Accept


class Native(ScriptedConnection):
    """A connection with a faster receive that raises exceptions of its own."""

    async def fast(self) -> Message:
        return "fast"

    @property
    def native_receive(self) -> Callable[[], Awaitable[Message]]:
        return self.fast

    def translate(self, error: Exception) -> Exception:
        return LookupError(str(error))


def link_to(connection: Connection, conversation: Conversation | None = None) -> Link:
    def ignore(*arguments: object) -> None:
        """Do nothing: no reader works here."""

    return Link(
        "engine",
        connection,
        on_message=ignore,
        on_read_error=ignore,
        failed=ignore,
        conversation=conversation,
    )


async def test_it_begins_with_nothing_counted() -> None:
    connection = ScriptedConnection(Accept())
    link = link_to(connection)
    assert (link.received, link.outgoing.messages, link.read_errors) == (0, 0, 0)
    assert (link.engine, link.connection, link.session) == ("engine", connection, None)


async def test_a_plain_connection_is_read_by_its_receive() -> None:
    connection = ScriptedConnection(Accept())
    connection.feed("plain")
    link, error = link_to(connection), ValueError("odd")
    assert await link.receive() == "plain"
    assert link.translate(error) is error


async def test_a_native_receive_is_preferred_and_its_errors_are_translated() -> None:
    connection = Native(Accept())
    connection.feed("plain")
    link = link_to(connection)
    assert await link.receive() == "fast"
    assert isinstance(link.translate(ValueError("odd")), LookupError)


async def test_the_hot_path_has_no_dictionary() -> None:
    link = link_to(ScriptedConnection(Accept()))
    with pytest.raises(AttributeError):
        link.misspelt = 1  # type: ignore[attr-defined]


class OfferingConnection(ScriptedConnection):
    """A connection that lets somebody look at what comes in."""

    def offer_to(self, taker: Callable[[deque[Message]], object], awaited: Sized) -> None:
        self.taker, self.awaited = taker, awaited


async def test_replies_are_taken_from_what_is_offered_and_the_rest_keeps_its_order() -> None:
    connection = OfferingConnection(Accept())
    conversation = Conversation(JsonCodec(), check_correlator(JsonCorrelator()))
    link = link_to(connection, conversation)
    messages: deque[Message] = deque(['{"n":1}', '{"id":7}', '{"n":2}', '{"id":8}', "not JSON"])
    connection.taker(messages)
    assert len(messages) == 5  # no request waits for anything
    assert link.requests is not None
    assert connection.awaited is link.requests.in_flight
    pending = link.requests.begin({"id": 7}, None)
    connection.taker(messages)
    assert list(messages) == ['{"n":1}', '{"n":2}', '{"id":8}', "not JSON"]
    assert await pending.reply == {"id": 7}
    assert (link.received, link.requests.unmatched) == (1, 0)


async def test_without_a_correlator_nothing_is_to_be_offered() -> None:
    connection = OfferingConnection(Accept())
    link_to(connection)
    assert not hasattr(connection, "taker")
