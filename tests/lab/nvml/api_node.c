/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting and ending a session, versions, and finding devices. */
#include "call.h"
#include "errors.h"
#include "fail.h"
#include "handle.h"
#include "node.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static nvmlReturn_t start(const char *function)
{
    struct sim_state *state = malloc(sizeof(*state));
    nvmlReturn_t result;
    struct fail_rule met;

    switch (fail_check(function, 0, &met)) {
    case FAIL_ERROR:
        free(state);
        return (nvmlReturn_t)met.error;
    case FAIL_HANG:
    case FAIL_HANG_AFTER:
        fail_hang(met.file);
        break;
    case FAIL_KILL_BEFORE:
    case FAIL_KILL_AFTER:
        raise(SIGKILL);
        break;
    default:
        break;
    }
    if (state == NULL)
        return NVML_ERROR_MEMORY;
    switch (state_load(state)) {
    case SIM_OK:
        result = call_driver_status(state);
        break;
    case SIM_MISSING:
        result = NVML_ERROR_DRIVER_NOT_LOADED;
        break;
    default:
        result = NVML_ERROR_UNKNOWN;
    }
    free(state);
    if (result == NVML_SUCCESS)
        call_count_init(+1);
    return result;
}

NVML_API nvmlReturn_t nvmlInit_v2(void)
{
    return start(__func__);
}

NVML_API nvmlReturn_t nvmlInit(void)
{
    return start(__func__);
}

NVML_API nvmlReturn_t nvmlInitWithFlags(unsigned int flags)
{
    (void)flags;
    return start(__func__);
}

NVML_API nvmlReturn_t nvmlShutdown(void)
{
    if (!call_initialised())
        return NVML_ERROR_UNINITIALIZED;
    call_count_init(-1);
    return NVML_SUCCESS;
}

NVML_API const char *nvmlErrorString(nvmlReturn_t result)
{
    const char *text = error_text(result);

    return text != NULL ? text : "Unknown Error code";
}

/* Copies a string out as NVML does: all of it, or INSUFFICIENT_SIZE. */
static nvmlReturn_t give(char *out, unsigned int length, const char *text)
{
    if (out == NULL)
        return NVML_ERROR_INVALID_ARGUMENT;
    if (length < strlen(text) + 1)
        return NVML_ERROR_INSUFFICIENT_SIZE;
    strcpy(out, text);
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned int length)
{
    BEGIN_NODE(call);
    return call_end(&call, give(version, length, call.state->driver_version));
}

NVML_API nvmlReturn_t nvmlSystemGetNVMLVersion(char *version, unsigned int length)
{
    char full[48];

    BEGIN_NODE(call);
    snprintf(full, sizeof(full), "12.%s", call.state->driver_version);
    return call_end(&call, give(version, length, full));
}

/* The CUDA version that a driver branch brings: release notes of the branches. */
static int cuda_version(const char *driver)
{
    static const struct {
        int branch, cuda;
    } table[] = {{595, 13020}, {590, 13010}, {580, 13000}, {575, 12090}, {570, 12080}, {565, 12070}, {560, 12060}, {555, 12050}, {550, 12040},
                 {545, 12030}, {535, 12020}, {530, 12010}, {525, 12000}, {515, 11070}, {510, 11060}, {470, 11040}};
    int branch = atoi(driver);

    for (unsigned int i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (branch >= table[i].branch)
            return table[i].cuda;
    return 11000;
}

NVML_API nvmlReturn_t nvmlSystemGetCudaDriverVersion(int *version)
{
    BEGIN_NODE(call);
    REQUIRE(call, version != NULL);
    *version = cuda_version(call.state->driver_version);
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlSystemGetCudaDriverVersion_v2(int *version)
{
    return nvmlSystemGetCudaDriverVersion(version);
}

NVML_API nvmlReturn_t nvmlSystemGetProcessName(unsigned int pid, char *name, unsigned int length)
{
    BEGIN_NODE(call);
    REQUIRE(call, name != NULL && length > 0);
    for (int i = 0; i < SIM_MAX_PROCS; i++) {
        if (pid != 0 && call.state->process[i].pid == pid) {
            /* This one is cut short, not refused: so NVML's documentation says. */
            snprintf(name, length, "%s", call.state->process[i].name);
            return call_end(&call, NVML_SUCCESS);
        }
    }
    return call_end(&call, NVML_ERROR_NOT_FOUND);
}

NVML_API nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *count)
{
    BEGIN_NODE(call);
    REQUIRE(call, count != NULL);
    *count = node_listed(call.state, call.state->gpu_count);
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetCount(unsigned int *count)
{
    return nvmlDeviceGetCount_v2(count);
}

static nvmlReturn_t give_gpu(struct call *call, unsigned int index, nvmlDevice_t *device)
{
    if (call->state->gpu[index].unlisted != SIM_LISTED)
        return NVML_ERROR_NOT_FOUND;
    if (call->state->gpu[index].lost)
        return NVML_ERROR_GPU_IS_LOST;
    *device = handle_for(HANDLE_GPU, index, 0);
    return *device != NULL ? NVML_SUCCESS : NVML_ERROR_MEMORY;
}

NVML_API nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device)
{
    unsigned int place = 0;

    BEGIN_NODE(call);
    REQUIRE(call, device != NULL && index < node_listed(call.state, call.state->gpu_count));
    while (call.state->gpu[place].unlisted != SIM_LISTED || node_listed(call.state, place) != index)
        place++;
    return call_end(&call, give_gpu(&call, place, device));
}

NVML_API nvmlReturn_t nvmlDeviceGetHandleByIndex(unsigned int index, nvmlDevice_t *device)
{
    return nvmlDeviceGetHandleByIndex_v2(index, device);
}

NVML_API nvmlReturn_t nvmlDeviceGetHandleBySerial(const char *serial, nvmlDevice_t *device)
{
    BEGIN_NODE(call);
    REQUIRE(call, serial != NULL && device != NULL);
    for (unsigned int i = 0; i < call.state->gpu_count; i++)
        if (strcmp(call.state->gpu[i].serial, serial) == 0)
            return call_end(&call, give_gpu(&call, i, device));
    return call_end(&call, NVML_ERROR_NOT_FOUND);
}

NVML_API nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *device)
{
    BEGIN_NODE(call);
    REQUIRE(call, uuid != NULL && device != NULL);
    for (unsigned int i = 0; i < call.state->gpu_count; i++) {
        struct sim_gpu *gpu = &call.state->gpu[i];

        if (strcmp(gpu->uuid, uuid) == 0)
            return call_end(&call, give_gpu(&call, i, device));
        for (int g = 0; g < SIM_MAX_GI; g++) {
            for (int c = 0; c < SIM_MAX_CI; c++) {
                struct sim_ci *ci = &gpu->gi[g].ci[c];

                if (gpu->gi[g].serial == 0 || ci->serial == 0 || strcmp(ci->uuid, uuid) != 0)
                    continue;
                *device = handle_for(HANDLE_MIG, i, ci->serial);
                return call_end(&call, *device != NULL ? NVML_SUCCESS : NVML_ERROR_MEMORY);
            }
        }
    }
    return call_end(&call, NVML_ERROR_NOT_FOUND);
}

NVML_API nvmlReturn_t nvmlDeviceGetHandleByPciBusId_v2(const char *bus_id, nvmlDevice_t *device)
{
    unsigned int domain, bus, slot, function = 0;

    BEGIN_NODE(call);
    REQUIRE(call, bus_id != NULL && device != NULL);
    if (sscanf(bus_id, "%x:%x:%x.%x", &domain, &bus, &slot, &function) < 3) {
        domain = 0;
        REQUIRE(call, sscanf(bus_id, "%x:%x.%x", &bus, &slot, &function) >= 2);
    }
    for (unsigned int i = 0; i < call.state->gpu_count; i++) {
        struct sim_gpu *gpu = &call.state->gpu[i];

        if (gpu->pci_domain == domain && gpu->pci_bus == bus && gpu->pci_device == slot && function == 0)
            return call_end(&call, give_gpu(&call, i, device));
    }
    return call_end(&call, NVML_ERROR_NOT_FOUND);
}

NVML_API nvmlReturn_t nvmlDeviceGetHandleByPciBusId(const char *bus_id, nvmlDevice_t *device)
{
    return nvmlDeviceGetHandleByPciBusId_v2(bus_id, device);
}
