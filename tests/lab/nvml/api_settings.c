/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Modes that are set and read: persistence, compute, virtualization, accounting; and what vGPU the card can do. */
#include "call.h"

NVML_API nvmlReturn_t nvmlDeviceGetPersistenceMode(nvmlDevice_t device, nvmlEnableState_t *mode)
{
    BEGIN_READ(call, device);
    REQUIRE(call, mode != NULL);
    *mode = call.gpu->persistence;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceSetPersistenceMode(nvmlDevice_t device, nvmlEnableState_t mode)
{
    BEGIN_CHANGE(call, device, "mode=%u", mode);
    REQUIRE(call, mode <= NVML_FEATURE_ENABLED);
    call.gpu->persistence = mode;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetComputeMode(nvmlDevice_t device, nvmlComputeMode_t *mode)
{
    BEGIN_READ_MIG(call, device);
    REQUIRE(call, mode != NULL);
    *mode = call.gpu->compute_mode;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceSetComputeMode(nvmlDevice_t device, nvmlComputeMode_t mode)
{
    BEGIN_CHANGE(call, device, "mode=%u", mode);
    REQUIRE(call, mode < NVML_COMPUTEMODE_COUNT);
    /* Exclusive thread went with CUDA 8; under MIG there is only the default mode. */
    SUPPORT(call, mode != NVML_COMPUTEMODE_EXCLUSIVE_THREAD);
    SUPPORT(call, !call.gpu->mig_current || mode == NVML_COMPUTEMODE_DEFAULT);
    call.gpu->compute_mode = mode;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetAccountingMode(nvmlDevice_t device, nvmlEnableState_t *mode)
{
    BEGIN_READ(call, device);
    REQUIRE(call, mode != NULL);
    *mode = call.gpu->accounting;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceSetAccountingMode(nvmlDevice_t device, nvmlEnableState_t mode)
{
    BEGIN_CHANGE(call, device, "mode=%u", mode);
    REQUIRE(call, mode <= NVML_FEATURE_ENABLED);
    call.gpu->accounting = mode;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetAccountingBufferSize(nvmlDevice_t device, unsigned int *size)
{
    BEGIN_READ(call, device);
    REQUIRE(call, size != NULL);
    *size = 4000;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetAPIRestriction(nvmlDevice_t device, nvmlRestrictedAPI_t api, nvmlEnableState_t *restricted)
{
    BEGIN_READ(call, device);
    REQUIRE(call, restricted != NULL && api < 2);
    SUPPORT(call, api == 0); /* application clocks: for root only; auto boost: there is none */
    *restricted = NVML_FEATURE_ENABLED;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetVirtualizationMode(nvmlDevice_t device, nvmlGpuVirtualizationMode_t *mode)
{
    BEGIN_READ(call, device);
    REQUIRE(call, mode != NULL);
    *mode = call.gpu->virtualization;
    return call_end(&call, NVML_SUCCESS);
}

/* Only a host may switch, and only between plain, vGPU host and vSGA host. */
NVML_API nvmlReturn_t nvmlDeviceSetVirtualizationMode(nvmlDevice_t device, nvmlGpuVirtualizationMode_t mode)
{
    BEGIN_CHANGE(call, device, "mode=%u", mode);
    REQUIRE(call, mode <= NVML_GPU_VIRTUALIZATION_MODE_HOST_VSGA);
    SUPPORT(call, call.model->vgpu && call.gpu->virtualization != NVML_GPU_VIRTUALIZATION_MODE_VGPU &&
                      call.gpu->virtualization != NVML_GPU_VIRTUALIZATION_MODE_PASSTHROUGH &&
                      mode != NVML_GPU_VIRTUALIZATION_MODE_VGPU && mode != NVML_GPU_VIRTUALIZATION_MODE_PASSTHROUGH);
    call.gpu->virtualization = mode;
    return call_end(&call, NVML_SUCCESS);
}

static int vgpu_host(const struct call *call)
{
    return call->gpu->virtualization == NVML_GPU_VIRTUALIZATION_MODE_HOST_VGPU;
}

NVML_API nvmlReturn_t nvmlDeviceGetHostVgpuMode(nvmlDevice_t device, nvmlHostVgpuMode_t *mode)
{
    BEGIN_READ(call, device);
    REQUIRE(call, mode != NULL);
    SUPPORT(call, vgpu_host(&call));
    *mode = call.model->architecture >= ARCHITECTURE_AMPERE; /* SR-IOV from Ampere on */
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlGetVgpuDriverCapabilities(nvmlVgpuDriverCapability_t capability, unsigned int *result)
{
    BEGIN_NODE(call);
    REQUIRE(call, result != NULL && capability < 2);
    *result = 0;
    for (unsigned int i = 0; i < call.state->gpu_count; i++)
        if (call.state->gpu[i].virtualization == NVML_GPU_VIRTUALIZATION_MODE_HOST_VGPU)
            *result = 1;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetVgpuCapabilities(nvmlDevice_t device, nvmlDeviceVgpuCapability_t capability,
                                                    unsigned int *result)
{
    BEGIN_READ(call, device);
    REQUIRE(call, result != NULL && capability < 9);
    SUPPORT(call, vgpu_host(&call));
    switch (capability) {
    case 0: /* fractional multi-vGPU */
    case 1: /* heterogeneous time-slice profiles */
    case 2: /* heterogeneous time-slice sizes */
        *result = 1;
        break;
    default:
        *result = 0;
    }
    return call_end(&call, NVML_SUCCESS);
}

/* No vGPU types are simulated: the card is able, the lists are empty. */
#define EMPTY_LIST(function, type)                                                          \
    NVML_API nvmlReturn_t function(nvmlDevice_t device, unsigned int *count, type *entries) \
    {                                                                                       \
        (void)entries;                                                                      \
        BEGIN_READ(call, device);                                                           \
        REQUIRE(call, count != NULL);                                                       \
        SUPPORT(call, vgpu_host(&call));                                                    \
        *count = 0;                                                                         \
        return call_end(&call, NVML_SUCCESS);                                               \
    }
EMPTY_LIST(nvmlDeviceGetSupportedVgpus, nvmlVgpuTypeId_t)
EMPTY_LIST(nvmlDeviceGetCreatableVgpus, nvmlVgpuTypeId_t)
EMPTY_LIST(nvmlDeviceGetActiveVgpus, nvmlVgpuInstance_t)
