"""The floors of the house: a module imports from its own floor and from lower ones only.

Imports inside functions count; those under `if TYPE_CHECKING:` do not, they never run.
"""

from __future__ import annotations

import ast
import graphlib
import sys
from collections.abc import Iterator

import pytest

from .modules import MODULES

MAX_FILE, MAX_BODY = 260, 40

FLOORS: dict[str, set[str]] = {  # from the ground up
    "words": {
        *("message", "close", "errors", "states", "validation", "reconnect", "backoff"),
        *(
            "config",
            "options",
            "url",
            "refusals",
            "backlog",
            "lanes",
            "traffic",
            "conflation",
        ),
    },
    "contracts": {"adapter", "endpoint", "handlers", "checking", "answers", "codec", "correlator"},
    "formats": {"codecs", "correlators"},
    "telemetry": {"telemetry", "blockage"},
    "engine": {
        *("suspension", "interruption", "bounds", "callbacks", "link", "readers", "workers"),
        *(
            "keyed",
            "change",
            "gap",
            "deadlines",
            "pending",
            "requests",
            "conversation",
            "putting_back",
            "closing",
        ),
        *("outbox", "subscription", "subscriptions", "dispatch", "conversing"),
        *("crew", "pausing", "patience", "keepalive", "session", "serving", "opening", "telling"),
        "supervisor",
        *("loading", "signals", "backlogs", "dropping", "engine", "lookups", "running"),
    },
    "without asyncio": {
        *("sync", "sync_callbacks", "sync_calls", "sync_conversing", "sync_endpoint"),
        *("sync_interruptions", "sync_life", "sync_pausing"),
        *("sync_portal", "sync_session", "sync_signals", "sync_subscriptions", "sync_threads"),
    },
    "facade": {"wsengine"},
    "edges": {"adapters", "testing", "servers", "playground", "cli", "__main__"},
}
ORDER = list(FLOORS)

EDGES_MAY_IMPORT: dict[str, set[str]] = {  # all others import no other edge
    "__main__": {"cli"},
    "cli": {"servers", "playground"},
    "playground": {"servers"},
}


def part(module: str) -> str:
    """Return what the table calls a module: its name, or that of the package it is in."""
    _, _, rest = module.partition(".")
    return rest.partition(".")[0] or module


def floor(module: str) -> int | None:
    """Return the number of a module's floor, from the ground up."""
    return next((ORDER.index(name) for name in ORDER if part(module) in FLOORS[name]), None)


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Walk through all code that can run: not through `if TYPE_CHECKING:`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            yield from (inner for other in child.orelse for inner in ast.walk(other))
        else:
            yield child
            yield from running(child)


def imports(source: str, module: str, *, package: bool = False) -> set[str]:
    """Return the full names of all that a module imports when it runs."""
    found = set()
    home = module.split(".") if package else module.split(".")[:-1]
    for node in running(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = home[: len(home) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = {f"{base}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else base for name in names}
    return found


IMPORTS = {
    name: imports(path.read_text(), name, package=path.name == "__init__.py")
    for name, path in MODULES.items()
}
OWN = {name: {target for target in found if target in MODULES} for name, found in IMPORTS.items()}


# The table.


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_its_floor(module: str) -> None:
    assert floor(module) is not None, f"{module} is new: give it a floor in the table of this test"


def test_the_table_names_no_module_that_is_gone() -> None:
    parts = {part(module) for module in MODULES}
    to_come: set[str] = set()
    assert {name for names in FLOORS.values() for name in names} - parts <= to_come


def test_no_module_stands_on_two_floors() -> None:
    names = [name for names in FLOORS.values() for name in names]
    assert len(names) == len(set(names))


# The rules.


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_its_own_and_lower_floors(module: str) -> None:
    for target in sorted(OWN[module]):
        own, other = floor(module), floor(target)
        assert own is not None
        assert other is not None
        assert other <= own, f"{module} ({ORDER[own]}) imports {target} ({ORDER[other]}), above it"


@pytest.mark.parametrize("module", [name for name in MODULES if part(name) in FLOORS["edges"]])
def test_edges_do_not_lean_on_each_other(module: str) -> None:
    edges = {part(target) for target in OWN[module]} & FLOORS["edges"]
    forbidden = edges - {part(module)} - EDGES_MAY_IMPORT.get(part(module), set())
    assert not forbidden, f"{module} imports another edge: {forbidden}"


@pytest.mark.parametrize("module", [name for name in MODULES if part(name) in FLOORS["words"]])
def test_words_do_not_wait(module: str) -> None:
    roots = {name.partition(".")[0] for name in IMPORTS[module]}
    assert not roots & {"asyncio", "threading"}


@pytest.mark.parametrize("module", [name for name in MODULES if part(name) not in FLOORS["edges"]])
def test_below_the_edges_no_library_is_needed(module: str) -> None:
    roots = {name.partition(".")[0] for name in IMPORTS[module]}
    strange = roots - sys.stdlib_module_names - {"wsengine", "opentelemetry"}
    assert not strange, f"{module} imports {strange}; a WebSocket library is an adapter's business"


def test_no_modules_import_each_other_in_a_circle() -> None:
    try:
        order = list(graphlib.TopologicalSorter(OWN).static_order())
    except graphlib.CycleError as error:
        pytest.fail("imported in a circle: " + " -> ".join(error.args[1]))
    assert set(order) == set(MODULES)


# Sizes.


@pytest.mark.parametrize("module", MODULES)
def test_a_file_is_short(module: str) -> None:
    lines = len(MODULES[module].read_text().splitlines())
    assert lines <= MAX_FILE, f"{module} has {lines} lines: a file is one thing, split it"


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function's body, without its docstring."""
    body = function.body[ast.get_docstring(function) is not None :]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("module", MODULES)
def test_a_body_fits_a_screen(module: str) -> None:
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = body_lines(node)
            assert lines <= MAX_BODY, f"{module}.{node.name} has a body of {lines} lines"


# This test itself: does it see what it must?

SAMPLE = """
import asyncio.events
from typing import TYPE_CHECKING
from . import url, __version__
from .close import Close
from ..outside import thing
if TYPE_CHECKING:
    from .engine import Engine
else:
    import json
def late():
    from wsengine import session
    class Inner:
        if True:
            import wsengine.crew
"""


def test_imports_are_seen_wherever_they_stand() -> None:
    assert imports(SAMPLE, "wsengine.adapters.new") == {
        *("asyncio.events", "typing", "json", "wsengine.session", "wsengine.crew"),
        *("wsengine.adapters", "wsengine.adapters.close", "wsengine.outside"),
    }
    within_package = imports(SAMPLE, "wsengine", package=True)
    assert {"wsengine", "wsengine.url", "wsengine.close"} <= within_package
    assert "wsengine.engine" not in within_package


def test_the_graph_is_that_of_wsengine() -> None:
    assert {"wsengine.supervisor", "wsengine.states"} <= OWN["wsengine.engine"]
    assert "wsengine.engine" not in OWN["wsengine.supervisor"]
    assert "websockets.asyncio.client" in IMPORTS["wsengine.adapters.websockets"]


def test_a_body_is_measured_without_its_docstring() -> None:
    sample = (
        'def f():\n    """One\n    two."""\n    x = 1\n\n    return x\n\ndef g():\n    """Doc."""'
    )
    long, empty = ast.parse(sample).body
    assert isinstance(long, ast.FunctionDef)
    assert isinstance(empty, ast.FunctionDef)
    assert (body_lines(long), body_lines(empty)) == (3, 0)
