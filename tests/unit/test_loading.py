from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wsengine import ConfigError, MissingDependencyError
from wsengine.adapters.websockets import WebsocketsAdapter
from wsengine.loading import ADAPTERS, EXTRAS, load_adapter
from wsengine.testing import ScriptedAdapter

MODULE = """
from wsengine.testing import ScriptedAdapter

ready = ScriptedAdapter()

def made():
    return ready

def nothing():
    return None

def a_class():
    return ScriptedAdapter

def picky(region):
    return ready

class Plain:
    def connect(self, url, options):
        return None
"""


@pytest.fixture
def adapters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of modules that can be imported, with `house_adapters` in it."""
    (tmp_path / "house_adapters.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for module in tmp_path.glob("*.py"):
        sys.modules.pop(module.stem, None)


# What is found.


@pytest.mark.parametrize("name", ADAPTERS)
def test_every_adapter_that_comes_along_has_its_name(name: str) -> None:
    assert callable(load_adapter(name).connect)
    assert name in EXTRAS


def test_a_name_gives_a_fresh_adapter() -> None:
    first, second = load_adapter("websockets"), load_adapter("websockets")
    assert isinstance(first, WebsocketsAdapter)
    assert first is not second


def test_an_import_string_names_a_factory() -> None:
    adapter = load_adapter("wsengine.testing.scripted:ScriptedAdapter")
    assert isinstance(adapter, ScriptedAdapter)


@pytest.mark.parametrize("name", ["ready", "made"])
def test_an_import_string_names_an_object_or_a_function(adapters: Path, name: str) -> None:
    loaded = load_adapter(f"house_adapters:{name}")
    assert loaded is importlib.import_module("house_adapters").ready


def test_an_adapter_is_taken_as_it_is() -> None:
    adapter = ScriptedAdapter()
    assert load_adapter(adapter) is adapter


# What is not.


@pytest.mark.parametrize(
    "name", ["", "Websockets", "requests", "package.module", "package:", ":Factory", "websocket"]
)
def test_an_unknown_name_lists_those_that_there_are(name: str) -> None:
    with pytest.raises(ConfigError, match=r"is not one of 'websockets'.*nor an import str") as e:
        load_adapter(name)
    assert str(e.value).startswith(f"adapter={name!r}: ")


def test_a_class_is_not_an_adapter() -> None:
    with pytest.raises(ConfigError, match=r"is a class; give an instance: ScriptedAdapter\(\)"):
        load_adapter(ScriptedAdapter)  # type: ignore[arg-type]


@pytest.mark.parametrize("adapter", [None, 7, object(), WebsocketsAdapter().connect])
def test_what_cannot_connect_is_no_adapter(adapter: object) -> None:
    with pytest.raises(ConfigError, match=r"has no `async def connect\(url, options\)`"):
        load_adapter(adapter)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing", "has no `async def connect"),
        ("Plain", "has no `async def connect"),
        ("a_class", "is a class; give an instance"),
        ("absent", "cannot be imported: module 'house_adapters' has no attribute 'absent'"),
    ],
)
def test_what_an_import_string_names_is_checked_too(adapters: Path, name: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_adapter(f"house_adapters:{name}")
    assert str(caught.value).startswith(f"adapter='house_adapters:{name}': {words}")


def test_a_factory_that_needs_arguments_is_refused(adapters: Path) -> None:
    with pytest.raises(ConfigError, match=r"house_adapters:picky.*region"):
        load_adapter("house_adapters:picky")


def test_a_relative_import_string_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be imported"):
        load_adapter(".adapters:Factory")


# What cannot be imported.


def test_a_missing_library_comes_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.split(".")[0] == "websockets"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delitem(sys.modules, "wsengine.adapters.websockets")
    monkeypatch.setitem(sys.modules, "websockets", None)  # what Python does for "not installed"
    with pytest.raises(MissingDependencyError) as caught:
        load_adapter("websockets")
    assert str(caught.value) == (
        "adapter='websockets': its library is not installed; run: pip install \"wsengine\""
    )
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_a_module_that_does_not_exist() -> None:
    with pytest.raises(ConfigError, match="cannot be imported: No module named 'no_such'") as e:
        load_adapter("no_such.module:Factory")
    assert isinstance(e.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import no_such_library", "No module named 'no_such_library'"),
        ("from json import no_such_name", "cannot import name 'no_such_name' from 'json'"),
    ],
)
def test_a_module_that_lacks_something(adapters: Path, source: str, words: str) -> None:
    (adapters / "lacking.py").write_text(source)
    with pytest.raises(ConfigError, match=f"'lacking:x': cannot be imported: {words}") as caught:
        load_adapter("lacking:x")
    assert isinstance(caught.value.__cause__, ImportError)


@pytest.mark.parametrize(
    ("source", "error"),
    [("1/0", ZeroDivisionError), ("def", SyntaxError), ("raise SystemExit", SystemExit)],
)
def test_a_fault_in_ones_own_module_is_shown_as_it_is(
    adapters: Path, source: str, error: type[BaseException]
) -> None:
    (adapters / "faulty.py").write_text(source)
    with pytest.raises(error):
        load_adapter("faulty:x")
