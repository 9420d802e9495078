# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls every function of the library and checks what it answers; prints the names called.

Runs in a process of its own, on a node with an A100-40 (0), a T4 (1) and an A6000 (2), of which the A100 has one
compute client; the T4 is a vGPU host.
"""

from __future__ import annotations

import json
import sys
import uuid
from ctypes import (
    byref,
    c_char_p,
    c_int,
    c_size_t,
    c_uint,
    c_ulong,
    c_ulonglong,
    c_void_p,
    create_string_buffer,
)

import pynvml

RESERVED = (605 << 20) - (1 << 19)

called = set()
pointer = pynvml._nvmlGetFunctionPointer


def recording(name):
    called.add(name)
    return pointer(name)


pynvml._nvmlGetFunctionPointer = recording


def raw(name, *arguments):
    """The function by its very name: pynvml calls the newest form only."""
    return recording(name)(*arguments)


def ok(name, *arguments):
    code = raw(name, *arguments)
    assert code == pynvml.NVML_SUCCESS, (name, code)


def code_of(function, *arguments):
    try:
        function(*arguments)
    except pynvml.NVMLError as error:
        return error.value
    return pynvml.NVML_SUCCESS


def number(name, handle, kind=c_uint):
    value = kind()
    ok(name, handle, byref(value))
    return value.value


def text(name, *arguments, size=96):
    buffer = create_string_buffer(size)
    ok(name, *arguments, buffer, c_uint(size))
    assert raw(name, *arguments, None, c_uint(size)) == pynvml.NVML_ERROR_INVALID_ARGUMENT
    assert raw(name, *arguments, buffer, c_uint(1)) == pynvml.NVML_ERROR_INSUFFICIENT_SIZE
    return buffer.value.decode()


def sessions():
    pynvml._LoadNvmlLibrary()
    assert raw("nvmlDeviceGetCount_v2", byref(c_uint())) == pynvml.NVML_ERROR_UNINITIALIZED
    assert raw("nvmlShutdown") == pynvml.NVML_ERROR_UNINITIALIZED
    for start in ("nvmlInit", "nvmlInit_v2"):
        ok(start)
        ok("nvmlShutdown")
    pynvml.nvmlInitWithFlags(0)
    pynvml.nvmlInit()
    pynvml.nvmlShutdown()  # sessions are counted: one is left
    function = recording("nvmlErrorString")
    function.restype = c_char_p
    assert function(19) == b"In use by another client"


def node():
    assert pynvml.nvmlSystemGetDriverVersion() == "550.163.01" and pynvml.nvmlSystemGetNVMLVersion() == "12.550.163.01"
    assert pynvml.nvmlSystemGetCudaDriverVersion_v2() == 12040 == pynvml.nvmlSystemGetCudaDriverVersion()
    raw("nvmlSystemGetCudaDriverVersion", byref(c_int()))
    assert pynvml.nvmlDeviceGetCount() == 3
    ok("nvmlDeviceGetCount", byref(c_uint()))
    first = pynvml.nvmlDeviceGetHandleByIndex(0)
    same = pynvml.c_nvmlDevice_t()
    pci = pynvml.nvmlDeviceGetPciInfo(first)
    ok("nvmlDeviceGetHandleByIndex", c_uint(0), byref(same))
    for handle in (
        pynvml.nvmlDeviceGetHandleByUUID(pynvml.nvmlDeviceGetUUID(first)),
        pynvml.nvmlDeviceGetHandleBySerial(pynvml.nvmlDeviceGetSerial(first)),
        pynvml.nvmlDeviceGetHandleByPciBusId(pci.busId),
        pynvml.nvmlDeviceGetHandleByPciBusId("0000:17:00.0"),
        same,
    ):
        assert pynvml.nvmlDeviceGetIndex(handle) == 0
    ok("nvmlDeviceGetHandleByPciBusId", c_char_p(b"17:00.0"), byref(same))
    assert code_of(pynvml.nvmlDeviceGetHandleByIndex, 3) == pynvml.NVML_ERROR_INVALID_ARGUMENT
    for function, name in (
        (pynvml.nvmlDeviceGetHandleByUUID, "GPU-none"),
        (pynvml.nvmlDeviceGetHandleBySerial, "0"),
        (pynvml.nvmlDeviceGetHandleByPciBusId, "0:99:0.0"),
    ):
        assert code_of(function, name) == pynvml.NVML_ERROR_NOT_FOUND
    assert (
        pynvml.nvmlDeviceGetIndex(first) == 0
        and raw("nvmlDeviceGetIndex", None, byref(c_uint())) == pynvml.NVML_ERROR_INVALID_ARGUMENT
    )
    return first, pynvml.nvmlDeviceGetHandleByIndex(1), pynvml.nvmlDeviceGetHandleByIndex(2)


def fabric(a100):
    for name, kind in (("V", pynvml.c_nvmlGpuFabricInfo_v2_t), ("", pynvml.c_nvmlGpuFabricInfo_t)):
        info = kind()
        assert raw("nvmlDeviceGetGpuFabricInfo" + name, a100, byref(info)) == pynvml.NVML_ERROR_NOT_SUPPORTED
        assert raw("nvmlDeviceGetGpuFabricInfo" + name, a100, None) == pynvml.NVML_ERROR_INVALID_ARGUMENT
    other = pynvml.c_nvmlGpuFabricInfo_v2_t()
    other.version = 1
    assert raw("nvmlDeviceGetGpuFabricInfoV", a100, byref(other)) == 25  # ARGUMENT_VERSION_MISMATCH


def identity(a100, t4):
    assert text("nvmlDeviceGetName", a100) == "NVIDIA A100-SXM4-40GB"
    assert text("nvmlDeviceGetUUID", a100).startswith("GPU-") and len(text("nvmlDeviceGetUUID", a100)) == 40
    assert text("nvmlDeviceGetSerial", a100).isdigit()
    assert text("nvmlDeviceGetBoardPartNumber", a100) == "692-2G506-0200-003"
    assert text("nvmlDeviceGetVbiosVersion", a100).startswith("92.00")
    assert text("nvmlDeviceGetInforomImageVersion", a100)
    firmware = create_string_buffer(64)
    ok("nvmlDeviceGetGspFirmwareVersion", a100, firmware)
    assert firmware.value == b"550.163.01"
    assert tuple(pynvml.nvmlDeviceGetGspFirmwareMode(a100)) == (1, 1)
    assert (
        pynvml.nvmlDeviceGetMinorNumber(t4) == 1
        and pynvml.nvmlDeviceGetBoardId(a100) == 0x1700
        and not pynvml.nvmlDeviceGetMultiGpuBoard(a100)
    )
    assert (
        pynvml.nvmlDeviceGetBrand(t4) == pynvml.NVML_BRAND_NVIDIA
        and pynvml.nvmlDeviceGetArchitecture(a100) == pynvml.NVML_DEVICE_ARCH_AMPERE
    )
    assert pynvml.nvmlDeviceGetNumGpuCores(a100) == 6912 and pynvml.nvmlDeviceGetMemoryBusWidth(a100) == 5120
    assert pynvml.nvmlDeviceGetBusType(a100) == pynvml.NVML_BUS_TYPE_PCIE and pynvml.nvmlDeviceGetIrqNum(a100) > 0
    assert pynvml.nvmlDeviceGetMaxPcieLinkGeneration(a100) == 4 == pynvml.nvmlDeviceGetCurrPcieLinkGeneration(a100)
    assert pynvml.nvmlDeviceGetGpuMaxPcieLinkGeneration(t4) == 3
    assert pynvml.nvmlDeviceGetMaxPcieLinkWidth(a100) == 16 == pynvml.nvmlDeviceGetCurrPcieLinkWidth(a100)
    assert pynvml.nvmlDeviceGetPcieReplayCounter(a100) == 0
    assert pynvml.nvmlDeviceGetPcieThroughput(a100, pynvml.NVML_PCIE_UTIL_TX_BYTES) == 0
    assert pynvml.nvmlDeviceGetDisplayMode(a100) == 0 == pynvml.nvmlDeviceGetDisplayActive(a100)
    assert tuple(pynvml.nvmlDeviceGetCudaComputeCapability(t4)) == (7, 5)
    assert list(pynvml.nvmlDeviceGetCpuAffinity(a100, 1)) == [c_ulong(-1).value]
    assert list(pynvml.nvmlDeviceGetMemoryAffinity(a100, 1, pynvml.NVML_AFFINITY_SCOPE_NODE)) == [1]
    info = pynvml.nvmlDeviceGetPciInfo(a100)
    assert (info.busId, info.busIdLegacy) == ("00000000:17:00.0", "0000:17:00.0")
    assert (info.pciDeviceId, info.pciSubSystemId) == (0x20B010DE, 0x134F10DE)
    for name in ("nvmlDeviceGetPciInfo", "nvmlDeviceGetPciInfo_v2"):
        old = pynvml.nvmlPciInfo_t()
        ok(name, a100, byref(old))
        assert old.bus == 0x17
    extended = pynvml.nvmlPciInfoExt_v1_t()
    extended.version = pynvml.nvmlPciInfoExt_v1
    ok("nvmlDeviceGetPciInfoExt", a100, byref(extended))
    assert (extended.baseClass, extended.subClass) == (3, 2)
    for name in ("nvmlDeviceGetDriverModel", "nvmlDeviceGetDriverModel_v2", "nvmlDeviceGetGpuOperationMode"):
        assert raw(name, a100, byref(c_uint()), byref(c_uint())) == pynvml.NVML_ERROR_NOT_SUPPORTED
    assert code_of(pynvml.nvmlDeviceGetNumaNodeId, a100) == pynvml.NVML_ERROR_NOT_SUPPORTED
    assert code_of(pynvml.nvmlDeviceGetNvLinkRemotePciInfo, a100, 0) == pynvml.NVML_ERROR_NOT_SUPPORTED
    for function in (pynvml.nvmlDeviceGetBridgeChipInfo, pynvml.nvmlDeviceGetLastBBXFlushTime):
        assert code_of(function, a100) == pynvml.NVML_ERROR_NOT_SUPPORTED
    assert code_of(pynvml.nvmlDeviceGetInforomVersion, a100, 2) == pynvml.NVML_ERROR_NOT_SUPPORTED


def idle(a100):
    assert list(pynvml.nvmlDeviceGetEncoderStats(a100)) == [0, 0, 0]
    assert pynvml.nvmlDeviceGetFBCStats(a100).sessionsCount == 0
    assert pynvml.nvmlDeviceGetConfComputeProtectedMemoryUsage(a100).total == 0


def memory(a100, t4, a6000):
    info = pynvml.nvmlDeviceGetMemoryInfo(a100)
    assert info.total == 40960 << 20 and info.used == RESERVED + (1000 << 20) and info.free == info.total - info.used
    second = pynvml.nvmlDeviceGetMemoryInfo(a100, version=pynvml.nvmlMemory_v2)
    assert (second.used, second.reserved) == (1000 << 20, RESERVED)
    assert pynvml.nvmlDeviceGetBAR1MemoryInfo(a100).bar1Total == 65536 << 20
    assert tuple(pynvml.nvmlDeviceGetEccMode(a6000)) == (0, 0) and number("nvmlDeviceGetDefaultEccMode", a6000) == 0
    pynvml.nvmlDeviceSetEccMode(a6000, 1)
    assert tuple(pynvml.nvmlDeviceGetEccMode(a6000)) == (0, 1)
    assert (
        pynvml.nvmlDeviceGetTotalEccErrors(a100, 0, 0) == 0
        and pynvml.nvmlDeviceGetMemoryErrorCounter(a100, 0, 0, 2) == 0
    )
    assert code_of(pynvml.nvmlDeviceGetTotalEccErrors, a6000, 0, 0) == pynvml.NVML_ERROR_NOT_SUPPORTED
    pynvml.nvmlDeviceClearEccErrorCounts(a100, pynvml.NVML_VOLATILE_ECC)
    assert list(pynvml.nvmlDeviceGetRemappedRows(a100)) == [0, 0, 0, 0]
    assert pynvml.nvmlDeviceGetRowRemapperHistogram(a100).max == 640
    assert list(pynvml.nvmlDeviceGetRetiredPages(t4, 0)) == []
    assert code_of(pynvml.nvmlDeviceGetRemappedRows, t4) == pynvml.NVML_ERROR_NOT_SUPPORTED
    assert pynvml.nvmlDeviceGetRetiredPagesPendingStatus(t4) == pynvml.NVML_FEATURE_DISABLED
    assert code_of(pynvml.nvmlDeviceGetRetiredPagesPendingStatus, a100) == pynvml.NVML_ERROR_NOT_SUPPORTED
    sram = pynvml.c_nvmlEccSramErrorStatus_v1_t()
    sram.version = 0
    assert raw("nvmlDeviceGetSramEccErrorStatus", a100, byref(sram)) == pynvml.NVML_ERROR_ARGUMENT_VERSION_MISMATCH
    sram.version, sram.volatileCor = pynvml.nvmlEccSramErrorStatus_v1, 1
    ok("nvmlDeviceGetSramEccErrorStatus", a100, byref(sram))
    assert sram.volatileCor == 0
    assert raw("nvmlDeviceGetSramEccErrorStatus", a6000, byref(sram)) == pynvml.NVML_ERROR_NOT_SUPPORTED


def power(a100, a6000):
    assert pynvml.nvmlDeviceGetPowerManagementMode(a100) == 1 and pynvml.nvmlDeviceGetPowerSource(a100) == 0
    assert list(pynvml.nvmlDeviceGetPowerManagementLimitConstraints(a100)) == [100000, 400000]
    assert pynvml.nvmlDeviceGetPowerManagementDefaultLimit(a100) == 400000
    for limit in (99999, 400001):
        assert code_of(pynvml.nvmlDeviceSetPowerManagementLimit, a100, limit) == pynvml.NVML_ERROR_INVALID_ARGUMENT
    pynvml.nvmlDeviceSetPowerManagementLimit(a100, 250000)
    assert pynvml.nvmlDeviceGetPowerManagementLimit(a100) == 250000 == pynvml.nvmlDeviceGetEnforcedPowerLimit(a100)
    pynvml.nvmlDeviceSetPowerManagementLimit_v2(a100, pynvml.NVML_POWER_SCOPE_GPU, 300000)
    assert pynvml.nvmlDeviceGetPowerManagementLimit(a100) == 300000
    assert (
        50000 <= pynvml.nvmlDeviceGetPowerUsage(a100) <= 400000
        and pynvml.nvmlDeviceGetTotalEnergyConsumption(a100) >= 0
    )
    assert 30 <= pynvml.nvmlDeviceGetTemperature(a100, pynvml.NVML_TEMPERATURE_GPU) < 90
    assert 30 <= pynvml.nvmlDeviceGetTemperatureV(a100, pynvml.NVML_TEMPERATURE_GPU) < 90
    assert pynvml.nvmlDeviceGetTemperatureThreshold(a100, pynvml.NVML_TEMPERATURE_THRESHOLD_SLOWDOWN) == 89
    assert (
        code_of(pynvml.nvmlDeviceGetFanSpeed, a100) == pynvml.NVML_ERROR_NOT_SUPPORTED
        and pynvml.nvmlDeviceGetNumFans(a6000) == 1
    )
    assert pynvml.nvmlDeviceGetFanSpeed(a6000) == 30 == pynvml.nvmlDeviceGetFanSpeed_v2(a6000, 0)


def clocks(a100, t4):
    assert (
        pynvml.nvmlDeviceGetClockInfo(a100, pynvml.NVML_CLOCK_MEM) == 1215
        and pynvml.nvmlDeviceGetMaxClockInfo(a100, pynvml.NVML_CLOCK_SM) == 1410
    )
    assert pynvml.nvmlDeviceGetMaxCustomerBoostClock(a100, pynvml.NVML_CLOCK_GRAPHICS) == 1410
    assert pynvml.nvmlDeviceGetClock(a100, pynvml.NVML_CLOCK_GRAPHICS, pynvml.NVML_CLOCK_ID_APP_CLOCK_DEFAULT) == 1095
    assert pynvml.nvmlDeviceGetDefaultApplicationsClock(a100, pynvml.NVML_CLOCK_GRAPHICS) == 1095
    assert pynvml.nvmlDeviceGetSupportedMemoryClocks(t4) == [5001, 405]
    supported = pynvml.nvmlDeviceGetSupportedGraphicsClocks(a100, 1215)
    assert (supported[0], supported[1], supported[-1]) == (1410, 1395, 210)
    assert (
        raw("nvmlDeviceGetSupportedGraphicsClocks", a100, c_uint(1), byref(c_uint(0)), None)
        == pynvml.NVML_ERROR_NOT_FOUND
    )
    assert code_of(pynvml.nvmlDeviceSetApplicationsClocks, a100, 1215, 1400) == pynvml.NVML_ERROR_INVALID_ARGUMENT
    pynvml.nvmlDeviceSetApplicationsClocks(a100, 1215, 1200)
    assert pynvml.nvmlDeviceGetApplicationsClock(a100, pynvml.NVML_CLOCK_GRAPHICS) == 1200
    pynvml.nvmlDeviceResetApplicationsClocks(a100)
    assert pynvml.nvmlDeviceGetApplicationsClock(a100, pynvml.NVML_CLOCK_GRAPHICS) == 1095
    pynvml.nvmlDeviceSetGpuLockedClocks(t4, 600, 900)
    assert pynvml.nvmlDeviceGetClockInfo(t4, pynvml.NVML_CLOCK_SM) == 600
    assert code_of(pynvml.nvmlDeviceSetGpuLockedClocks, t4, 900, 600) == pynvml.NVML_ERROR_INVALID_ARGUMENT
    pynvml.nvmlDeviceResetGpuLockedClocks(t4)
    assert pynvml.nvmlDeviceGetClockInfo(t4, pynvml.NVML_CLOCK_SM) == 300
    pynvml.nvmlDeviceSetMemoryLockedClocks(a100, 1215, 1215)
    pynvml.nvmlDeviceResetMemoryLockedClocks(a100)
    assert code_of(pynvml.nvmlDeviceSetMemoryLockedClocks, t4, 405, 405) == pynvml.NVML_ERROR_NOT_SUPPORTED
    assert code_of(pynvml.nvmlDeviceGetAutoBoostedClocksEnabled, a100) == pynvml.NVML_ERROR_NOT_SUPPORTED
    assert pynvml.nvmlDeviceGetPerformanceState(t4) == 8 == pynvml.nvmlDeviceGetPowerState(t4)
    assert pynvml.nvmlDeviceGetCurrentClocksEventReasons(t4) == pynvml.nvmlClocksEventReasonGpuIdle
    assert number("nvmlDeviceGetCurrentClocksThrottleReasons", t4, c_ulonglong) == 1
    assert pynvml.nvmlDeviceGetSupportedClocksEventReasons(t4) & 4
    assert number("nvmlDeviceGetSupportedClocksThrottleReasons", t4, c_ulonglong) & 4


def settings(a100, t4):
    for handle in (a100, t4):
        pynvml.nvmlDeviceSetPersistenceMode(handle, 1)
        assert pynvml.nvmlDeviceGetPersistenceMode(handle) == 1
    assert code_of(pynvml.nvmlDeviceSetPersistenceMode, a100, 2) == pynvml.NVML_ERROR_INVALID_ARGUMENT
    pynvml.nvmlDeviceSetComputeMode(a100, pynvml.NVML_COMPUTEMODE_EXCLUSIVE_PROCESS)
    assert pynvml.nvmlDeviceGetComputeMode(a100) == pynvml.NVML_COMPUTEMODE_EXCLUSIVE_PROCESS
    pynvml.nvmlDeviceSetComputeMode(a100, pynvml.NVML_COMPUTEMODE_DEFAULT)
    pynvml.nvmlDeviceSetAccountingMode(a100, 1)
    assert pynvml.nvmlDeviceGetAccountingMode(a100) == 1 and pynvml.nvmlDeviceGetAccountingBufferSize(a100) == 4000
    assert pynvml.nvmlDeviceGetAPIRestriction(a100, pynvml.NVML_RESTRICTED_API_SET_APPLICATION_CLOCKS) == 1
    assert pynvml.nvmlDeviceGetVirtualizationMode(t4) == pynvml.NVML_GPU_VIRTUALIZATION_MODE_HOST_VGPU
    assert pynvml.nvmlDeviceGetHostVgpuMode(t4) == pynvml.NVML_HOST_VGPU_MODE_NON_SRIOV
    assert code_of(pynvml.nvmlDeviceGetHostVgpuMode, a100) == pynvml.NVML_ERROR_NOT_SUPPORTED
    assert pynvml.nvmlGetVgpuDriverCapabilities(pynvml.NVML_VGPU_DRIVER_CAP_HETEROGENEOUS_MULTI_VGPU) == 1
    assert pynvml.nvmlDeviceGetVgpuCapabilities(t4, pynvml.NVML_DEVICE_VGPU_CAP_FRACTIONAL_MULTI_VGPU) == 1
    for name in ("nvmlDeviceGetSupportedVgpus", "nvmlDeviceGetCreatableVgpus", "nvmlDeviceGetActiveVgpus"):
        count = c_uint(9)
        ok(name, t4, byref(count), None)
        assert count.value == 0
    assert raw("nvmlDeviceSetVirtualizationMode", a100, c_uint(2)) == pynvml.NVML_ERROR_NOT_SUPPORTED
    ok("nvmlDeviceSetVirtualizationMode", t4, c_uint(0))


def fields(a100, t4):
    resetless, limit, unknown = pynvml.nvmlDeviceGetFieldValues(
        a100, [pynvml.NVML_FI_DEV_IS_RESETLESS_MIG_SUPPORTED, pynvml.NVML_FI_DEV_POWER_DEFAULT_LIMIT, 140]
    )
    assert (resetless.nvmlReturn, resetless.value.uiVal) == (0, 0) and limit.value.uiVal == 400000
    assert unknown.nvmlReturn == pynvml.NVML_ERROR_NOT_SUPPORTED
    wanted = list(range(1, 29)) + [82, 83, 91, 94, 142, 143, 144, 145] + list(range(186, 193))
    assert {value.nvmlReturn for value in pynvml.nvmlDeviceGetFieldValues(a100, wanted)} == {pynvml.NVML_SUCCESS}
    assert (
        pynvml.nvmlDeviceGetFieldValues(t4, [pynvml.NVML_FI_DEV_IS_RESETLESS_MIG_SUPPORTED])[0].nvmlReturn
        == pynvml.NVML_ERROR_NOT_SUPPORTED
    )


def processes(a100, t4, pid):
    for function in (pynvml.nvmlDeviceGetComputeRunningProcesses, pynvml.nvmlDeviceGetComputeRunningProcesses_v2):
        (process,) = function(a100)
        assert (process.pid, process.usedGpuMemory) == (pid, 1000 << 20)
    for name in ("Compute", "Graphics", "MPSCompute"):
        for version in ("", "_v2", "_v3"):
            count = c_uint(0)
            expected = pynvml.NVML_ERROR_INSUFFICIENT_SIZE if name == "Compute" else pynvml.NVML_SUCCESS
            assert raw(f"nvmlDeviceGet{name}RunningProcesses{version}", a100, byref(count), None) == expected
            assert count.value == (name == "Compute")
    assert pynvml.nvmlDeviceGetGraphicsRunningProcesses(t4) == [] == pynvml.nvmlDeviceGetMPSComputeRunningProcesses(t4)
    details = pynvml.nvmlDeviceGetRunningProcessDetailList(
        a100, pynvml.nvmlProcessDetailList_v1, pynvml.NVML_PROCESS_MODE_COMPUTE
    )
    assert [detail.pid for detail in details] == [pid]
    assert pynvml.nvmlSystemGetProcessName(pid) == "trainer"
    (sample,) = pynvml.nvmlDeviceGetProcessUtilization(a100, 0)
    assert (sample.pid, sample.smUtil) == (pid, 80)
    assert pynvml.nvmlDeviceGetUtilizationRates(a100).gpu == 80
    for function in (
        pynvml.nvmlDeviceGetEncoderUtilization,
        pynvml.nvmlDeviceGetDecoderUtilization,
        pynvml.nvmlDeviceGetJpgUtilization,
        pynvml.nvmlDeviceGetOfaUtilization,
    ):
        assert function(a100)[0] == 0


def mig(a100, t4, pid):
    assert code_of(pynvml.nvmlDeviceGetMigMode, t4) == pynvml.NVML_ERROR_NOT_SUPPORTED
    assert pynvml.nvmlDeviceSetMigMode(a100, 1) == pynvml.NVML_ERROR_IN_USE and list(
        pynvml.nvmlDeviceGetMigMode(a100)
    ) == [0, 1]
    assert pynvml.nvmlDeviceGetMaxMigDeviceCount(a100) == 0
    import os
    import signal
    import time

    os.kill(pid, signal.SIGKILL)
    while pynvml.nvmlDeviceGetComputeRunningProcesses(a100):
        time.sleep(0.01)
    assert pynvml.nvmlDeviceSetMigMode(a100, 1) == pynvml.NVML_SUCCESS and list(pynvml.nvmlDeviceGetMigMode(a100)) == [
        1,
        1,
    ]
    assert pynvml.nvmlDeviceGetMaxMigDeviceCount(a100) == 7
    for version, kind in ((1, pynvml.c_nvmlGpuInstanceProfileInfo_t), (2, pynvml.c_nvmlGpuInstanceProfileInfo_v2_t)):
        info = pynvml.nvmlDeviceGetGpuInstanceProfileInfo(a100, pynvml.NVML_GPU_INSTANCE_PROFILE_3_SLICE, version)
        assert isinstance(info, kind) and (info.id, info.sliceCount, info.memorySizeMB) == (9, 3, 19968)
    count = c_uint(0)
    for name in ("nvmlDeviceGetGpuInstancePossiblePlacements", "nvmlDeviceGetGpuInstancePossiblePlacements_v2"):
        ok(name, a100, c_uint(9), None, byref(count))
        assert count.value == 2
        found = (pynvml.c_nvmlGpuInstancePlacement_t * 8)()
        ok(name, a100, c_uint(9), found, byref(count))
        assert [(place.start, place.size) for place in found[:2]] == [(0, 4), (4, 4)]
    assert pynvml.nvmlDeviceGetGpuInstanceRemainingCapacity(a100, 9) == 2
    first = pynvml.nvmlDeviceCreateGpuInstance(a100, 9)
    second = pynvml.nvmlDeviceCreateGpuInstanceWithPlacement(a100, 14, byref(pynvml.c_nvmlGpuInstancePlacement_t(0, 2)))
    assert code_of(pynvml.nvmlDeviceCreateGpuInstance, a100, 0) == pynvml.NVML_ERROR_INSUFFICIENT_RESOURCES
    info = pynvml.nvmlGpuInstanceGetInfo(first)
    assert (info.id, info.profileId, info.placement.start, info.placement.size) == (2, 9, 4, 4)
    assert pynvml.nvmlGpuInstanceGetInfo(pynvml.nvmlDeviceGetGpuInstanceById(a100, 2)).id == 2
    listed = (pynvml.c_nvmlGpuInstance_t * 7)()
    ok("nvmlDeviceGetGpuInstances", a100, c_uint(9), listed, byref(count))
    assert count.value == 1
    compute(a100, first, count)
    devices(a100, t4)
    assert code_of(pynvml.nvmlGpuInstanceDestroy, first) == pynvml.NVML_ERROR_IN_USE
    for index in (0, 1):
        pynvml.nvmlComputeInstanceDestroy(pynvml.nvmlGpuInstanceGetComputeInstanceById(first, index))
    pynvml.nvmlGpuInstanceDestroy(first)
    assert code_of(pynvml.nvmlGpuInstanceGetInfo, first) == pynvml.NVML_ERROR_INVALID_ARGUMENT
    pynvml.nvmlGpuInstanceDestroy(second)


def compute(a100, instance, count):
    for version in (1, 2):
        info = pynvml.nvmlGpuInstanceGetComputeInstanceProfileInfo(
            instance, pynvml.NVML_COMPUTE_INSTANCE_PROFILE_1_SLICE, 0, version
        )
        assert (info.sliceCount, info.instanceCount, info.multiprocessorCount) == (1, 3, 14)
    assert (
        code_of(pynvml.nvmlGpuInstanceGetComputeInstanceProfileInfo, instance, 4, 0) == pynvml.NVML_ERROR_NOT_SUPPORTED
    )
    ok("nvmlGpuInstanceGetComputeInstancePossiblePlacements", instance, c_uint(0), None, byref(count))
    assert count.value == 3
    assert pynvml.nvmlGpuInstanceGetComputeInstanceRemainingCapacity(instance, 0) == 3
    pynvml.nvmlGpuInstanceCreateComputeInstance(instance, 0)
    place = pynvml.c_nvmlComputeInstancePlacement_t(2, 1)
    other = pynvml.nvmlGpuInstanceCreateComputeInstanceWithPlacement(instance, 0, byref(place))
    assert pynvml.nvmlGpuInstanceGetComputeInstanceRemainingCapacity(instance, 0) == 1
    info = pynvml.nvmlComputeInstanceGetInfo_v2(other)
    assert (info.id, info.profileId, info.placement.start) == (1, 0, 2)
    old = pynvml.c_nvmlComputeInstanceInfo_t()
    ok("nvmlComputeInstanceGetInfo", other, byref(old))
    assert (old.id, old.placement.size) == (1, 0)
    listed = (pynvml.c_nvmlComputeInstance_t * 7)()
    ok("nvmlGpuInstanceGetComputeInstances", instance, c_uint(0), listed, byref(count))
    assert count.value == 2


def devices(a100, t4):
    device = pynvml.nvmlDeviceGetMigDeviceHandleByIndex(a100, 1)
    assert pynvml.nvmlDeviceIsMigDeviceHandle(device).value == 1 and pynvml.nvmlDeviceIsMigDeviceHandle(a100).value == 0
    assert pynvml.nvmlDeviceGetName(device) == "NVIDIA A100-SXM4-40GB MIG 1c.3g.20gb"
    uuid = pynvml.nvmlDeviceGetUUID(device)
    assert uuid.startswith("MIG-") and pynvml.nvmlDeviceGetIndex(pynvml.nvmlDeviceGetHandleByUUID(uuid)) == 1
    assert pynvml.nvmlDeviceGetIndex(pynvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(device)) == 0
    assert (pynvml.nvmlDeviceGetGpuInstanceId(device), pynvml.nvmlDeviceGetComputeInstanceId(device)) == (2, 1)
    attributes = pynvml.nvmlDeviceGetAttributes_v2(device)
    assert (attributes.multiprocessorCount, attributes.gpuInstanceSliceCount, attributes.computeInstanceSliceCount) == (
        14,
        3,
        1,
    )
    ok("nvmlDeviceGetAttributes", device, byref(pynvml.c_nvmlDeviceAttributes()))
    assert pynvml.nvmlDeviceGetMemoryInfo(device).total == 19968 << 20
    assert code_of(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, a100, 2) == pynvml.NVML_ERROR_NOT_FOUND
    assert code_of(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, a100, 7) == pynvml.NVML_ERROR_INVALID_ARGUMENT
    assert code_of(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, t4, 0) == pynvml.NVML_ERROR_NOT_SUPPORTED
    assert code_of(pynvml.nvmlDeviceGetUtilizationRates, a100) == pynvml.NVML_ERROR_NOT_SUPPORTED


def for_nvidia_smi():
    """What test_nvidia_smi.py looks at more closely."""
    events = pynvml.nvmlEventSetCreate()
    pynvml.nvmlEventSetFree(events)
    table = c_void_p()
    identity = create_string_buffer(uuid.UUID("6c3efec4-8fc9-4e6c-a327-ee696e12f7c4").bytes_le, 16)
    ok("nvmlInternalGetExportTable", byref(table), identity)
    assert c_size_t.from_address(table.value).value == 0x1000
    assert raw("nvmlInternalGetExportTable", byref(table), b"?" * 16) == pynvml.NVML_ERROR_NOT_FOUND


def main():
    pid = int(sys.argv[1])
    sessions()
    a100, t4, a6000 = node()
    identity(a100, t4)
    fabric(a100)
    memory(a100, t4, a6000)
    idle(a100)
    power(a100, a6000)
    clocks(a100, t4)
    settings(a100, t4)
    fields(a100, t4)
    processes(a100, t4, pid)
    for_nvidia_smi()
    mig(a100, t4, pid)
    print(json.dumps(sorted(called)))


main()
