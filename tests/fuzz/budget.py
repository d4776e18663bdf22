"""How much is tried: little in an ordinary run, as much as `WSENGINE_EXAMPLES` says by hand.

An ordinary run tries the same each time, so that it fails by what was changed and not by luck.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings


def examples(usual: int) -> settings:
    """Return the settings of a test.

    Args:
        usual: How many examples it tries where the environment does not say.
    """
    asked = os.environ.get("WSENGINE_EXAMPLES")
    return settings(
        max_examples=int(asked or usual),
        derandomize=not asked,
        deadline=None,  # the machine may be busy
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
