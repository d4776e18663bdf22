"""wsengine: the WebSocket client engine.

You write up to six callbacks; the engine keeps the connection up, and tells what it does.
"""

from .adapter import Adapter, Connection, Handshake
from .close import Close, CloseCode
from .codec import Codec
from .codecs import JsonCodec
from .config import EngineConfig
from .conflation import conflate
from .correlator import Correlator
from .correlators import JsonCorrelator
from .endpoint import Endpoint, RestartFailure
from .engine import Engine
from .errors import (
    ConfigError,
    ConnectError,
    ConnectionClosed,
    DecodeError,
    EngineFailedError,
    EngineStartError,
    EngineStateError,
    MissingDependencyError,
    OpenTimeoutError,
    RequestFailed,
    RequestTimeoutError,
    WSEngineError,
)
from .gap import Gap
from .options import ConnectOptions
from .reconnect import Fatal, ReconnectPolicy, Retry
from .running import run
from .session import Session, SessionStats
from .states import EngineState, StateChange
from .subscription import Subscription, SubscriptionState
from .sync import SyncEngine
from .sync_callbacks import SyncEndpoint
from .sync_session import SyncSession

__version__ = "0.1.0"

__all__ = [
    "Adapter",
    "Close",
    "CloseCode",
    "Codec",
    "ConfigError",
    "ConnectError",
    "ConnectOptions",
    "Connection",
    "ConnectionClosed",
    "Correlator",
    "DecodeError",
    "Endpoint",
    "Engine",
    "EngineConfig",
    "EngineFailedError",
    "EngineStartError",
    "EngineState",
    "EngineStateError",
    "Fatal",
    "Gap",
    "Handshake",
    "JsonCodec",
    "JsonCorrelator",
    "MissingDependencyError",
    "OpenTimeoutError",
    "ReconnectPolicy",
    "RequestFailed",
    "RequestTimeoutError",
    "RestartFailure",
    "Retry",
    "Session",
    "SessionStats",
    "StateChange",
    "Subscription",
    "SubscriptionState",
    "SyncEndpoint",
    "SyncEngine",
    "SyncSession",
    "WSEngineError",
    "conflate",
    "run",
]
