/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_MIG_H
#define SIM_MIG_H

#include "call.h"

enum { MIG_ANYWHERE = 0xffffffffu };

const struct mig_profile *mig_profile_by_constant(const struct gpu_model *model, unsigned int constant);
const struct mig_profile *mig_profile_by_id(const struct gpu_model *model, unsigned int id);
unsigned int mig_instance_id(const struct gpu_model *model, unsigned int start, unsigned int size);
unsigned int mig_capacity(const struct gpu_model *model, const struct sim_gpu *gpu, const struct mig_profile *profile);
nvmlReturn_t mig_create_gi(struct sim_state *state, unsigned int gpu, unsigned int profile_id, unsigned int start,
                           struct sim_gi **created);
nvmlReturn_t mig_create_ci(struct sim_state *state, unsigned int gpu, struct sim_gi *gi, unsigned int profile,
                           unsigned int start, struct sim_ci **created);

/* Compute instance profiles follow from the GPU instance's: all there is to know of one. */
struct ci_profile {
    unsigned int slices, sms, max_count;
    unsigned int start_count, starts[SIM_MAX_CI];
};
int mig_ci_profile(const struct gpu_model *model, const struct mig_profile *gi, unsigned int constant, struct ci_profile *out);
unsigned int mig_ci_capacity(const struct gpu_model *model, const struct sim_gi *gi, unsigned int constant);
void mig_ci_name(const struct gpu_model *model, const struct mig_profile *gi, unsigned int constant, char *out,
                 unsigned long size);

unsigned int mig_device_index(const struct call *call);
void mig_device_name(const struct call *call, char *out, unsigned long size);

#endif
