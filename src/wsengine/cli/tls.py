"""TLS contexts from what the command line gives."""

from __future__ import annotations

import ssl
from pathlib import Path

from ..errors import ConfigError


def trusting(cafile: Path | None) -> ssl.SSLContext | None:
    """Return a context that trusts the authorities of a file, and no others.

    Args:
        cafile: Certificates in PEM, or `None` for the system's authorities.

    Raises:
        ConfigError: The file cannot be read, or has no certificates in it.
    """
    if cafile is None:
        return None
    try:
        return ssl.create_default_context(cafile=cafile)
    except ssl.SSLError as error:
        raise ConfigError(f"--cafile {cafile}: has no certificates in PEM in it") from error
    except OSError as error:
        raise ConfigError(f"--cafile {cafile}: {error.strerror}") from error
