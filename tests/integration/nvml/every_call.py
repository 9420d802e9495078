# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls every function of the library and checks what it answers; prints the names called.

Runs in a process of its own, on a node with an A100-40 (0), a T4 (1) and an A6000 (2), of which the A100 has one
compute client; the T4 is a vGPU host.
"""

# ruff: noqa: F403, F405  (pynvml names everything nvml..., and this file uses nearly all of it)

from __future__ import annotations

import json
import sys
from ctypes import byref, c_char_p, c_int, c_uint, c_ulong, c_ulonglong, create_string_buffer

import pynvml
from pynvml import *

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
    assert code == NVML_SUCCESS, (name, code)


def code_of(function, *arguments):
    try:
        function(*arguments)
    except NVMLError as error:
        return error.value
    return NVML_SUCCESS


def number(name, handle, kind=c_uint):
    value = kind()
    ok(name, handle, byref(value))
    return value.value


def text(name, *arguments, size=96):
    buffer = create_string_buffer(size)
    ok(name, *arguments, buffer, c_uint(size))
    assert raw(name, *arguments, None, c_uint(size)) == NVML_ERROR_INVALID_ARGUMENT
    assert raw(name, *arguments, buffer, c_uint(1)) == NVML_ERROR_INSUFFICIENT_SIZE
    return buffer.value.decode()


def sessions():
    pynvml._LoadNvmlLibrary()
    assert raw("nvmlDeviceGetCount_v2", byref(c_uint())) == NVML_ERROR_UNINITIALIZED
    assert raw("nvmlShutdown") == NVML_ERROR_UNINITIALIZED
    for start in ("nvmlInit", "nvmlInit_v2"):
        ok(start)
        ok("nvmlShutdown")
    nvmlInitWithFlags(0)
    nvmlInit()
    nvmlShutdown()  # sessions are counted: one is left
    function = recording("nvmlErrorString")
    function.restype = c_char_p
    assert function(19) == b"In use by another client"


def node():
    assert nvmlSystemGetDriverVersion() == "550.163.01" and nvmlSystemGetNVMLVersion() == "12.550.163.01"
    assert nvmlSystemGetCudaDriverVersion_v2() == 12040 == nvmlSystemGetCudaDriverVersion()
    raw("nvmlSystemGetCudaDriverVersion", byref(c_int()))
    assert nvmlDeviceGetCount() == 3
    ok("nvmlDeviceGetCount", byref(c_uint()))
    first = nvmlDeviceGetHandleByIndex(0)
    same = c_nvmlDevice_t()
    pci = nvmlDeviceGetPciInfo(first)
    ok("nvmlDeviceGetHandleByIndex", c_uint(0), byref(same))
    for handle in (
        nvmlDeviceGetHandleByUUID(nvmlDeviceGetUUID(first)),
        nvmlDeviceGetHandleBySerial(nvmlDeviceGetSerial(first)),
        nvmlDeviceGetHandleByPciBusId(pci.busId),
        nvmlDeviceGetHandleByPciBusId("0000:17:00.0"),
        same,
    ):
        assert nvmlDeviceGetIndex(handle) == 0
    ok("nvmlDeviceGetHandleByPciBusId", c_char_p(b"17:00.0"), byref(same))
    assert code_of(nvmlDeviceGetHandleByIndex, 3) == NVML_ERROR_INVALID_ARGUMENT
    for function, name in (
        (nvmlDeviceGetHandleByUUID, "GPU-none"),
        (nvmlDeviceGetHandleBySerial, "0"),
        (nvmlDeviceGetHandleByPciBusId, "0:99:0.0"),
    ):
        assert code_of(function, name) == NVML_ERROR_NOT_FOUND
    assert (
        nvmlDeviceGetIndex(first) == 0
        and raw("nvmlDeviceGetIndex", None, byref(c_uint())) == NVML_ERROR_INVALID_ARGUMENT
    )
    return first, nvmlDeviceGetHandleByIndex(1), nvmlDeviceGetHandleByIndex(2)


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
    assert tuple(nvmlDeviceGetGspFirmwareMode(a100)) == (1, 1)
    assert (
        nvmlDeviceGetMinorNumber(t4) == 1
        and nvmlDeviceGetBoardId(a100) == 0x1700
        and not nvmlDeviceGetMultiGpuBoard(a100)
    )
    assert nvmlDeviceGetBrand(t4) == NVML_BRAND_TESLA and nvmlDeviceGetArchitecture(a100) == NVML_DEVICE_ARCH_AMPERE
    assert nvmlDeviceGetNumGpuCores(a100) == 6912 and nvmlDeviceGetMemoryBusWidth(a100) == 5120
    assert nvmlDeviceGetBusType(a100) == NVML_BUS_TYPE_PCIE and nvmlDeviceGetIrqNum(a100) > 0
    assert nvmlDeviceGetMaxPcieLinkGeneration(a100) == 4 == nvmlDeviceGetCurrPcieLinkGeneration(a100)
    assert nvmlDeviceGetGpuMaxPcieLinkGeneration(t4) == 3
    assert nvmlDeviceGetMaxPcieLinkWidth(a100) == 16 == nvmlDeviceGetCurrPcieLinkWidth(a100)
    assert nvmlDeviceGetPcieReplayCounter(a100) == 0 and nvmlDeviceGetNumaNodeId(a100) == 0
    assert nvmlDeviceGetPcieThroughput(a100, NVML_PCIE_UTIL_TX_BYTES) == 0
    assert nvmlDeviceGetDisplayMode(a100) == 0 == nvmlDeviceGetDisplayActive(a100)
    assert tuple(nvmlDeviceGetCudaComputeCapability(t4)) == (7, 5)
    assert list(nvmlDeviceGetCpuAffinity(a100, 1)) == [c_ulong(-1).value]
    info = nvmlDeviceGetPciInfo(a100)
    assert (info.busId, info.busIdLegacy) == ("00000000:17:00.0", "0000:17:00.0")
    assert (info.pciDeviceId, info.pciSubSystemId) == (0x20B010DE, 0x134F10DE)
    for name in ("nvmlDeviceGetPciInfo", "nvmlDeviceGetPciInfo_v2"):
        old = nvmlPciInfo_t()
        ok(name, a100, byref(old))
        assert old.bus == 0x17
    extended = nvmlPciInfoExt_v1_t()
    extended.version = nvmlPciInfoExt_v1
    ok("nvmlDeviceGetPciInfoExt", a100, byref(extended))
    assert (extended.baseClass, extended.subClass) == (3, 2)
    for name in ("nvmlDeviceGetDriverModel", "nvmlDeviceGetDriverModel_v2", "nvmlDeviceGetGpuOperationMode"):
        assert raw(name, a100, byref(c_uint()), byref(c_uint())) == NVML_ERROR_NOT_SUPPORTED


def memory(a100, t4, a6000):
    info = nvmlDeviceGetMemoryInfo(a100)
    assert info.total == 40960 << 20 and info.used == (605 + 1000) << 20 and info.free == info.total - info.used
    second = nvmlDeviceGetMemoryInfo(a100, version=nvmlMemory_v2)
    assert (second.used, second.reserved) == (1000 << 20, 605 << 20)
    assert nvmlDeviceGetBAR1MemoryInfo(a100).bar1Total == 65536 << 20
    assert tuple(nvmlDeviceGetEccMode(a6000)) == (0, 0) and number("nvmlDeviceGetDefaultEccMode", a6000) == 0
    nvmlDeviceSetEccMode(a6000, 1)
    assert tuple(nvmlDeviceGetEccMode(a6000)) == (0, 1)
    assert nvmlDeviceGetTotalEccErrors(a100, 0, 0) == 0 and nvmlDeviceGetMemoryErrorCounter(a100, 0, 0, 2) == 0
    assert code_of(nvmlDeviceGetTotalEccErrors, a6000, 0, 0) == NVML_ERROR_NOT_SUPPORTED
    nvmlDeviceClearEccErrorCounts(a100, NVML_VOLATILE_ECC)
    assert list(nvmlDeviceGetRemappedRows(a100)) == [0, 0, 0, 0]
    assert nvmlDeviceGetRowRemapperHistogram(a100).max > 0
    assert list(nvmlDeviceGetRetiredPages(t4, 0)) == []
    assert code_of(nvmlDeviceGetRemappedRows, t4) == NVML_ERROR_NOT_SUPPORTED


def power(a100, a6000):
    assert nvmlDeviceGetPowerManagementMode(a100) == 1 and nvmlDeviceGetPowerSource(a100) == 0
    assert list(nvmlDeviceGetPowerManagementLimitConstraints(a100)) == [100000, 400000]
    assert nvmlDeviceGetPowerManagementDefaultLimit(a100) == 400000
    for limit in (99999, 400001):
        assert code_of(nvmlDeviceSetPowerManagementLimit, a100, limit) == NVML_ERROR_INVALID_ARGUMENT
    nvmlDeviceSetPowerManagementLimit(a100, 250000)
    assert nvmlDeviceGetPowerManagementLimit(a100) == 250000 == nvmlDeviceGetEnforcedPowerLimit(a100)
    nvmlDeviceSetPowerManagementLimit_v2(a100, NVML_POWER_SCOPE_GPU, 300000)
    assert nvmlDeviceGetPowerManagementLimit(a100) == 300000
    assert 50000 <= nvmlDeviceGetPowerUsage(a100) <= 400000 and nvmlDeviceGetTotalEnergyConsumption(a100) >= 0
    assert 30 <= nvmlDeviceGetTemperature(a100, NVML_TEMPERATURE_GPU) < 90
    assert 30 <= nvmlDeviceGetTemperatureV(a100, NVML_TEMPERATURE_GPU) < 90
    assert nvmlDeviceGetTemperatureThreshold(a100, NVML_TEMPERATURE_THRESHOLD_SLOWDOWN) == 89
    assert code_of(nvmlDeviceGetFanSpeed, a100) == NVML_ERROR_NOT_SUPPORTED and nvmlDeviceGetNumFans(a6000) == 1
    assert nvmlDeviceGetFanSpeed(a6000) == 30 == nvmlDeviceGetFanSpeed_v2(a6000, 0)


def clocks(a100, t4):
    assert (
        nvmlDeviceGetClockInfo(a100, NVML_CLOCK_MEM) == 1215 and nvmlDeviceGetMaxClockInfo(a100, NVML_CLOCK_SM) == 1410
    )
    assert nvmlDeviceGetMaxCustomerBoostClock(a100, NVML_CLOCK_GRAPHICS) == 1410
    assert nvmlDeviceGetClock(a100, NVML_CLOCK_GRAPHICS, NVML_CLOCK_ID_APP_CLOCK_DEFAULT) == 1095
    assert nvmlDeviceGetDefaultApplicationsClock(a100, NVML_CLOCK_GRAPHICS) == 1095
    assert nvmlDeviceGetSupportedMemoryClocks(t4) == [5001, 405]
    supported = nvmlDeviceGetSupportedGraphicsClocks(a100, 1215)
    assert (supported[0], supported[1], supported[-1]) == (1410, 1395, 210)
    assert raw("nvmlDeviceGetSupportedGraphicsClocks", a100, c_uint(1), byref(c_uint(0)), None) == NVML_ERROR_NOT_FOUND
    assert code_of(nvmlDeviceSetApplicationsClocks, a100, 1215, 1400) == NVML_ERROR_INVALID_ARGUMENT
    nvmlDeviceSetApplicationsClocks(a100, 1215, 1200)
    assert nvmlDeviceGetApplicationsClock(a100, NVML_CLOCK_GRAPHICS) == 1200
    nvmlDeviceResetApplicationsClocks(a100)
    assert nvmlDeviceGetApplicationsClock(a100, NVML_CLOCK_GRAPHICS) == 1095
    nvmlDeviceSetGpuLockedClocks(t4, 600, 900)
    assert nvmlDeviceGetClockInfo(t4, NVML_CLOCK_SM) == 600
    assert code_of(nvmlDeviceSetGpuLockedClocks, t4, 900, 600) == NVML_ERROR_INVALID_ARGUMENT
    nvmlDeviceResetGpuLockedClocks(t4)
    assert nvmlDeviceGetClockInfo(t4, NVML_CLOCK_SM) == 300
    nvmlDeviceSetMemoryLockedClocks(a100, 1215, 1215)
    nvmlDeviceResetMemoryLockedClocks(a100)
    assert code_of(nvmlDeviceSetMemoryLockedClocks, t4, 405, 405) == NVML_ERROR_NOT_SUPPORTED
    assert code_of(nvmlDeviceGetAutoBoostedClocksEnabled, a100) == NVML_ERROR_NOT_SUPPORTED
    assert nvmlDeviceGetPerformanceState(t4) == 8 == nvmlDeviceGetPowerState(t4)
    assert nvmlDeviceGetCurrentClocksEventReasons(t4) == nvmlClocksEventReasonGpuIdle
    assert number("nvmlDeviceGetCurrentClocksThrottleReasons", t4, c_ulonglong) == 1
    assert nvmlDeviceGetSupportedClocksEventReasons(t4) & 4
    assert number("nvmlDeviceGetSupportedClocksThrottleReasons", t4, c_ulonglong) & 4


def settings(a100, t4):
    for handle in (a100, t4):
        nvmlDeviceSetPersistenceMode(handle, 1)
        assert nvmlDeviceGetPersistenceMode(handle) == 1
    assert code_of(nvmlDeviceSetPersistenceMode, a100, 2) == NVML_ERROR_INVALID_ARGUMENT
    nvmlDeviceSetComputeMode(a100, NVML_COMPUTEMODE_EXCLUSIVE_PROCESS)
    assert nvmlDeviceGetComputeMode(a100) == NVML_COMPUTEMODE_EXCLUSIVE_PROCESS
    nvmlDeviceSetComputeMode(a100, NVML_COMPUTEMODE_DEFAULT)
    nvmlDeviceSetAccountingMode(a100, 1)
    assert nvmlDeviceGetAccountingMode(a100) == 1 and nvmlDeviceGetAccountingBufferSize(a100) == 4000
    assert nvmlDeviceGetAPIRestriction(a100, NVML_RESTRICTED_API_SET_APPLICATION_CLOCKS) == 1
    assert nvmlDeviceGetVirtualizationMode(t4) == NVML_GPU_VIRTUALIZATION_MODE_HOST_VGPU
    assert nvmlDeviceGetHostVgpuMode(t4) == NVML_HOST_VGPU_MODE_NON_SRIOV
    assert code_of(nvmlDeviceGetHostVgpuMode, a100) == NVML_ERROR_NOT_SUPPORTED
    assert nvmlGetVgpuDriverCapabilities(NVML_VGPU_DRIVER_CAP_HETEROGENEOUS_MULTI_VGPU) == 1
    assert nvmlDeviceGetVgpuCapabilities(t4, NVML_DEVICE_VGPU_CAP_FRACTIONAL_MULTI_VGPU) == 1
    for name in ("nvmlDeviceGetSupportedVgpus", "nvmlDeviceGetCreatableVgpus", "nvmlDeviceGetActiveVgpus"):
        count = c_uint(9)
        ok(name, t4, byref(count), None)
        assert count.value == 0
    assert raw("nvmlDeviceSetVirtualizationMode", a100, c_uint(2)) == NVML_ERROR_NOT_SUPPORTED
    ok("nvmlDeviceSetVirtualizationMode", t4, c_uint(0))


def fields(a100, t4):
    resetless, limit, unknown = nvmlDeviceGetFieldValues(
        a100, [NVML_FI_DEV_IS_RESETLESS_MIG_SUPPORTED, NVML_FI_DEV_POWER_DEFAULT_LIMIT, 140]
    )
    assert (resetless.nvmlReturn, resetless.value.uiVal) == (0, 0) and limit.value.uiVal == 400000
    assert unknown.nvmlReturn == NVML_ERROR_NOT_SUPPORTED
    wanted = list(range(1, 29)) + [82, 83, 91, 94, 142, 143, 144, 145] + list(range(185, 193))
    assert {value.nvmlReturn for value in nvmlDeviceGetFieldValues(a100, wanted)} == {NVML_SUCCESS}
    assert (
        nvmlDeviceGetFieldValues(t4, [NVML_FI_DEV_IS_RESETLESS_MIG_SUPPORTED])[0].nvmlReturn == NVML_ERROR_NOT_SUPPORTED
    )


def processes(a100, t4, pid):
    for function in (nvmlDeviceGetComputeRunningProcesses, nvmlDeviceGetComputeRunningProcesses_v2):
        (process,) = function(a100)
        assert (process.pid, process.usedGpuMemory) == (pid, 1000 << 20)
    for name in ("Compute", "Graphics", "MPSCompute"):
        for version in ("", "_v2", "_v3"):
            count = c_uint(0)
            expected = NVML_ERROR_INSUFFICIENT_SIZE if name == "Compute" else NVML_SUCCESS
            assert raw(f"nvmlDeviceGet{name}RunningProcesses{version}", a100, byref(count), None) == expected
            assert count.value == (name == "Compute")
    assert nvmlDeviceGetGraphicsRunningProcesses(t4) == [] == nvmlDeviceGetMPSComputeRunningProcesses(t4)
    details = nvmlDeviceGetRunningProcessDetailList(a100, nvmlProcessDetailList_v1, NVML_PROCESS_MODE_COMPUTE)
    assert [detail.pid for detail in details] == [pid]
    assert nvmlSystemGetProcessName(pid) == "trainer"
    (sample,) = nvmlDeviceGetProcessUtilization(a100, 0)
    assert (sample.pid, sample.smUtil) == (pid, 80)
    assert nvmlDeviceGetUtilizationRates(a100).gpu == 80
    for function in (
        nvmlDeviceGetEncoderUtilization,
        nvmlDeviceGetDecoderUtilization,
        nvmlDeviceGetJpgUtilization,
        nvmlDeviceGetOfaUtilization,
    ):
        assert function(a100)[0] == 0


def mig(a100, t4, pid):
    assert code_of(nvmlDeviceGetMigMode, t4) == NVML_ERROR_NOT_SUPPORTED
    assert nvmlDeviceSetMigMode(a100, 1) == NVML_ERROR_IN_USE and list(nvmlDeviceGetMigMode(a100)) == [0, 1]
    assert nvmlDeviceGetMaxMigDeviceCount(a100) == 0
    import os
    import signal
    import time

    os.kill(pid, signal.SIGKILL)
    while nvmlDeviceGetComputeRunningProcesses(a100):
        time.sleep(0.01)
    assert nvmlDeviceSetMigMode(a100, 1) == NVML_SUCCESS and list(nvmlDeviceGetMigMode(a100)) == [1, 1]
    assert nvmlDeviceGetMaxMigDeviceCount(a100) == 7
    for version, kind in ((1, c_nvmlGpuInstanceProfileInfo_t), (2, c_nvmlGpuInstanceProfileInfo_v2_t)):
        info = nvmlDeviceGetGpuInstanceProfileInfo(a100, NVML_GPU_INSTANCE_PROFILE_3_SLICE, version)
        assert isinstance(info, kind) and (info.id, info.sliceCount, info.memorySizeMB) == (9, 3, 19968)
    count = c_uint(0)
    for name in ("nvmlDeviceGetGpuInstancePossiblePlacements", "nvmlDeviceGetGpuInstancePossiblePlacements_v2"):
        ok(name, a100, c_uint(9), None, byref(count))
        assert count.value == 2
        found = (c_nvmlGpuInstancePlacement_t * 8)()
        ok(name, a100, c_uint(9), found, byref(count))
        assert [(place.start, place.size) for place in found[:2]] == [(0, 4), (4, 4)]
    assert nvmlDeviceGetGpuInstanceRemainingCapacity(a100, 9) == 2
    first = nvmlDeviceCreateGpuInstance(a100, 9)
    second = nvmlDeviceCreateGpuInstanceWithPlacement(a100, 14, byref(c_nvmlGpuInstancePlacement_t(0, 2)))
    assert code_of(nvmlDeviceCreateGpuInstance, a100, 0) == NVML_ERROR_INSUFFICIENT_RESOURCES
    info = nvmlGpuInstanceGetInfo(first)
    assert (info.id, info.profileId, info.placement.start, info.placement.size) == (2, 9, 4, 4)
    assert nvmlGpuInstanceGetInfo(nvmlDeviceGetGpuInstanceById(a100, 2)).id == 2
    listed = (c_nvmlGpuInstance_t * 7)()
    ok("nvmlDeviceGetGpuInstances", a100, c_uint(9), listed, byref(count))
    assert count.value == 1
    compute(a100, first, count)
    devices(a100, t4)
    assert code_of(nvmlGpuInstanceDestroy, first) == NVML_ERROR_IN_USE
    for index in (0, 1):
        nvmlComputeInstanceDestroy(nvmlGpuInstanceGetComputeInstanceById(first, index))
    nvmlGpuInstanceDestroy(first)
    assert code_of(nvmlGpuInstanceGetInfo, first) == NVML_ERROR_INVALID_ARGUMENT
    nvmlGpuInstanceDestroy(second)


def compute(a100, instance, count):
    for version in (1, 2):
        info = nvmlGpuInstanceGetComputeInstanceProfileInfo(instance, NVML_COMPUTE_INSTANCE_PROFILE_1_SLICE, 0, version)
        assert (info.sliceCount, info.instanceCount, info.multiprocessorCount) == (1, 3, 14)
    assert code_of(nvmlGpuInstanceGetComputeInstanceProfileInfo, instance, 4, 0) == NVML_ERROR_NOT_SUPPORTED
    ok("nvmlGpuInstanceGetComputeInstancePossiblePlacements", instance, c_uint(0), None, byref(count))
    assert count.value == 3
    assert nvmlGpuInstanceGetComputeInstanceRemainingCapacity(instance, 0) == 3
    nvmlGpuInstanceCreateComputeInstance(instance, 0)
    place = c_nvmlComputeInstancePlacement_t(2, 1)
    other = nvmlGpuInstanceCreateComputeInstanceWithPlacement(instance, 0, byref(place))
    assert nvmlGpuInstanceGetComputeInstanceRemainingCapacity(instance, 0) == 1
    info = nvmlComputeInstanceGetInfo_v2(other)
    assert (info.id, info.profileId, info.placement.start) == (1, 0, 2)
    old = c_nvmlComputeInstanceInfo_t()
    ok("nvmlComputeInstanceGetInfo", other, byref(old))
    assert (old.id, old.placement.size) == (1, 0)
    listed = (c_nvmlComputeInstance_t * 7)()
    ok("nvmlGpuInstanceGetComputeInstances", instance, c_uint(0), listed, byref(count))
    assert count.value == 2


def devices(a100, t4):
    device = nvmlDeviceGetMigDeviceHandleByIndex(a100, 1)
    assert nvmlDeviceIsMigDeviceHandle(device).value == 1 and nvmlDeviceIsMigDeviceHandle(a100).value == 0
    assert nvmlDeviceGetName(device) == "NVIDIA A100-SXM4-40GB MIG 1c.3g.20gb"
    uuid = nvmlDeviceGetUUID(device)
    assert uuid.startswith("MIG-") and nvmlDeviceGetIndex(nvmlDeviceGetHandleByUUID(uuid)) == 1
    assert nvmlDeviceGetIndex(nvmlDeviceGetDeviceHandleFromMigDeviceHandle(device)) == 0
    assert (nvmlDeviceGetGpuInstanceId(device), nvmlDeviceGetComputeInstanceId(device)) == (2, 1)
    attributes = nvmlDeviceGetAttributes_v2(device)
    assert (attributes.multiprocessorCount, attributes.gpuInstanceSliceCount, attributes.computeInstanceSliceCount) == (
        14,
        3,
        1,
    )
    ok("nvmlDeviceGetAttributes", device, byref(c_nvmlDeviceAttributes()))
    assert nvmlDeviceGetMemoryInfo(device).total == 19968 << 20
    assert code_of(nvmlDeviceGetMigDeviceHandleByIndex, a100, 2) == NVML_ERROR_NOT_FOUND
    assert code_of(nvmlDeviceGetMigDeviceHandleByIndex, a100, 7) == NVML_ERROR_INVALID_ARGUMENT
    assert code_of(nvmlDeviceGetMigDeviceHandleByIndex, t4, 0) == NVML_ERROR_NOT_SUPPORTED
    assert code_of(nvmlDeviceGetUtilizationRates, a100) == NVML_ERROR_NOT_SUPPORTED


def main():
    pid = int(sys.argv[1])
    sessions()
    a100, t4, a6000 = node()
    identity(a100, t4)
    memory(a100, t4, a6000)
    power(a100, a6000)
    clocks(a100, t4)
    settings(a100, t4)
    fields(a100, t4)
    processes(a100, t4, pid)
    mig(a100, t4, pid)
    print(json.dumps(sorted(called)))


main()
