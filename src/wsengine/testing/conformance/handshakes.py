"""Checks of `connect`: what is asked for, and what the server answers."""

from __future__ import annotations

import asyncio
import dataclasses

from ..greetings import Greeting, hang, refuse, say, upgrade
from ..peer import Peer
from ..wire import accept_key
from .expectations import expect, expect_closed, expect_equal, expect_refused
from .probe import DIRECT, Probe
from .registry import Chapter

check = Chapter("The handshake")

REFUSALS: tuple[tuple[str, dict[str, str], float | None], ...] = (
    ("301 Moved Permanently", {}, None),
    ("401 Unauthorized", {"WWW-Authenticate": "Basic"}, None),
    ("403 Forbidden", {}, None),
    ("404 Not Found", {}, None),
    ("429 Too Many Requests", {"Retry-After": "7"}, 7.0),
    ("500 Internal Server Error", {}, None),
    ("503 Service Unavailable", {"Retry-After": "120"}, 120.0),
    ("503 Service Unavailable", {"Retry-After": "soon"}, None),
    ("200 OK", {}, None),
)


_DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"
_NOT_TO_BE_SAID = (
    "Sec-WebSocket-Accept: d3Jvbmc=",
    "Sec-WebSocket-Protocol: v1.example\r\nSec-WebSocket-Protocol: v2.example",
    "Sec-WebSocket-Extensions: ;;=",
    f"{_DEFLATE}, permessage-deflate",
    f"{_DEFLATE}; server_max_window_bits=7",
    f"{_DEFLATE}; client_max_window_bits=16",
    f"{_DEFLATE}; client_max_window_bits={'9' * 5000}",
    f"{_DEFLATE}; x-unheard-of=1",
)
"""Headers that must not stand in an answer besides those that have to."""


@check()
async def describes_the_handshake(probe: Probe) -> None:
    """The handshake has status 101 and the response's headers, their names in lower case."""
    connection, _ = await probe.connect(greeting=upgrade(headers={"X-Node": "Blue 7"}))
    handshake = connection.handshake
    expect_equal(handshake.status, 101, "handshake.status")
    expect_equal(dict(handshake.headers).get("x-node"), "Blue 7", "handshake.headers['x-node']")
    upper = [name for name in handshake.headers if name != name.lower()]
    expect_equal(upper, [], "the names not in lower case")


@check()
async def asks_for_the_target(probe: Probe) -> None:
    """Path and query of the URL reach the server as they are; only what is not ASCII is quoted."""
    for target, asked in (
        ("/chat/a%2Fb?room=x%20y&q=%C3%A9", "/chat/a%2Fb?room=x%20y&q=%C3%A9"),
        ("/caf\N{LATIN SMALL LETTER E WITH ACUTE}/a%2Fb?q=x%26y", "/caf%C3%A9/a%2Fb?q=x%26y"),
        ("/a%2fb;c='!?q=%\N{LATIN SMALL LETTER E WITH ACUTE}+|", "/a%2fb;c='!?q=%%C3%A9+|"),
    ):
        _, peer = await probe.connect(target=target)
        expect_equal(peer.request.target, asked, "the request's target")


@check()
async def sends_the_headers(probe: Probe) -> None:
    """The headers given reach the server, once each; a given User-Agent replaces the library's."""
    headers = {"Authorization": "Bearer abc", "X-Trace": "1", "User-Agent": "mine/1.0"}
    _, peer = await probe.connect(dataclasses.replace(DIRECT, headers=headers))
    for name, value in headers.items():
        expect_equal(peer.request.all(name.lower()), [value], f"the request's {name}")


@check()
async def negotiates_the_subprotocol(probe: Probe) -> None:
    """The subprotocols are offered in their order; handshake.subprotocol is the server's choice."""
    options = dataclasses.replace(DIRECT, subprotocols=("v2.example", "v1.example"))
    for choice in ("v1.example", None):
        connection, peer = await probe.connect(options, greeting=upgrade(subprotocol=choice))
        offer = peer.request.one("sec-websocket-protocol").replace(" ", "")
        expect_equal(offer, "v2.example,v1.example", "the offer")
        expect_equal(connection.handshake.subprotocol, choice, "handshake.subprotocol")


@check()
async def offers_no_subprotocol(probe: Probe) -> None:
    """Without subprotocols none is offered, and none is in the handshake."""
    connection, peer = await probe.connect()
    offer = peer.request.all("sec-websocket-protocol")
    expect_equal(offer, [], "the header Sec-WebSocket-Protocol")
    expect_equal(connection.handshake.subprotocol, None, "handshake.subprotocol")


@check(limit=20)
async def tells_why_it_was_refused(probe: Probe) -> None:
    """A refused handshake is a ConnectError with the response's status, headers, Retry-After.

    The names of the headers are in lower case, Retry-After is in seconds; no socket is left.
    """
    for status, headers, retry_after in REFUSALS:
        probe.server.greeting = refuse(status, {**headers, "X-Reason": "Maybe"}, b"sorry")
        error = await expect_refused(probe.dial(probe.server.url()), status)
        expect_equal(error.status, int(status[:3]), f"after {status}, error.status")
        expect_equal(error.headers.get("x-reason"), "Maybe", f"after {status}, its x-reason")
        upper = [name for name in error.headers if name != name.lower()]
        expect_equal(upper, [], f"after {status}, the names not in lower case")
        expect_equal(error.retry_after, retry_after, f"after {status}, error.retry_after")
        await (await probe.server.next_peer()).gone()


@check()
async def does_not_follow_a_redirect(probe: Probe) -> None:
    """A redirect is a ConnectError that says where to; the other host sees nothing.

    Or headers would go to a host that nobody named. The values of the query are not shown.
    """
    other = await probe.serve()
    options = dataclasses.replace(DIRECT, headers={"Authorization": "Bearer abc", "X-Key": "1"})
    for status in ("301 Moved Permanently", "302 Found", "307 Temporary Redirect"):
        for scheme in ("ws", "http"):
            location = f"{scheme}://127.0.0.1:{other.port}/there?token=hunter2"
            probe.server.greeting = refuse(status, {"Location": location})
            error = await expect_refused(probe.dial(probe.server.url(), options), status)
            expect_equal(error.status, int(status[:3]), f"after {status}, error.status")
            expect_equal(error.headers.get("location"), location, f"after {status}, its location")
            said = str(error)
            told = f"127.0.0.1:{other.port}/there" in said and "hunter2" not in said
            expect(told, "an error that says where to, without the token", f"it says {said!r}")
            expect_equal(other.clients, 0, "the number of clients at the other host")


@check()
async def refuses_garbage(probe: Probe) -> None:
    """An answer that is no HTTP, or none at all, is a ConnectError without a status."""
    for answer in (
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/1.1 101",
        b"",
    ):
        probe.server.greeting = say(answer)
        error = await expect_refused(probe.dial(probe.server.url()), f"the answer is {answer!r}")
        expect_equal(error.status, None, f"after {answer!r}, error.status")


@check()
async def refuses_a_wrong_handshake(probe: Probe) -> None:
    """A 101 that a client must refuse (RFC 6455 section 4.1) is a ConnectError.

    That is: a wrong Sec-WebSocket-Accept, a subprotocol or an extension that was not offered.
    No socket is left.
    """
    extension = {"Sec-WebSocket-Extensions": "x-unheard-of"}
    wrong = {
        "a wrong Sec-WebSocket-Accept": upgrade(accept="d3Jvbmc="),
        "a subprotocol that was not offered": upgrade(subprotocol="surprise"),
        "an extension that was not offered": upgrade(headers=extension),
    }
    for what, greeting in wrong.items():
        probe.server.greeting = greeting
        await expect_refused(probe.dial(probe.server.url()), what)
        await (await probe.server.next_peer()).gone()


@check()
async def refuses_an_odd_handshake(probe: Probe) -> None:
    """A 101 that is not clear, or agrees to what is not allowed, is a ConnectError.

    That is: two Sec-WebSocket-Accept or Sec-WebSocket-Protocol, which may contradict each other;
    extensions, or parameters of compression, that have no meaning (RFC 7692 section 7.1); another
    version of HTTP than 1.1. No socket is left.
    """
    odd = {f"also {line[:99]!r}": _agree(line) for line in _NOT_TO_BE_SAID}
    odd["HTTP/1.0"] = _agree(version="1.0")
    offering = dataclasses.replace(DIRECT, subprotocols=("v2.example", "v1.example"))
    for what, greeting in odd.items():
        probe.server.greeting = greeting
        await expect_refused(probe.dial(probe.server.url(), offering), what)
        await (await probe.server.next_peer()).gone()


def _agree(*lines: str, version: str = "1.1") -> Greeting:
    """Agree to the handshake in another version of HTTP, or with more lines."""

    async def greet(peer: Peer) -> None:
        request = await peer.read_request()
        accept = f"Sec-WebSocket-Accept: {accept_key(request.one('sec-websocket-key'))}"
        first = f"HTTP/{version} 101 Switching Protocols"
        head = (first, "Upgrade: websocket", "Connection: Upgrade", accept, *lines, "", "")
        peer.write("\r\n".join(head).encode())

    return greet


@check()
async def tells_that_nobody_listens(probe: Probe) -> None:
    """A port on which nobody listens is a ConnectError without a status."""
    closed = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = closed.sockets[0].getsockname()[1]
    closed.close()
    await closed.wait_closed()
    error = await expect_refused(probe.dial(f"ws://127.0.0.1:{port}/"), "nobody listens")
    expect_equal(error.status, None, "error.status")
    expect_equal(dict(error.headers), {}, "error.headers")


@check()
async def a_cancelled_connect_leaves_nothing(probe: Probe) -> None:
    """Cancelling connect(), at whatever moment, ends it at once and leaves no socket behind."""
    probe.server.greeting = hang
    dialling = probe.start(probe.dial(probe.server.url()))
    peer = await probe.server.next_peer()
    await peer.requested()
    dialling.cancel()
    await asyncio.wait({dialling}, timeout=1)
    expect(dialling.cancelled(), "a cancelled connect() ends", f"it is {dialling!r}")
    await peer.gone()


@check()
async def connections_are_independent(probe: Probe) -> None:
    """Each connect() returns a fresh connection; the end of one does nothing to another."""
    (first, one), (second, two) = await probe.connect(), await probe.connect()
    expect(first is not second, "a fresh connection", "the same one was returned twice")
    one.text("for the first")
    two.text("for the second")
    expect_equal(await second.receive(), "for the second", "the message")
    expect_equal(await first.receive(), "for the first", "the message")
    closing = probe.start(first.close(1000, ""))
    await one.answer_close()
    await closing
    await expect_closed(first.receive())
    await second.send("still here")
    expect_equal(await two.next_message(), "still here", "the message at the server")
