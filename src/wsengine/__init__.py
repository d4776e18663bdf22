"""wsengine: the WebSocket client engine.

You write up to six callbacks; the engine keeps the connection up, and tells what it does.
"""

from .adapter import Adapter, Connection, Handshake
from .close import Close, CloseCode
from .config import EngineConfig
from .endpoint import Endpoint, RestartFailure
from .engine import Engine
from .errors import (
    ConfigError,
    ConnectError,
    ConnectionClosed,
    EngineFailedError,
    EngineStartError,
    EngineStateError,
    MissingDependencyError,
    OpenTimeoutError,
    WSEngineError,
)
from .options import ConnectOptions
from .reconnect import Fatal, ReconnectPolicy, Retry
from .running import run
from .session import Session, SessionStats
from .states import EngineState, StateChange

__version__ = "0.1.0"

__all__ = [
    "Adapter",
    "Close",
    "CloseCode",
    "ConfigError",
    "ConnectError",
    "ConnectOptions",
    "Connection",
    "ConnectionClosed",
    "Endpoint",
    "Engine",
    "EngineConfig",
    "EngineFailedError",
    "EngineStartError",
    "EngineState",
    "EngineStateError",
    "Fatal",
    "Handshake",
    "MissingDependencyError",
    "OpenTimeoutError",
    "ReconnectPolicy",
    "RestartFailure",
    "Retry",
    "Session",
    "SessionStats",
    "StateChange",
    "WSEngineError",
    "run",
]
