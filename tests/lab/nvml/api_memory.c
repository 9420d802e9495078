/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory, BAR1 and ECC. */
#include "call.h"
#include "process.h"

#include <string.h>

static const unsigned long long mib = 1024 * 1024;

struct memory {
    unsigned long long total, reserved, used;
};

static void measure(const struct call *call, struct memory *memory)
{
    if (call->ci != NULL) {
        memory->total = call->model->profiles[call->gi->profile].memory_mib * mib;
        memory->reserved = 0;
        memory->used = process_memory(call->state, call->index, (int)call->gi->id);
    } else {
        memory->total = (call->gpu->ecc_current ? call->model->memory_ecc_mib : call->model->memory_mib) * mib;
        /* Captures of cards show that it is no whole number of MiB: what is reserved and free add up to one more than all. */
        memory->reserved = call->model->reserved_mib * mib - mib / 2;
        memory->used = process_memory(call->state, call->index, SIM_NO_INSTANCE);
    }
    if (memory->used > memory->total - memory->reserved)
        memory->used = memory->total - memory->reserved;
}

NVML_API nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *info)
{
    struct memory memory;

    BEGIN_READ_MIG(call, device);
    REQUIRE(call, info != NULL);
    measure(&call, &memory);
    /* The first version of the call counts what the driver keeps as used. */
    info->total = memory.total;
    info->used = memory.used + memory.reserved;
    info->free = info->total - info->used;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t device, nvmlMemory_v2_t *info)
{
    struct memory memory;

    BEGIN_READ_MIG(call, device);
    REQUIRE(call, info != NULL);
    if (info->version != NVML_STRUCT_VERSION(nvmlMemory_v2_t, 2))
        return call_end(&call, NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    measure(&call, &memory);
    info->total = memory.total;
    info->reserved = memory.reserved;
    info->used = memory.used;
    info->free = memory.total - memory.reserved - memory.used;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetBAR1MemoryInfo(nvmlDevice_t device, nvmlBAR1Memory_t *info)
{
    BEGIN_READ_MIG(call, device);
    REQUIRE(call, info != NULL);
    info->bar1Total = call.model->bar1_mib * mib;
    if (call.ci != NULL)
        info->bar1Total = info->bar1Total / call.model->mig_memory_slices * call.gi->size;
    info->bar1Used = mib;
    info->bar1Free = info->bar1Total - info->bar1Used;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetEccMode(nvmlDevice_t device, nvmlEnableState_t *current, nvmlEnableState_t *pending)
{
    BEGIN_READ(call, device);
    REQUIRE(call, current != NULL && pending != NULL);
    SUPPORT(call, call.model->ecc_supported);
    *current = call.gpu->ecc_current;
    *pending = call.gpu->ecc_pending;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetDefaultEccMode(nvmlDevice_t device, nvmlEnableState_t *mode)
{
    BEGIN_READ(call, device);
    REQUIRE(call, mode != NULL);
    SUPPORT(call, call.model->ecc_supported);
    *mode = call.model->ecc_default;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceSetEccMode(nvmlDevice_t device, nvmlEnableState_t mode)
{
    BEGIN_CHANGE(call, device, "mode=%u", mode);
    REQUIRE(call, mode <= NVML_FEATURE_ENABLED);
    SUPPORT(call, call.model->ecc_supported && call.gpu->virtualization != NVML_GPU_VIRTUALIZATION_MODE_VGPU);
    call.gpu->ecc_pending = mode;
    return call_end(&call, NVML_SUCCESS);
}

static nvmlReturn_t no_errors(struct call *call, unsigned long long *count)
{
    REQUIRE(*call, count != NULL);
    SUPPORT(*call, call->model->ecc_supported && call->gpu->ecc_current);
    *count = 0;
    return call_end(call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetTotalEccErrors(nvmlDevice_t device, nvmlMemoryErrorType_t type, nvmlEccCounterType_t counter,
                                                  unsigned long long *count)
{
    BEGIN_READ_MIG(call, device);
    REQUIRE(call, type < 2 && counter < 2);
    return no_errors(&call, count);
}

NVML_API nvmlReturn_t nvmlDeviceGetMemoryErrorCounter(nvmlDevice_t device, nvmlMemoryErrorType_t type,
                                                      nvmlEccCounterType_t counter, nvmlMemoryLocation_t location,
                                                      unsigned long long *count)
{
    BEGIN_READ_MIG(call, device);
    REQUIRE(call, type < 2 && counter < 2 && location < 8);
    return no_errors(&call, count);
}

NVML_API nvmlReturn_t nvmlDeviceClearEccErrorCounts(nvmlDevice_t device, nvmlEccCounterType_t counter)
{
    BEGIN_CHANGE(call, device, "counter=%u", counter);
    REQUIRE(call, counter < 2);
    SUPPORT(call, call.model->ecc_supported && call.gpu->ecc_current);
    return call_end(&call, NVML_SUCCESS);
}

/* Row remapping came with Ampere; the T4 retires pages instead, and has none retired. */
NVML_API nvmlReturn_t nvmlDeviceGetRemappedRows(nvmlDevice_t device, unsigned int *correctable, unsigned int *uncorrectable,
                                                unsigned int *pending, unsigned int *failed)
{
    BEGIN_READ(call, device);
    REQUIRE(call, correctable != NULL && uncorrectable != NULL && pending != NULL && failed != NULL);
    SUPPORT(call, call.model->architecture >= ARCHITECTURE_AMPERE);
    *correctable = *uncorrectable = *pending = *failed = 0;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetRowRemapperHistogram(nvmlDevice_t device, nvmlRowRemapperHistogramValues_t *values)
{
    BEGIN_READ(call, device);
    REQUIRE(call, values != NULL);
    SUPPORT(call, call.model->architecture >= ARCHITECTURE_AMPERE);
    memset(values, 0, sizeof(*values));
    values->max = call.model->remapper_banks;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetRetiredPages(nvmlDevice_t device, unsigned int cause, unsigned int *count,
                                                unsigned long long *addresses)
{
    (void)addresses;
    BEGIN_READ(call, device);
    REQUIRE(call, count != NULL && cause < 2);
    SUPPORT(call, call.model->architecture < ARCHITECTURE_AMPERE && call.model->ecc_supported);
    *count = 0;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetRetiredPagesPendingStatus(nvmlDevice_t device, nvmlEnableState_t *pending)
{
    BEGIN_READ(call, device);
    REQUIRE(call, pending != NULL);
    SUPPORT(call, call.model->architecture < ARCHITECTURE_AMPERE && call.model->ecc_supported);
    *pending = NVML_FEATURE_DISABLED;
    return call_end(&call, NVML_SUCCESS);
}

/* Counted apart from other memory since Ampere. */
NVML_API nvmlReturn_t nvmlDeviceGetSramEccErrorStatus(nvmlDevice_t device, nvmlEccSramErrorStatus_v1_t *status)
{
    const unsigned int version = NVML_STRUCT_VERSION(nvmlEccSramErrorStatus_v1_t, 1);

    BEGIN_READ(call, device);
    REQUIRE(call, status != NULL);
    if (status->version != version)
        return call_end(&call, NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    SUPPORT(call, call.model->architecture >= ARCHITECTURE_AMPERE && call.model->ecc_supported && call.gpu->ecc_current);
    memset(status, 0, sizeof(*status));
    status->version = version;
    return call_end(&call, NVML_SUCCESS);
}
