/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process.h"

#include <stdio.h>
#include <string.h>

uint64_t process_start_time(unsigned int pid)
{
    char path[64], line[1024], status;
    unsigned long long start;
    const char *rest;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%u/stat", pid);
    file = fopen(path, "re");
    if (file == NULL)
        return 0;
    rest = fgets(line, sizeof(line), file);
    fclose(file);
    /* The name in field 2 may hold spaces and parentheses: the fields after it start behind the last ')'. */
    if (rest == NULL || (rest = strrchr(line, ')')) == NULL)
        return 0;
    if (sscanf(rest + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &status,
               &start) != 2)
        return 0;
    return status == 'Z' || status == 'X' ? 0 : start;
}

unsigned int process_prune(struct sim_state *state)
{
    unsigned int gone = 0;

    for (int i = 0; i < SIM_MAX_PROCS; i++) {
        struct sim_process *process = &state->process[i];

        if (process->pid != 0 && process_start_time(process->pid) != process->start_time) {
            memset(process, 0, sizeof(*process));
            gone++;
        }
    }
    return gone;
}

static unsigned int count(const struct sim_state *state, unsigned int gpu, int gi, int ci)
{
    unsigned int found = 0;

    for (int i = 0; i < SIM_MAX_PROCS; i++) {
        const struct sim_process *process = &state->process[i];

        if (process->pid != 0 && process->gpu == gpu && (gi == SIM_NO_INSTANCE || process->gi == gi) &&
            (ci == SIM_NO_INSTANCE || process->ci == ci))
            found++;
    }
    return found;
}

unsigned int process_count(const struct sim_state *state, unsigned int gpu)
{
    return count(state, gpu, SIM_NO_INSTANCE, SIM_NO_INSTANCE);
}

unsigned int process_count_gi(const struct sim_state *state, unsigned int gpu, unsigned int gi)
{
    return count(state, gpu, (int)gi, SIM_NO_INSTANCE);
}

unsigned int process_count_ci(const struct sim_state *state, unsigned int gpu, unsigned int gi, unsigned int ci)
{
    return count(state, gpu, (int)gi, (int)ci);
}

uint64_t process_memory(const struct sim_state *state, unsigned int gpu, int gi)
{
    uint64_t sum = 0;

    for (int i = 0; i < SIM_MAX_PROCS; i++) {
        const struct sim_process *process = &state->process[i];

        if (process->pid != 0 && process->gpu == gpu && (gi == SIM_NO_INSTANCE || process->gi == gi))
            sum += process->memory;
    }
    return sum;
}
