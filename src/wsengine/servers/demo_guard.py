"""Who may talk to a server that is meant for this machine: checks of Host and Origin.

A page of any site can dial a server on this machine, as its visitor's browser does what the page
says. It is known by its Origin; and where its own name was made to resolve to this machine
(rebinding), by the Host that the browser believes to talk to.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit

from ..errors import ConfigError

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@/?#\s]+)(:\d*)?")


class Guard:
    """Which names a server may be called by, and which pages may call it.

    Loopback names and addresses, and the address that was dialled, are always right: a page
    cannot make an address its own, as it can a name. Pages of those may call it, too; or with
    `own_pages` none but its own, which keeps out those of other programs on this machine.

    Args:
        host: What the server listens on.
        hosts: Further names, without a port.
        origins: Further pages, as browsers write them: "https://example.org".
        own_pages: Whether of pages without such permission only those may call it that came from
            the very host and port that they call, without TLS.

    Raises:
        ConfigError: A name or an origin is none.
    """

    def __init__(
        self,
        host: str,
        hosts: Collection[str] = (),
        origins: Collection[str] = (),
        *,
        own_pages: bool = False,
    ) -> None:
        for field, given in (("allowed_hosts", hosts), ("allowed_origins", origins)):
            if isinstance(given, str):
                raise ConfigError(f"{field}={given!r}: must be a collection of str, such as a list")
        for name in hosts:
            if host_name(name) is None or _HOST.fullmatch(name)[2]:  # type: ignore[index]  # it fits
                raise ConfigError(f"allowed_hosts={name!r}: must be a host name without a port")
        for origin in origins:
            if origin != "null" and _host_of(origin) is None:
                raise ConfigError(
                    f"allowed_origins={origin!r}: must be like 'https://example.org', or 'null'"
                )
        named = {host_name(name) for name in (host, *hosts)}
        self._names = {"localhost", *(name for name in named if name)}
        self._origins = {origin.lower() for origin in origins}
        self._own_pages = own_pages

    def objection(self, host: str | None, origin: str | None, dialled: str) -> str | None:
        """Return what is wrong with a request, or `None`.

        Args:
            host: Its header Host.
            origin: Its header Origin, which browsers send with every handshake.
            dialled: The address of this machine that the connection goes to.
        """
        if not self._is_ours(host_name(host or ""), dialled):
            return (
                f"the Host {(host or '')[:100]!r} is not a name of this server; "
                "allowed_hosts (--allow-host) can name others"
            )
        if origin is None or origin.lower() in self._origins:
            return None
        if self._own_pages:
            permitted = origin.lower() == f"http://{host}".lower()
        else:
            permitted = self._is_ours(_host_of(origin), dialled)
        if not permitted:
            return (
                f"pages of {origin[:100]!r} may not talk to this server; "
                "allowed_origins (--allow-origin) can name others"
            )
        return None

    def _is_ours(self, name: str | None, dialled: str) -> bool:
        if name is None:
            return False
        return name in self._names or is_loopback(name) or name == host_name(dialled)


def is_loopback(host: str) -> bool:
    """Return whether a host can only be reached from this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_name(host: str) -> str | None:
    """Return the name or address of a Host header, or of a bare address; `None` if it is neither.

    Lower case, without the port, the brackets and the dot at the end. An address is written in
    its one way.
    """
    found = _HOST.fullmatch(host)
    name = host if found is None else found[1].strip("[]")
    try:
        address = ipaddress.ip_address(name.partition("%")[0])  # without the zone
    except ValueError:
        return None if found is None else name.lower().removesuffix(".")
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _host_of(origin: str) -> str | None:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or parts.path or parts.query or parts.fragment:
        return None
    return host_name(parts.netloc)
