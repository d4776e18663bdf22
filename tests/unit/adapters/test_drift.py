"""A library that lacks what is used of it is told at once, with what to install."""

from __future__ import annotations

import functools
import tomllib

import pytest

from tests.docs.reading import ROOT
from wsengine import MissingDependencyError
from wsengine.adapters.drift import SPECS, check_names_of, unknown


class Base:
    def __init__(self) -> None:
        self._kept = 1


class Library(Base):
    slot = property()

    def __init__(self) -> None:
        super().__init__()
        self._own = 1

    def method(self) -> None:
        """Do nothing."""


def test_attributes_of_a_class_and_of_its_objects_are_found() -> None:
    check_names_of("aiohttp", {Library: ("method", "slot", "_own", "_kept"), Base: ("_kept",)})


def test_what_is_missing_is_told() -> None:
    with pytest.raises(MissingDependencyError) as caught:
        check_names_of("aiohttp", {Base: ("_kept",), Library: ("method", "_renamed")})
    text = str(caught.value)
    assert text.startswith("aiohttp 3.")
    assert "('Library' object has no attribute '_renamed')" in text
    assert text.endswith("run: pip install 'aiohttp>=3.14.4,<4'")


def test_a_function_that_watches_the_library_is_no_other_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    init = Library.__init__

    @functools.wraps(init)
    def wrapped(self: Library) -> None:
        init(self)

    def replaced(self: Library) -> None:
        init(self)

    replaced.__module__ = "watcher"
    monkeypatch.setattr(Library, "__init__", wrapped)
    check_names_of("aiohttp", {Library: ("_own",)})
    with pytest.raises(MissingDependencyError):
        check_names_of("aiohttp", {Library: ("_renamed",)})
    monkeypatch.setattr(Library, "__init__", replaced)
    check_names_of("aiohttp", {Library: ("_own", "_renamed")})  # a dial finds out


def test_where_nothing_tells_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SPECS, "no-such-library", "no-such-library>=1")
    assert str(unknown("no-such-library", "why")).startswith("no-such-library of this version is")


def test_the_versions_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert SPECS["websockets"] in project["dependencies"]
    assert SPECS["aiohttp"] in project["optional-dependencies"]["aiohttp"]
