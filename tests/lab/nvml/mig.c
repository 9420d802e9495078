/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of MIG: which profiles, where they fit, what is left.  No NVML call is in here. */
#include "mig.h"

#include <stdio.h>
#include <string.h>

const struct mig_profile *mig_profile_by_constant(const struct gpu_model *model, unsigned int constant)
{
    for (unsigned int i = 0; i < model->profile_count; i++)
        if (model->profiles[i].constant == constant)
            return &model->profiles[i];
    return NULL;
}

const struct mig_profile *mig_profile_by_id(const struct gpu_model *model, unsigned int id)
{
    for (unsigned int i = 0; i < model->profile_count; i++)
        if (model->profiles[i].id == id)
            return &model->profiles[i];
    return NULL;
}

/* The whole is 0, halves are 1 and 2, quarters 3 to 6, eighths 7 to 14. */
unsigned int mig_instance_id(const struct gpu_model *model, unsigned int start, unsigned int size)
{
    return model->mig_memory_slices / size - 1 + start / size;
}

static int is_free(const struct sim_gpu *gpu, unsigned int start, unsigned int size)
{
    for (int i = 0; i < SIM_MAX_GI; i++) {
        const struct sim_gi *gi = &gpu->gi[i];

        if (gi->serial != 0 && start < gi->start + gi->size && gi->start < start + size)
            return 0;
    }
    return 1;
}

static unsigned int existing(const struct gpu_model *model, const struct sim_gpu *gpu, const struct mig_profile *profile)
{
    unsigned int count = 0;

    for (int i = 0; i < SIM_MAX_GI; i++)
        if (gpu->gi[i].serial != 0 && &model->profiles[gpu->gi[i].profile] == profile)
            count++;
    return count;
}

enum { ENGINES = 4 };

static void media_engines(const struct mig_profile *profile, unsigned int engines[ENGINES])
{
    engines[0] = profile->decoder;
    engines[1] = profile->encoder;
    engines[2] = profile->jpeg;
    engines[3] = profile->ofa;
}

/* The card has as many media engines as the profile with the most of them, and instances share none. */
static unsigned int fits_engines(const struct gpu_model *model, const struct sim_gpu *gpu, const struct mig_profile *wanted)
{
    unsigned int has[ENGINES] = {0}, used[ENGINES] = {0}, each[ENGINES], fits = SIM_MAX_GI;

    for (unsigned int i = 0; i < model->profile_count; i++) {
        media_engines(&model->profiles[i], each);
        for (int e = 0; e < ENGINES; e++)
            if (each[e] > has[e])
                has[e] = each[e];
    }
    for (int i = 0; i < SIM_MAX_GI; i++) {
        if (gpu->gi[i].serial == 0)
            continue;
        media_engines(&model->profiles[gpu->gi[i].profile], each);
        for (int e = 0; e < ENGINES; e++)
            used[e] += each[e];
    }
    media_engines(wanted, each);
    for (int e = 0; e < ENGINES; e++) {
        unsigned int left = has[e] > used[e] ? has[e] - used[e] : 0;

        if (each[e] > 0 && left / each[e] < fits)
            fits = left / each[e];
    }
    return fits;
}

unsigned int mig_capacity(const struct gpu_model *model, const struct sim_gpu *gpu, const struct mig_profile *profile)
{
    unsigned int fits = 0, next = 0, made = existing(model, gpu, profile), left, engines = fits_engines(model, gpu, profile);

    /* Starts ascend and all have one size: taking each that is free from left to right fits the most. */
    for (unsigned int i = 0; i < profile->start_count; i++) {
        if (profile->starts[i] >= next && is_free(gpu, profile->starts[i], profile->size)) {
            fits++;
            next = profile->starts[i] + profile->size;
        }
    }
    left = made < profile->max_count ? profile->max_count - made : 0;
    if (engines < left)
        left = engines;
    return fits < left ? fits : left;
}

nvmlReturn_t mig_create_gi(struct sim_state *state, unsigned int index, unsigned int profile_id, unsigned int start,
                           struct sim_gi **created)
{
    struct sim_gpu *gpu = &state->gpu[index];
    const struct gpu_model *model = model_by_key(gpu->model);
    const struct mig_profile *profile = mig_profile_by_id(model, profile_id);
    struct sim_gi *gi = NULL;
    unsigned int i;

    if (profile == NULL)
        return NVML_ERROR_INVALID_ARGUMENT;
    if (start == MIG_ANYWHERE) {
        for (i = 0; i < profile->start_count && start == MIG_ANYWHERE; i++)
            if (is_free(gpu, profile->default_order[i], profile->size))
                start = profile->default_order[i];
    } else {
        for (i = 0; i < profile->start_count && profile->starts[i] != start; i++)
            ;
        if (i == profile->start_count)
            return NVML_ERROR_INVALID_ARGUMENT;
    }
    if (start == MIG_ANYWHERE || !is_free(gpu, start, profile->size) || mig_capacity(model, gpu, profile) == 0)
        return NVML_ERROR_INSUFFICIENT_RESOURCES;
    for (i = 0; i < SIM_MAX_GI && gi == NULL; i++)
        if (gpu->gi[i].serial == 0)
            gi = &gpu->gi[i];
    if (gi == NULL)
        return NVML_ERROR_INSUFFICIENT_RESOURCES;
    memset(gi, 0, sizeof(*gi));
    gi->serial = state->next_serial++;
    gi->id = mig_instance_id(model, start, profile->size);
    gi->profile = (unsigned int)(profile - model->profiles);
    gi->start = start;
    gi->size = profile->size;
    *created = gi;
    return NVML_SUCCESS;
}

int mig_ci_profile(const struct gpu_model *model, const struct mig_profile *gi, unsigned int constant, struct ci_profile *out)
{
    static const unsigned int slices_of[NVML_COMPUTE_INSTANCE_PROFILE_COUNT] = {1, 2, 3, 4, 7, 8, 6, 1};
    unsigned int slices = constant < NVML_COMPUTE_INSTANCE_PROFILE_COUNT ? slices_of[constant] : 0, start;
    unsigned int share = mig_profile_by_constant(model, 0)->sms;
    /* An instance with the memory of two slices may have more SMs than its one slice: they come by a profile of its own. */
    int more = gi->slices == 1 && gi->sms > share;

    memset(out, 0, sizeof(*out));
    /* A 4g has halves and quarters but no three quarters: nvidia-smi mig -lcip lists none on an A100. */
    if (slices == 0 || slices > gi->slices || (slices == 3 && gi->slices == 4) || (slices == 6 && gi->slices != 6))
        return 0;
    if (constant == NVML_COMPUTE_INSTANCE_PROFILE_1_SLICE_REV1 && !more)
        return 0;
    out->slices = slices;
    /* A slice's share, save for the whole: a whole instance has all SMs, also those that no share divides. */
    out->sms = slices == gi->slices && !(more && constant == 0) ? gi->sms : slices * share;
    for (start = 0; start + slices <= gi->slices; start += slices == 3 ? 4 : slices)
        out->starts[out->start_count++] = start;
    out->max_count = out->start_count;
    return 1;
}

static int ci_is_free(const struct sim_gi *gi, unsigned int start, unsigned int size)
{
    for (int i = 0; i < SIM_MAX_CI; i++) {
        const struct sim_ci *ci = &gi->ci[i];

        if (ci->serial != 0 && start < ci->start + ci->size && ci->start < start + size)
            return 0;
    }
    return 1;
}

unsigned int mig_ci_capacity(const struct gpu_model *model, const struct sim_gi *gi, unsigned int constant)
{
    struct ci_profile profile;
    unsigned int fits = 0;

    if (!mig_ci_profile(model, &model->profiles[gi->profile], constant, &profile))
        return 0;
    for (unsigned int i = 0; i < profile.start_count; i++)
        fits += (unsigned int)ci_is_free(gi, profile.starts[i], profile.slices);
    return fits;
}

nvmlReturn_t mig_create_ci(struct sim_state *state, unsigned int index, struct sim_gi *gi, unsigned int constant,
                           unsigned int start, struct sim_ci **created)
{
    struct sim_gpu *gpu = &state->gpu[index];
    const struct gpu_model *model = model_by_key(gpu->model);
    struct ci_profile profile;
    unsigned int i, slot, id = 0;
    char seed[160];

    if (!mig_ci_profile(model, &model->profiles[gi->profile], constant, &profile))
        return NVML_ERROR_INVALID_ARGUMENT;
    if (start == MIG_ANYWHERE) {
        for (i = 0; i < profile.start_count && start == MIG_ANYWHERE; i++)
            if (ci_is_free(gi, profile.starts[i], profile.slices))
                start = profile.starts[i];
    } else {
        for (i = 0; i < profile.start_count && profile.starts[i] != start; i++)
            ;
        if (i == profile.start_count)
            return NVML_ERROR_INVALID_ARGUMENT;
    }
    if (start == MIG_ANYWHERE || !ci_is_free(gi, start, profile.slices))
        return NVML_ERROR_INSUFFICIENT_RESOURCES;
    /* Ids count up from 0 within the GPU instance, and a free one is used again. */
    for (i = 0; i < SIM_MAX_CI; i++) {
        if (gi->ci[i].serial != 0 && gi->ci[i].id == id) {
            id++;
            i = (unsigned int)-1;
        }
    }
    for (slot = 0; slot < SIM_MAX_CI && gi->ci[slot].serial != 0; slot++)
        ;
    if (slot == SIM_MAX_CI)
        return NVML_ERROR_INSUFFICIENT_RESOURCES;
    *created = &gi->ci[slot];
    memset(*created, 0, sizeof(**created));
    (*created)->serial = state->next_serial++;
    (*created)->id = id;
    (*created)->profile = constant;
    (*created)->start = start;
    (*created)->size = profile.slices;
    /* The same place on the same GPU has the same UUID again, as on the real card. */
    snprintf(seed, sizeof(seed), "%s/%u/%u/%u/%u", gpu->uuid, gi->profile, gi->id, constant, start);
    seed_uuid((*created)->uuid, "MIG-", seed, 7);
    return NVML_SUCCESS;
}

void mig_ci_name(const struct gpu_model *model, const struct mig_profile *gi, unsigned int constant, char *out,
                 unsigned long size)
{
    struct ci_profile profile;

    mig_ci_profile(model, gi, constant, &profile);
    if (profile.sms == gi->sms)
        snprintf(out, size, "%s", gi->name);
    else
        snprintf(out, size, "%uc.%s", profile.slices, gi->name);
}

void mig_device_name(const struct call *call, char *out, unsigned long size)
{
    mig_ci_name(call->model, &call->model->profiles[call->gi->profile], call->ci->profile, out, size);
}

/* MIG devices are counted over the GPU instances by id, and within them over the compute instances by id. */
unsigned int mig_device_index(const struct call *call)
{
    unsigned int before = 0;

    for (int g = 0; g < SIM_MAX_GI; g++) {
        const struct sim_gi *gi = &call->gpu->gi[g];

        for (int c = 0; c < SIM_MAX_CI && gi->serial != 0; c++)
            if (gi->ci[c].serial != 0 &&
                (gi->id < call->gi->id || (gi == call->gi && gi->ci[c].id < call->ci->id)))
                before++;
    }
    return before;
}
