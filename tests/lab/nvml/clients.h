/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NVML's lists of a device's clients. */
#ifndef SIM_CLIENTS_H
#define SIM_CLIENTS_H

#include "call.h"

/* Sets of kinds of client, as bits. A client of MPS is a compute client as well. */
enum {
    CLIENTS_COMPUTE = 1 << SIM_CLIENT_COMPUTE | 1 << SIM_CLIENT_MPS,
    CLIENTS_GRAPHICS = 1 << SIM_CLIENT_GRAPHICS,
    CLIENTS_MPS = 1 << SIM_CLIENT_MPS,
    CLIENTS_ALL = CLIENTS_COMPUTE | CLIENTS_GRAPHICS | CLIENTS_MPS
};

/* The first of those kinds on the call's device at or after *place, which is moved behind it; NULL when there is none. */
const struct sim_process *clients_next(const struct call *call, unsigned int kinds, unsigned int *place);

/* NVML's way with lists: *count, the room there is, becomes the number that there are; too little is INSUFFICIENT_SIZE. */
nvmlReturn_t clients_count(const struct call *call, unsigned int kinds, unsigned int *count, const void *room);

#endif
