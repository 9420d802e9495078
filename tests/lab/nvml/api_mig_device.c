/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MIG devices: what a compute instance looks like to a client. */
#include "call.h"
#include "handle.h"
#include "mig.h"

#include <string.h>

NVML_API nvmlReturn_t nvmlDeviceIsMigDeviceHandle(nvmlDevice_t device, unsigned int *is_mig)
{
    BEGIN_READ_MIG(call, device);
    REQUIRE(call, is_mig != NULL);
    *is_mig = call.ci != NULL;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t device, unsigned int *count)
{
    BEGIN_READ(call, device);
    REQUIRE(call, count != NULL);
    *count = call.gpu->mig_current ? call.model->mig_slices : 0;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t device, unsigned int index, nvmlDevice_t *mig)
{
    BEGIN_READ(call, device);
    REQUIRE(call, mig != NULL);
    SUPPORT(call, call.gpu->mig_current);
    REQUIRE(call, index < call.model->mig_slices);
    for (int g = 0; g < SIM_MAX_GI; g++) {
        for (int c = 0; c < SIM_MAX_CI && call.gpu->gi[g].serial != 0; c++) {
            call.gi = &call.gpu->gi[g];
            call.ci = &call.gi->ci[c];
            if (call.ci->serial == 0 || mig_device_index(&call) != index)
                continue;
            *mig = handle_for(HANDLE_MIG, call.index, call.ci->serial);
            return call_end(&call, *mig != NULL ? NVML_SUCCESS : NVML_ERROR_MEMORY);
        }
    }
    return call_end(&call, NVML_ERROR_NOT_FOUND);
}

NVML_API nvmlReturn_t nvmlDeviceGetDeviceHandleFromMigDeviceHandle(nvmlDevice_t mig, nvmlDevice_t *device)
{
    BEGIN_READ_MIG(call, mig);
    REQUIRE(call, device != NULL && call.ci != NULL);
    *device = handle_for(HANDLE_GPU, call.index, 0);
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetGpuInstanceId(nvmlDevice_t device, unsigned int *id)
{
    BEGIN_READ_MIG(call, device);
    REQUIRE(call, id != NULL && call.ci != NULL);
    *id = call.gi->id;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetComputeInstanceId(nvmlDevice_t device, unsigned int *id)
{
    BEGIN_READ_MIG(call, device);
    REQUIRE(call, id != NULL && call.ci != NULL);
    *id = call.ci->id;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetAttributes_v2(nvmlDevice_t device, nvmlDeviceAttributes_t *attributes)
{
    const struct mig_profile *profile;
    struct ci_profile ci;

    BEGIN_READ_MIG(call, device);
    REQUIRE(call, attributes != NULL);
    SUPPORT(call, call.ci != NULL);
    profile = &call.model->profiles[call.gi->profile];
    mig_ci_profile(call.model, profile, call.ci->profile, &ci);
    memset(attributes, 0, sizeof(*attributes));
    attributes->multiprocessorCount = ci.sms;
    attributes->sharedCopyEngineCount = profile->copy;
    attributes->sharedDecoderCount = profile->decoder;
    attributes->sharedEncoderCount = profile->encoder;
    attributes->sharedJpegCount = profile->jpeg;
    attributes->sharedOfaCount = profile->ofa;
    attributes->gpuInstanceSliceCount = profile->slices;
    attributes->computeInstanceSliceCount = ci.slices;
    attributes->memorySizeMB = profile->memory_mib;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetAttributes(nvmlDevice_t device, nvmlDeviceAttributes_t *attributes)
{
    return nvmlDeviceGetAttributes_v2(device, attributes);
}
