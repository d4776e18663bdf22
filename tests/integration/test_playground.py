"""The playground over HTTP: its page, its controls, who is let in; and its command."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSServerHandshakeError

from wsengine import EngineState
from wsengine.playground import Panel, Playground, Settings
from wsengine.servers.demo import DemoServer

from .command import ran, running

SOON = 30.0
"""Seconds that anything may take on a busy machine; unanswered pings show after thirteen."""


class Page:
    """The other end of a control socket, as the page has it."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self.shown: dict[str, Any] = {}
        self.hello: dict[str, Any] = {}

    async def until(self, seen: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """Read frames until what is shown is as wanted."""
        async with asyncio.timeout(SOON):
            while not (self.shown and seen(self.shown)):
                await self._read()
        return self.shown

    async def ask(self, command: str, /, **values: Any) -> str | None:
        """Ask for something, and return the error, or `None`."""
        self._number += 1
        await self.say({"command": command, "id": self._number, **values})
        answer = await self.answer()
        assert answer["id"] == self._number
        error: str | None = answer.get("error")
        assert (answer["type"] == "done") == (error is None)
        return error

    async def answer(self) -> dict[str, Any]:
        """Wait for the next answer to a command."""
        async with asyncio.timeout(SOON):
            while (answer := await self._read())["type"] == "frame":
                pass
        return answer

    async def say(self, message: Any) -> None:
        await self._socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def state(self, *names: str) -> dict[str, Any]:
        return await self.until(lambda shown: shown["engine"]["state"] in names)

    async def _read(self) -> dict[str, Any]:
        message: dict[str, Any] = await self._socket.receive_json(timeout=SOON)
        if message["type"] == "hello":
            self.hello = message
        elif message["type"] == "frame":
            self.shown |= message
        return message


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
async def playground(nothing_held: Any) -> AsyncIterator[Playground]:
    async with Playground(settings=Settings(rate=30, work=0.01)) as made:
        yield made


@asynccontextmanager
async def opened(http: ClientSession, url: str) -> AsyncIterator[Page]:
    async with http.ws_connect(f"{url}control") as socket:
        page = Page(socket)
        await page.until(lambda shown: "server" in shown)
        yield page


@pytest.fixture
async def page(playground: Playground, http: ClientSession) -> AsyncIterator[Page]:
    async with opened(http, playground.url) as made:
        await made.state("open")
        yield made


# The page.


async def test_the_page_and_its_files_come_with_strict_headers(
    playground: Playground, http: ClientSession
) -> None:
    for path, kind in (("", "text/html"), ("page/main.js", "text/javascript")):
        async with http.get(playground.url + path) as response:
            assert (response.status, response.content_type) == (200, kind)
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["page/none.js", "page/..%2fweb.py", "page/%2e%2e/web.py", "web.py"]
)
async def test_nothing_else_is_served(
    playground: Playground, http: ClientSession, path: str
) -> None:
    async with http.get(playground.url + path) as response:
        assert response.status == 404


async def test_the_demo_server_shows_the_page_too(
    playground: Playground, http: ClientSession
) -> None:
    url = playground.server.url.replace("ws:", "http:")
    async with http.get(url) as response:
        assert "<title>wsengine playground" in await response.text()
    async with opened(http, url) as page:
        assert page.hello["hasEngine"] is True


# Who is let in.


@pytest.mark.parametrize("path", ["", "page/main.js", "control"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8700", "Origin": "http://evil.example:8700"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
    ids=str,
)
async def test_strangers_get_403(
    playground: Playground, http: ClientSession, path: str, headers: dict[str, str]
) -> None:
    own = playground.url
    demo = playground.server.url.replace("ws:", "http:")
    for url in (own, demo):
        async with http.get(url + path, headers=headers) as response:
            assert response.status == 403
            assert "Content-Security-Policy" not in response.headers


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
async def test_strangers_get_no_control_socket(
    playground: Playground, http: ClientSession, headers: dict[str, str]
) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await http.ws_connect(f"{playground.url}control", headers=headers)
    assert refused.value.status == 403


async def test_its_own_page_is_let_in(playground: Playground, http: ClientSession) -> None:
    origin = playground.url.rstrip("/")
    async with http.ws_connect(f"{playground.url}control", headers={"Origin": origin}) as socket:
        assert (await socket.receive_json(timeout=SOON))["type"] == "hello"


async def test_the_control_socket_wants_a_handshake(
    playground: Playground, http: ClientSession
) -> None:
    async with http.get(f"{playground.url}control") as response:
        assert response.status == 426


async def test_there_are_only_so_many_pages(
    playground: Playground, http: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wsengine.playground.web.MOST_PAGES", 1)
    async with opened(http, playground.url):
        with pytest.raises(WSServerHandshakeError) as refused:
            await http.ws_connect(f"{playground.url}control")
    assert refused.value.status == 503


# The controls.


async def test_the_engine_runs_and_talks(page: Page) -> None:
    shown = await page.until(lambda shown: shown["callbacks"]["on_message"]["count"] > 10)
    assert shown["engine"]["session"]["number"] == 1
    assert shown["callbacks"]["on_open"]["count"] == 1
    await page.until(lambda shown: shown["samples"][-1]["roundTrip"] is not None)
    await page.until(lambda shown: any(trace["kind"] == "life" for trace in shown["traces"]))


async def test_it_is_restarted_stopped_and_started(page: Page) -> None:
    assert await page.ask("restart") is None
    await page.until(lambda shown: (shown["engine"]["session"] or {}).get("number") == 2)
    assert await page.ask("exit") is None
    await page.state("stopped")
    assert "running engine" in (await page.ask("restart") or "")
    assert await page.ask("start") is None
    await page.state("open")
    assert await page.ask("stop") is None
    await page.state("stopped")


async def test_it_is_paused_and_resumed(page: Page) -> None:
    assert await page.ask("pause") is None
    await page.until(lambda shown: (shown["engine"]["held"] or 0) > 3)
    assert await page.ask("resume") is None
    await page.until(lambda shown: shown["engine"]["held"] is None)
    assert "not paused" in (await page.ask("resume") or "")


@pytest.mark.parametrize("name", ["aiohttp", "picows"])
async def test_another_adapter_is_another_engine(
    page: Page, playground: Playground, name: str
) -> None:
    before = playground.subject.engine
    assert await page.ask("adapter", name=name) is None
    await page.until(lambda shown: shown["engine"]["adapter"] == name)
    await page.state("open")
    assert before.state is EngineState.STOPPED
    assert await page.ask("workers", count=5) is None
    await page.until(lambda shown: len(shown["lanes"]) == 5)
    await page.state("open")


async def test_a_cut_connection_is_seen_with_its_cause(page: Page) -> None:
    assert await page.ask("interrupt", code=None) is None
    shown = await page.until(lambda shown: (shown["engine"]["session"] or {}).get("number") == 2)
    first = shown["entries"][0]
    assert (first["code"], first["by"]) == (1006, "network")
    assert await page.ask("interrupt", code=1012, reason="deploying") is None
    shown = await page.until(lambda shown: shown["entries"][-1].get("code") == 1012)
    assert shown["entries"][-1]["cause"] == "deploying"


async def test_refusals_are_counted_down(page: Page) -> None:
    assert await page.ask("refuse", status=503, retry_after=None, times=2) is None
    await page.until(lambda shown: shown["server"]["refuse"] is not None)
    assert await page.ask("restart") is None
    shown = await page.until(
        lambda shown: any(entry["kind"] == "attempt" for entry in shown["entries"])
    )
    assert "503" in shown["entries"][-1]["cause"]
    await page.until(lambda shown: shown["server"]["refuse"] is None)
    await page.state("open")


async def test_unanswered_pings_end_the_session(page: Page) -> None:
    assert await page.ask("fault", name="ignore_pings", on=True) is None
    shown = await page.until(lambda shown: shown["entries"][0]["ended"] is not None)
    assert shown["server"]["ignore_pings"] is True
    await page.until(lambda shown: shown["entries"][0].get("code") == 1006)
    assert await page.ask("reset") is None
    await page.state("open")


async def test_the_page_outlives_the_demo_server(page: Page) -> None:
    assert await page.ask("server_stop") is None
    await page.state("waiting")
    assert "stopped already" in (await page.ask("server_stop") or "")
    assert await page.ask("server_start") is None
    await page.state("open")


async def test_whom_a_fault_has_reached_is_said(page: Page) -> None:
    await page.say({"command": "interrupt", "id": 7})
    assert await page.answer() == {"type": "done", "id": 7, "said": "1 client was cut off"}
    await page.until(lambda shown: shown["server"]["clients"] == 1 and shown["engine"]["session"])
    assert await page.ask("exit") is None
    await page.until(lambda shown: shown["server"]["clients"] == 0)
    for command in ({"command": "interrupt"}, {"command": "flood", "messages": 9, "size": 100}):
        await page.say({"id": 8, **command})
        answer = await page.answer()
        assert answer == {"type": "refused", "id": 8, "error": "Nobody is connected"}


async def test_healing_starts_the_demo_server(page: Page, playground: Playground) -> None:
    for number, command in enumerate(("server_stop", "reset")):  # which comes while it stops
        await page.say({"command": command, "id": number})
    assert [(await page.answer())["type"] for _ in range(2)] == ["done", "done"]
    assert playground.server.running
    await page.state("open")


async def test_of_two_starts_at_once_one_is_refused(page: Page) -> None:
    assert await page.ask("server_stop") is None
    for number in (101, 102):
        await page.say({"command": "server_start", "id": number})
    answers = [await page.answer(), await page.answer()]
    assert sorted(answer["type"] for answer in answers) == ["done", "refused"]
    assert {answer["id"] for answer in answers} == {101, 102}
    await page.state("open")


async def test_a_command_that_fails_inside_is_answered_and_logged(
    page: Page, playground: Playground, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def garble() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(playground.server, "garble", garble)
    assert "ZeroDivisionError" in (await page.ask("garble") or "")
    (logged,) = [each for each in caplog.records if each.name.startswith("wsengine.playground")]
    assert logged.exc_info[0] is ZeroDivisionError
    assert await page.ask("restart") is None


async def test_a_code_that_must_not_be_sent_is_sent(page: Page) -> None:
    assert await page.ask("interrupt", code=1006) is None
    shown = await page.until(lambda shown: shown["entries"][0].get("code") is not None)
    assert (shown["entries"][0]["code"], shown["entries"][0]["by"]) == (1002, "client")


async def test_a_flood_is_handled(page: Page) -> None:
    before = page.shown["callbacks"]["on_message"]["count"]
    assert await page.ask("work", seconds=0) is None
    assert await page.ask("flood", messages=5000, size=200) is None
    await page.until(lambda shown: shown["callbacks"]["on_message"]["count"] >= before + 5000)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("no json", "no JSON"),
        ({"command": "rm"}, "command='rm'"),
        ({"command": "workers", "count": 10**9}, "at most 32"),
        ({"command": "interrupt", "code": 65536}, "at most 65535"),
    ],
)
async def test_what_is_no_command_is_refused_and_the_talk_goes_on(
    page: Page, message: Any, error: str
) -> None:
    await page.say(message)
    answer = await page.answer()
    assert answer["type"] == "refused"
    assert error in answer["error"]
    assert "at most 32" in (await page.ask("workers", count=10**9) or "")
    assert await page.ask("restart") is None


async def test_two_pages_see_the_same(
    page: Page, playground: Playground, http: ClientSession
) -> None:
    async with opened(http, playground.url) as other:
        assert await page.ask("stop") is None
        await other.state("stopped")
        assert await other.ask("start") is None
        await page.state("open")


# A demo server alone.


async def test_without_an_engine_the_faults_work(nothing_held: Any, http: ClientSession) -> None:
    panel = Panel("127.0.0.1")
    panel.server = DemoServer(routes=panel.routes(), plain=panel.index)
    async with panel.server as server, opened(http, server.url.replace("ws:", "http:")) as page:
        assert page.hello["hasEngine"] is False
        assert await page.ask("delay", seconds=2) is None
        assert server.faults.delay == 2
        assert "no engine in this process" in (await page.ask("start") or "")
        await panel.close()


async def test_the_demo_server_can_be_stopped_from_its_own_page(
    playground: Playground, http: ClientSession
) -> None:
    url = playground.server.url.replace("ws:", "http:")
    async with opened(http, url) as own, opened(http, playground.url) as page:
        await own.say({"command": "server_stop"})
        await page.until(lambda shown: not shown["server"]["running"])
        assert await page.ask("server_start") is None
        await page.state("open")


# Beginning and end.


async def test_a_port_that_is_taken_leaves_nothing_behind(
    playground: Playground, nothing_held: Any
) -> None:
    with pytest.raises(OSError, match="in use"):
        await Playground(port=playground.port).start()


async def test_it_stops_at_once_though_the_server_does_not_read(nothing_held: Any) -> None:
    playground = Playground(settings=Settings(rate=100))
    with pytest.raises(RuntimeError, match="never started"):
        playground.server  # noqa: B018
    await playground.start()
    playground.server.faults.stop_reading = True
    playground.server.faults.ignore_pings = True
    await asyncio.sleep(0.2)
    async with asyncio.timeout(5):
        await playground.stop()
        await playground.stop()


# The command.


posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_command_ends_at_once_and_cleanly(
    http: ClientSession, number: signal.Signals
) -> None:
    arguments = ("playground", "--port", "0", "--no-browser", "--adapter", "aiohttp")
    async with running(*arguments) as command:
        line = await command.line("Playground on")
        url = line.split()[2]
        async with opened(http, url) as page:
            shown = await page.state("open")
            assert shown["engine"]["adapter"] == "aiohttp"
            command.signal(number)
            ended = await command.end()
    assert (ended.code, ended.err) == (0, "")


@posix
async def test_a_port_that_is_taken_is_one_line(http: ClientSession) -> None:
    async with running("playground", "--port", "0") as first:
        port = (await first.line("Playground on")).split()[2].rstrip("/").rpartition(":")[2]
        ended = await ran("playground", "--port", port, "--no-browser")
    assert ended.code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in ended.error_line


@posix
async def test_another_host_is_warned_about() -> None:
    async with running("playground", "--host", "0.0.0.0", "--port", "0", "--no-browser") as command:
        await command.line("Playground on http://127.0.0.1:")
        command.signal(signal.SIGINT)
        ended = await command.end()
    assert ended.error_line.startswith("wsengine: warning: --host 0.0.0.0: whoever reaches")


@posix
async def test_every_address_is_warned_about_by_words() -> None:
    async with running("playground", "--host", "", "--port", "0", "--no-browser") as command:
        await command.line("Playground on http://127.0.0.1:")
        command.signal(signal.SIGINT)
        ended = await command.end()
    assert "--host every address: whoever reaches" in ended.error_line


@posix
async def test_others_can_be_allowed(http: ClientSession) -> None:
    allowed = ("--allow-host", "play.example", "--allow-origin", "https://app.example")
    async with running("playground", "--port", "0", "--no-browser", *allowed) as command:
        url = (await command.line("Playground on")).split()[2]
        async with opened(http, url) as page:
            demo = page.shown["server"]["url"].replace("ws:", "http:")
        for headers, status in (
            ({"Host": "play.example"}, 200),
            ({"Host": "play.example", "Origin": "https://app.example"}, 200),
            ({"Host": "other.example"}, 403),
            ({"Origin": "https://other.example"}, 403),
        ):
            for address in (url, demo):
                async with http.get(address, headers=headers) as response:
                    assert response.status == status, (address, headers)
        command.signal(signal.SIGINT)
        await command.end()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--allow-host", "a:1"), "allowed_hosts='a:1': must be a host name without a port"),
        (("--allow-origin", "a"), "allowed_origins='a': must be like"),
    ],
)
async def test_whom_to_allow_is_checked(arguments: tuple[str, str], words: str) -> None:
    ended = await ran("playground", "--port", "0", "--no-browser", *arguments)
    assert (ended.code, words in ended.error_line) == (2, True)


async def test_a_wrong_adapter_is_one_line() -> None:
    ended = await ran("playground", "--port", "0", "--adapter", "curl", "--no-browser")
    assert (ended.code, "--adapter 'curl'" in ended.error_line) == (2, True)


async def test_without_aiohttp_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['aiohttp'] = None\n"
        "from wsengine.cli.app import run\n"
        "sys.exit(run(['playground', '--no-browser']))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(SOON):
        _, err = await process.communicate()
    assert process.returncode == 2
    assert b'pip install "wsengine[demo]"' in err
