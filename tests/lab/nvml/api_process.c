/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Utilization and who uses the GPU. */
#include "clients.h"
#include "load.h"

#include <string.h>

static nvmlReturn_t processes(struct call *call, unsigned int kinds, unsigned int *count, nvmlProcessInfo_t *out)
{
    const struct sim_process *process;
    unsigned int place = 0;
    nvmlReturn_t result;

    REQUIRE(*call, count != NULL);
    result = clients_count(call, kinds, count, out);
    while (result == NVML_SUCCESS && (process = clients_next(call, kinds, &place)) != NULL) {
        memset(out, 0, sizeof(*out));
        out->pid = process->pid;
        out->usedGpuMemory = process->memory;
        out->gpuInstanceId = (unsigned int)process->gi;
        out->computeInstanceId = (unsigned int)process->ci;
        out++;
    }
    return call_end(call, result);
}

static nvmlReturn_t processes_v1(struct call *call, unsigned int kinds, unsigned int *count, nvmlProcessInfo_v1_t *out)
{
    const struct sim_process *process;
    unsigned int place = 0;
    nvmlReturn_t result;

    REQUIRE(*call, count != NULL);
    result = clients_count(call, kinds, count, out);
    while (result == NVML_SUCCESS && (process = clients_next(call, kinds, &place)) != NULL) {
        memset(out, 0, sizeof(*out));
        out->pid = process->pid;
        out++->usedGpuMemory = process->memory;
    }
    return call_end(call, result);
}

#define PROCESS_CALLS(name, kinds)                                                                                       \
    NVML_API nvmlReturn_t nvmlDeviceGet##name##RunningProcesses_v3(nvmlDevice_t device, unsigned int *count,             \
                                                                   nvmlProcessInfo_t *infos)                             \
    {                                                                                                                    \
        BEGIN_READ_MIG(call, device);                                                                                    \
        return processes(&call, kinds, count, infos);                                                                     \
    }                                                                                                                    \
    NVML_API nvmlReturn_t nvmlDeviceGet##name##RunningProcesses_v2(nvmlDevice_t device, unsigned int *count,             \
                                                                   nvmlProcessInfo_t *infos)                             \
    {                                                                                                                    \
        BEGIN_READ_MIG(call, device);                                                                                    \
        return processes(&call, kinds, count, infos);                                                                     \
    }                                                                                                                    \
    NVML_API nvmlReturn_t nvmlDeviceGet##name##RunningProcesses(nvmlDevice_t device, unsigned int *count,                \
                                                                nvmlProcessInfo_v1_t *infos)                             \
    {                                                                                                                    \
        BEGIN_READ_MIG(call, device);                                                                                    \
        return processes_v1(&call, kinds, count, infos);                                                                  \
    }
PROCESS_CALLS(Compute, CLIENTS_COMPUTE)
PROCESS_CALLS(Graphics, CLIENTS_GRAPHICS)
PROCESS_CALLS(MPSCompute, CLIENTS_MPS)

NVML_API nvmlReturn_t nvmlDeviceGetRunningProcessDetailList(nvmlDevice_t device, nvmlProcessDetailList_v1_t *list)
{
    static const unsigned int kinds_of_mode[] = {CLIENTS_COMPUTE, CLIENTS_GRAPHICS, CLIENTS_MPS, CLIENTS_ALL};
    const struct sim_process *process;
    nvmlProcessDetail_v1_t *out;
    unsigned int place = 0;
    nvmlReturn_t result;

    BEGIN_READ_MIG(call, device);
    REQUIRE(call, list != NULL);
    if (list->version != NVML_STRUCT_VERSION(nvmlProcessDetailList_v1_t, 1))
        return call_end(&call, NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    REQUIRE(call, list->mode < 4);
    out = list->procArray;
    result = clients_count(&call, kinds_of_mode[list->mode], &list->numProcArrayEntries, out);
    while (result == NVML_SUCCESS && (process = clients_next(&call, kinds_of_mode[list->mode], &place)) != NULL) {
        memset(out, 0, sizeof(*out));
        out->pid = process->pid;
        out->usedGpuMemory = process->memory;
        out->gpuInstanceId = (unsigned int)process->gi;
        out->computeInstanceId = (unsigned int)process->ci;
        out++;
    }
    return call_end(&call, result);
}

NVML_API nvmlReturn_t nvmlDeviceGetProcessUtilization(nvmlDevice_t device, nvmlProcessUtilizationSample_t *out,
                                                      unsigned int *count, unsigned long long since)
{
    unsigned long long now = (unsigned long long)(now_seconds() * 1e6);
    const struct sim_process *process;
    unsigned int place = 0;
    nvmlReturn_t result;

    BEGIN_READ(call, device);
    REQUIRE(call, count != NULL);
    SUPPORT(call, !call.gpu->mig_current);
    result = clients_count(&call, CLIENTS_ALL, count, out);
    if (*count == 0 || since > now)
        return call_end(&call, NVML_ERROR_NOT_FOUND);
    while (result == NVML_SUCCESS && (process = clients_next(&call, CLIENTS_ALL, &place)) != NULL) {
        memset(out, 0, sizeof(*out));
        out->pid = process->pid;
        out->timeStamp = now;
        out->smUtil = process->util;
        out++->memUtil = process->util / 2;
    }
    return call_end(&call, result);
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
