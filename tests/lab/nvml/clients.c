/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clients.h"

#include <string.h>

static int listed(const struct call *call, const struct sim_process *process, unsigned int kinds)
{
    if (process->pid == 0 || process->gpu != call->index || !(kinds >> process->kind & 1))
        return 0;
    return call->ci == NULL || (process->gi == (int)call->gi->id && process->ci == (int)call->ci->id);
}

static unsigned int number(const struct call *call, unsigned int kinds)
{
    unsigned int found = 0;

    for (unsigned int i = 0; i < SIM_MAX_PROCS; i++)
        found += listed(call, &call->state->process[i], kinds);
    return found;
}

nvmlReturn_t clients_list(const struct call *call, unsigned int kinds, unsigned int *count, void *out, size_t size,
                          client_entry_t *fill)
{
    unsigned int room = *count;
    char *entry = out;

    *count = number(call, kinds);
    if (*count > 0 && (room < *count || out == NULL))
        return NVML_ERROR_INSUFFICIENT_SIZE;
    for (unsigned int i = 0; i < SIM_MAX_PROCS; i++)
        if (listed(call, &call->state->process[i], kinds)) {
            memset(entry, 0, size);
            fill(entry, &call->state->process[i]);
            entry += size;
        }
    return NVML_SUCCESS;
}
