/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MIG mode and GPU instances. */
#include "call.h"
#include "handle.h"
#include "mig.h"
#include "mig_told.h"
#include "node.h"
#include "pin.h"
#include "process.h"

#include <stdio.h>
#include <string.h>

static int guest(const struct call *call)
{
    return call->gpu->virtualization == NVML_GPU_VIRTUALIZATION_MODE_VGPU;
}

NVML_API nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t device, unsigned int *current, unsigned int *pending)
{
    BEGIN_READ(call, device);
    REQUIRE(call, current != NULL && pending != NULL);
    SUPPORT(call, call.model->mig_supported);
    *current = call.gpu->mig_current;
    *pending = call.gpu->mig_pending;
    return call_end(&call, NVML_SUCCESS);
}

static int has_instances(const struct sim_gpu *gpu)
{
    for (int i = 0; i < SIM_MAX_GI; i++)
        if (gpu->gi[i].serial != 0)
            return 1;
    return 0;
}

/* The call succeeds once the mode is noted; whether it is active is a second result. */
static nvmlReturn_t activate(struct call *call)
{
    struct sim_gpu *gpu = call->gpu;

    if (gpu->mig_current == gpu->mig_pending)
        return NVML_SUCCESS;
    if (process_count(call->state, call->index) > 0 || has_instances(gpu))
        return NVML_ERROR_IN_USE;
    if (!call->model->mig_needs_reset) {
        gpu->mig_current = gpu->mig_pending;
        gpu->compute_mode = NVML_COMPUTEMODE_DEFAULT;
        return NVML_SUCCESS;
    }
    /* On Ampere the driver resets the GPU by itself, where it may: in a guest with the whole GPU it may not. */
    if (gpu->virtualization == NVML_GPU_VIRTUALIZATION_MODE_PASSTHROUGH)
        return NVML_ERROR_RESET_REQUIRED;
    if (pin_holder(call->index) != 0 || pin_module(call->state))
        return NVML_ERROR_IN_USE;
    node_reset_gpu(gpu);
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceSetMigMode(nvmlDevice_t device, unsigned int mode, nvmlReturn_t *status)
{
    BEGIN_CHANGE(call, device, "mode=%u", mode);
    REQUIRE(call, status != NULL && mode <= NVML_DEVICE_MIG_ENABLE);
    SUPPORT(call, call.model->mig_supported && !guest(&call));
    call.gpu->mig_pending = mode;
    *status = activate(&call);
    snprintf(call.arguments + strlen(call.arguments), sizeof(call.arguments) - strlen(call.arguments), " activation=%d", *status);
    return call_end(&call, NVML_SUCCESS);
}

/* Profiles are asked for by NVML's constant; INVALID_ARGUMENT ends a loop over them, NOT_SUPPORTED does not. */
static nvmlReturn_t find(struct call *call, unsigned int constant, const struct mig_profile **profile)
{
    if (constant >= NVML_GPU_INSTANCE_PROFILE_COUNT)
        return NVML_ERROR_INVALID_ARGUMENT;
    *profile = mig_told_by_constant(call, constant);
    return *profile != NULL ? NVML_SUCCESS : NVML_ERROR_NOT_SUPPORTED;
}

/* The fields that all versions share, by the same names. */
#define FILL(info, profile)                            \
    do {                                               \
        (info)->id = (profile)->id;                    \
        (info)->sliceCount = (profile)->slices;        \
        (info)->instanceCount = (profile)->max_count;  \
        (info)->multiprocessorCount = (profile)->sms;  \
        (info)->copyEngineCount = (profile)->copy;     \
        (info)->decoderCount = (profile)->decoder;     \
        (info)->encoderCount = (profile)->encoder;     \
        (info)->jpegCount = (profile)->jpeg;           \
        (info)->ofaCount = (profile)->ofa;             \
        (info)->memorySizeMB = (profile)->memory_mib;  \
    } while (0)

NVML_API nvmlReturn_t nvmlDeviceGetGpuInstanceProfileInfo(nvmlDevice_t device, unsigned int constant,
                                                          nvmlGpuInstanceProfileInfo_t *info)
{
    const struct mig_profile *profile;
    nvmlReturn_t found;

    BEGIN_READ(call, device);
    REQUIRE(call, info != NULL);
    found = find(&call, constant, &profile);
    if (found != NVML_SUCCESS)
        return call_end(&call, found);
    FILL(info, profile);
    info->isP2pSupported = 0;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetGpuInstanceProfileInfoV(nvmlDevice_t device, unsigned int constant,
                                                           nvmlGpuInstanceProfileInfo_v2_t *info)
{
    nvmlGpuInstanceProfileInfo_v3_t *info3 = (nvmlGpuInstanceProfileInfo_v3_t *)(void *)info;
    const struct mig_profile *profile;
    nvmlReturn_t found;

    BEGIN_READ(call, device);
    REQUIRE(call, info != NULL);
    found = find(&call, constant, &profile);
    if (found != NVML_SUCCESS)
        return call_end(&call, found);
    if (info->version == NVML_STRUCT_VERSION(nvmlGpuInstanceProfileInfo_v2_t, 2)) {
        FILL(info, profile);
        info->isP2pSupported = 0;
        snprintf(info->name, sizeof(info->name), "MIG %s", profile->name);
    } else if (info->version == NVML_STRUCT_VERSION(nvmlGpuInstanceProfileInfo_v3_t, 3)) {
        FILL(info3, profile);
        info3->capabilities = 0;
        snprintf(info3->name, sizeof(info3->name), "MIG %s", profile->name);
    } else {
        return call_end(&call, NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    }
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetGpuInstancePossiblePlacements_v2(nvmlDevice_t device, unsigned int profile_id,
                                                                    nvmlGpuInstancePlacement_t *placements, unsigned int *count)
{
    const struct mig_profile *profile;
    unsigned int room;

    BEGIN_READ(call, device);
    REQUIRE(call, count != NULL);
    SUPPORT(call, call.model->mig_supported);
    profile = mig_told_by_id(&call, profile_id);
    REQUIRE(call, profile != NULL);
    room = *count;
    *count = profile->start_count;
    if (placements == NULL)
        return call_end(&call, NVML_SUCCESS);
    if (room < *count)
        return call_end(&call, NVML_ERROR_INSUFFICIENT_SIZE);
    for (unsigned int i = 0; i < *count; i++) {
        placements[i].start = profile->starts[i];
        placements[i].size = profile->size;
    }
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetGpuInstancePossiblePlacements(nvmlDevice_t device, unsigned int profile_id,
                                                                 nvmlGpuInstancePlacement_t *placements, unsigned int *count)
{
    /* The first version knew no room in count: it trusts the caller. */
    if (placements != NULL && count != NULL)
        *count = SIM_MAX_STARTS;
    return nvmlDeviceGetGpuInstancePossiblePlacements_v2(device, profile_id, placements, count);
}

NVML_API nvmlReturn_t nvmlDeviceGetGpuInstanceRemainingCapacity(nvmlDevice_t device, unsigned int profile_id, unsigned int *count)
{
    const struct mig_profile *profile;

    BEGIN_READ(call, device);
    PRIVILEGED(call);
    REQUIRE(call, count != NULL);
    SUPPORT(call, call.gpu->mig_current);
    profile = mig_profile_by_id(call.model, profile_id);
    REQUIRE(call, profile != NULL);
    *count = mig_capacity(call.model, call.gpu, profile);
    return call_end(&call, NVML_SUCCESS);
}

static nvmlReturn_t create(struct call *call, unsigned int profile_id, unsigned int start, nvmlGpuInstance_t *instance)
{
    struct sim_gi *gi;
    nvmlReturn_t made;

    REQUIRE(*call, instance != NULL);
    SUPPORT(*call, call->gpu->mig_current && !guest(call));
    made = mig_create_gi(call->state, call->index, profile_id, start, &gi);
    if (made == NVML_SUCCESS)
        *instance = handle_for(HANDLE_GI, call->index, gi->serial);
    return call_end(call, made);
}

NVML_API nvmlReturn_t nvmlDeviceCreateGpuInstance(nvmlDevice_t device, unsigned int profile_id, nvmlGpuInstance_t *instance)
{
    BEGIN_CHANGE(call, device, "profile=%u", profile_id);
    return create(&call, profile_id, MIG_ANYWHERE, instance);
}

NVML_API nvmlReturn_t nvmlDeviceCreateGpuInstanceWithPlacement(nvmlDevice_t device, unsigned int profile_id,
                                                               const nvmlGpuInstancePlacement_t *placement,
                                                               nvmlGpuInstance_t *instance)
{
    const struct mig_profile *profile;

    BEGIN_CHANGE(call, device, "profile=%u start=%u size=%u", profile_id, placement != NULL ? placement->start : 0,
                 placement != NULL ? placement->size : 0);
    REQUIRE(call, placement != NULL);
    SUPPORT(call, call.gpu->mig_current);
    profile = mig_profile_by_id(call.model, profile_id);
    REQUIRE(call, profile != NULL && placement->size == profile->size && placement->start != MIG_ANYWHERE);
    return create(&call, profile_id, placement->start, instance);
}

NVML_API nvmlReturn_t nvmlGpuInstanceDestroy(nvmlGpuInstance_t instance)
{
    BEGIN(call, call_change(&call, __func__, CALL_GI, instance, "serial=%u", handle_known(instance) ? instance->serial : 0));
    for (int i = 0; i < SIM_MAX_CI; i++)
        if (call.gi->ci[i].serial != 0)
            return call_end(&call, NVML_ERROR_IN_USE);
    if (process_count_gi(call.state, call.index, call.gi->id) > 0)
        return call_end(&call, NVML_ERROR_IN_USE);
    memset(call.gi, 0, sizeof(*call.gi));
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetGpuInstances(nvmlDevice_t device, unsigned int profile_id, nvmlGpuInstance_t *instances,
                                                unsigned int *count)
{
    const struct mig_profile *profile;

    BEGIN_READ(call, device);
    PRIVILEGED(call);
    REQUIRE(call, instances != NULL && count != NULL);
    SUPPORT(call, call.gpu->mig_current);
    profile = mig_profile_by_id(call.model, profile_id);
    REQUIRE(call, profile != NULL);
    *count = 0;
    for (int i = 0; i < SIM_MAX_GI; i++)
        if (call.gpu->gi[i].serial != 0 && &call.model->profiles[call.gpu->gi[i].profile] == profile)
            instances[(*count)++] = handle_for(HANDLE_GI, call.index, call.gpu->gi[i].serial);
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetGpuInstanceById(nvmlDevice_t device, unsigned int id, nvmlGpuInstance_t *instance)
{
    BEGIN_READ(call, device);
    PRIVILEGED(call);
    REQUIRE(call, instance != NULL);
    SUPPORT(call, call.gpu->mig_current);
    for (int i = 0; i < SIM_MAX_GI; i++) {
        if (call.gpu->gi[i].serial != 0 && call.gpu->gi[i].id == id) {
            *instance = handle_for(HANDLE_GI, call.index, call.gpu->gi[i].serial);
            return call_end(&call, NVML_SUCCESS);
        }
    }
    return call_end(&call, NVML_ERROR_NOT_FOUND);
}

NVML_API nvmlReturn_t nvmlGpuInstanceGetInfo(nvmlGpuInstance_t instance, nvmlGpuInstanceInfo_t *info)
{
    BEGIN(call, call_read(&call, __func__, CALL_GI, instance));
    REQUIRE(call, info != NULL);
    info->device = handle_for(HANDLE_GPU, call.index, 0);
    info->id = call.gi->id;
    info->profileId = call.model->profiles[call.gi->profile].id;
    info->placement.start = call.gi->start;
    info->placement.size = call.gi->size;
    return call_end(&call, NVML_SUCCESS);
}
