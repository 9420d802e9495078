# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that fail say what they said, and long ones are not silent."""

from __future__ import annotations

import pytest
from edgelab import progress, shell
from edgelab.errors import LabError


def test_failure_shows_the_words_of_the_command() -> None:
    with pytest.raises(LabError, match=r"status 3: sh -c(?s:.)*no such thing"):
        shell.run(["sh", "-c", "echo no such thing >&2; exit 3"])


def test_long_failure_shows_the_end_of_the_log() -> None:
    with pytest.raises(LabError) as error:
        shell.run_long("image", ["sh", "-c", "seq 1 99; exit 1"])
    assert str(error.value).endswith("\n  98\n  99")
    assert "\n  50\n" not in str(error.value)


def test_missing_command() -> None:
    with pytest.raises(LabError, match="edgelab-no-such-command is not installed"):
        shell.run(["edgelab-no-such-command"])


def test_heartbeat(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "BEAT_SECONDS", 0.05)
    shell.run_long("image", ["sh", "-c", "echo unpacking; sleep 0.3"])
    assert "image: 0 s so far: unpacking" in capsys.readouterr().err
