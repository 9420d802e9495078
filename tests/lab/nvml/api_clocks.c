/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clocks: what they are, may be, and are held at. */
#include "call.h"
#include "load.h"

#include <stdlib.h>

static const unsigned long long reason_gpu_idle = 0x1, reason_app_clocks = 0x2, reason_power_cap = 0x4;
static const unsigned long long reasons_supported = 0x1ff;

static unsigned int app_graphics(const struct call *call)
{
    return call->gpu->app_graphics != 0 ? call->gpu->app_graphics : call->model->graphics_app;
}

static unsigned int app_memory(const struct call *call)
{
    return call->gpu->app_memory != 0 ? call->gpu->app_memory : call->model->memory_clocks[0];
}

/* Application clocks went after 580: captures of 595 have "deprecated" for them, those of 580 have clocks. */
static int app_clocks_gone(const struct call *call)
{
    return atoi(call->state->driver_version) >= 590;
}

static nvmlReturn_t pick(struct call *call, nvmlClockType_t type, unsigned int *out, unsigned int graphics,
                         unsigned int memory, unsigned int video)
{
    REQUIRE(*call, out != NULL && type < NVML_CLOCK_COUNT);
    *out = type == NVML_CLOCK_MEM ? memory : type == NVML_CLOCK_VIDEO ? video : graphics;
    SUPPORT(*call, *out != 0);
    return call_end(call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, nvmlClockType_t type, unsigned int *mhz)
{
    struct load load;

    BEGIN_READ(call, device);
    load_now(call.state, call.index, &load);
    return pick(&call, type, mhz, load.graphics, load.memory, load.video);
}

NVML_API nvmlReturn_t nvmlDeviceGetMaxClockInfo(nvmlDevice_t device, nvmlClockType_t type, unsigned int *mhz)
{
    BEGIN_READ(call, device);
    return pick(&call, type, mhz, call.model->graphics_max, call.model->memory_clocks[0], call.model->video_max);
}

NVML_API nvmlReturn_t nvmlDeviceGetMaxCustomerBoostClock(nvmlDevice_t device, nvmlClockType_t type, unsigned int *mhz)
{
    BEGIN_READ(call, device);
    return pick(&call, type, mhz, call.model->graphics_max, call.model->memory_clocks[0], 0);
}

NVML_API nvmlReturn_t nvmlDeviceGetApplicationsClock(nvmlDevice_t device, nvmlClockType_t type, unsigned int *mhz)
{
    BEGIN_READ(call, device);
    if (app_clocks_gone(&call))
        return call_end(&call, NVML_ERROR_DEPRECATED);
    return pick(&call, type, mhz, app_graphics(&call), app_memory(&call), 0);
}

NVML_API nvmlReturn_t nvmlDeviceGetDefaultApplicationsClock(nvmlDevice_t device, nvmlClockType_t type, unsigned int *mhz)
{
    BEGIN_READ(call, device);
    if (app_clocks_gone(&call))
        return call_end(&call, NVML_ERROR_DEPRECATED);
    return pick(&call, type, mhz, call.model->graphics_app, call.model->memory_clocks[0], 0);
}

NVML_API nvmlReturn_t nvmlDeviceGetClock(nvmlDevice_t device, nvmlClockType_t type, nvmlClockId_t id, unsigned int *mhz)
{
    switch (id) {
    case NVML_CLOCK_ID_CURRENT:
        return nvmlDeviceGetClockInfo(device, type, mhz);
    case NVML_CLOCK_ID_APP_CLOCK_TARGET:
        return nvmlDeviceGetApplicationsClock(device, type, mhz);
    case NVML_CLOCK_ID_APP_CLOCK_DEFAULT:
        return nvmlDeviceGetDefaultApplicationsClock(device, type, mhz);
    case NVML_CLOCK_ID_CUSTOMER_BOOST_MAX:
        return nvmlDeviceGetMaxCustomerBoostClock(device, type, mhz);
    default:
        return call_initialised() ? NVML_ERROR_INVALID_ARGUMENT : NVML_ERROR_UNINITIALIZED;
    }
}

NVML_API nvmlReturn_t nvmlDeviceGetSupportedMemoryClocks(nvmlDevice_t device, unsigned int *count, unsigned int *mhz)
{
    unsigned int room;

    BEGIN_READ(call, device);
    REQUIRE(call, count != NULL);
    room = *count;
    *count = call.model->memory_clock_count;
    if (room < *count || mhz == NULL)
        return call_end(&call, NVML_ERROR_INSUFFICIENT_SIZE);
    for (unsigned int i = 0; i < *count; i++)
        mhz[i] = call.model->memory_clocks[i];
    return call_end(&call, NVML_SUCCESS);
}

static int memory_clock_supported(const struct call *call, unsigned int mhz)
{
    for (unsigned int i = 0; i < call->model->memory_clock_count; i++)
        if (call->model->memory_clocks[i] == mhz)
            return 1;
    return 0;
}

static unsigned int highest_graphics(const struct call *call, unsigned int memory)
{
    return memory == call->model->memory_clocks[call->model->memory_clock_count - 1] ? call->model->graphics_max_slow_memory
                                                                                    : call->model->graphics_max;
}

NVML_API nvmlReturn_t nvmlDeviceGetSupportedGraphicsClocks(nvmlDevice_t device, unsigned int memory, unsigned int *count,
                                                           unsigned int *mhz)
{
    unsigned int room, steps;

    BEGIN_READ(call, device);
    REQUIRE(call, count != NULL);
    if (!memory_clock_supported(&call, memory))
        return call_end(&call, NVML_ERROR_NOT_FOUND);
    room = *count;
    steps = model_clock_steps(call.model, highest_graphics(&call, memory));
    *count = steps + 1;
    if (room < *count || mhz == NULL)
        return call_end(&call, NVML_ERROR_INSUFFICIENT_SIZE);
    for (unsigned int i = 0; i <= steps; i++)
        mhz[i] = model_clock(call.model, steps - i);
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceSetApplicationsClocks(nvmlDevice_t device, unsigned int memory, unsigned int graphics)
{
    const struct gpu_model *model;

    BEGIN_CHANGE(call, device, "memory=%u graphics=%u", memory, graphics);
    if (app_clocks_gone(&call))
        return call_end(&call, NVML_ERROR_DEPRECATED);
    model = call.model;
    REQUIRE(call, memory_clock_supported(&call, memory) && graphics >= model->graphics_min &&
                      graphics <= highest_graphics(&call, memory) && model_clock(model, model_clock_steps(model, graphics)) == graphics);
    call.gpu->app_graphics = graphics;
    call.gpu->app_memory = memory;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceResetApplicationsClocks(nvmlDevice_t device)
{
    BEGIN_CHANGE(call, device, "%s", "");
    if (app_clocks_gone(&call))
        return call_end(&call, NVML_ERROR_DEPRECATED);
    call.gpu->app_graphics = call.gpu->app_memory = 0;
    return call_end(&call, NVML_SUCCESS);
}

/* The driver takes any range that is the right way round, and holds the nearest clocks it has. */
NVML_API nvmlReturn_t nvmlDeviceSetGpuLockedClocks(nvmlDevice_t device, unsigned int low, unsigned int high)
{
    BEGIN_CHANGE(call, device, "min=%u max=%u", low, high);
    /* 0 and 1 are not MHz: NVML_CLOCK_LIMIT_ID_TDP and _UNLIMITED, for the upper and lower bound. */
    if (high == 0 && low == 0)
        high = call.model->graphics_app, low = call.model->graphics_app;
    REQUIRE(call, low <= high);
    call.gpu->gpu_lock_min = low;
    call.gpu->gpu_lock_max = high;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceResetGpuLockedClocks(nvmlDevice_t device)
{
    BEGIN_CHANGE(call, device, "%s", "");
    call.gpu->gpu_lock_min = call.gpu->gpu_lock_max = 0;
    return call_end(&call, NVML_SUCCESS);
}

/* Locking the memory clock came with Ampere. */
NVML_API nvmlReturn_t nvmlDeviceSetMemoryLockedClocks(nvmlDevice_t device, unsigned int low, unsigned int high)
{
    BEGIN_CHANGE(call, device, "min=%u max=%u", low, high);
    SUPPORT(call, call.model->architecture >= ARCHITECTURE_AMPERE);
    REQUIRE(call, low <= high && high > 0);
    call.gpu->memory_lock_min = low;
    call.gpu->memory_lock_max = high;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceResetMemoryLockedClocks(nvmlDevice_t device)
{
    BEGIN_CHANGE(call, device, "%s", "");
    SUPPORT(call, call.model->architecture >= ARCHITECTURE_AMPERE);
    call.gpu->memory_lock_min = call.gpu->memory_lock_max = 0;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetAutoBoostedClocksEnabled(nvmlDevice_t device, nvmlEnableState_t *enabled,
                                                            nvmlEnableState_t *by_default)
{
    (void)enabled;
    (void)by_default;
    BEGIN_READ(call, device);
    /* From Pascal on there is nothing to switch. */
    return call_end(&call, NVML_ERROR_NOT_SUPPORTED);
}

NVML_API nvmlReturn_t nvmlDeviceGetPerformanceState(nvmlDevice_t device, nvmlPstates_t *state)
{
    struct load load;

    BEGIN_READ(call, device);
    REQUIRE(call, state != NULL);
    load_now(call.state, call.index, &load);
    *state = load.util_gpu > 0 || model_has_hbm(call.model) ? 0 : 8;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetPowerState(nvmlDevice_t device, nvmlPstates_t *state)
{
    return nvmlDeviceGetPerformanceState(device, state);
}

NVML_API nvmlReturn_t nvmlDeviceGetCurrentClocksEventReasons(nvmlDevice_t device, unsigned long long *reasons)
{
    struct load load;

    BEGIN_READ(call, device);
    REQUIRE(call, reasons != NULL);
    load_now(call.state, call.index, &load);
    *reasons = 0;
    if (load.util_gpu == 0)
        *reasons |= reason_gpu_idle;
    else if (load.power_capped)
        *reasons |= reason_power_cap;
    else if (call.gpu->app_graphics != 0 || call.gpu->gpu_lock_max != 0)
        *reasons |= reason_app_clocks;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t device, unsigned long long *reasons)
{
    return nvmlDeviceGetCurrentClocksEventReasons(device, reasons);
}

NVML_API nvmlReturn_t nvmlDeviceGetSupportedClocksEventReasons(nvmlDevice_t device, unsigned long long *reasons)
{
    BEGIN_READ(call, device);
    REQUIRE(call, reasons != NULL);
    *reasons = reasons_supported;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetSupportedClocksThrottleReasons(nvmlDevice_t device, unsigned long long *reasons)
{
    return nvmlDeviceGetSupportedClocksEventReasons(device, reasons);
}
