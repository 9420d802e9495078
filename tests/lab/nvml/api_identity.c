/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a device is and where it sits: nothing here ever changes while the node runs. */
#include "call.h"
#include "mig.h"
#include "node.h"

#include <stdio.h>
#include <string.h>

static nvmlReturn_t give(struct call *call, char *out, unsigned int length, const char *text)
{
    if (out == NULL)
        return call_end(call, NVML_ERROR_INVALID_ARGUMENT);
    if (length < strlen(text) + 1)
        return call_end(call, NVML_ERROR_INSUFFICIENT_SIZE);
    strcpy(out, text);
    return call_end(call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned int length)
{
    char full[128], profile[96];

    BEGIN_READ_MIG(call, device);
    if (call.ci == NULL)
        return give(&call, name, length, call.model->name);
    mig_device_name(&call, profile, sizeof(profile));
    snprintf(full, sizeof(full), "%.48s MIG %.64s", call.model->name, profile);
    return give(&call, name, length, full);
}

NVML_API nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *uuid, unsigned int length)
{
    BEGIN_READ_MIG(call, device);
    return give(&call, uuid, length, call.ci != NULL ? call.ci->uuid : call.gpu->uuid);
}

NVML_API nvmlReturn_t nvmlDeviceGetSerial(nvmlDevice_t device, char *serial, unsigned int length)
{
    BEGIN_READ(call, device);
    return give(&call, serial, length, call.gpu->serial);
}

NVML_API nvmlReturn_t nvmlDeviceGetBoardPartNumber(nvmlDevice_t device, char *part, unsigned int length)
{
    BEGIN_READ(call, device);
    return give(&call, part, length, call.model->board_part_number);
}

NVML_API nvmlReturn_t nvmlDeviceGetVbiosVersion(nvmlDevice_t device, char *version, unsigned int length)
{
    BEGIN_READ(call, device);
    return give(&call, version, length, call.model->vbios);
}

NVML_API nvmlReturn_t nvmlDeviceGetInforomImageVersion(nvmlDevice_t device, char *version, unsigned int length)
{
    BEGIN_READ(call, device);
    return give(&call, version, length, "G500.0200.00.04");
}

NVML_API nvmlReturn_t nvmlDeviceGetGspFirmwareVersion(nvmlDevice_t device, char *version)
{
    BEGIN_READ(call, device);
    return give(&call, version, 64, call.state->driver_version);
}

NVML_API nvmlReturn_t nvmlDeviceGetIndex(nvmlDevice_t device, unsigned int *index)
{
    BEGIN_READ_MIG(call, device);
    REQUIRE(call, index != NULL);
    *index = call.ci != NULL ? mig_device_index(&call) : node_listed(call.state, call.index);
    return call_end(&call, NVML_SUCCESS);
}

/* Getters of one number that the model or the GPU holds. */
#define NUMBER(function, type, value)                              \
    NVML_API nvmlReturn_t function(nvmlDevice_t device, type *out) \
    {                                                              \
        BEGIN_READ(call, device);                                  \
        REQUIRE(call, out != NULL);                                \
        *out = (type)(value);                                      \
        return call_end(&call, NVML_SUCCESS);                      \
    }

NUMBER(nvmlDeviceGetMinorNumber, unsigned int, call.index)
NUMBER(nvmlDeviceGetBoardId, unsigned int, call.gpu->pci_bus << 8)
NUMBER(nvmlDeviceGetMultiGpuBoard, unsigned int, 0)
NUMBER(nvmlDeviceGetBrand, nvmlBrandType_t, call.model->brand)
NUMBER(nvmlDeviceGetArchitecture, nvmlDeviceArchitecture_t, call.model->architecture)
NUMBER(nvmlDeviceGetNumGpuCores, unsigned int, call.model->sms * call.model->cores_per_sm)
NUMBER(nvmlDeviceGetMemoryBusWidth, unsigned int, call.model->memory_bus_bits)
NUMBER(nvmlDeviceGetBusType, nvmlBusType_t, 2 /* PCIe */)
NUMBER(nvmlDeviceGetIrqNum, unsigned int, 64 + call.index)
NUMBER(nvmlDeviceGetMaxPcieLinkGeneration, unsigned int, call.model->pcie_gen)
NUMBER(nvmlDeviceGetGpuMaxPcieLinkGeneration, unsigned int, call.model->pcie_gen)
NUMBER(nvmlDeviceGetMaxPcieLinkWidth, unsigned int, call.model->pcie_width)
NUMBER(nvmlDeviceGetCurrPcieLinkGeneration, unsigned int, call.model->pcie_gen)
NUMBER(nvmlDeviceGetCurrPcieLinkWidth, unsigned int, call.model->pcie_width)
NUMBER(nvmlDeviceGetPcieReplayCounter, unsigned int, 0)
NUMBER(nvmlDeviceGetDisplayMode, nvmlEnableState_t, NVML_FEATURE_DISABLED)
NUMBER(nvmlDeviceGetDisplayActive, nvmlEnableState_t, NVML_FEATURE_DISABLED)

NVML_API nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t device, int *major, int *minor)
{
    BEGIN_READ_MIG(call, device);
    REQUIRE(call, major != NULL && minor != NULL);
    *major = (int)call.model->cc_major;
    *minor = (int)call.model->cc_minor;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetGspFirmwareMode(nvmlDevice_t device, unsigned int *enabled, unsigned int *by_default)
{
    BEGIN_READ(call, device);
    REQUIRE(call, enabled != NULL && by_default != NULL);
    *enabled = *by_default = 1;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t device, nvmlPciInfo_t *pci)
{
    BEGIN_READ_MIG(call, device);
    REQUIRE(call, pci != NULL);
    memset(pci, 0, sizeof(*pci));
    pci->domain = call.gpu->pci_domain;
    pci->bus = call.gpu->pci_bus;
    pci->device = call.gpu->pci_device;
    pci->pciDeviceId = call.model->pci_device_id << 16 | 0x10de;
    pci->pciSubSystemId = call.model->pci_subsystem_id << 16 | 0x10de;
    snprintf(pci->busId, sizeof(pci->busId), "%08X:%02X:%02X.0", pci->domain & 0xffffffff, pci->bus & 0xff, pci->device & 0xff);
    snprintf(pci->busIdLegacy, sizeof(pci->busIdLegacy), "%04X:%02X:%02X.0", pci->domain & 0xffff, pci->bus & 0xff,
             pci->device & 0xff);
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetPciInfo_v2(nvmlDevice_t device, nvmlPciInfo_t *pci)
{
    return nvmlDeviceGetPciInfo_v3(device, pci);
}

NVML_API nvmlReturn_t nvmlDeviceGetPciInfo(nvmlDevice_t device, nvmlPciInfo_t *pci)
{
    return nvmlDeviceGetPciInfo_v3(device, pci);
}

NVML_API nvmlReturn_t nvmlDeviceGetPciInfoExt(nvmlDevice_t device, nvmlPciInfoExt_v1_t *pci)
{
    BEGIN_READ(call, device);
    REQUIRE(call, pci != NULL);
    if (pci->version != NVML_STRUCT_VERSION(nvmlPciInfoExt_v1_t, 1))
        return call_end(&call, NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    pci->domain = call.gpu->pci_domain;
    pci->bus = call.gpu->pci_bus;
    pci->device = call.gpu->pci_device;
    pci->pciDeviceId = call.model->pci_device_id << 16 | 0x10de;
    pci->pciSubSystemId = call.model->pci_subsystem_id << 16 | 0x10de;
    pci->baseClass = call.model->pci_class >> 16;
    pci->subClass = call.model->pci_class >> 8 & 0xff;
    snprintf(pci->busId, sizeof(pci->busId), "%08X:%02X:%02X.0", pci->domain & 0xffffffff, pci->bus & 0xff, pci->device & 0xff);
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetPcieThroughput(nvmlDevice_t device, nvmlPcieUtilCounter_t counter, unsigned int *value)
{
    BEGIN_READ(call, device);
    REQUIRE(call, value != NULL && counter < 2);
    *value = 0;
    return call_end(&call, NVML_SUCCESS);
}

/* One NUMA node: all 64 CPUs of the first word, and node 0. */
NVML_API nvmlReturn_t nvmlDeviceGetCpuAffinity(nvmlDevice_t device, unsigned int size, unsigned long *set)
{
    BEGIN_READ(call, device);
    REQUIRE(call, set != NULL && size > 0);
    memset(set, 0, size * sizeof(*set));
    set[0] = ~0ul;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetMemoryAffinity(nvmlDevice_t device, unsigned int size, unsigned long *set,
                                                  nvmlAffinityScope_t scope)
{
    BEGIN_READ(call, device);
    REQUIRE(call, set != NULL && size > 0 && scope < 2);
    memset(set, 0, size * sizeof(*set));
    set[0] = 1;
    return call_end(&call, NVML_SUCCESS);
}
