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
    FI_POWER_REQUESTED_LIMIT = 192,
    FI_SHUTDOWN_TLIMIT = 193,
    FI_SLOWDOWN_TLIMIT = 194,
    FI_MEMORY_MAX_TLIMIT = 195,
    FI_GPU_MAX_TLIMIT = 196
};

enum { SCOPE_GPU, SCOPE_MODULE, SCOPE_MEMORY };

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

static nvmlReturn_t give_signed(nvmlFieldValue_t *field, int value)
{
    field->valueType = NVML_VALUE_TYPE_SIGNED_INT;
    field->value.siVal = value;
    return NVML_SUCCESS;
}

static nvmlReturn_t power(const struct call *call, const struct load *load, nvmlFieldValue_t *field)
{
    const struct gpu_model *model = call->model;
    unsigned int usage = (unsigned int)load->milliwatts;

    /* None of these cards is a module with a CPU; memory of Hopper's kind and later is measured, as an average. */
    if (field->scopeId == SCOPE_MEMORY && field->fieldId == FI_POWER_AVERAGE && model->cc_major >= 9 && model_has_hbm(model))
        return give(field, usage / 4);
    if (field->scopeId != SCOPE_GPU)
        return NVML_ERROR_NOT_SUPPORTED;
    switch (field->fieldId) {
    case FI_POWER_AVERAGE: /* nvml.h: GA100 and older chips tell the instantaneous power only */
        return model->cc_major * 10 + model->cc_minor > 80 ? give(field, usage) : NVML_ERROR_NOT_SUPPORTED;
    case FI_POWER_INSTANT:
        return give(field, usage);
    case FI_POWER_MIN_LIMIT:
        return give(field, model->power_min);
    case FI_POWER_MAX_LIMIT:
        return give(field, model->power_max);
    case FI_POWER_DEFAULT_LIMIT:
        return give(field, model->power_default);
    default:
        return give(field, call->gpu->power_limit);
    }
}

/* From Ada on thresholds are told by their distance from the temperature at which the clocks go down. */
static nvmlReturn_t limit_distance(const struct gpu_model *model, nvmlFieldValue_t *field, int threshold)
{
    if (model->architecture < ARCHITECTURE_ADA || threshold == 0)
        return NVML_ERROR_NOT_SUPPORTED;
    return give_signed(field, model->temp_gpu_max - threshold);
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
        return model->architecture >= ARCHITECTURE_AMPERE ? give(field, 0) : NVML_ERROR_NOT_SUPPORTED;
    case FI_IS_RESETLESS_MIG_SUPPORTED:
        return model->mig_supported ? give(field, !model->mig_needs_reset) : NVML_ERROR_NOT_SUPPORTED;
    case FI_POWER_AVERAGE:
    case FI_POWER_INSTANT:
    case FI_POWER_MIN_LIMIT:
    case FI_POWER_MAX_LIMIT:
    case FI_POWER_DEFAULT_LIMIT:
    case FI_POWER_CURRENT_LIMIT:
    case FI_POWER_REQUESTED_LIMIT:
        return power(call, load, field);
    case FI_SHUTDOWN_TLIMIT:
        return limit_distance(model, field, model->temp_shutdown);
    case FI_SLOWDOWN_TLIMIT:
        return limit_distance(model, field, model->temp_slowdown);
    case FI_MEMORY_MAX_TLIMIT: /* the memory has a limit of its own */
        return limit_distance(model, field, model->temp_memory_max != 0 ? model->temp_gpu_max : 0);
    case FI_GPU_MAX_TLIMIT:
        return limit_distance(model, field, model->temp_gpu_max);
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
