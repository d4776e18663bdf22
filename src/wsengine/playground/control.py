"""What a page asks for, done: with the engine, and with the demo server."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from ..errors import EngineStateError
from ..servers.demo import DemoServer, Refusal
from .commands import ENGINE_COMMANDS, Command

if TYPE_CHECKING:
    from .subject import Subject

Action: TypeAlias = Callable[..., Awaitable[object] | object]

PLURAL: Final = {"was": "were", "is": "are"}


async def carry_out(command: Command, server: DemoServer, subject: Subject | None) -> str | None:
    """Do what a command says, and return what there is to say about it, or `None`.

    Raises:
        EngineStateError: The engine is in no state for it, or there is none in this process.
        WSEngineError: Anything else that is wrong with it.
        OSError: The demo server cannot have its port again.
    """
    if command.name not in ENGINE_COMMANDS:
        done = server_actions(server)[command.name](**command.values)
    elif subject is None:
        raise EngineStateError("there is no engine in this process; run: wsengine playground")
    else:
        done = engine_actions(subject)[command.name](**command.values)
    if inspect.isawaitable(done):
        done = await done
    return done if isinstance(done, str) else None


def engine_actions(subject: Subject) -> dict[str, Action]:
    """Return what can be done with the engine."""
    engine, settings = subject.engine, subject.settings
    return {
        "start": subject.start,
        "stop": subject.stop,
        "exit": subject.exit,
        "restart": engine.restart,
        "pause": subject.pause,
        "resume": subject.resume,
        "workers": lambda count: subject.exchange(workers=count),
        "adapter": lambda name: subject.exchange(adapter=name),
        "rate": lambda per_second: setattr(settings, "rate", per_second),
        "work": lambda seconds: setattr(settings, "work", seconds),
    }


def server_actions(server: DemoServer) -> dict[str, Action]:
    """Return what can be done with the demo server."""
    faults = server.faults
    return {
        "server_start": lambda: _start(server),
        "server_stop": lambda: _stop(server),
        "interrupt": lambda code, reason: _reached(
            server.interrupt(code=code, reason=reason or ""),
            "was cut off" if code is None else f"was closed with {code}",
        ),
        "refuse": lambda **refusal: setattr(faults, "refuse", Refusal(**refusal)),
        "admit": lambda: setattr(faults, "refuse", None),
        "fault": lambda name, on: setattr(faults, name, on),
        "delay": lambda seconds: setattr(faults, "delay", float(seconds)),
        "garble": lambda: _reached(server.garble(), "was sent garbage"),
        "flood": lambda messages, size: _reached(
            server.flood(messages, size), f"is sent {messages} messages"
        ),
        "reset": lambda: _heal(server),
    }


def _reached(clients: int, what: str) -> str:
    """Say what became of the clients; `what` is in the singular.

    Raises:
        EngineStateError: There are none, so that nothing was done.
    """
    if clients == 0:
        raise EngineStateError("Nobody is connected")
    if clients == 1:
        return f"1 client {what}"
    verb, rest = what.split(" ", 1)
    return f"{clients} clients {PLURAL[verb]} {rest}"


async def _start(server: DemoServer) -> None:
    try:
        await server.start()
    except RuntimeError as error:  # it runs, perhaps since a moment ago
        raise EngineStateError(str(error)) from error


async def _stop(server: DemoServer) -> None:
    if not server.running:
        raise EngineStateError("the demo server is stopped already")
    await server.stop()


async def _heal(server: DemoServer) -> str:
    server.faults.reset()
    with contextlib.suppress(EngineStateError):  # it runs; where it is stopping, a start waits
        await _start(server)
    return "Everything is healed"
