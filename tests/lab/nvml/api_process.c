/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Utilization and who uses the GPU. */
#include "clients.h"
#include "load.h"

static void process_info(void *entry, const struct sim_process *process)
{
    nvmlProcessInfo_t *info = entry;

    info->pid = process->pid;
    info->usedGpuMemory = process->memory;
    info->gpuInstanceId = (unsigned int)process->gi;
    info->computeInstanceId = (unsigned int)process->ci;
}

static void process_info_v1(void *entry, const struct sim_process *process)
{
    nvmlProcessInfo_v1_t *info = entry;

    info->pid = process->pid;
    info->usedGpuMemory = process->memory;
}

static void process_detail(void *entry, const struct sim_process *process)
{
    nvmlProcessDetail_v1_t *detail = entry;

    detail->pid = process->pid;
    detail->usedGpuMemory = process->memory;
    detail->gpuInstanceId = (unsigned int)process->gi;
    detail->computeInstanceId = (unsigned int)process->ci;
}

static unsigned long long now_microseconds(void)
{
    return (unsigned long long)(now_seconds() * 1e6);
}

static void utilization_sample(void *entry, const struct sim_process *process)
{
    nvmlProcessUtilizationSample_t *sample = entry;

    sample->pid = process->pid;
    sample->timeStamp = now_microseconds();
    sample->smUtil = process->util;
    sample->memUtil = process->util / 2;
}

#define PROCESS_CALL(function, kinds, kind_of_entry, fill)                                              \
    NVML_API nvmlReturn_t function(nvmlDevice_t device, unsigned int *count, kind_of_entry *out)        \
    {                                                                                                   \
        BEGIN_READ_MIG(call, device);                                                                   \
        REQUIRE(call, count != NULL);                                                                   \
        return call_end(&call, clients_list(&call, kinds, count, out, sizeof(*out), fill));             \
    }
#define PROCESS_CALLS(name, kinds)                                                                      \
    PROCESS_CALL(nvmlDeviceGet##name##RunningProcesses_v3, kinds, nvmlProcessInfo_t, process_info)      \
    PROCESS_CALL(nvmlDeviceGet##name##RunningProcesses_v2, kinds, nvmlProcessInfo_t, process_info)      \
    PROCESS_CALL(nvmlDeviceGet##name##RunningProcesses, kinds, nvmlProcessInfo_v1_t, process_info_v1)
PROCESS_CALLS(Compute, CLIENTS_COMPUTE)
PROCESS_CALLS(Graphics, CLIENTS_GRAPHICS)
PROCESS_CALLS(MPSCompute, CLIENTS_MPS)

NVML_API nvmlReturn_t nvmlDeviceGetRunningProcessDetailList(nvmlDevice_t device, nvmlProcessDetailList_v1_t *list)
{
    static const unsigned int kinds_of_mode[] = {CLIENTS_COMPUTE, CLIENTS_GRAPHICS, CLIENTS_MPS, CLIENTS_ALL};

    BEGIN_READ_MIG(call, device);
    REQUIRE(call, list != NULL);
    if (list->version != NVML_STRUCT_VERSION(nvmlProcessDetailList_v1_t, 1))
        return call_end(&call, NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    REQUIRE(call, list->mode < 4);
    return call_end(&call, clients_list(&call, kinds_of_mode[list->mode], &list->numProcArrayEntries, list->procArray,
                                        sizeof(*list->procArray), process_detail));
}

NVML_API nvmlReturn_t nvmlDeviceGetProcessUtilization(nvmlDevice_t device, nvmlProcessUtilizationSample_t *out,
                                                      unsigned int *count, unsigned long long since)
{
    nvmlReturn_t result;

    BEGIN_READ(call, device);
    REQUIRE(call, count != NULL);
    SUPPORT(call, !call.gpu->mig_current);
    result = clients_list(&call, CLIENTS_ALL, count, out, sizeof(*out), utilization_sample);
    return call_end(&call, *count == 0 || since > now_microseconds() ? NVML_ERROR_NOT_FOUND : result);
}

NVML_API nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *utilization)
{
    struct load load;

    BEGIN_READ_MIG(call, device);
    REQUIRE(call, utilization != NULL);
    /* Under MIG a whole GPU's utilization is not told, nor an instance's. */
    SUPPORT(call, !call.gpu->mig_current);
    load_now(call.state, call.index, &load);
    utilization->gpu = load.util_gpu;
    utilization->memory = load.util_memory;
    return call_end(&call, NVML_SUCCESS);
}

#define ENGINE(function)                                                                                        \
    NVML_API nvmlReturn_t function(nvmlDevice_t device, unsigned int *utilization, unsigned int *period)        \
    {                                                                                                           \
        BEGIN_READ(call, device);                                                                               \
        REQUIRE(call, utilization != NULL && period != NULL);                                                   \
        SUPPORT(call, !call.gpu->mig_current);                                                                  \
        *utilization = 0;                                                                                       \
        *period = 100000;                                                                                       \
        return call_end(&call, NVML_SUCCESS);                                                                   \
    }
ENGINE(nvmlDeviceGetEncoderUtilization)
ENGINE(nvmlDeviceGetDecoderUtilization)
ENGINE(nvmlDeviceGetJpgUtilization)
ENGINE(nvmlDeviceGetOfaUtilization)
