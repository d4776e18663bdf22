"""The unit tests mirror the modules: wsengine/a/b.py is tested by tests/unit/a/test_b.py."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from .modules import MODULES, SOURCE, TESTS

COVERED_ELSEWHERE: dict[str, tuple[str, ...]] = {  # by the tests that cover them
    "tests/integration/test_cli.py": (
        "wsengine.__main__",
        "wsengine.cli",
        "wsengine.cli.connect",
        "wsengine.cli.serve",
    ),
    "tests/integration/test_playground.py": (
        "wsengine.cli.playground",
        "wsengine.playground",
        "wsengine.playground.panel",
        "wsengine.playground.playground",
        "wsengine.playground.web",
    ),
    "tests/integration/test_demo.py": (
        "wsengine.cli.demo_endpoint",
        "wsengine.cli.demo_faults",
        "wsengine.cli.demo_show",
    ),
    "tests/contract/test_saboteurs.py": (
        "wsengine.testing.conformance.cancellation",
        "wsengine.testing.conformance.catalogue",
        "wsengine.testing.conformance.clientclose",
        "wsengine.testing.conformance.compression",
        "wsengine.testing.conformance.handshakes",
        "wsengine.testing.conformance.messages",
        "wsengine.testing.conformance.natives",
        "wsengine.testing.conformance.pings",
        "wsengine.testing.conformance.pressure",
        "wsengine.testing.conformance.probe",
        "wsengine.testing.conformance.sending",
        "wsengine.testing.conformance.serverclose",
        "wsengine.testing.conformance.violations",
        "wsengine.testing.greetings",
        "wsengine.testing.peer",
        "wsengine.testing.rawserver",
    ),
}
EXCEPTIONS = {name: by for by, names in COVERED_ELSEWHERE.items() for name in names}

ABOUT_THE_WHOLE = {"test_layers.py", "test_mirror.py"}


def mirror(module: str) -> Path:
    """Return where the tests of a module stand."""
    path = MODULES[module].relative_to(SOURCE / "wsengine")
    return TESTS / path.with_name(f"test_{path.name}")


def only_re_exports(module: str) -> bool:
    """Whether a package's `__init__` has nothing that could be tested."""
    if MODULES[module].name != "__init__.py":
        return False
    tree = ast.parse(MODULES[module].read_text())
    idle = (ast.Import, ast.ImportFrom)
    return all(isinstance(node, idle) or _is_constant(node) for node in tree.body)


def _is_constant(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)  # a docstring
    if not isinstance(node, ast.Assign):
        return False
    names = [target.id for target in node.targets if isinstance(target, ast.Name)]
    return names in (["__all__"], ["__version__"])


MIRRORED = [name for name in MODULES if name not in EXCEPTIONS and not only_re_exports(name)]


@pytest.mark.parametrize("module", MIRRORED)
def test_every_module_has_its_tests(module: str) -> None:
    expected = mirror(module)
    assert expected.exists(), f"{module} has no tests: write {expected.relative_to(TESTS)}"
    assert "def test_" in expected.read_text() or "TestCase" in expected.read_text()


def test_the_tests_of_every_floor_are_looked_for() -> None:
    floors = {"wsengine.close", "wsengine.adapter", "wsengine.crew", "wsengine.adapters.websockets"}
    assert floors <= set(MIRRORED)
    assert "wsengine" not in MIRRORED


@pytest.mark.parametrize("module", EXCEPTIONS)
def test_an_exception_is_needed_and_covered(module: str) -> None:
    assert module in MODULES, f"{module} is gone: take it off the list"
    assert not mirror(module).exists(), f"{module} has tests: take it off the list"
    assert (TESTS.parents[1] / EXCEPTIONS[module]).exists()


TEST_FILES = [path for path in sorted(TESTS.rglob("test_*.py")) if path.name not in ABOUT_THE_WHOLE]


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.relative_to(TESTS).as_posix())
def test_every_file_of_tests_has_its_module(path: Path) -> None:
    """A large module may have several: test_reconnect.py and test_reconnect_backoff.py."""
    folder = SOURCE / "wsengine" / path.parent.relative_to(TESTS)
    words = path.stem.removeprefix("test_").split("_")
    candidates = ["_".join(words[:count]) for count in range(1, len(words) + 1)]
    tested = [name for name in candidates if (folder / f"{name}.py").exists()]
    assert tested, f"there is no module that {path.relative_to(TESTS)} could be about"
