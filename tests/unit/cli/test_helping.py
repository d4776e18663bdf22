"""What `--help` shows of options and arguments."""

from __future__ import annotations

import typer
from typer.testing import CliRunner

from wsengine.cli.helping import Command, Group

app = typer.Typer(cls=Group, rich_markup_mode=None)


@app.command(cls=Command)
def dial(url: str, *, quiet: bool = False) -> None:
    """Dial."""


@app.command(cls=Command)
def hang_up() -> None:
    """Hang up."""


def helped(*arguments: str) -> str:
    return CliRunner().invoke(app, [*arguments, "--help"]).output


def test_an_argument_has_no_braces() -> None:
    (usage,) = [line for line in helped("dial").splitlines() if line.startswith("Usage")]
    assert usage.lower().endswith("[options] url")


def test_the_help_option_has_no_type() -> None:
    for shown in (helped(), helped("dial")):
        (line,) = [line for line in shown.splitlines() if "--help" in line]
        assert "<" not in line
