/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What counts on cards, and is 0 here: nobody encodes, captures frames or computes confidentially on them. */
#include "call.h"

#include <string.h>

NVML_API nvmlReturn_t nvmlDeviceGetEncoderStats(nvmlDevice_t device, unsigned int *sessions, unsigned int *frames,
                                                unsigned int *latency)
{
    BEGIN_READ(call, device);
    REQUIRE(call, sessions != NULL && frames != NULL && latency != NULL);
    *sessions = *frames = *latency = 0;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetFBCStats(nvmlDevice_t device, nvmlFBCStats_t *stats)
{
    BEGIN_READ(call, device);
    REQUIRE(call, stats != NULL);
    memset(stats, 0, sizeof(*stats));
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetConfComputeProtectedMemoryUsage(nvmlDevice_t device, nvmlMemory_t *memory)
{
    BEGIN_READ(call, device);
    REQUIRE(call, memory != NULL);
    memset(memory, 0, sizeof(*memory));
    return call_end(&call, NVML_SUCCESS);
}
