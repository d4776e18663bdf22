"""Notice when a coroutine suspends, from inside its own task."""

from __future__ import annotations

import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any


@types.coroutine
def noticing(
    coroutine: Coroutine[Any, Any, Any], suspended: Callable[[], object]
) -> Generator[Any, Any, None]:
    """Run a coroutine to its end within the current task; call `suspended` at each suspension.

    The event loop sees what the coroutine yields, and the coroutine sees what the loop sends
    or throws, cancellation included, as if the task had awaited it. What does not suspend costs
    nothing: the price is paid once for each suspension.
    """
    sent, thrown = None, None
    while True:
        try:
            yielded = coroutine.send(sent) if thrown is None else coroutine.throw(thrown)
        except StopIteration:
            return
        finally:
            sent, thrown = None, None  # no cycle of the exception and this frame
        suspended()
        try:
            sent = yield yielded
        except GeneratorExit:
            coroutine.close()
            raise
        except BaseException as error:
            thrown = error  # thrown outside of this block: it must not become a context
