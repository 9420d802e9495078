/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What load does to a GPU: utilization, clocks, power, temperature. */
#ifndef SIM_LOAD_H
#define SIM_LOAD_H

#include "models.h"
#include "state.h"

struct load {
    unsigned int util_gpu, util_memory;   /* percent */
    unsigned int graphics, memory, video; /* MHz */
    unsigned int power_capped;
    double celsius, milliwatts, millijoules;
};

void load_now(const struct sim_state *state, unsigned int gpu, struct load *load);
void load_settle(struct sim_state *state); /* call before anything that alters the load changes */
void load_reset(struct sim_gpu *gpu);      /* a GPU that has just come up, cold */

#endif
