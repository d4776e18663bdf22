"""The clients of the demo server, and the trouble that it makes for one of them or for all."""

from __future__ import annotations

from ..close import Close
from ..validation import check_whole, refuse
from .demo_client import Client
from .demo_protocol import SMALLEST_FLOOD

MAX_FLOOD = 1_000_000
"""Messages that one flood has at most."""

MAX_FLOOD_SIZE = 16 * 1024 * 1024
"""Bytes of each at most."""


class Crowd:
    """What `DemoServer` inherits in order to have clients."""

    def __init__(self) -> None:
        self._clients: dict[str, Client] = {}

    @property
    def clients(self) -> tuple[Client, ...]:
        """The clients that are connected, the longest connected first."""
        return tuple(self._clients.values())

    def interrupt(
        self, client: str | None = None, *, code: int | None = None, reason: str = ""
    ) -> int:
        """End the connection of one client, or of all.

        Args:
            client: The id of a client, or `None`: all.
            code: The code of the close frame, any number of 16 bits, also one that must not be
                sent; or `None`: no close frame, TCP is reset.
            reason: What the close frame says, 123 bytes of UTF-8 at most.

        Returns:
            How many there were.

        Raises:
            ConfigError: The code or the reason cannot be put into a close frame.
        """
        if code is not None:
            Close(code)
            Close(1000, reason).check_sendable()
        chosen = self._chosen(client)
        for each in chosen:
            if code is None:
                each.reset()
            else:
                each.close(code, reason)
        return len(chosen)

    def garble(self, client: str | None = None) -> int:
        """Send bytes that are no frame of WebSocket; return to how many clients."""
        chosen = self._chosen(client)
        for each in chosen:
            each.garble()
        return len(chosen)

    def flood(self, messages: int, size: int = 1000, client: str | None = None) -> int:
        """Send many messages, as fast as they are taken; return to how many clients.

        Args:
            messages: How many, up to a million.
            size: The bytes of each, 100 to 16 MiB.
            client: The id of a client, or `None`: all.

        Raises:
            ConfigError: It is another number.
        """
        check_whole("messages", messages, least=1)
        if messages > MAX_FLOOD:
            raise refuse("messages", messages, f"must be {MAX_FLOOD} at most")
        check_whole("size", size, least=SMALLEST_FLOOD)
        if size > MAX_FLOOD_SIZE:
            raise refuse("size", size, f"must be {MAX_FLOOD_SIZE} bytes at most")
        chosen = self._chosen(client)
        for each in chosen:
            each.flood(messages, size)
        return len(chosen)

    def _chosen(self, client: str | None) -> tuple[Client, ...]:
        if client is None:
            return self.clients
        return (self._clients[client],) if client in self._clients else ()
