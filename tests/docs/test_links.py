"""What the documentation points to is there: files, headings, targets of make, names."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

import wsengine
from wsengine.telemetry import names

from .reading import ROOT, pages, prose

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
# In the text `make x`, in a block a line that begins with it.
COMMAND = re.compile(r"(?:`|^ *)make ([a-z][\w-]*)", re.MULTILINE)
NAME = re.compile(r"`wsengine\.(\w[\w.]*)")
# Up to the first bracket that closes: what stands in inner calls is not looked at.
SETTINGS = re.compile(r"\b(EngineConfig|ReconnectPolicy|ConnectOptions)\(([^()]*)")
ATTRIBUTES = {text for text in vars(names).values() if isinstance(text, str)}
"""What spans and data points may have: some of it begins like a name of the package."""

PAGES = [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages()]


def anchors(page: Path) -> set[str]:
    """Return what a link into a page may end with, after #."""
    headings: list[str] = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading) for heading in headings]
    return {heading.strip().lower().replace(" ", "-") for heading in plain}


def targets() -> set[str]:
    """Return the targets of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES)
def test_relative_links_resolve(page: Path) -> None:
    for link in LINK.findall(prose(page)):
        if link.partition(":")[0] in ("http", "https", "mailto"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{link}: there is no such file"
        assert target.is_relative_to(ROOT), f"{link}: leads out of the project"
        if anchor:
            assert anchor in anchors(target), f"{link}: there is no such heading"


@pytest.mark.parametrize("page", PAGES)
def test_targets_of_make_exist(page: Path) -> None:
    named = set(COMMAND.findall(page.read_text(encoding="utf-8")))
    assert named <= targets(), f"no such target: {named - targets()}"


@pytest.mark.parametrize("page", PAGES)
def test_names_of_the_package_exist(page: Path) -> None:
    named = {name for name in NAME.findall(prose(page)) if f"wsengine.{name}" not in ATTRIBUTES}
    for name in {name.partition(".")[0] for name in named}:
        package = ROOT / "src/wsengine"
        module = (package / name).is_dir() or (package / f"{name}.py").is_file()
        assert module or hasattr(wsengine, name), f"there is no wsengine.{name}"


@pytest.mark.parametrize("page", PAGES)
def test_settings_exist(page: Path) -> None:
    for name, arguments in SETTINGS.findall(page.read_text(encoding="utf-8")):
        fields = {field.name for field in dataclasses.fields(getattr(wsengine, name))}
        named = set(re.findall(r"(?:^|[(,]\s*)(\w+)=", arguments))
        assert named <= fields, f"{name} has no {named - fields}"


def test_links_and_targets_are_seen() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "docs/lifecycle.md" in LINK.findall(readme)
    assert {"demo", "test"} <= set(COMMAND.findall(readme)) <= targets()
    assert "what-you-can-rely-on" in anchors(ROOT / "docs/lifecycle.md")
