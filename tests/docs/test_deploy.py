"""What docs/how-to/deploy.md has for a service manager is true of the program that it has."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from wsengine.servers.echo import EchoServer

from .reading import ROOT, blocks
from .terminals import environment

FILES = {block.file: block.text for block in blocks(ROOT / "docs/how-to/deploy.md") if block.file}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def service(directory: Path, url: str, port: int) -> AsyncIterator[Process]:
    """Run the program of the page."""
    program = directory / "service.py"
    program.write_text(FILES["service.py"], encoding="utf-8")
    settings = {"FEED_URL": url, "HEALTH_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", str(program)),
        env=environment() | settings,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ask(port: int, path: str) -> tuple[int, str]:
    """Return the status and the text that the health endpoint answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    finally:
        writer.close()
        await writer.wait_closed()
    return int(head.split()[1]), body.strip()


async def until(port: int, path: str, status: int) -> str:
    """Ask until the answer has this status."""
    async with asyncio.timeout(30):
        while True:
            try:
                found, text = await ask(port, path)
            except ConnectionRefusedError:
                found, text = 0, ""
            if found == status:
                return text
            await asyncio.sleep(0.05)


async def test_a_lost_server_makes_it_unready_and_not_dead(tmp_path: Path) -> None:
    port = free_port()
    async with EchoServer() as server, service(tmp_path, server.url, port) as process:
        assert await until(port, "/ready", 200) == "open"
        assert (await ask(port, "/nonsense"))[0] == 503
        await server.stop()
        assert await until(port, "/ready", 503) in {"waiting", "opening", "closing"}
        assert (await ask(port, "/live"))[0] == 200
        await server.start()
        assert await until(port, "/ready", 200) == "open"
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            assert await process.wait() == 0


async def test_the_exit_code_tells_of_an_end_for_good(tmp_path: Path) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with service(tmp_path, url, free_port()) as process, asyncio.timeout(30):
            status = await process.wait()
    assert status == int(unit()["RestartPreventExitStatus"])


async def test_the_check_of_the_container_sees_what_it_should(tmp_path: Path) -> None:
    (check,) = re.findall(r"^HEALTHCHECK .*? CMD (\[.*\])$", FILES["Dockerfile"], re.MULTILINE)
    port = free_port()
    command = [part.replace("8080", str(port)) for part in json.loads(check)]

    async def run() -> int:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment(), stdout=PIPE, stderr=PIPE
        )
        async with asyncio.timeout(30):
            await process.communicate()
        assert process.returncode is not None
        return process.returncode

    assert await run() == 1
    async with EchoServer() as server, service(tmp_path, server.url, port):
        await until(port, "/live", 200)
        assert await run() == 0


def deployment() -> dict[str, Any]:
    pod: dict[str, Any] = yaml.safe_load(FILES["feed.yaml"])["spec"]["template"]["spec"]
    return pod


async def test_the_probes_of_kubernetes_are_answered(tmp_path: Path) -> None:
    (container,) = deployment()["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    probes = [container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")]
    default = re.search(r'"HEALTH_PORT", "(\d+)"', FILES["service.py"])
    assert default is not None
    assert {ports[probe["port"]] for probe in probes} == {int(default[1])}
    port = free_port()
    async with EchoServer() as server, service(tmp_path, server.url, port):
        for probe in probes:
            await until(port, probe["path"], 200)


def unit() -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", FILES["feed.service"], re.MULTILINE))


def test_there_is_time_to_stop() -> None:
    setting = re.search(r"stop_timeout=(\d+)", FILES["service.py"])
    assert setting is not None
    seconds = int(setting[1])
    assert seconds < 10  # that is when a container is killed
    assert seconds < int(unit()["TimeoutStopSec"])
    assert seconds < deployment()["terminationGracePeriodSeconds"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_systemd_has_nothing_against_the_unit(tmp_path: Path) -> None:
    text = FILES["feed.service"]
    assert "/opt/feed/bin/python" in text
    path = tmp_path / "feed.service"
    path.write_text(text.replace("/opt/feed/bin/python", sys.executable), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "feed.service" in line]
    assert (ours, done.returncode) == ([], 0), done.stderr
