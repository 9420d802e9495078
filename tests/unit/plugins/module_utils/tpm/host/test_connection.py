# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TPM that is busy, slow or behind a resource manager, with programs that print what the real ones were seen to."""

from __future__ import annotations

import os

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.command import Result
from ansible_collections.edgesite.gpu.plugins.module_utils.common.unanswered import Unanswered, unanswered
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.errors import TpmError
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.host import patience
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm.host.tools import Tools

RETRY = Result(1, b"", "ERROR: Esys_ReadPublic(0x922) - tpm:warn(2.0): TPM was not able to start the command\n")
BUSY = Result(
    1,
    b"",
    "ERROR:tcti:src/tss2-tcti/tcti-device.c:452:Tss2_Tcti_Device_Init() Failed to open specified TCTI device file "
    '/dev/tpm0: Device or resource busy\nERROR: Could not load tcti, got: "device:/dev/tpm0"\n',
)
SILENT = unanswered("tpm2_getcap", 60.0, killed=True)
DONE = Result(0, b"- 0x81000001\n", "")


class Answers:
    """Programs that answer one thing after the other, then the last one for ever."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.ran = []

    def run(self, argv, data=None, timeout=10.0, environment=None):
        self.ran.append((argv, data))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Unanswered):
            raise answer
        return answer


@pytest.fixture
def slept(monkeypatch):
    """Time that passes while it is waited, and no other."""
    pauses = []
    monkeypatch.setattr(patience.time, "monotonic", lambda: sum(pauses))
    monkeypatch.setattr(patience.time, "sleep", pauses.append)
    monkeypatch.setattr(command, "find", lambda program: "/bin/" + program)
    return pauses


@pytest.mark.parametrize("trouble", [RETRY, BUSY])
def test_what_passes_is_waited_for(trouble, slept):
    answers = Answers(trouble, trouble, DONE)
    assert Tools(answers.run, "device:/dev/tpm0").persistent() == [0x81000001]
    assert len(answers.ran) == 3 and slept == [0.1, 0.2]


def test_waiting_has_an_end(slept):
    with pytest.raises(TpmError, match="busy for too long"):
        Tools(Answers(RETRY).run, "device:/dev/tpm0").persistent()
    assert 18 < sum(slept) <= patience.SECONDS


def test_other_errors_are_not_tried_again(slept):
    answers = Answers(Result(1, b"", "ERROR: Esys_Load(0x921) - tpm:warn(2.0): authorizations are not allowed\n"))
    with pytest.raises(TpmError, match="lockout"):
        Tools(answers.run, "device:/dev/tpm0").persistent()
    assert len(answers.ran) == 1 and slept == []


def test_who_holds_the_device_is_told(slept, tmp_path):
    (tmp_path / "dev").mkdir()
    device = tmp_path / "dev/tpm0"
    device.write_text("")
    (tmp_path / "proc/4242/fd").mkdir(parents=True)
    (tmp_path / "proc/4242/comm").write_text("nginx\n")
    os.symlink(str(device), str(tmp_path / "proc/4242/fd/3"))
    with pytest.raises(EdgesiteError, match=r"Another program is using the TPM: nginx \(process 4242\)") as failed:
        Tools(Answers(BUSY).run, root=str(tmp_path)).persistent()
    assert "tpmrm0" in failed.value.fix
    with pytest.raises(EdgesiteError, match=r"did not answer within 60 s: nginx \(process 4242\)"):
        Tools(Answers(SILENT).run, root=str(tmp_path)).persistent()


def test_tpm_that_hangs_is_not_asked_again(slept):
    answers = Answers(SILENT, DONE)
    tools = Tools(answers.run, "device:/dev/tpm0")
    for _time in range(2):
        with pytest.raises(Unanswered, match="tpm2_getcap: tpm2_getcap did not answer within 60 s"):
            tools.persistent()
    assert len(answers.ran) == 1


def test_tools_that_are_missing(monkeypatch):
    monkeypatch.setattr(command, "find", lambda program: None)
    with pytest.raises(EdgesiteError, match="tpm2_getcap is not installed.*Install the package tpm2-tools"):
        Tools(Answers(DONE).run, "device:/dev/tpm0").persistent()


def test_unknown_errors_are_shown(slept):
    with pytest.raises(EdgesiteError, match="tpm2_getcap says: something new"):
        Tools(Answers(Result(1, b"", "ERROR: something new\n")).run, "device:/dev/tpm0").persistent()


def test_the_owners_password_is_on_no_command_line(slept):
    answers = Answers(Result(0, b"", ""))
    Tools(answers.run, "device:/dev/tpmrm0").evict(0x81000010, "secret")
    [(argv, data)] = answers.ran
    assert "secret" not in " ".join(argv) and data == b"secret"


@pytest.mark.parametrize("tcti", ["device:/dev/tpmrm0", "tabrmd:bus_type=system"])
def test_resource_manager_unloads(tcti, slept, tmp_path):
    answers = Answers(Result(0, b"", ""))
    tools = Tools(answers.run, tcti)
    with tools.folder() as folder, tools.loading(folder, lambda public: True, "tpm2_load") as name:
        assert name == os.path.join(folder, "context")
    assert [argv[0] for argv, _data in answers.ran] == ["/bin/tpm2_load"]
