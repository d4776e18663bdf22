"""What `--help` shows: no type behind a flag, and no braces around an argument."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


class Command(TyperCommand):
    """A command with such a help."""

    def get_help_option(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # typer bundles a click of its own
        """Return the option `--help`."""
        return _without_type(super().get_help_option(ctx))

    def collect_usage_pieces(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # typer bundles a click of its own
        """Return what stands in the line of the usage behind the name."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]


class Group(TyperGroup):
    """All the commands together, with such a help."""

    def get_help_option(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # typer bundles a click of its own
        """Return the option `--help`."""
        return _without_type(super().get_help_option(ctx))


def _without_type(option: Any) -> Any:
    if option is not None:
        option.metavar = ""
    return option
