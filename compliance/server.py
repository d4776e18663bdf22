"""The fuzzing server of the test suite: a process that is started and ended here."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

START_TIMEOUT: Final = 60.0
"""Seconds that the server has to listen."""

# `wstest -m fuzzingserver`, but on the loopback only: it would listen on every interface.
LAUNCH: Final = """
import functools
from autobahntestsuite import fuzzing, wstest
fuzzing.listenWS = functools.partial(fuzzing.listenWS, interface="127.0.0.1")
wstest.run()
"""


@contextlib.contextmanager
def fuzzing_server(interpreter: Path, cases: Sequence[str], folder: Path) -> Iterator[str]:
    """Run the server, and yield its URL.

    Args:
        interpreter: The Python that has the test suite.
        cases: Patterns of the cases to run, such as "7.*" or "7.1.5".
        folder: Where the server writes; what is in it is removed first.

    Raises:
        RuntimeError: It did not start; the message has what it said.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port = _free_port()
    url = f"ws://127.0.0.1:{port}"
    spec = {"url": url, "outdir": str(folder / "reports"), "cases": list(cases)}
    (folder / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
    arguments = ("-u", "0", "-m", "fuzzingserver", "-s", "spec.json")  # -u 0: no web server
    command = [str(interpreter), "-u", "-c", LAUNCH, *arguments]
    log = folder / "server.log"
    with (
        log.open("w", encoding="utf-8") as output,
        subprocess.Popen(  # noqa: S603 - the command above
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            _wait_until_it_listens(process, port, log)
            yield url
        finally:
            _end(process)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the fuzzing server did not start; it said:\n{log.read_text()}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
