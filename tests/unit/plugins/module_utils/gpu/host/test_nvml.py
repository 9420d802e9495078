# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ctypes
from types import SimpleNamespace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import nvml as host_nvml
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host.nvml import Nvml
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.nvml_errors import NvmlError


def nvml(monkeypatch, **answers):
    """An open NVML whose functions give these answers; bytes are decoded as pynvml does it."""

    def answering(answer):
        return lambda *_arguments: answer.decode() if isinstance(answer, bytes) else answer

    functions = {name: answering(answer) for name, answer in {"nvmlInit": None, **answers}.items()}
    library = SimpleNamespace(NVMLError=type("NVMLError", (Exception,), {}), **functions)
    monkeypatch.setattr(host_nvml.pynvml_loader, "usable", lambda _path: library)
    return Nvml()


def test_text_that_is_no_utf_8(monkeypatch):
    found = nvml(monkeypatch, nvmlDeviceGetSerial=b"13\xff4").get("nvmlDeviceGetSerial", None)
    assert found == "13\N{REPLACEMENT CHARACTER}4"
    assert host_nvml.text(b"MIG 1g.5gb\xff") == "MIG 1g.5gb\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("told", ["a\nb", b"a\nb"])
def test_text_of_several_lines_becomes_one(monkeypatch, told):
    assert nvml(monkeypatch, nvmlSystemGetProcessName=told).call("nvmlSystemGetProcessName", 1) == "a\\nb"
    assert host_nvml.text(told) == "a\\nb"


def test_address_that_is_none(monkeypatch):
    card = nvml(
        monkeypatch,
        nvmlDeviceGetPciInfo=SimpleNamespace(busId="junk"),
        nvmlDeviceGetUUID="GPU-0",
        nvmlDeviceGetName="NVIDIA L4",
    )
    with pytest.raises(NvmlError, match="the PCI address junk: NVML reports an internal driver error"):
        card.identify(0, None)


def test_function_that_the_driver_lacks_although_pynvml_calls_it_a_mismatch(monkeypatch):
    class Mismatch(Exception):
        pass

    def function(_handle):
        raise Mismatch

    found = nvml(monkeypatch)
    found.pynvml.NVMLLibraryMismatchError = Mismatch
    found.pynvml.nvmlDeviceGetComputeRunningProcesses = function
    assert found.get("nvmlDeviceGetComputeRunningProcesses", None) is None


def test_pynvml_that_is_too_old_is_as_good_as_none(monkeypatch):
    monkeypatch.setattr(host_nvml.pynvml_loader, "load", lambda _path: old_pynvml())
    monkeypatch.setattr(host_nvml, "_has_driver", lambda: True)
    with pytest.raises(NvmlError) as caught:
        Nvml()
    assert caught.value.status == "pynvml_missing" and "--upgrade" in caught.value.fix


def old_pynvml():
    """Release 11.495, which has no names of profiles."""
    return SimpleNamespace(c_nvmlProcessInfo_t=ctypes.c_char * 24)
