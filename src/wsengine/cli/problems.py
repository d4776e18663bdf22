"""Errors as a person at a terminal wants to read them: what happened, and what to do."""

from __future__ import annotations

from ..errors import ConnectError, EngineFailedError, EngineStartError


class CommandFailed(Exception):
    """A command cannot go on; its message is the one line that the user sees."""


def explain(error: EngineStartError | EngineFailedError, *, retrying: bool) -> str:
    """Return why an engine ended, without the words of the API.

    Args:
        error: What the engine raised.
        retrying: Whether it would have dialled again, had that been of use.
    """
    cause = error.__cause__ or error
    text = f"{cause}; trying again would not help" if retrying else str(cause)
    if isinstance(cause, ConnectError) and cause.status in (401, 403):
        text += "; give credentials with --header 'Authorization: ...'"
    return text
