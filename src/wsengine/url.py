"""WebSocket URLs: checked before a dial, and safe to show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, quote, urlsplit

from .errors import ConfigError

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_ONLY_A_PORT = re.compile(r"(wss?://[\w.-]+:\d+)(?:[/?][^@]*)?", re.ASCII)
"""A URL of which all but path and query can be shown, even if the port is wrong: no user info."""
_UNFIT = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")


def check_url(url: object) -> str:
    """Return a WebSocket URL (RFC 6455 section 3) in ASCII, its scheme in lower case.

    Raises:
        ConfigError: It is none; the message shows it without its secrets.
    """
    if not isinstance(url, str):
        kind = type(url).__name__
        raise ConfigError(f"url: must be a str such as 'wss://example.com/feed', not {kind}")
    shown = display_url(url)
    if _UNFIT.search(url):
        raise ConfigError(f"url={shown!r}: has a space, control character or lone surrogate in it")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        if found := _ONLY_A_PORT.fullmatch(url):
            rule = "its port must be a whole number from 1 to 65535"
            raise ConfigError(f"url={found[1]!r}: {rule}") from None
        raise ConfigError(f"url: not a valid URL{_reason(error)}") from None
    if parts.scheme not in ("ws", "wss"):
        hint = {"http": " (did you mean ws://?)", "https": " (did you mean wss://?)"}
        raise ConfigError(
            f"url={shown!r}: must begin with ws:// or wss://{hint.get(parts.scheme, '')}"
        )
    if not parts.hostname:
        raise ConfigError(f"url={shown!r}: has no host")
    try:
        parts.hostname.encode("idna")
    except UnicodeError:
        raise ConfigError(f"url={shown!r}: its host is no name that can be looked up") from None
    if port == 0:
        raise ConfigError(f"url={shown!r}: port 0 cannot be dialled")
    if "#" in url:
        raise ConfigError(f"url={shown!r}: must not have a fragment (#...); write # as %23")
    return as_ascii(parts.scheme + url[len(parts.scheme) :])


def as_ascii(url: str) -> str:
    """Return a URL in ASCII (RFC 3987 section 3.1): what is ASCII already stays as it is.

    Libraries do that each in their own way, and some quote what is quoted once more.
    """
    if url.isascii():
        return url
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if parts.hostname and not host.isascii():
        port = "" if parts.port is None else f":{parts.port}"
        host = parts.hostname.encode("idna").decode() + port
    return _BEYOND_ASCII.sub(_quoted, parts._replace(netloc=f"{user}{at}{host}").geturl())


def _quoted(found: re.Match[str]) -> str:
    return quote(found[0])


def check_credentials(url: str, headers: Iterable[str]) -> None:
    """Check that the credentials stand in one place, the URL or a header.

    Raises:
        ConfigError: They stand in both, and a server would get two.
    """
    if urlsplit(url).username and any(name.lower() == "authorization" for name in headers):
        raise ConfigError(
            f"url={display_url(url)!r}: has user info, and headers have Authorization; give one"
        )


def display_url(url: str) -> str:
    """Return the URL without what may be secret: user info and the values of the query."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # in "//user:pass/word@host" a password stands where the port should
    except ValueError:
        return "..."
    if "@" in (parts.fragment if parts.netloc else url):
        return "..."  # user info where a parser does not see it
    query = "&".join(_without_value(pair) for pair in parts.query.split("&"))
    return parts._replace(netloc=_authority(parts), query=query, fragment="").geturl()


def _authority(parts: SplitResult) -> str:
    return ("...@" if "@" in parts.netloc else "") + parts.netloc.rpartition("@")[2]


def _without_value(pair: str) -> str:
    key, equals, _ = pair.partition("=")
    return f"{key}=..." if equals else "..." if pair else ""


def _reason(error: ValueError) -> str:
    """Return why urllib refused it, without the quoted part of the URL that may be secret."""
    reason = re.split("[:'\"]", str(error))[0].strip().removesuffix(" as")
    return f" ({reason})" if reason else ""
