"""What `aiofastnet`, the transports of `picows`, has asyncio log of a handshake that failed.

As of aiofastnet 1.2, where a server hangs up during the handshake of TLS, it reports the class
`ConnectionResetError` where an error should be. Logging fails at its traceback, and writes dozens
of lines to standard error. Nothing is lost without the record: the dial fails, and says why.
"""

from __future__ import annotations

import logging


def keep_out_of_the_log() -> None:
    """Have asyncio's logger leave such a record out, and no other; once, however often called."""
    logging.getLogger("asyncio").addFilter(_can_be_formatted)


def _can_be_formatted(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], type))
