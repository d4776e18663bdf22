"""What an engine tells through OpenTelemetry: spans, metrics, and the context in its handshakes.

It wraps the two ports that the engine calls, the adapter and the endpoint, and follows the
changes of state. Whether anybody listens is decided once per session: where nobody does, the
engine calls the endpoint and the connection themselves.
"""

from .engine import SessionTelemetry, Telemetry
from .spans import where_recorded

__all__ = ["SessionTelemetry", "Telemetry", "where_recorded"]
