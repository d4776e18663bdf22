from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from wsengine.adapter import Connection
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


def link_to(connection: Connection) -> Link:
    def ignore(*arguments: object) -> None:
        """Do nothing: no reader works here."""

    return Link("engine", connection, on_message=ignore, on_read_error=ignore, failed=ignore)


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
