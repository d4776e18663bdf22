"""docs/cli.md lists what the commands have, and its health checks do what it says."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from wsengine.cli.app import app
from wsengine.servers.echo import EchoServer

from .reading import ROOT, blocks, table, tables
from .terminals import environment

PAGE = ROOT / "docs/cli.md"
COMMANDS = ("connect", "echo-server", "demo")
"""The commands whose options this page lists; the others have pages of their own."""


def options_of(command: str) -> set[str]:
    """Return all names of a command's options."""
    group: Any = typer.main.get_command(app)
    return {
        name
        for parameter in group.commands[command].params
        if parameter.param_type_name == "option"
        for name in [*parameter.opts, *parameter.secondary_opts]
    }


def listed() -> dict[str, set[str]]:
    """Return the options that the page lists, by the command whose section it is."""
    sections = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found: dict[str, set[str]] = {}
    for name, text in zip(sections[1::2], sections[2::2], strict=True):
        rows = re.findall(r"^\| (`-[^|]*) \|", text, flags=re.MULTILINE)
        found[name] = {option for row in rows for option in re.findall(r"`(-[\w-]+)`", row)}
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_listed(command: str) -> None:
    assert listed()[command] == options_of(command)


@pytest.mark.parametrize("command", ["demo-server", "playground"])
def test_every_option_is_listed_on_a_page_of_its_own(command: str) -> None:
    rows = table(ROOT / f"docs/{command}.md", "option")
    found = {option for row in rows for option in row[0].split("`, `")}
    assert found == options_of(command)


def test_every_command_is_listed() -> None:
    (rows,) = [rows for rows in tables(PAGE) if rows[0][0] == "command"]
    group: Any = typer.main.get_command(app)
    assert {re.sub(r"[\[\]`]|\(.*\)", "", row[0]) for row in rows[1:]} == set(group.commands)


def health_checks() -> list[list[str]]:
    """Return the commands with which the page checks the health of a server."""
    (docker,) = [block.text for block in blocks(PAGE) if block.language == "dockerfile"]
    (unit,) = [block.text for block in blocks(PAGE) if block.language == "ini"]
    (after,) = re.findall(r"^ExecStartPost=(.*)$", unit, flags=re.MULTILINE)
    return [json.loads(docker.partition("CMD ")[2]), shlex.split(after)]


async def checked(command: list[str], url: str) -> int | None:
    """Run a health check of a server, and return its exit code."""
    name, *arguments = (argument.replace("ws://127.0.0.1:8765", url) for argument in command)
    assert Path(name).name == "wsengine"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "wsengine", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        env=environment(),
    )
    async with asyncio.timeout(45):
        return await process.wait()


@pytest.mark.parametrize("command", health_checks(), ids=["container", "systemd"])
async def test_a_health_check_tells_a_server_that_answers_from_one_that_does_not(
    command: list[str],
) -> None:
    async with EchoServer() as server:
        assert await checked(command, server.url) == 0
    soon = [*command[: command.index("--within")], "--within", "2"]
    assert await checked(soon, server.url) == 1
