/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Power, temperature, fans. */
#include "call.h"
#include "load.h"

NVML_API nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned int *milliwatts)
{
    struct load load;

    BEGIN_READ(call, device);
    REQUIRE(call, milliwatts != NULL);
    load_now(call.state, call.index, &load);
    *milliwatts = (unsigned int)load.milliwatts;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t device, unsigned long long *millijoules)
{
    struct load load;

    BEGIN_READ(call, device);
    REQUIRE(call, millijoules != NULL);
    load_now(call.state, call.index, &load);
    *millijoules = (unsigned long long)load.millijoules;
    return call_end(&call, NVML_SUCCESS);
}

#define NUMBER(function, type, value)                              \
    NVML_API nvmlReturn_t function(nvmlDevice_t device, type *out) \
    {                                                              \
        BEGIN_READ(call, device);                                  \
        REQUIRE(call, out != NULL);                                \
        *out = (value);                                            \
        return call_end(&call, NVML_SUCCESS);                      \
    }

NUMBER(nvmlDeviceGetPowerManagementMode, nvmlEnableState_t, NVML_FEATURE_ENABLED)
NUMBER(nvmlDeviceGetPowerManagementLimit, unsigned int, call.gpu->power_limit)
NUMBER(nvmlDeviceGetEnforcedPowerLimit, unsigned int, call.gpu->power_limit)
NUMBER(nvmlDeviceGetPowerManagementDefaultLimit, unsigned int, call.model->power_default)
NUMBER(nvmlDeviceGetPowerSource, nvmlPowerSource_t, 0 /* AC */)
NUMBER(nvmlDeviceGetNumFans, unsigned int, call.model->fans)

NVML_API nvmlReturn_t nvmlDeviceGetPowerManagementLimitConstraints(nvmlDevice_t device, unsigned int *low, unsigned int *high)
{
    BEGIN_READ(call, device);
    REQUIRE(call, low != NULL && high != NULL);
    *low = call.model->power_min;
    *high = call.model->power_max;
    return call_end(&call, NVML_SUCCESS);
}

static nvmlReturn_t set_limit(struct call *call, unsigned int limit)
{
    SUPPORT(*call, call->gpu->virtualization != NVML_GPU_VIRTUALIZATION_MODE_VGPU);
    REQUIRE(*call, limit >= call->model->power_min && limit <= call->model->power_max);
    call->gpu->power_limit = limit;
    return call_end(call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceSetPowerManagementLimit(nvmlDevice_t device, unsigned int limit)
{
    BEGIN_CHANGE(call, device, "limit=%u", limit);
    return set_limit(&call, limit);
}

NVML_API nvmlReturn_t nvmlDeviceSetPowerManagementLimit_v2(nvmlDevice_t device, nvmlPowerValue_v2_t *value)
{
    BEGIN_CHANGE(call, device, "limit=%u", value != NULL ? value->powerValueMw : 0);
    REQUIRE(call, value != NULL);
    if (value->version != NVML_STRUCT_VERSION(nvmlPowerValue_v2_t, 2))
        return call_end(&call, NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    REQUIRE(call, value->powerScope <= 1);
    SUPPORT(call, value->powerScope == 0);
    return set_limit(&call, value->powerValueMw);
}

NVML_API nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, nvmlTemperatureSensors_t sensor, unsigned int *celsius)
{
    struct load load;

    BEGIN_READ(call, device);
    REQUIRE(call, celsius != NULL && sensor == 0);
    load_now(call.state, call.index, &load);
    *celsius = (unsigned int)load.celsius;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetTemperatureV(nvmlDevice_t device, nvmlTemperature_v1_t *temperature)
{
    struct load load;

    BEGIN_READ(call, device);
    REQUIRE(call, temperature != NULL);
    if (temperature->version != NVML_STRUCT_VERSION(nvmlTemperature_v1_t, 1))
        return call_end(&call, NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    REQUIRE(call, temperature->sensorType == 0);
    load_now(call.state, call.index, &load);
    temperature->temperature = (int)load.celsius;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetTemperatureThreshold(nvmlDevice_t device, nvmlTemperatureThresholds_t threshold,
                                                        unsigned int *celsius)
{
    int value;

    BEGIN_READ(call, device);
    REQUIRE(call, celsius != NULL);
    switch (threshold) {
    case 0:
        value = call.model->temp_shutdown;
        break;
    case 1:
        value = call.model->temp_slowdown;
        break;
    case 2:
        value = call.model->temp_memory_max;
        break;
    case 3:
        value = call.model->temp_gpu_max;
        break;
    case 4: /* acoustic: boards without a fan curve of their own have none */
    case 5:
    case 6:
    case 7:
        value = 0;
        break;
    default:
        return call_end(&call, NVML_ERROR_INVALID_ARGUMENT);
    }
    SUPPORT(call, value != 0);
    *celsius = (unsigned int)value;
    return call_end(&call, NVML_SUCCESS);
}

static nvmlReturn_t fan(struct call *call, unsigned int index, unsigned int *percent)
{
    struct load load;

    REQUIRE(*call, percent != NULL);
    SUPPORT(*call, call->model->fans > 0);
    REQUIRE(*call, index < call->model->fans);
    load_now(call->state, call->index, &load);
    *percent = load.celsius < 40 ? 30 : (unsigned int)(30 + (load.celsius - 40) * 1.4);
    return call_end(call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetFanSpeed(nvmlDevice_t device, unsigned int *percent)
{
    BEGIN_READ(call, device);
    return fan(&call, 0, percent);
}

NVML_API nvmlReturn_t nvmlDeviceGetFanSpeed_v2(nvmlDevice_t device, unsigned int index, unsigned int *percent)
{
    BEGIN_READ(call, device);
    return fan(&call, index, percent);
}
