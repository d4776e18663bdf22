"""Checks of what a connection shows of its library."""

from __future__ import annotations

from ...adapter import NativeReceive
from .expectations import expect, expect_equal
from .probe import Probe
from .registry import Chapter, CheckSkipped

check = Chapter("The library behind it")


@check()
async def shows_the_librarys_object(probe: Probe) -> None:
    """The native object is the library's own: there is one, and it stays the same."""
    connection, _ = await probe.connect()
    native = connection.native
    expect(native is not None, "an object of the library's", "native is None")
    expect(native is not connection, "an object of the library's", "native is the connection")
    expect(connection.native is native, "the same object each time", "another one came")


@check()
async def translates_only_the_end(probe: Probe) -> None:
    """translate() leaves an exception that does not mean the end of the connection as it is."""
    connection, peer = await probe.connect()
    if not isinstance(connection, NativeReceive):
        raise CheckSkipped("its connections do not offer native_receive and translate")
    error = ValueError("something else")
    expect(connection.translate(error) is error, "the same exception", "another one came")
    peer.text("x")
    expect_equal(await connection.native_receive(), "x", "the message by native_receive()")
