"""Counts of what passed in one direction: plain integers, for the hot path."""

from __future__ import annotations

from .message import SendableMessage, message_size


class Traffic:
    """Messages and bytes of payload, text and binary apart.

    Plain attributes: whoever reads messages by the million adds to them in place.
    """

    __slots__ = ("binaries", "binary_bytes", "text_bytes", "texts")

    def __init__(self) -> None:
        self.texts = 0
        self.text_bytes = 0
        self.binaries = 0
        self.binary_bytes = 0

    @property
    def messages(self) -> int:
        """How many messages passed."""
        return self.texts + self.binaries

    @property
    def bytes(self) -> int:
        """Their size in bytes; text counts as its UTF-8 encoding."""
        return self.text_bytes + self.binary_bytes

    def count(self, message: SendableMessage) -> None:
        """Count one message."""
        if type(message) is bytes:
            self.binaries += 1
            self.binary_bytes += len(message)
        elif isinstance(message, str):
            self.texts += 1
            self.text_bytes += message_size(message)
        else:
            self.binaries += 1
            self.binary_bytes += memoryview(message).nbytes

    def __add__(self, other: Traffic) -> Traffic:
        """Return the sum of two counts."""
        total = Traffic()
        total.texts = self.texts + other.texts
        total.text_bytes = self.text_bytes + other.text_bytes
        total.binaries = self.binaries + other.binaries
        total.binary_bytes = self.binary_bytes + other.binary_bytes
        return total
