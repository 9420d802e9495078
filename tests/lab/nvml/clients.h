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

/* Fills one entry of a list, which is all zeros. */
typedef void client_entry_t(void *entry, const struct sim_process *process);

/*
 * Lists the clients of those kinds on the call's device. *count, the room in out, becomes the number that there are;
 * too little room is INSUFFICIENT_SIZE. size: of an entry.
 */
nvmlReturn_t clients_list(const struct call *call, unsigned int kinds, unsigned int *count, void *out, size_t size,
                          client_entry_t *fill);

#endif
