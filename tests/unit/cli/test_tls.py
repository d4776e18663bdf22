from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from wsengine import ConfigError
from wsengine.cli.tls import trusting


def test_without_a_file_nothing_is_changed() -> None:
    assert trusting(None) is None


def test_the_authorities_of_the_file_are_trusted_and_no_others(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(path)
    context = trusting(path)
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert len(context.get_ca_certs()) == 1


@pytest.mark.parametrize("content", ["", "no certificate"])
def test_a_file_without_certificates_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"--cafile .*ca.pem: has no certificates in PEM in it"):
        trusting(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none: No such file or directory"):
        trusting(tmp_path / "none")
