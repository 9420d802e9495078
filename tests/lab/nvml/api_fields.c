/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nvmlDeviceGetFieldValues: numbered values, each with its own result. */
#include "call.h"
#include "load.h"

enum {
    FI_ECC_CURRENT = 1,
    FI_ECC_PENDING = 2,
    FI_ECC_COUNTS_FIRST = 3, /* volatile and aggregate error counts */
    FI_ECC_COUNTS_LAST = 28,
    FI_MEMORY_TEMP = 82,
    FI_TOTAL_ENERGY_CONSUMPTION = 83,
    FI_NVLINK_LINK_COUNT = 91,
    FI_PCIE_REPLAY_COUNTER = 94,
    FI_REMAPPED_COR = 142,
    FI_REMAPPED_UNC = 143,
    FI_REMAPPED_PENDING = 144,
    FI_REMAPPED_FAILURE = 145,
    FI_IS_RESETLESS_MIG_SUPPORTED = 184,
    FI_POWER_AVERAGE = 185,
    FI_POWER_INSTANT = 186,
    FI_POWER_MIN_LIMIT = 187,
    FI_POWER_MAX_LIMIT = 188,
    FI_POWER_DEFAULT_LIMIT = 189,
    FI_POWER_CURRENT_LIMIT = 190,
    FI_ENERGY = 191,
    FI_POWER_REQUESTED_LIMIT = 192
};

static nvmlReturn_t give(nvmlFieldValue_t *field, unsigned int value)
{
    field->valueType = NVML_VALUE_TYPE_UNSIGNED_INT;
    field->value.uiVal = value;
    return NVML_SUCCESS;
}

static nvmlReturn_t give_long(nvmlFieldValue_t *field, unsigned long long value)
{
    field->valueType = NVML_VALUE_TYPE_UNSIGNED_LONG_LONG;
    field->value.ullVal = value;
    return NVML_SUCCESS;
}

static nvmlReturn_t fill(const struct call *call, const struct load *load, nvmlFieldValue_t *field)
{
    const struct gpu_model *model = call->model;
    const struct sim_gpu *gpu = call->gpu;

    if (field->fieldId >= FI_ECC_COUNTS_FIRST && field->fieldId <= FI_ECC_COUNTS_LAST)
        return gpu->ecc_current ? give_long(field, 0) : NVML_ERROR_NOT_SUPPORTED;
    switch (field->fieldId) {
    case FI_ECC_CURRENT:
        return model->ecc_supported ? give(field, gpu->ecc_current) : NVML_ERROR_NOT_SUPPORTED;
    case FI_ECC_PENDING:
        return model->ecc_supported ? give(field, gpu->ecc_pending) : NVML_ERROR_NOT_SUPPORTED;
    case FI_MEMORY_TEMP: /* HBM has a sensor of its own, a little warmer than the GPU's */
        return model->temp_memory_max != 0 ? give(field, (unsigned int)load->celsius + 4) : NVML_ERROR_NOT_SUPPORTED;
    case FI_TOTAL_ENERGY_CONSUMPTION:
    case FI_ENERGY:
        return give_long(field, (unsigned long long)load->millijoules);
    case FI_NVLINK_LINK_COUNT:
    case FI_PCIE_REPLAY_COUNTER:
        return give(field, 0);
    case FI_REMAPPED_COR:
    case FI_REMAPPED_UNC:
    case FI_REMAPPED_PENDING:
    case FI_REMAPPED_FAILURE:
        return model->architecture >= 7 ? give(field, 0) : NVML_ERROR_NOT_SUPPORTED;
    case FI_IS_RESETLESS_MIG_SUPPORTED:
        return model->mig_supported ? give(field, !model->mig_needs_reset) : NVML_ERROR_NOT_SUPPORTED;
    case FI_POWER_AVERAGE:
    case FI_POWER_INSTANT:
        return give(field, (unsigned int)load->milliwatts);
    case FI_POWER_MIN_LIMIT:
        return give(field, model->power_min);
    case FI_POWER_MAX_LIMIT:
        return give(field, model->power_max);
    case FI_POWER_DEFAULT_LIMIT:
        return give(field, model->power_default);
    case FI_POWER_CURRENT_LIMIT:
    case FI_POWER_REQUESTED_LIMIT:
        return give(field, gpu->power_limit);
    default:
        return NVML_ERROR_NOT_SUPPORTED;
    }
}

NVML_API nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t device, int count, nvmlFieldValue_t *values)
{
    struct load load;

    BEGIN_READ(call, device);
    REQUIRE(call, count > 0 && values != NULL);
    load_now(call.state, call.index, &load);
    for (int i = 0; i < count; i++) {
        values[i].timestamp = (long long)(now_seconds() * 1e6);
        values[i].latencyUsec = 1;
        values[i].nvmlReturn = fill(&call, &load, &values[i]);
    }
    return call_end(&call, NVML_SUCCESS);
}
