/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What NVML's opaque handles point to. */
#ifndef SIM_HANDLE_H
#define SIM_HANDLE_H

#include "state.h"

enum handle_kind { HANDLE_GPU = 1, HANDLE_MIG, HANDLE_GI, HANDLE_CI };

struct sim_handle {
    enum handle_kind kind;
    unsigned int gpu;
    unsigned int serial; /* of the instance; 0 for a GPU */
};

/* The same thing always has the same handle in a process; NULL when the table is full. */
struct sim_handle *handle_for(enum handle_kind kind, unsigned int gpu, unsigned int serial);
int handle_known(const struct sim_handle *handle);
/* Finds the instance by serial, which is never used twice: a handle to a destroyed one finds nothing. */
int handle_find_gi(struct sim_gpu *gpu, unsigned int serial, struct sim_gi **gi);
int handle_find_ci(struct sim_gpu *gpu, unsigned int serial, struct sim_gi **gi, struct sim_ci **ci);

#endif
