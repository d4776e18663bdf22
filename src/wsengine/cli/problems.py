"""Errors as a person at a terminal wants to read them: what happened, and what to do."""

from __future__ import annotations

import os
import ssl

from ..errors import ConnectError, EngineFailedError, EngineStartError
from ..refusals import UNKNOWN_AUTHORITY


class CommandFailed(Exception):
    """A command cannot go on; its message is the one line that the user sees."""


def explain(error: EngineStartError | EngineFailedError, *, retrying: bool) -> str:
    """Return why an engine ended, without the words of the API.

    Args:
        error: What the engine raised.
        retrying: Whether it would have dialled again, had that been of use.
    """
    fact, advice = _split(error.__cause__ or error)
    return f"{fact}; trying again would not help{advice}" if retrying else f"{fact}{advice}"


def advise(error: BaseException) -> str:
    """Return an error's message, with advice in terms of options where there is any."""
    fact, advice = _split(error)
    return f"{fact}{advice}"


def cannot_listen(host: str, port: int, error: OSError) -> CommandFailed:
    """Return the error of a server that cannot have its address."""
    return CommandFailed(
        f"cannot listen on {host}:{port}: {system_words(error)}; "
        "choose another --host or --port (--port 0 takes a free one)"
    )


def system_words(error: OSError) -> str:
    """Return the system's words for an error, without asyncio's around them."""
    if error.errno is not None and error.errno > 0:  # a failed look-up has another number
        return os.strerror(error.errno)
    return error.strerror or str(error)


def _split(error: BaseException) -> tuple[str, str]:
    """Return what happened, and what to do."""
    fact, cause = str(error), error.__cause__
    if cause is not None and isinstance(cause.__cause__, ssl.SSLCertVerificationError):
        cause = cause.__cause__  # aiohttp's own error is one by its type only, without the code
    if isinstance(error, ConnectError) and error.status in (401, 403):
        return fact, "; give credentials with --header 'Authorization: ...'"
    if isinstance(cause, ssl.SSLCertVerificationError):
        fact = fact.partition("; for a private authority")[0]
        if cause.verify_code in UNKNOWN_AUTHORITY:
            return fact, "; for a private authority give --cafile FILE"
    return fact, ""
