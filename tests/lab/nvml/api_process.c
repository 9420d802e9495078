/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Utilization and who uses the GPU. */
#include "call.h"
#include "load.h"
#include "process.h"

#include <string.h>

static int listed(const struct call *call, const struct sim_process *process, unsigned int kinds)
{
    if (process->pid == 0 || process->gpu != call->index || !(kinds >> process->kind & 1))
        return 0;
    return call->ci == NULL || (process->gi == (int)call->gi->id && process->ci == (int)call->ci->id);
}

static unsigned int tell(const struct call *call, unsigned int kinds)
{
    unsigned int count = 0;

    for (int i = 0; i < SIM_MAX_PROCS; i++)
        count += (unsigned int)listed(call, &call->state->process[i], kinds);
    return count;
}

/* NVML's way with lists: too little room is INSUFFICIENT_SIZE with the number there is. */
static nvmlReturn_t processes(struct call *call, unsigned int kind, unsigned int *count, nvmlProcessInfo_t *out)
{
    unsigned int room, n = 0;

    REQUIRE(*call, count != NULL);
    room = *count;
    *count = tell(call, 1u << kind);
    if (*count == 0)
        return call_end(call, NVML_SUCCESS);
    if (room < *count || out == NULL)
        return call_end(call, NVML_ERROR_INSUFFICIENT_SIZE);
    for (int i = 0; i < SIM_MAX_PROCS; i++) {
        const struct sim_process *process = &call->state->process[i];

        if (!listed(call, process, 1u << kind))
            continue;
        memset(&out[n], 0, sizeof(out[n]));
        out[n].pid = process->pid;
        out[n].usedGpuMemory = process->memory;
        out[n].gpuInstanceId = (unsigned int)process->gi;
        out[n].computeInstanceId = (unsigned int)process->ci;
        n++;
    }
    return call_end(call, NVML_SUCCESS);
}

static nvmlReturn_t processes_v1(struct call *call, unsigned int kind, unsigned int *count, nvmlProcessInfo_v1_t *out)
{
    unsigned int room, n = 0;

    REQUIRE(*call, count != NULL);
    room = *count;
    *count = tell(call, 1u << kind);
    if (*count == 0)
        return call_end(call, NVML_SUCCESS);
    if (room < *count || out == NULL)
        return call_end(call, NVML_ERROR_INSUFFICIENT_SIZE);
    for (int i = 0; i < SIM_MAX_PROCS; i++) {
        const struct sim_process *process = &call->state->process[i];

        if (!listed(call, process, 1u << kind))
            continue;
        memset(&out[n], 0, sizeof(out[n]));
        out[n].pid = process->pid;
        out[n++].usedGpuMemory = process->memory;
    }
    return call_end(call, NVML_SUCCESS);
}

#define PROCESS_CALLS(name, kind)                                                                                        \
    NVML_API nvmlReturn_t nvmlDeviceGet##name##RunningProcesses_v3(nvmlDevice_t device, unsigned int *count,             \
                                                                   nvmlProcessInfo_t *infos)                             \
    {                                                                                                                    \
        BEGIN_READ_MIG(call, device);                                                                                    \
        return processes(&call, kind, count, infos);                                                                     \
    }                                                                                                                    \
    NVML_API nvmlReturn_t nvmlDeviceGet##name##RunningProcesses_v2(nvmlDevice_t device, unsigned int *count,             \
                                                                   nvmlProcessInfo_t *infos)                             \
    {                                                                                                                    \
        BEGIN_READ_MIG(call, device);                                                                                    \
        return processes(&call, kind, count, infos);                                                                     \
    }                                                                                                                    \
    NVML_API nvmlReturn_t nvmlDeviceGet##name##RunningProcesses(nvmlDevice_t device, unsigned int *count,                \
                                                                nvmlProcessInfo_v1_t *infos)                             \
    {                                                                                                                    \
        BEGIN_READ_MIG(call, device);                                                                                    \
        return processes_v1(&call, kind, count, infos);                                                                  \
    }
PROCESS_CALLS(Compute, SIM_CLIENT_COMPUTE)
PROCESS_CALLS(Graphics, SIM_CLIENT_GRAPHICS)
PROCESS_CALLS(MPSCompute, SIM_CLIENT_MPS)

NVML_API nvmlReturn_t nvmlDeviceGetRunningProcessDetailList(nvmlDevice_t device, nvmlProcessDetailList_v1_t *list)
{
    static const unsigned int kinds_of_mode[] = {1u << SIM_CLIENT_COMPUTE, 1u << SIM_CLIENT_GRAPHICS, 1u << SIM_CLIENT_MPS, 7};
    unsigned int room, n = 0;

    BEGIN_READ_MIG(call, device);
    REQUIRE(call, list != NULL);
    if (list->version != NVML_STRUCT_VERSION(nvmlProcessDetailList_v1_t, 1))
        return call_end(&call, NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    REQUIRE(call, list->mode < 4);
    room = list->numProcArrayEntries;
    list->numProcArrayEntries = tell(&call, kinds_of_mode[list->mode]);
    if (list->numProcArrayEntries == 0)
        return call_end(&call, NVML_SUCCESS);
    if (room < list->numProcArrayEntries || list->procArray == NULL)
        return call_end(&call, NVML_ERROR_INSUFFICIENT_SIZE);
    for (int i = 0; i < SIM_MAX_PROCS; i++) {
        const struct sim_process *process = &call.state->process[i];
        nvmlProcessDetail_v1_t *out = &list->procArray[n];

        if (!listed(&call, process, kinds_of_mode[list->mode]))
            continue;
        memset(out, 0, sizeof(*out));
        out->pid = process->pid;
        out->usedGpuMemory = process->memory;
        out->gpuInstanceId = (unsigned int)process->gi;
        out->computeInstanceId = (unsigned int)process->ci;
        n++;
    }
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetProcessUtilization(nvmlDevice_t device, nvmlProcessUtilizationSample_t *out,
                                                      unsigned int *count, unsigned long long since)
{
    unsigned long long now = (unsigned long long)(now_seconds() * 1e6);
    unsigned int room, n = 0;

    BEGIN_READ(call, device);
    REQUIRE(call, count != NULL);
    SUPPORT(call, !call.gpu->mig_current);
    room = *count;
    *count = tell(&call, 7);
    if (*count == 0 || since > now)
        return call_end(&call, NVML_ERROR_NOT_FOUND);
    if (room < *count || out == NULL)
        return call_end(&call, NVML_ERROR_INSUFFICIENT_SIZE);
    for (int i = 0; i < SIM_MAX_PROCS; i++) {
        const struct sim_process *process = &call.state->process[i];

        if (!listed(&call, process, 7))
            continue;
        memset(&out[n], 0, sizeof(out[n]));
        out[n].pid = process->pid;
        out[n].timeStamp = now;
        out[n].smUtil = process->util;
        out[n++].memUtil = process->util / 2;
    }
    return call_end(&call, NVML_SUCCESS);
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
