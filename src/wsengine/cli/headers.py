"""Headers as they are given on a command line."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import ConfigError


def parse_headers(lines: Iterable[str]) -> dict[str, str]:
    """Return headers from lines "Name: value"; a name given twice has its values joined.

    Raises:
        ConfigError: A line has no name or no colon. The message does not show the value,
            which may be a token.
    """
    headers: dict[str, str] = {}
    names: dict[str, str] = {}  # as first written, by the name in lower case
    for number, line in enumerate(lines, 1):
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            lacks = "name" if colon else "colon"
            raise ConfigError(
                f"--header number {number} has no {lacks}: write it as 'Name: value', "
                "such as 'Authorization: Bearer TOKEN'"
            )
        name, value = name.strip(), value.strip()
        name = names.setdefault(name.lower(), name)
        glue = "; " if name.lower() == "cookie" else ", "  # RFC 6265 section 5.4, RFC 9110 5.3
        headers[name] = f"{headers[name]}{glue}{value}" if name in headers else value
    return headers
