"""The site is built without a warning; nothing on it leads nowhere, and nothing is left out."""

from __future__ import annotations

import importlib
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from sphinx.util.inventory import InventoryFile

from .reading import ROOT

DOCS = ROOT / "docs"

PAGES = {path.relative_to(DOCS).with_suffix(".html").as_posix() for path in DOCS.rglob("*.md")}
PAGES = {page for page in PAGES if not page.startswith("_build/")}

PACKAGES = (
    *("wsengine", "wsengine.codecs", "wsengine.correlators", "wsengine.testing"),
    *("wsengine.adapters", "wsengine.servers"),
)
"""What the reference is of; for those without `__all__`, see below."""

OTHERS = (
    "wsengine.adapters.websockets.WebsocketsAdapter",
    "wsengine.adapters.aiohttp.AiohttpAdapter",
    "wsengine.adapters.picows.PicowsAdapter",
    "wsengine.servers.demo.DemoServer",
    "wsengine.servers.echo.EchoServer",
    "wsengine.Endpoint.on_message",
    "wsengine.Engine.request",
    "wsengine.EngineState.WAITING",
    "wsengine.Session.paused",
    "wsengine.reconnect.default_classify",
)


@dataclass
class Page(HTMLParser):
    """What a page leads to, and what it has that links lead to."""

    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value for name, value in attrs if value is not None}
        if "id" in found:
            self.ids.add(found["id"])
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") not in {"index", "search", "next", "prev"}:
            self.loaded.append(found["href"])
        elif "src" in found:
            self.loaded.append(found["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built with warnings as errors."""
    out = tmp_path_factory.mktemp("site")
    options = ("--quiet", "--fail-on-warning", "--keep-going", "--nitpicky", "-b", "html")
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, "-d", f"{out}/.doctrees", DOCS, out],
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert built.stderr == ""
    assert built.returncode == 0
    return out


@pytest.fixture(scope="module")
def parsed(site: Path) -> dict[Path, Page]:
    """Every page of the site."""
    pages = {}
    for path in sorted(site.rglob("*.html")):
        pages[path] = Page()
        pages[path].feed(path.read_text(encoding="utf-8"))
    return pages


pytestmark = pytest.mark.timeout(200)


def test_every_page_is_there(site: Path) -> None:
    assert {"index.html", "tutorial.html", "reference/engine.html"} <= PAGES
    assert sorted(page for page in PAGES if not (site / page).is_file()) == []


def test_no_link_is_dead(parsed: dict[Path, Page]) -> None:
    dead, external = [], set()
    for path, page in parsed.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                external.add(parts.scheme)  # not followed: the tests stay on this machine
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            there = target.is_file() and (
                not parts.fragment
                or target.suffix != ".html"
                or unquote(parts.fragment) in parsed[target].ids
            )
            if not there:
                dead.append(f"{path.name}: {link}")
    assert dead == []
    assert external == {"https"}


def test_what_a_page_loads_is_there_and_of_this_site(parsed: dict[Path, Page]) -> None:
    seen = set()
    for path, page in parsed.items():
        for name in page.loaded:
            parts = urlsplit(name)
            assert not parts.scheme or parts.scheme == "data", f"{path.name} loads {name}"
            assert not parts.netloc, f"{path.name} loads {name}"
            if parts.path and not parts.scheme:
                target = (path.parent / unquote(parts.path)).resolve()
                assert target.is_file(), f"{path.name} loads {name}"
                seen.add(target.name)
    assert {"lifecycle.svg", "lead.svg", "waterfall.svg", "latest-throughput.svg"} <= seen


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
    documented = {name for kind in inventory.data for name in inventory.data[kind]}
    wanted = {
        f"{package}.{name}"
        for package in PACKAGES
        for name in getattr(importlib.import_module(package), "__all__", ())
    }
    assert len(wanted) > 60
    assert sorted((wanted | set(OTHERS)) - documented) == []


def test_the_reference_reads_as_it_should(site: Path) -> None:
    for page in (site / "reference").glob("*.html"):
        text = page.read_text(encoding="utf-8")
        for sign in ("&lt;function", "&lt;factory", "&lt;object", "~typing", "~collections"):
            assert sign not in text, f"{page.name}: a signature that is not readable"
        assert "<blockquote>" not in text, f"{page.name}: code in a docstring without `::`"


def test_names_in_prose_lead_to_the_reference(site: Path) -> None:
    page = (site / "how-to/reconnect-policy.html").read_text(encoding="utf-8")
    assert '../reference/settings.html#wsengine.ReconnectPolicy"' in page
    assert '../reference/engine.html#wsengine.Engine.restart"' in page


def test_files_outside_of_the_site_are_pages_of_it(site: Path) -> None:
    page = (site / "telemetry.html").read_text(encoding="utf-8")
    assert 'href="how-to/observability.html"' in page


def test_a_block_says_which_file_or_terminal_it_is(site: Path) -> None:
    page = (site / "tutorial.html").read_text(encoding="utf-8")
    for shown in ("hello.py", "terminal 1", "terminal 2"):
        assert f'<p class="mark">{shown}</p>' in page


def test_the_measured_tables_are_those_of_the_last_run(site: Path) -> None:
    page = (site / "explanation/performance.html").read_text(encoding="utf-8")
    report = (ROOT / "benchmarks/results/latest.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1].strip() for line in report.splitlines() if line.startswith("| ws")]
    assert rows
    assert [row for row in rows if row not in page] == []
