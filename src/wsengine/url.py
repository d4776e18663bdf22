"""WebSocket URLs: checked before a dial, and safe to show."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from .errors import ConfigError


def check_url(url: object) -> str:
    """Return `url` if it is a WebSocket URL (RFC 6455 section 3).

    Raises:
        ConfigError: It is not; the message shows it without its secrets.
    """
    if not isinstance(url, str):
        raise ConfigError(f"url={url!r}: must be a str such as 'wss://example.com/feed'")
    if any(character <= " " or character == "\x7f" for character in url):
        raise ConfigError(f"url={display_url(url)!r}: has a space or control character in it")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"url: not a valid URL ({_reason(error)})") from None
    shown = display_url(url)
    if parts.scheme not in ("ws", "wss"):
        hint = {"http": " (did you mean ws://?)", "https": " (did you mean wss://?)"}
        raise ConfigError(
            f"url={shown!r}: must begin with ws:// or wss://{hint.get(parts.scheme, '')}"
        )
    if not parts.hostname:
        raise ConfigError(f"url={shown!r}: has no host")
    if port == 0:
        raise ConfigError(f"url={shown!r}: port 0 cannot be dialled")
    if "#" in url:
        raise ConfigError(f"url={shown!r}: must not have a fragment (#...); write # as %23")
    return url


def display_url(url: str) -> str:
    """Return the URL without what may be secret: user info and the values of the query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "..."
    keys = [pair.partition("=")[0] for pair in parts.query.split("&")] if parts.query else []
    query = "&".join(f"{key}=..." for key in keys)
    return parts._replace(netloc=_authority(parts), query=query, fragment="").geturl()


def _authority(parts: SplitResult) -> str:
    return ("...@" if "@" in parts.netloc else "") + parts.netloc.rpartition("@")[2]


def _reason(error: ValueError) -> str:
    """Return why urllib refused it, without the quoted part of the URL that may be secret."""
    return str(error).partition(":")[0].partition("'")[0].strip()
