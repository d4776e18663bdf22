"""Reads the project's Markdown: its code blocks, its tables, its links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^```(\w*|\{[\w-]+\}.*)$")  # the second is a directive of Sphinx
_MARK = re.compile(r"^<!-- ([\w .-]+) -->$")


def pages() -> list[Path]:
    """Return every Markdown file of the project."""
    return [
        path
        for path in sorted(ROOT.rglob("*.md"))
        if not any(part.startswith((".", "_build")) for part in path.relative_to(ROOT).parts)
    ]


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Args:
        page: The file it stands in.
        line: The number of its first line.
        language: What stands after its fence.
        mark: The comment right above it, such as "fragment" or "file hello.py", or "".
        text: What it holds.
    """

    page: Path
    line: int
    language: str
    mark: str
    text: str

    @property
    def file(self) -> str:
        """The name of the file that the reader writes it to, or ""."""
        kind, _, name = self.mark.partition(" ")
        return name if kind == "file" else ""

    @property
    def terminal(self) -> str:
        """The terminal that it shows, such as "1", or ""."""
        kind, _, number = self.mark.partition(" ")
        return number if kind == "terminal" else ""

    @property
    def name(self) -> str:
        """Where it stands, for the name of a test."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    lines = page.read_text(encoding="utf-8").splitlines()
    begin, language, mark = 0, "", ""
    for number, line in enumerate(lines, 1):
        if begin and line == "```":
            yield Block(page, begin + 1, language, mark, "\n".join(lines[begin : number - 1]))
            begin = 0
        elif not begin and (fence := _FENCE.match(line)):
            above = _MARK.match(lines[number - 2]) if number > 1 else None
            begin, language, mark = number, fence[1], above[1] if above else ""
        else:
            assert begin or "```" not in line, f"{page}:{number}: a fence that is not read"
    assert not begin, f"{page}: a block is not closed"


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    text = page.read_text(encoding="utf-8")
    for block in blocks(page):
        text = text.replace(f"\n{block.text}\n", "\n", 1)
    return text


def tables(page: Path) -> list[list[list[str]]]:
    """Return the tables of a page: the cells of each row, without the line below the head."""
    found: list[list[list[str]]] = []
    inside = False
    for line in prose(page).splitlines():
        row = line.startswith("|")
        if row and not inside:
            found.append([])
        if row and not re.fullmatch(r"[|\s:-]+", line):
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            found[-1].append([cell.strip().strip("`").replace("\\|", "|") for cell in cells])
        inside = row
    return found


def table(page: Path, head: str) -> list[list[str]]:
    """Return the rows of the one table whose first column has this head."""
    (rows,) = [rows for rows in tables(page) if rows[0][0] == head]
    return rows[1:]
