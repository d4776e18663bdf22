"""examples/client_server: three restarts of the server, and the client exits."""

from __future__ import annotations

import importlib
import re
from contextlib import AsyncExitStack
from typing import Any

from .programs import EXAMPLES, ctrl_c, example, port_of, posix, url_of

CLIENT, SERVER = "client_server/client.py", "client_server/server.py"


@posix
async def test_the_client_exits_at_the_third_restart() -> None:
    async with AsyncExitStack() as servers:
        server = await servers.enter_async_context(example(SERVER, "0"))
        url = await url_of(server)
        async with example(CLIENT, url, "--pause", "0.1") as client:
            for restarts in range(3):
                assert await client.line("^open") == f"open, restarts so far: {restarts}"
                assert await client.line("^received: ") == "received: Hello from on_open"
                assert await client.line("^received: ") == "received: Hello from on_message"
                await ctrl_c(server)
                await client.line("^closed: 1001 GOING_AWAY$")
                server = await servers.enter_async_context(example(SERVER, port_of(url)))
                await url_of(server)
            ended = await client.end()
        await ctrl_c(server)
    assert ended.code == 0
    assert ended.out.splitlines()[-2:] == ["open, restarts so far: 3", "closed: 1001 GOING_AWAY"]
    assert "Traceback" not in ended.err


@posix
async def test_they_end_with_ctrl_c() -> None:
    async with example(SERVER, "0") as server, example(CLIENT, await url_of(server)) as client:
        await client.line("^received: ")
        ended = await ctrl_c(client)
        await ctrl_c(server)
    assert ended.out.splitlines()[-1] == "closed: 1001 GOING_AWAY"


def test_what_the_containers_run_is_there() -> None:
    folder = EXAMPLES / "client_server"
    yaml: Any = importlib.import_module("yaml")
    services = yaml.safe_load((folder / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert list(services) == ["server", "client", "jaeger"]
    for name in ("server", "client"):
        build, command = services[name]["build"], services[name]["command"].split()
        context = (folder / build["context"]).resolve()
        assert context / build["dockerfile"] == folder / "Dockerfile"
        assert (folder / command[1]).is_file()
    image = (folder / "Dockerfile").read_text(encoding="utf-8")
    copied = [
        path
        for line in re.findall("^COPY (.+) \\S+$", image, re.MULTILINE)
        for path in line.split()
    ]
    assert copied
    assert all(list(EXAMPLES.parent.glob(path)) for path in copied)
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
