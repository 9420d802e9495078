/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clients.h"

static int listed(const struct call *call, const struct sim_process *process, unsigned int kinds)
{
    if (process->pid == 0 || process->gpu != call->index || !(kinds >> process->kind & 1))
        return 0;
    return call->ci == NULL || (process->gi == (int)call->gi->id && process->ci == (int)call->ci->id);
}

const struct sim_process *clients_next(const struct call *call, unsigned int kinds, unsigned int *place)
{
    while (*place < SIM_MAX_PROCS) {
        const struct sim_process *process = &call->state->process[(*place)++];

        if (listed(call, process, kinds))
            return process;
    }
    return NULL;
}

nvmlReturn_t clients_count(const struct call *call, unsigned int kinds, unsigned int *count, const void *room)
{
    unsigned int given = *count, place = 0;

    *count = 0;
    while (clients_next(call, kinds, &place) != NULL)
        (*count)++;
    return *count > 0 && (given < *count || room == NULL) ? NVML_ERROR_INSUFFICIENT_SIZE : NVML_SUCCESS;
}
