"""What is wrong with an option of aiohttp is found before anything is dialled."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from aiohttp import BasicAuth

from wsengine import ConfigError
from wsengine.adapters.aiohttp_options import check_options

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # as long as it is there
    LOGIN = BasicAuth("user", "hunter2")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"method": "GET", "origin": "https://x", "server_hostname": "x", "heartbeat": 5},
        {"origin": None, "server_hostname": None, "heartbeat": None, "params": None},
        {"auth": LOGIN, "proxy_auth": LOGIN},
        {"params": {"a": "1"}, "proxy_headers": {"X-A": "b\tc"}},
        {"params": [("a", "1"), ("a", 2)], "proxy_headers": None, "auth": None},
        {"params": "a=1"},
    ],
)
def test_good_ones(options: dict[str, Any]) -> None:
    check_options(options)


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": None},
        {"method": "GE\nT"},
        {"method": ""},
        {"heartbeat": 0},
        {"heartbeat": "5"},
        {"origin": 7},
        {"origin": "https://b\u00fccher"},
        {"origin": "x\r\nX-Evil: 1"},
        {"server_hostname": b"x"},
        {"auth": ("user", "hunter2")},
        {"auth": "hunter2"},
        {"proxy_auth": "hunter2"},
        {"params": 7},
        {"params": {"token": object()}},
        {"proxy_headers": ["hunter2"]},
        {"proxy_headers": {"X-Token": 2}},
        {"proxy_headers": {"X-Token": "hunter2\n"}},
    ],
)
def test_bad_ones(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=rf"^{next(iter(wrong))}(=.*)?: must ") as caught:
        check_options(wrong)
    assert "hunter2" not in str(caught.value)
