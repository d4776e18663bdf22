"""The commands and their options; and what becomes of errors: one line, and an exit code."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import __version__
from ..errors import ConfigError, MissingDependencyError, WSEngineError
from .connecting import connect
from .helping import Command, Group
from .logs import set_up_log as _set_up_log
from .numbers import WrongNumber, as_typed, number, whole
from .problems import CommandFailed
from .showing import one_line

if TYPE_CHECKING:
    from .demo_telemetry import DemoTelemetry

# What a command needs is imported when it runs: `wsengine --help` shall be there at once.
# ruff: noqa: PLC0415

app = typer.Typer(
    cls=Group,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_log = logging.getLogger(__name__)

Host = Annotated[str, typer.Option(metavar="NAME", help="The address to listen on.")]
Port = Annotated[
    int,
    typer.Option(
        parser=whole("port", 0, 65535), metavar="PORT", help="The port; 0 takes a free one."
    ),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", metavar="", help="Show the log on standard error.")
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="A further name that it may be called by; repeatable."),
]
AllowOrigin = Annotated[
    list[str] | None,
    typer.Option(metavar="ORIGIN", help="A further page that may talk to it; repeatable."),
]


def run(arguments: list[str]) -> int:
    """Run the command line, and return the exit code."""
    try:
        code = app(arguments, prog_name="wsengine", standalone_mode=False)
    except (ConfigError, MissingDependencyError, WrongNumber) as error:
        return _fail(as_typed(str(error), arguments), 2)
    except (WSEngineError, CommandFailed, OSError) as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return _wrong_usage(error) if hasattr(error, "format_message") else _broken(error)
    return code if isinstance(code, int) else 0


def _wrong_usage(error: Any) -> int:
    """Report an error of typer's own: an option or argument is wrong."""
    context = getattr(error, "ctx", None)
    command = "wsengine" if context is None else context.command_path
    return _fail(f"{error.format_message().rstrip('. ')}; see {command} --help", 2)


def _broken(error: Exception) -> int:
    """Report an error that nobody thought of."""
    fault = f"a fault of the program itself: {type(error).__name__}: {error}"
    if _log.isEnabledFor(logging.INFO):
        _log.info("where it is:", exc_info=error)
        return _fail(fault, 1)
    return _fail(f"{fault}; --verbose shows where it is", 1)


def _fail(message: str, code: int) -> int:
    prefix = typer.style("wsengine:", fg="red", bold=True)
    typer.echo(f"{prefix} {one_line(message)}", err=True)
    return code


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wsengine {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def wsengine(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            metavar="",
            help="Show the version.",
        ),
    ] = False,
) -> None:
    """The WebSocket client engine, at the command line."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command(cls=Command)(connect)


@app.command(cls=Command)
def echo_server(
    host: Host = "127.0.0.1",
    port: Port = 8765,
    verbose: Verbose = False,
) -> None:
    """Run a server that sends every message back, until Ctrl-C."""
    from .serve import serve_echo

    _set_up_log(verbose)
    asyncio.run(serve_echo(host, port))


@app.command(cls=Command)
def demo_server(
    *,
    host: Host = "127.0.0.1",
    port: Port = 8766,
    heartbeat: Annotated[
        float,
        typer.Option(
            parser=number("heartbeat"), metavar="SECONDS", help="Seconds between two heartbeats."
        ),
    ] = 1.0,
    allow_host: AllowHost = None,
    allow_origin: AllowOrigin = None,
    verbose: Verbose = False,
) -> None:
    """Run a server with requests, heartbeats and faults on demand, until Ctrl-C."""
    from .demo_server import DemoSettings, serve_demo

    _set_up_log(verbose)
    settings = DemoSettings(
        host=host,
        port=port,
        heartbeat=heartbeat,
        allowed_hosts=allow_host or (),
        allowed_origins=allow_origin or (),
    )
    asyncio.run(serve_demo(settings))


@app.command(cls=Command)
def playground(
    *,
    host: Host = "127.0.0.1",
    port: Port = 8700,
    adapter: Annotated[
        str, typer.Option(metavar="NAME", help="The WebSocket library to begin with.")
    ] = "websockets",
    workers: Annotated[
        int,
        typer.Option(
            parser=whole("workers", 1, 32),
            metavar="NUMBER",
            help="How many messages are handled at once.",
        ),
    ] = 2,
    allow_host: AllowHost = None,
    allow_origin: AllowOrigin = None,
    open_page: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-browser", metavar="", help="Open the page in a browser, or do not."
        ),
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Open a page on which to break a connection, and watch it heal, until Ctrl-C."""
    from ..playground import Playground, Settings
    from .playground import show_playground

    _set_up_log(verbose)
    shown = Playground(
        host,
        port,
        settings=Settings(adapter=adapter, workers=workers),
        allowed_hosts=allow_host or (),
        allowed_origins=allow_origin or (),
    )
    asyncio.run(show_playground(shown, open_page=open_page))


@app.command(cls=Command)
def demo(
    *,
    seconds: Annotated[
        float,
        typer.Option(
            parser=number("seconds", 1), metavar="SECONDS", help="Give up after so many seconds."
        ),
    ] = 20.0,
    telemetry: Annotated[
        bool,
        typer.Option(
            "--telemetry", metavar="", help="Show OpenTelemetry's spans and metrics, too."
        ),
    ] = False,
    verbose: Verbose = False,
) -> int:
    """Watch an endpoint lose its server three times, and come back.

    Everything happens in this process, over the loopback interface.

    Exit code 0: every recovery was seen.
    Exit code 1: not every one was.
    """
    from .demo import show_demo

    _set_up_log(verbose)
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
