"""A real Prometheus scrapes an engine's metrics, and answers for them."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .collector import PATIENCE
from .dashboard import queries, series_of_the_documentation
from .everything import run_everything
from .seen import Seen

EXTRA = "needs opentelemetry-exporter-prometheus, which is not installed"
exporter = pytest.importorskip("opentelemetry.exporter.prometheus", reason=EXTRA)
client = pytest.importorskip("prometheus_client", reason=EXTRA)

PROGRAM = shutil.which("prometheus")

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Prometheus:
    """A running Prometheus.

    Args:
        url: Where its API is.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, path: str, **parameters: str) -> Any:
        """Ask the API, and return what it has to say; `None` where it cannot yet."""
        url = f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with direct.open(url, timeout=5) as answer:
                told = json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 503:
                return None
            raise AssertionError(f"{parameters}: {error.read().decode()}") from error
        except urllib.error.URLError:
            return None
        assert told["status"] == "success"
        return told["data"]

    def values(self, query: str) -> dict[str, float]:
        """Return the values of a query whose results differ in one label."""
        found = self.get("query", query=query)
        return {
            "".join(result["metric"].values()): float(result["value"][1])
            for result in (found or {"result": ()})["result"]
        }

    def wait_for(self, query: str) -> dict[str, float]:
        """Wait until a query has results, and return them."""
        deadline = time.monotonic() + PATIENCE
        while not (found := self.values(query)):
            assert time.monotonic() < deadline, f"nothing came for {query}"
            time.sleep(0.1)
        return found


@pytest.fixture
def registry() -> Any:
    """What is scraped."""
    return client.CollectorRegistry()


@pytest.fixture
def prometheus(tmp_path: Path, registry: Any) -> Iterator[Prometheus]:
    """A Prometheus that scrapes the registry."""
    if PROGRAM is None:
        pytest.skip("needs prometheus on the PATH (Debian: apt install prometheus)")
    server, thread = client.start_http_server(0, addr="127.0.0.1", registry=registry)
    target = f"127.0.0.1:{server.server_port}"
    job = {"job_name": "wsengine", "static_configs": [{"targets": [target]}]}
    settings = {"global": {"scrape_interval": "200ms"}, "scrape_configs": [job]}
    (tmp_path / "prometheus.yaml").write_text(json.dumps(settings))  # JSON is YAML
    address = f"127.0.0.1:{free_port()}"
    command = [
        PROGRAM,
        f"--config.file={tmp_path}/prometheus.yaml",
        f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address={address}",
    ]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield Prometheus(f"http://{address}")
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        server.shutdown()
        server.server_close()
        thread.join()


def free_port() -> int:
    """Return a port that was free a moment ago: Prometheus does not tell which one it took."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_it_has_every_metric_and_answers_every_query(
    prometheus: Prometheus, registry: Any
) -> None:
    seen = Seen(exporter.PrometheusMetricReader(registry=registry))
    try:
        engine = await run_everything(seen)
        await asyncio.to_thread(check, prometheus)
        assert engine.name == "everything"
    finally:
        seen.tracer_provider.shutdown()
        seen.meter_provider.shutdown()


def check(prometheus: Prometheus) -> None:
    """Check what was scraped; it blocks."""
    received = 'websocket_client_messages_total{network_io_direction="receive"}'
    assert prometheus.wait_for(f"sum by (websocket_message_type) ({received})") == {
        "text": 3.0,
        "binary": 1.0,
    }
    assert prometheus.values("sum by (wsengine_dial_outcome) (websocket_client_dials_total)") == {
        "open": 3.0,
        "refused": 1.0,
        "failed": 1.0,
        "timeout": 1.0,
    }
    for name, labels in series_of_the_documentation().items():
        found = prometheus.get("series", **{"match[]": name})
        there = {label for series in found for label in series}
        assert labels <= there, f"{name}: there are {there}"
    for query in queries():
        told = prometheus.get("query", query=query.text)
        assert told["resultType"] == "vector", query.panel
