"""Which backlog a session has."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from .backlog import Backlog
from .config import EngineConfig
from .conflation import conflate
from .dropping import Complaint, ConflatingBacklog, DroppingBacklog
from .errors import DecodeError
from .lanes import Lanes
from .message import Message
from .requests import RAISED

Failed = Callable[[str, BaseException], object]


def make_backlog(
    name: str, config: EngineConfig, decode: Callable[[Message], Any], failed: Failed
) -> Backlog | Lanes:
    """Return the backlog that a configuration asks for.

    Args:
        name: What the session is called in the log.
        config: Its bounds, `order_by` and `backlog_policy`.
        decode: Makes of a message what the functions of the configuration are called with.
        failed: Told of one that raises. Such messages have no key: they share one lane, and are not
            conflated.
    """
    bounds, policy = (config.backlog_messages, config.backlog_bytes), config.backlog_policy
    if config.order_by is not None:
        return Lanes(*bounds, _keys("order_by", config.order_by, decode, failed))
    if isinstance(policy, conflate):
        key_of = _keys("conflate", policy.key, decode, failed)
        complaint = Complaint(name, "older messages of the same key are dropped")
        return ConflatingBacklog(*bounds, key_of, complaint)
    if policy == "wait":
        return Backlog(*bounds)
    oldest = policy == "drop_oldest"
    what = "the oldest messages" if oldest else "new messages"
    complaint = Complaint(name, f"{what} are dropped (backlog_policy={policy!r})")
    return DroppingBacklog(*bounds, oldest=oldest, complaint=complaint)


def _keys(
    what: str, key: Callable[[Any], Hashable], decode: Callable[[Message], Any], failed: Failed
) -> Callable[[Message], Hashable]:
    def key_of(message: Message) -> Hashable:
        try:
            found = key(decode(message))
            hash(found)
        except DecodeError:
            return None  # whoever handles it will find out, and tell
        except RAISED as error:
            failed(what, error)
            return None
        return found

    return key_of
