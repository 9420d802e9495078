# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tpm2-tools print when they fail, as they were seen to, and what a user is told."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.tpm import errors
from hypothesis import given
from hypothesis import strategies as st

LOAD = """\
WARNING:esys:src/tss2-esys/api/Esys_Load.c:324:Esys_Load_Finish() Received TPM Error
ERROR:esys:src/tss2-esys/api/Esys_Load.c:112:Esys_Load() Esys Finish ErrorCode (0x{0:08x})
ERROR: Eys_Load(0x{0:X}) - tpm:parameter(1):integrity check failed
ERROR: Unable to run tpm2_load
"""
ABRMD = (
    "Failed to create connection with service: GDBus.Error:org.freedesktop.DBus.Error.UnknownMethod: "
    "Object does not exist at path '/com/intel/tss2/Tabrmd/Tcti'\n"
)
NO_SOCKET = """\
WARNING:tcti:src/util/io.c:262:socket_connect() Failed to connect to host 127.0.0.1, port 25999: errno 111
ERROR:tcti:src/tss2-tcti/tcti-swtpm.c:614:Tss2_Tcti_Swtpm_Init() Cannot connect to swtpm TPM socket
ERROR:tcti:src/tss2-tcti/tctildr.c:428:Tss2_TctiLdr_Initialize_Ex() Failed to instantiate TCTI
ERROR: Could not load tcti, got: "swtpm:host=127.0.0.1,port=25999"
"""
DEVICE = """\
ERROR:tcti:src/tss2-tcti/tcti-device.c:452:Init() Failed to open specified TCTI device file /dev/tpm0: {0}
ERROR:tcti:src/tss2-tcti/tctildr-dl.c:154:tcti_from_file() Could not initialize TCTI file: device
ERROR:tcti:src/tss2-tcti/tctildr.c:428:Tss2_TctiLdr_Initialize_Ex() Failed to instantiate TCTI
ERROR: Could not load tcti, got: "device:/dev/tpm0"
"""


@pytest.mark.parametrize(
    "code, status, passes, problem",
    [
        (0x18B, "no_object", False, "no object at this handle"),
        (0x910, "no_object", False, "no object"),
        (0x902, "no_slot", False, "slots for loaded keys"),
        (0x903, "no_slot", False, "sessions"),
        (0x921, "lockout", False, "lockout"),
        (0x14B, "no_nv_space", False, "no room left"),
        (0x1DF, "integrity", False, "another TPM"),
        (0x2D5, "mismatch", False, "credential"),
        (0x2E7, "mismatch", False, "credential"),
        (0x2C4, "value", False, "refuses a value"),
        (0x98E, "auth", False, "owner password"),
        (0x9A2, "auth", False, "owner password"),
        (0x99D, "policy", False, "bound to"),
        (0x922, "retry", True, "busy"),
        (0x908, "retry", True, "busy"),
        (0x90A, "retry", True, "busy"),
        (0x923, "nv_unavailable", True, "cannot write"),
        (0x100, "not_started", False, "TPM2_Startup"),
        (0x101, "failure", False, "self-test"),
        (0x14C, "taken", False, "already"),
        (0x185, "hierarchy", False, "switched off"),
        (0x2C7, "not_supported", False, "does not support"),
        # the kernel's and tpm2-abrmd's resource managers speak for the TPM
        (0xB0902, "no_slot", False, "slots"),
        (0xA000A, "io", False, "broke"),
    ],
)
def test_codes(code, status, passes, problem):
    error = errors.explain(LOAD.format(code), "loading the key")
    assert (error.tpm_status, error.passes, error.code) == (status, passes, code)
    assert error.problem.startswith("loading the key: ") and problem in error.problem
    assert "{0:#x}".format(code) in error.problem
    assert error.fix


@pytest.mark.parametrize(
    "text, status, passes",
    [
        (NO_SOCKET, "not_reached", False),
        (DEVICE.format("No such file or directory"), "no_device", False),
        (DEVICE.format("No such device or address"), "no_device", False),
        (DEVICE.format("Device or resource busy"), "busy", True),
        (DEVICE.format("Permission denied"), "no_permission", False),
        ("Tss2_Tcti_Device_Init() Failed to read response header fd 3, got errno 2", "no_tpm", False),
        (ABRMD + 'ERROR: Could not load tcti, got: "tabrmd:bus_type=system"', "starting", True),
        ('ERROR: Could not load tcti, got: "wrong:x"', "tcti", False),
    ],
)
def test_ways_to_the_tpm(text, status, passes):
    error = errors.explain(text)
    assert (error.tpm_status, error.passes, error.code) == (status, passes, None)
    assert error.fix


@pytest.mark.parametrize("text", ["", "ERROR: something else", LOAD.format(0x7000D), LOAD.format(0x1FF)])
def test_what_is_not_known_is_not_guessed(text):
    assert errors.explain(text) is None


def test_the_tools_own_line_counts():
    earlier = "ERROR:esys:x.c:1:Esys_ReadPublic() Esys Finish ErrorCode (0x0000018b)\n"
    assert errors.find_code(earlier + LOAD.format(0x902)) == 0x902
    assert errors.find_code(earlier) == 0x18B


def test_whose_password():
    assert "endorsement password" in errors.explain(LOAD.format(0x9A2), password="endorsement").problem


@given(st.one_of(st.text(), st.integers(0, 0xFFFFFFFF).map(LOAD.format)))
def test_any_text_and_any_code(text):
    error = errors.explain(text)
    assert error is None or (error.problem and error.fix and error.tpm_status)
