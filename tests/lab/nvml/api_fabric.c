/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of a GPU in the fabric of NVSwitches. */
#include "call.h"

#include <string.h>

static unsigned char state_of(const struct call *call)
{
    return (unsigned char)(call->gpu->fabric != 0 ? call->gpu->fabric : NVML_GPU_FABRIC_STATE_COMPLETED);
}

NVML_API nvmlReturn_t nvmlDeviceGetGpuFabricInfo(nvmlDevice_t device, nvmlGpuFabricInfo_t *info)
{
    BEGIN_READ(call, device);
    REQUIRE(call, info != NULL);
    SUPPORT(call, call.model->fabric);
    memset(info, 0, sizeof(*info));
    info->state = state_of(&call);
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetGpuFabricInfoV(nvmlDevice_t device, nvmlGpuFabricInfo_v2_t *info)
{
    const unsigned int version = NVML_STRUCT_VERSION(nvmlGpuFabricInfo_v2_t, 2);

    BEGIN_READ(call, device);
    REQUIRE(call, info != NULL);
    if (info->version != version)
        return call_end(&call, NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    SUPPORT(call, call.model->fabric);
    memset(info, 0, sizeof(*info));
    info->version = version;
    info->state = state_of(&call);
    return call_end(&call, NVML_SUCCESS);
}
