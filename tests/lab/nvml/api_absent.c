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

/* Of cards with several GPUs on one board, which had a bridge. */
NVML_API nvmlReturn_t nvmlDeviceGetBridgeChipInfo(nvmlDevice_t device, void *bridges)
{
    (void)bridges;
    BEGIN_READ(call, device);
    return call_end(&call, NVML_ERROR_NOT_SUPPORTED);
}

/* No card in public listings has a power management object; what the others say is not in the catalogue. */
NVML_API nvmlReturn_t nvmlDeviceGetInforomVersion(nvmlDevice_t device, unsigned int object, char *version, unsigned int size)
{
    (void)object;
    (void)version;
    (void)size;
    BEGIN_READ(call, device);
    return call_end(&call, NVML_ERROR_NOT_SUPPORTED);
}

NVML_API nvmlReturn_t nvmlDeviceGetLastBBXFlushTime(nvmlDevice_t device, unsigned long long *timestamp, unsigned long *duration)
{
    (void)timestamp;
    (void)duration;
    BEGIN_READ(call, device);
    return call_end(&call, NVML_ERROR_NOT_SUPPORTED);
}
