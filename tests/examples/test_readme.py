"""examples/README.md lists every example, and each one that is listed is run by a test."""

from __future__ import annotations

import ast
import asyncio
import sys
from asyncio.subprocess import PIPE

import pytest

from tests.docs.reading import ROOT, tables
from tests.integration.command import environment

from .programs import EXAMPLES

README = EXAMPLES / "README.md"

COMMANDS = {"wsengine echo-server": "cli", "wsengine demo-server": "demo"}
"""The commands that stand in the table, and the extras that bring them."""


def rows() -> dict[str, list[str]]:
    """Return the other cells of each row by its file."""
    ((_, *listed),) = tables(README)
    return {cells[0].partition("]")[0].removeprefix("["): cells[1:] for cells in listed}


def test_every_example_is_listed() -> None:
    present = {path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.glob("**/*.py")}
    alone = {name for name in present if not name.startswith("observability/")}  # has its own page
    assert set(rows()) == alone


def test_what_is_to_be_run_is_there() -> None:
    for name, (_, _, run, _) in rows().items():
        called = [word for word in run.replace("`", " ").split() if word.startswith("examples/")]
        assert called or name == "wsproto_adapter.py", f"{name}: how is it run?"
        assert all((ROOT / path.rstrip(",")).is_file() for path in called)
        assert not called or called[-1].rstrip(",") == f"examples/{name}"


def imported(name: str) -> set[str]:
    """Return the libraries that a file imports, besides wsengine and what that needs."""
    tree = ast.parse((EXAMPLES / name).read_text(encoding="utf-8"))
    found = {
        imported.split(".")[0]
        for node in ast.walk(tree)
        for imported in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    there = {"wsengine", "websockets", "opentelemetry", *sys.stdlib_module_names}
    return found - there


def test_what_an_example_needs_is_said() -> None:
    for name, (_, needs, run, _) in rows().items():
        extras = {f"wsengine[{extra}]" for command, extra in COMMANDS.items() if command in run}
        assert imported(name) | extras <= set(needs.replace("`", " ").replace(",", " ").split())


@pytest.mark.parametrize(
    ("name", "library", "install"),
    [
        ("demo_client.py", "msgspec", 'pip install "wsengine[msgspec]"'),
        ("wsproto_adapter.py", "wsproto", "pip install wsproto"),
    ],
)
async def test_without_its_library_an_example_says_what_to_install(
    name: str, library: str, install: str
) -> None:
    script = (
        f"import sys, runpy; sys.modules[{library!r}] = None; "
        f"runpy.run_path({str(EXAMPLES / name)!r}, run_name='__main__')"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script), stderr=PIPE, env=environment()
    )
    _, err = await process.communicate()
    assert process.returncode == 1
    assert err.decode().splitlines()[-1].endswith(f"needs {library}; run: {install}")


def test_every_example_is_run_by_a_test() -> None:
    tests = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("examples", "docs")
        for path in (ROOT / "tests" / folder).glob("test_*.py")
        if path.name != "test_readme.py"
    )
    unrun = [name for name in rows() if name.removesuffix(".py") not in tests]
    assert not unrun
