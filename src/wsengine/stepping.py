"""Run a coroutine to its first suspension, and carry it on from there in the same task."""

from __future__ import annotations

import types
from collections.abc import Coroutine, Generator
from typing import Any, Final

DONE: Final = object()
"""What `step` returns for a coroutine that ended without suspending."""


def step(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run `coroutine` until it suspends or ends.

    Returns:
        `DONE` if it ended, otherwise what it yielded to the event loop: hand that to
        `carry_on`. Its exceptions come through.
    """
    # next() with a default needs no StopIteration: a third of the cost of send(None).
    return next(coroutine.__await__(), DONE)


@types.coroutine
def carry_on(coroutine: Coroutine[Any, Any, Any], yielded: Any) -> Generator[Any, Any, None]:
    """Carry a coroutine that `step` left suspended to its end, within the current task.

    The event loop sees what the coroutine yields, and the coroutine sees what the loop sends
    or throws, cancellation included, as if the task had awaited it from the start.
    """
    while True:
        sent, thrown = None, None
        try:
            sent = yield yielded
        except GeneratorExit:
            coroutine.close()
            raise
        except BaseException as error:
            thrown = error  # thrown outside of this block: it must not become a context
        try:
            yielded = coroutine.send(sent) if thrown is None else coroutine.throw(thrown)
        except StopIteration:
            return
        finally:
            thrown = None  # no cycle of the exception and this frame
