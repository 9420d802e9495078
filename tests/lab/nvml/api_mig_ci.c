/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compute instances within a GPU instance. */
#include "call.h"
#include "handle.h"
#include "mig.h"
#include "process.h"

#include <stdio.h>
#include <string.h>

#define BEGIN_GI(call, instance) BEGIN(call, call_read(&call, __func__, CALL_GI, instance))

static const struct mig_profile *gi_profile(const struct call *call)
{
    return &call->model->profiles[call->gi->profile];
}

static nvmlReturn_t find(struct call *call, unsigned int constant, unsigned int engines, struct ci_profile *profile)
{
    /* There is one engine profile: engines are shared. */
    if (constant >= NVML_COMPUTE_INSTANCE_PROFILE_COUNT || engines != 0)
        return NVML_ERROR_INVALID_ARGUMENT;
    return mig_ci_profile(call->model, gi_profile(call), constant, profile) ? NVML_SUCCESS : NVML_ERROR_NOT_SUPPORTED;
}

#define FILL(info, constant, profile, gi)              \
    do {                                               \
        (info)->id = (constant);                       \
        (info)->sliceCount = (profile).slices;         \
        (info)->instanceCount = (profile).max_count;   \
        (info)->multiprocessorCount = (profile).sms;   \
        (info)->sharedCopyEngineCount = (gi)->copy;    \
        (info)->sharedDecoderCount = (gi)->decoder;    \
        (info)->sharedEncoderCount = (gi)->encoder;    \
        (info)->sharedJpegCount = (gi)->jpeg;          \
        (info)->sharedOfaCount = (gi)->ofa;            \
    } while (0)

NVML_API nvmlReturn_t nvmlGpuInstanceGetComputeInstanceProfileInfo(nvmlGpuInstance_t instance, unsigned int constant,
                                                                   unsigned int engines, nvmlComputeInstanceProfileInfo_t *info)
{
    struct ci_profile profile;
    nvmlReturn_t found;

    BEGIN_GI(call, instance);
    REQUIRE(call, info != NULL);
    found = find(&call, constant, engines, &profile);
    if (found == NVML_SUCCESS)
        FILL(info, constant, profile, gi_profile(&call));
    return call_end(&call, found);
}

NVML_API nvmlReturn_t nvmlGpuInstanceGetComputeInstanceProfileInfoV(nvmlGpuInstance_t instance, unsigned int constant,
                                                                    unsigned int engines,
                                                                    nvmlComputeInstanceProfileInfo_v2_t *info)
{
    nvmlComputeInstanceProfileInfo_v3_t *info3 = (nvmlComputeInstanceProfileInfo_v3_t *)(void *)info;
    struct ci_profile profile;
    nvmlReturn_t found;
    char name[80];

    BEGIN_GI(call, instance);
    REQUIRE(call, info != NULL);
    found = find(&call, constant, engines, &profile);
    if (found != NVML_SUCCESS)
        return call_end(&call, found);
    mig_ci_name(call.model, gi_profile(&call), constant, name, sizeof(name));
    if (info->version == NVML_STRUCT_VERSION(nvmlComputeInstanceProfileInfo_v2_t, 2)) {
        FILL(info, constant, profile, gi_profile(&call));
        snprintf(info->name, sizeof(info->name), "MIG %s", name);
    } else if (info->version == NVML_STRUCT_VERSION(nvmlComputeInstanceProfileInfo_v3_t, 3)) {
        FILL(info3, constant, profile, gi_profile(&call));
        snprintf(info3->name, sizeof(info3->name), "MIG %s", name);
        info3->capabilities = 0;
    } else {
        found = NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    }
    return call_end(&call, found);
}

NVML_API nvmlReturn_t nvmlGpuInstanceGetComputeInstanceRemainingCapacity(nvmlGpuInstance_t instance, unsigned int constant,
                                                                         unsigned int *count)
{
    struct ci_profile profile;
    nvmlReturn_t found;

    BEGIN_GI(call, instance);
    PRIVILEGED(call);
    REQUIRE(call, count != NULL);
    found = find(&call, constant, 0, &profile);
    if (found == NVML_SUCCESS)
        *count = mig_ci_capacity(call.model, call.gi, constant);
    return call_end(&call, found);
}

NVML_API nvmlReturn_t nvmlGpuInstanceGetComputeInstancePossiblePlacements(nvmlGpuInstance_t instance, unsigned int constant,
                                                                          nvmlComputeInstancePlacement_t *placements,
                                                                          unsigned int *count)
{
    struct ci_profile profile;
    nvmlReturn_t found;
    unsigned int room;

    BEGIN_GI(call, instance);
    PRIVILEGED(call);
    REQUIRE(call, count != NULL);
    found = find(&call, constant, 0, &profile);
    if (found != NVML_SUCCESS)
        return call_end(&call, found);
    room = *count;
    *count = profile.start_count;
    if (placements == NULL)
        return call_end(&call, NVML_SUCCESS);
    if (room < *count)
        return call_end(&call, NVML_ERROR_INSUFFICIENT_SIZE);
    for (unsigned int i = 0; i < *count; i++) {
        placements[i].start = profile.starts[i];
        placements[i].size = profile.slices;
    }
    return call_end(&call, NVML_SUCCESS);
}

static nvmlReturn_t create(struct call *call, unsigned int constant, unsigned int start, nvmlComputeInstance_t *instance)
{
    struct ci_profile profile;
    struct sim_ci *ci;
    nvmlReturn_t made;

    REQUIRE(*call, instance != NULL);
    made = find(call, constant, 0, &profile);
    if (made == NVML_SUCCESS)
        made = mig_create_ci(call->state, call->index, call->gi, constant, start, &ci);
    if (made == NVML_SUCCESS)
        *instance = handle_for(HANDLE_CI, call->index, ci->serial);
    return call_end(call, made);
}

NVML_API nvmlReturn_t nvmlGpuInstanceCreateComputeInstance(nvmlGpuInstance_t gi, unsigned int constant,
                                                           nvmlComputeInstance_t *instance)
{
    BEGIN(call, call_change(&call, __func__, CALL_GI, gi, "serial=%u profile=%u", handle_known(gi) ? gi->serial : 0, constant));
    return create(&call, constant, MIG_ANYWHERE, instance);
}

NVML_API nvmlReturn_t nvmlGpuInstanceCreateComputeInstanceWithPlacement(nvmlGpuInstance_t gi, unsigned int constant,
                                                                        const nvmlComputeInstancePlacement_t *placement,
                                                                        nvmlComputeInstance_t *instance)
{
    struct ci_profile profile;

    BEGIN(call, call_change(&call, __func__, CALL_GI, gi, "serial=%u profile=%u start=%u size=%u",
                            handle_known(gi) ? gi->serial : 0, constant, placement != NULL ? placement->start : 0,
                            placement != NULL ? placement->size : 0));
    REQUIRE(call, placement != NULL && placement->start != MIG_ANYWHERE);
    if (find(&call, constant, 0, &profile) == NVML_SUCCESS)
        REQUIRE(call, placement->size == profile.slices);
    return create(&call, constant, placement->start, instance);
}

NVML_API nvmlReturn_t nvmlComputeInstanceDestroy(nvmlComputeInstance_t instance)
{
    BEGIN(call, call_change(&call, __func__, CALL_CI, instance, "serial=%u", handle_known(instance) ? instance->serial : 0));
    if (process_count_ci(call.state, call.index, call.gi->id, call.ci->id) > 0)
        return call_end(&call, NVML_ERROR_IN_USE);
    memset(call.ci, 0, sizeof(*call.ci));
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlGpuInstanceGetComputeInstances(nvmlGpuInstance_t gi, unsigned int constant,
                                                         nvmlComputeInstance_t *instances, unsigned int *count)
{
    struct ci_profile profile;
    nvmlReturn_t found;

    BEGIN_GI(call, gi);
    PRIVILEGED(call);
    REQUIRE(call, instances != NULL && count != NULL);
    found = find(&call, constant, 0, &profile);
    if (found != NVML_SUCCESS)
        return call_end(&call, found);
    *count = 0;
    for (int i = 0; i < SIM_MAX_CI; i++)
        if (call.gi->ci[i].serial != 0 && call.gi->ci[i].profile == constant)
            instances[(*count)++] = handle_for(HANDLE_CI, call.index, call.gi->ci[i].serial);
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlGpuInstanceGetComputeInstanceById(nvmlGpuInstance_t gi, unsigned int id, nvmlComputeInstance_t *instance)
{
    BEGIN_GI(call, gi);
    PRIVILEGED(call);
    REQUIRE(call, instance != NULL);
    for (int i = 0; i < SIM_MAX_CI; i++) {
        if (call.gi->ci[i].serial != 0 && call.gi->ci[i].id == id) {
            *instance = handle_for(HANDLE_CI, call.index, call.gi->ci[i].serial);
            return call_end(&call, NVML_SUCCESS);
        }
    }
    return call_end(&call, NVML_ERROR_NOT_FOUND);
}

NVML_API nvmlReturn_t nvmlComputeInstanceGetInfo_v2(nvmlComputeInstance_t instance, nvmlComputeInstanceInfo_t *info)
{
    BEGIN(call, call_read(&call, __func__, CALL_CI, instance));
    REQUIRE(call, info != NULL);
    info->device = handle_for(HANDLE_GPU, call.index, 0);
    info->gpuInstance = handle_for(HANDLE_GI, call.index, call.gi->serial);
    info->id = call.ci->id;
    info->profileId = call.ci->profile;
    info->placement.start = call.ci->start;
    info->placement.size = call.ci->size;
    return call_end(&call, NVML_SUCCESS);
}

/* The first version's structure ends before the placement. */
NVML_API nvmlReturn_t nvmlComputeInstanceGetInfo(nvmlComputeInstance_t instance, void *info)
{
    nvmlComputeInstanceInfo_t full;
    nvmlReturn_t result = nvmlComputeInstanceGetInfo_v2(instance, info != NULL ? &full : NULL);

    if (result == NVML_SUCCESS)
        memcpy(info, &full, offsetof(nvmlComputeInstanceInfo_t, placement));
    return result;
}
