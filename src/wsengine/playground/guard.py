"""Who may see the page and use its controls: those who came by the playground's own address.

A page of another site may ask a browser to connect to the loopback interface, with its own name
as the `Origin`; or have its own name lead there (DNS rebinding), with that name as the `Host`.
Neither is let in; nor is the page of another program on this machine.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from ..servers.demo_guard import Guard as NameGuard


class Guard:
    """Checks the `Host` and the `Origin` of requests.

    Args:
        host: The address or name that is listened on.
        hosts: Further names by which it may be called.

    Raises:
        ConfigError: A name is none.
    """

    def __init__(self, host: str, hosts: Collection[str] = ()) -> None:
        self._names = NameGuard(host, hosts)

    def objection(self, host: str | None, origin: str | None, dialled: str) -> str | None:
        """Return why a request is refused, or `None`.

        Args:
            host: Its `Host`.
            origin: Its `Origin`; programs that are no browser send none.
            dialled: The address of this machine that it came to.
        """
        if self._names.objection(host, None, dialled) is not None:
            return "this Host is not an address of the playground: open the page as it was printed"
        if origin is not None and not _is_same(origin, host or ""):
            return "this Origin is not the playground's own page"
        return None


def _is_same(origin: str, host: str) -> bool:
    """Whether an origin is that of a page which came from this host and port."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme == "http" and parts.netloc.lower() == host.lower()
