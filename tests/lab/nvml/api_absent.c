/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions that the driver on Linux has and that support nothing on these cards. */
#include "call.h"

NVML_API nvmlReturn_t nvmlDeviceGetDriverModel_v2(nvmlDevice_t device, unsigned int *current, unsigned int *pending)
{
    (void)current;
    (void)pending;
    BEGIN_READ(call, device);
    return call_end(&call, NVML_ERROR_NOT_SUPPORTED);
}

NVML_API nvmlReturn_t nvmlDeviceGetDriverModel(nvmlDevice_t device, unsigned int *current, unsigned int *pending)
{
    return nvmlDeviceGetDriverModel_v2(device, current, pending);
}

NVML_API nvmlReturn_t nvmlDeviceGetGpuOperationMode(nvmlDevice_t device, unsigned int *current, unsigned int *pending)
{
    (void)current;
    (void)pending;
    BEGIN_READ(call, device);
    return call_end(&call, NVML_ERROR_NOT_SUPPORTED);
}

NVML_API nvmlReturn_t nvmlDeviceGetNvLinkRemotePciInfo_v2(nvmlDevice_t device, unsigned int link, nvmlPciInfo_t *pci)
{
    (void)link;
    (void)pci;
    BEGIN_READ(call, device);
    return call_end(&call, NVML_ERROR_NOT_SUPPORTED);
}

/* For machines whose GPUs are NUMA nodes themselves. */
NVML_API nvmlReturn_t nvmlDeviceGetNumaNodeId(nvmlDevice_t device, unsigned int *node)
{
    (void)node;
    BEGIN_READ(call, device);
    return call_end(&call, NVML_ERROR_NOT_SUPPORTED);
}
