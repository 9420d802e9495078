/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "handle.h"

#include <pthread.h>
#include <stddef.h>

enum { MAX_HANDLES = 8192 };

static struct sim_handle handles[MAX_HANDLES];
static unsigned int used;
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

struct sim_handle *handle_for(enum handle_kind kind, unsigned int gpu, unsigned int serial)
{
    struct sim_handle *found = NULL;

    pthread_mutex_lock(&guard);
    for (unsigned int i = 0; i < used && found == NULL; i++)
        if (handles[i].kind == kind && handles[i].gpu == gpu && handles[i].serial == serial)
            found = &handles[i];
    if (found == NULL && used < MAX_HANDLES) {
        found = &handles[used++];
        found->kind = kind;
        found->gpu = gpu;
        found->serial = serial;
    }
    pthread_mutex_unlock(&guard);
    return found;
}

int handle_known(const struct sim_handle *handle)
{
    return handle >= handles && handle < handles + used && ((const char *)handle - (const char *)handles) % (ptrdiff_t)sizeof(*handle) == 0;
}

int handle_find_gi(struct sim_gpu *gpu, unsigned int serial, struct sim_gi **gi)
{
    for (int i = 0; i < SIM_MAX_GI; i++) {
        if (serial != 0 && gpu->gi[i].serial == serial) {
            *gi = &gpu->gi[i];
            return 1;
        }
    }
    return 0;
}

int handle_find_ci(struct sim_gpu *gpu, unsigned int serial, struct sim_gi **gi, struct sim_ci **ci)
{
    for (int i = 0; i < SIM_MAX_GI; i++) {
        for (int j = 0; j < SIM_MAX_CI; j++) {
            if (serial != 0 && gpu->gi[i].serial != 0 && gpu->gi[i].ci[j].serial == serial) {
                *gi = &gpu->gi[i];
                *ci = &gpu->gi[i].ci[j];
                return 1;
            }
        }
    }
    return 0;
}
