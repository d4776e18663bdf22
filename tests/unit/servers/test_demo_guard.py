from __future__ import annotations

from typing import Any

import pytest

from wsengine import ConfigError
from wsengine.servers.demo_guard import Guard, host_name, is_loopback


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("LocalHost:8080", "localhost"),
        ("localhost.:80", "localhost"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("[::1]:80", "::1"),
        ("[0:0::1]", "::1"),
        ("::1", "::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("a_b-c.example", "a_b-c.example"),
        ("", None),
        (":80", None),
        ("a b", None),
        ("a@localhost", None),
        ("localhost/x", None),
        ("a:b:c", None),
        ("localhost:port", None),
    ],
)
def test_the_name_in_a_host_header(header: str, name: str | None) -> None:
    assert host_name(header) == name


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("10.0.0.1", False),
        ("example.org", False),
    ],
)
def test_what_only_this_machine_can_reach(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:8", "127.1.2.3:4", "10.0.0.5"])
@pytest.mark.parametrize(
    "origin", [None, "http://localhost:3000", "https://127.0.0.1", "http://[::1]"]
)
def test_who_comes_from_here_may(host: str, origin: str | None) -> None:
    assert Guard("127.0.0.1").objection(host, origin, "10.0.0.5") is None


@pytest.mark.parametrize("host", [None, "", "evil.example", "localhost.evil.example", "10.0.0.6"])
def test_a_name_that_is_not_its_own_is_refused(host: str | None) -> None:
    objection = Guard("0.0.0.0").objection(host, None, "10.0.0.5")
    assert objection is not None
    assert "is not a name of this server" in objection
    assert "allowed_hosts (--allow-host) can name others" in objection


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost.evil.example",
        "http://evil.example:80",
        "null",
        "",
        "file://",
        "http://localhost/path",
        "http://[",
        "http://user@localhost",
        "localhost",
    ],
)
def test_a_page_of_another_site_is_refused(origin: str) -> None:
    objection = Guard("127.0.0.1").objection("localhost", origin, "127.0.0.1")
    assert objection is not None
    assert "may not talk to this server" in objection
    assert "allowed_origins (--allow-origin) can name others" in objection


def test_others_can_be_allowed() -> None:
    guard = Guard("0.0.0.0", ["demo", "Demo.Example"], ["https://App.example:444", "null"])
    assert guard.objection("demo:80", None, "10.0.0.5") is None
    assert guard.objection("demo.example", "http://demo.example:80", "10.0.0.5") is None
    assert guard.objection("demo", "https://app.example:444", "10.0.0.5") is None
    assert guard.objection("demo", "null", "10.0.0.5") is None
    assert guard.objection("demo", "https://app.example", "10.0.0.5") is not None


@pytest.mark.parametrize("host", ["127.0.0.1:8700", "localhost:8700", "[::1]:8700", "LOCALHOST"])
def test_where_only_its_own_pages_may_they_may(host: str) -> None:
    guard = Guard("127.0.0.1", own_pages=True)
    assert guard.objection(host, None, "127.0.0.1") is None
    assert guard.objection(host, f"http://{host.lower()}", "127.0.0.1") is None


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example", "null", "", "http://127.0.0.1:3000", "http://localhost:8700"),
        *("https://127.0.0.1:8700", "file://", "http://[", "http://127.0.0.1:8700.evil.example"),
    ],
)
def test_where_only_its_own_pages_may_others_are_refused(origin: str) -> None:
    guard = Guard("127.0.0.1", own_pages=True)
    objection = guard.objection("127.0.0.1:8700", origin, "127.0.0.1")
    assert objection is not None
    assert "may not talk to this server" in objection


def test_where_only_its_own_pages_may_names_and_pages_can_be_allowed() -> None:
    guard = Guard("0.0.0.0", ["demo.example"], ["https://App.example"], own_pages=True)
    for origin in (None, "http://demo.example:80", "https://app.example"):
        assert guard.objection("demo.example:80", origin, "10.0.0.5") is None
    for origin in ("http://evil.example:80", "http://localhost:80", "https://demo.example"):
        assert guard.objection("demo.example:80", origin, "10.0.0.5") is not None
    assert guard.objection("evil.example:80", "http://evil.example:80", "10.0.0.5") is not None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"hosts": "demo"}, "allowed_hosts='demo': must be a collection"),
        ({"hosts": ["demo:80"]}, "allowed_hosts='demo:80': must be a host name without a port"),
        ({"hosts": ["a/b"]}, "allowed_hosts='a/b': must be a host name"),
        ({"origins": "null"}, "allowed_origins='null': must be a collection"),
        ({"origins": ["app.example"]}, "must be like 'https://example.org', or 'null'"),
        ({"origins": ["https://app.example/"]}, "must be like 'https://example.org', or 'null'"),
    ],
)
def test_what_is_no_name_is_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Guard("127.0.0.1", **settings)
