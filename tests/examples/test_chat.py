"""examples/chat.py: two who talk, with their input piped, and a server that goes and comes back."""

from __future__ import annotations

from .programs import ctrl_c, example, port_of, posix, url_of

pytestmark = posix


async def test_they_talk_until_the_end_of_input() -> None:
    async with example("chat_server.py", "0") as server:
        url = await url_of(server)
        async with example("chat.py", "ann", url) as ann:
            await ann.line(r"^\* connected$")
            async with example("chat.py", "bob", url) as bob:
                assert await ann.line("") == "* bob is here"
                bob_ended = await bob.end("hello\nbye\n")
            ann_lines = [await ann.line("") for _ in range(3)]
            await ctrl_c(ann)
        await ctrl_c(server)
    assert ann_lines == ["bob: hello", "bob: bye", "* bob is gone"]
    assert (bob_ended.code, bob_ended.err) == (0, "")
    assert bob_ended.out.splitlines()[0] == "* connected"


async def test_what_is_typed_while_the_server_is_away_is_sent_later() -> None:
    async with example("chat_server.py", "0") as server:
        url = await url_of(server)
        async with example("chat.py", "ann", url) as ann:
            await ann.line(r"^\* connected$")
            await server.kill()
            await ann.line(r"^\* the connection is lost: 1006 ABNORMAL_CLOSURE")
            await ann.type("are you there?\nhello?\n")
            async with example("chat_server.py", port_of(url)) as successor:
                await successor.line(r"^\* ann is here$")
                assert await successor.line("") == "ann: are you there?"
                assert await successor.line("") == "ann: hello?"
                await ann.line(r"^\* connected again$")
                await ctrl_c(successor)
            await ann.line(r"^\* the connection is lost: 1001 GOING_AWAY")


async def test_without_a_name_it_says_how_to_call_it() -> None:
    async with example("chat.py") as chat:
        ended = await chat.end()
    assert (ended.code, ended.error_line) == (1, "usage: python examples/chat.py NAME [URL]")


async def test_without_a_server_it_says_so() -> None:
    async with example("chat.py", "ann", "ws://127.0.0.1:1") as chat:
        ended = await chat.end()
    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith("chat: could not start: ws://127.0.0.1:1: ")
