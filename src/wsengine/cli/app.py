"""The commands and their options; and what becomes of errors: one line, and an exit code."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import __version__
from ..config import EngineConfig
from ..errors import ConfigError, MissingDependencyError, WSEngineError
from ..options import ConnectOptions
from ..reconnect import ReconnectPolicy
from .headers import parse_headers
from .problems import CommandFailed
from .showing import one_line

if TYPE_CHECKING:
    from .demo_telemetry import DemoTelemetry

# What a command needs is imported when it runs: `wsengine --help` shall be there at once.
# ruff: noqa: PLC0415

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the log on standard error.")]


def run(arguments: list[str]) -> int:
    """Run the command line, and return the exit code."""
    try:
        code = app(arguments, prog_name="wsengine", standalone_mode=False)
    except (ConfigError, MissingDependencyError) as error:
        return _fail(str(error), 2)
    except (WSEngineError, CommandFailed, OSError) as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        return _wrong_usage(error)
    return code if isinstance(code, int) else 0


def _wrong_usage(error: Any) -> int:
    """Report an error of typer's own: an option or argument is wrong."""
    context = getattr(error, "ctx", None)
    command = "wsengine" if context is None else context.command_path
    return _fail(f"{error.format_message().rstrip('. ')}; see {command} --help", 2)


def _fail(message: str, code: int) -> int:
    prefix = typer.style("wsengine:", fg="red", bold=True)
    typer.echo(f"{prefix} {one_line(message)}", err=True)
    return code


def _set_up_log(verbose: bool) -> None:
    level = logging.INFO if verbose else logging.ERROR
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wsengine {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def wsengine(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """The WebSocket client engine, at the command line."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def connect(
    url: Annotated[
        str, typer.Argument(metavar="URL", help="Where to connect to: ws:// or wss://.")
    ],
    *,
    header: Annotated[
        list[str] | None,
        typer.Option("--header", "-H", metavar="'NAME: VALUE'", help="A header; repeatable."),
    ] = None,
    subprotocol: Annotated[
        list[str] | None,
        typer.Option("--subprotocol", "-s", metavar="NAME", help="Offered; repeatable."),
    ] = None,
    adapter: Annotated[
        str,
        typer.Option(metavar="NAME", help='The WebSocket library, or "package.module:Factory".'),
    ] = "websockets",
    workers: Annotated[int, typer.Option(help="How many messages are handled at once.")] = 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write each event as one line of JSON.")
    ] = False,
    no_proxy: Annotated[
        bool, typer.Option("--no-proxy", help="Ignore HTTP_PROXY and its like.")
    ] = False,
    no_reconnect: Annotated[
        bool, typer.Option("--no-reconnect", help="End when the connection fails or ends.")
    ] = False,
    open_timeout: Annotated[
        float, typer.Option("--open-timeout", "--timeout", help="Seconds for each dial.")
    ] = 10.0,
    linger: Annotated[
        float,
        typer.Option(
            help="Seconds to wait for replies after the end of piped input; inf: until Ctrl-C."
        ),
    ] = 1.0,
    verbose: Verbose = False,
) -> None:
    """Connect to a server: lines that you type are sent, messages are shown.

    A lost connection is opened again; lines are kept meanwhile. Ctrl-D or Ctrl-C ends it.

    Lines of a pipe or file are sent, too: echo hi | wsengine connect ws://127.0.0.1:8765
    """
    from .connect import Conversation, converse

    _set_up_log(verbose)
    conversation = Conversation(
        url=url,
        adapter=adapter,
        options=ConnectOptions(
            headers=parse_headers(header or ()),
            subprotocols=subprotocol or (),
            proxy=None if no_proxy else True,
        ),
        config=EngineConfig(
            workers=workers,
            reconnect=None if no_reconnect else ReconnectPolicy(),
            retry_start=not no_reconnect,
            open_timeout=open_timeout,
            stop_timeout=3.0,
        ),
        linger=linger,
        as_json=as_json,
    )
    asyncio.run(converse(conversation))


@app.command()
def echo_server(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")
    ] = 8765,
    verbose: Verbose = False,
) -> None:
    """Run a server that sends every message back, until Ctrl-C."""
    from .serve import serve_echo

    _set_up_log(verbose)
    asyncio.run(serve_echo(host, port))


@app.command()
def demo(
    *,
    seconds: Annotated[float, typer.Option(min=1, help="Give up after so many seconds.")] = 20.0,
    telemetry: Annotated[
        bool, typer.Option("--telemetry", help="Show OpenTelemetry's spans and metrics, too.")
    ] = False,
) -> int:
    """Watch an endpoint lose its server three times, and come back.

    Everything happens in this process, over the loopback interface. The exit code is 0 if
    every recovery was seen.
    """
    from .demo import show_demo

    _set_up_log(verbose=False)
    code: int = asyncio.run(show_demo(seconds, _demo_telemetry() if telemetry else None))
    return code


def _demo_telemetry() -> DemoTelemetry:
    try:
        from .demo_telemetry import DemoTelemetry
    except ImportError as error:
        raise MissingDependencyError(
            '--telemetry needs the SDK of OpenTelemetry; run: pip install "wsengine[otlp]"'
        ) from error
    return DemoTelemetry()
