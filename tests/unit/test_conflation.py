from __future__ import annotations

import pytest

from wsengine import ConfigError, EngineConfig, conflate


def test_a_key_must_be_a_function() -> None:
    with pytest.raises(ConfigError, match=r"conflate\('symbol'\): must be a function of a message"):
        conflate("symbol")  # type: ignore[arg-type]


def test_it_reads_as_a_word_of_the_configuration() -> None:
    config = EngineConfig(backlog_policy=conflate(len))
    assert isinstance(config.backlog_policy, conflate)
    assert config.backlog_policy.key is len
