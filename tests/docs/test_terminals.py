"""What a page has its reader write to files and type at terminals works as printed."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from .reading import ROOT, blocks, pages
from .terminals import Terminal

PORT = 8765
"""That of `wsengine echo-server`: what is printed has no other one."""

FOLLOWED = [page for page in pages() if any(block.terminal for block in blocks(page))]
PAGES = [pytest.param(page, id=str(page.relative_to(ROOT))) for page in FOLLOWED]


async def is_free(port: int, patience: float = 30.0) -> bool:
    """Return whether nobody listens on a port, at the latest after a while: it may be a test."""
    deadline = time.monotonic() + patience
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return True
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.2)


async def follow(page: Path, directory: Path) -> None:
    """Do all that a page tells its reader to do, in its order."""
    terminals: dict[str, Terminal] = {}
    try:
        for block in blocks(page):
            if block.file:
                (directory / block.file).write_text(f"{block.text}\n", encoding="utf-8")
            elif block.terminal:
                name = block.terminal
                terminal = terminals.setdefault(name, Terminal(name, directory))
                await terminal.follow(block.text)
        for terminal in terminals.values():
            await terminal.finish()
    finally:
        for terminal in terminals.values():
            await terminal.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES)
async def test_a_reader_sees_what_the_page_says(page: Path, tmp_path: Path) -> None:
    if not await is_free(PORT):
        pytest.skip(f"port {PORT} is taken: stop the echo server that runs there")
    await follow(page, tmp_path)


def test_the_tutorial_is_followed() -> None:
    assert ROOT / "docs/tutorial.md" in FOLLOWED


def set_up() -> list[str]:
    """Return the commands with which the tutorial begins."""
    (block,) = [b for b in blocks(ROOT / "docs/tutorial.md") if b.mark == "set-up"]
    return [line.removeprefix("$ ") for line in block.text.splitlines()]


def test_the_set_up_installs_what_the_tutorial_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    venv, activate, install = set_up()
    assert venv == "python3 -m venv .venv"
    assert activate == ". .venv/bin/activate"
    extras = re.fullmatch(r'pip install "\.\[(\w+)\]"', install)
    assert extras is not None
    assert extras[1] in project["optional-dependencies"]


@pytest.mark.skipif(
    "WSENGINE_INSTALL" not in os.environ,
    reason="WSENGINE_INSTALL=1 runs the set-up of the tutorial, which downloads packages",
)
@pytest.mark.timeout(600)
def test_the_set_up_as_printed(tmp_path: Path) -> None:
    tree = tmp_path / "checkout"
    tree.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "src"):
        (tree / name).symlink_to(ROOT / name)
    # Its own python3: that of the tests' environment would not do what a newcomer's does.
    script = " && ".join([*set_up(), "wsengine --version"])
    done = subprocess.run(
        ["sh", "-c", script], cwd=tree, capture_output=True, text=True, timeout=550, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("wsengine ")
