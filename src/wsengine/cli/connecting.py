"""The options of `wsengine connect`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from ..config import EngineConfig
from ..options import ConnectOptions
from ..reconnect import ReconnectPolicy
from .headers import parse_headers
from .logs import set_up_log
from .numbers import number, whole
from .tls import trusting
from .wanted import Wanted

PING_INTERVAL = 5.0
"""Seconds; more often than an engine does it by itself, since somebody watches."""

_LOOKS, _SCRIPTS, _FILES = "On a terminal", "In scripts", "Recordings"

Url: TypeAlias = Annotated[
    str, typer.Argument(metavar="URL", help="Where to connect to: ws:// or wss://.")
]
Header: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--header", "-H", metavar="HEADER", help="A header, 'Name: value'; repeatable."),
]
Subprotocol: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--subprotocol", "-s", metavar="NAME", help="Offered; repeatable."),
]
Adapter: TypeAlias = Annotated[
    str, typer.Option(metavar="NAME", help='The WebSocket library, or "package.module:Factory".')
]
Workers: TypeAlias = Annotated[
    int,
    typer.Option(
        parser=whole("workers"), metavar="NUMBER", help="How many messages are handled at once."
    ),
]
CaFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Trust the authorities in this file, for wss://."),
]
NoProxy: TypeAlias = Annotated[
    bool, typer.Option("--no-proxy", metavar="", help="Ignore HTTP_PROXY and its like.")
]
NoReconnect: TypeAlias = Annotated[
    bool, typer.Option("--no-reconnect", metavar="", help="End when the connection fails or ends.")
]
OpenTimeout: TypeAlias = Annotated[
    float,
    typer.Option(
        "--open-timeout",
        "--timeout",
        parser=number("open_timeout"),
        metavar="SECONDS",
        help="For each dial.",
    ),
]
Linger: TypeAlias = Annotated[
    float,
    typer.Option(
        parser=number("linger"),
        metavar="SECONDS",
        help="To wait for replies after the end of piped input; inf: until Ctrl-C.",
    ),
]
Verbose: TypeAlias = Annotated[
    bool, typer.Option("--verbose", "-v", metavar="", help="Show the log on standard error.")
]
NoStatus: TypeAlias = Annotated[
    bool, typer.Option("--no-status", metavar="", help="No status line.", rich_help_panel=_LOOKS)
]
NoHistory: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--no-history", metavar="", help="Forget in the end what was typed.", rich_help_panel=_LOOKS
    ),
]
AsJson: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--json", metavar="", help="Write each event as one line of JSON.", rich_help_panel=_SCRIPTS
    ),
]
Send: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TEXT",
        help="Sent before the lines of the input, with --once instead of them; repeatable.",
        rich_help_panel=_SCRIPTS,
    ),
]
Once: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--once",
        metavar="",
        help="Send, write the first reply alone, and end; one connection, no second try.",
        rich_help_panel=_SCRIPTS,
    ),
]
Expect: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="REGEX",
        help="End when a message came in which this is found; repeatable, in this order.",
        rich_help_panel=_SCRIPTS,
    ),
]
Within: TypeAlias = Annotated[
    float | None,
    typer.Option(
        parser=number("within"),
        metavar="SECONDS",
        help="How long --expect and --once wait, from the start on (default: 10).",
        rich_help_panel=_SCRIPTS,
    ),
]
Record: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write all that happens.", rich_help_panel=_FILES),
]
Force: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--force", metavar="", help="Replace the file of --record.", rich_help_panel=_FILES
    ),
]
Replay: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Send what a recording has sent, at its times, instead of the input.",
        rich_help_panel=_FILES,
    ),
]
Speed: TypeAlias = Annotated[
    float | None,
    typer.Option(
        parser=number("speed"),
        metavar="FACTOR",
        help="How many times as fast; 0: all at once (default: 1).",
        rich_help_panel=_FILES,
    ),
]


def connect(
    url: Url,
    *,
    header: Header = None,
    subprotocol: Subprotocol = None,
    adapter: Adapter = "websockets",
    workers: Workers = 1,
    cafile: CaFile = None,
    no_proxy: NoProxy = False,
    no_reconnect: NoReconnect = False,
    open_timeout: OpenTimeout = 10.0,
    linger: Linger = 1.0,
    verbose: Verbose = False,
    no_status: NoStatus = False,
    no_history: NoHistory = False,
    as_json: AsJson = False,
    send: Send = None,
    once: Once = False,
    expect: Expect = None,
    within: Within = None,
    record: Record = None,
    force: Force = False,
    replay: Replay = None,
    speed: Speed = None,
) -> None:
    """Connect to a server: lines that you type are sent, messages are shown.

    A lost connection is opened again; lines are kept meanwhile. Ctrl-D or Ctrl-C ends it.

    Lines of a pipe or file are sent, too: echo hi | wsengine connect ws://127.0.0.1:8765

    Exit code 0: it went as asked, or you ended it.
    Exit code 1: no connection, or not what was expected.
    Exit code 2: an option, or a file that it names, is wrong; nothing was sent.
    Exit code 130: Ctrl-C was pressed twice.
    """
    from .connect import converse  # noqa: PLC0415 - `wsengine --help` shall be there at once

    set_up_log(verbose)
    retrying = not (no_reconnect or once)
    wanted = Wanted(
        url=url,
        adapter=adapter,
        options=ConnectOptions(
            headers=parse_headers(header or ()),
            subprotocols=subprotocol or (),
            ssl=trusting(cafile),
            proxy=None if no_proxy else True,
        ),
        config=EngineConfig(
            workers=workers,
            reconnect=ReconnectPolicy() if retrying else None,
            retry_start=retrying,
            open_timeout=open_timeout,
            stop_timeout=3.0,
            ping_interval=PING_INTERVAL,
        ),
        linger=linger,
        as_json=as_json,
        status=not no_status,
        history=not no_history,
        send=tuple(send or ()),
        once=once,
        expect=tuple(expect or ()),
        within=within,
        record=record,
        force=force,
        replay=replay,
        speed=speed,
    )
    asyncio.run(converse(wanted))
