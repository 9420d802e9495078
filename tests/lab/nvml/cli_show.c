/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nvmlsim show: all of the state, for people or as JSON. */
#include "cli.h"
#include "load.h"
#include "mig.h"
#include "models.h"
#include "process.h"

#include <getopt.h>
#include <stdio.h>

static const char *driver_name(unsigned int driver)
{
    static const char *const names[] = {"loaded", "unloaded", "mismatch"};

    return names[driver];
}

static void json_text(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        if ((unsigned char)*text < 0x20)
            printf("\\u%04x", *text);
        else
            putchar(*text);
    }
    putchar('"');
}

static void json_instances(const struct sim_gpu *gpu, const struct gpu_model *model)
{
    int first = 1;

    printf("[");
    for (int g = 0; g < SIM_MAX_GI; g++) {
        const struct sim_gi *gi = &gpu->gi[g];
        int first_ci = 1;

        if (gi->serial == 0)
            continue;
        printf("%s{\"id\": %u, \"serial\": %u, \"profile\": \"%s\", \"profile_id\": %u, \"start\": %u, \"size\": %u, "
               "\"compute_instances\": [",
               first ? "" : ", ", gi->id, gi->serial, model->profiles[gi->profile].name, model->profiles[gi->profile].id, gi->start,
               gi->size);
        first = 0;
        for (int c = 0; c < SIM_MAX_CI; c++) {
            const struct sim_ci *ci = &gi->ci[c];
            char name[96];

            if (ci->serial == 0)
                continue;
            mig_ci_name(model, &model->profiles[gi->profile], ci->profile, name, sizeof(name));
            printf("%s{\"id\": %u, \"serial\": %u, \"name\": \"%s\", \"profile_id\": %u, \"start\": %u, \"size\": %u, \"uuid\": \"%s\"}",
                   first_ci ? "" : ", ", ci->id, ci->serial, name, ci->profile, ci->start, ci->size, ci->uuid);
            first_ci = 0;
        }
        printf("]}");
    }
    printf("]");
}

static void json_gpu(const struct sim_state *state, unsigned int index)
{
    const struct sim_gpu *gpu = &state->gpu[index];
    const struct gpu_model *model = model_by_key(gpu->model);
    struct load load;
    char bdf[32];

    load_now(state, index, &load);
    gpu_bdf(gpu, bdf, sizeof(bdf));
    printf("    {\"index\": %u, \"model\": \"%s\", \"name\": \"%s\", \"uuid\": \"%s\", \"serial\": \"%s\", \"pci\": \"%s\",\n", index,
           gpu->model, model->name, gpu->uuid, gpu->serial, bdf);
    printf("     \"lost\": %s, \"virtualization\": %u, \"persistence\": %u, \"compute_mode\": %u, \"accounting\": %u,\n",
           gpu->lost ? "true" : "false", gpu->virtualization, gpu->persistence, gpu->compute_mode, gpu->accounting);
    printf("     \"ecc\": {\"supported\": %s, \"current\": %u, \"pending\": %u},\n", model->ecc_supported ? "true" : "false",
           gpu->ecc_current, gpu->ecc_pending);
    printf("     \"power_limit_mw\": %u, \"power_mw\": %u, \"temperature_c\": %u, \"utilization\": %u, \"energy_mj\": %llu,\n",
           gpu->power_limit, (unsigned)load.milliwatts, (unsigned)load.celsius, load.util_gpu,
           (unsigned long long)load.millijoules);
    printf("     \"clocks\": {\"graphics\": %u, \"memory\": %u, \"gpu_lock\": [%u, %u], \"memory_lock\": [%u, %u], "
           "\"app\": [%u, %u]},\n",
           load.graphics, load.memory, gpu->gpu_lock_min, gpu->gpu_lock_max, gpu->memory_lock_min, gpu->memory_lock_max,
           gpu->app_memory, gpu->app_graphics);
    printf("     \"memory\": {\"total_mib\": %u, \"used_mib\": %llu},\n", gpu->ecc_current ? model->memory_ecc_mib : model->memory_mib,
           (unsigned long long)process_memory(state, index, SIM_NO_INSTANCE) >> 20);
    printf("     \"mig\": {\"supported\": %s, \"current\": %u, \"pending\": %u, \"gpu_instances\": ",
           model->mig_supported ? "true" : "false", gpu->mig_current, gpu->mig_pending);
    json_instances(gpu, model);
    printf("}}");
}

static void show_json(const struct sim_state *state)
{
    int first = 1;

    printf("{\"node\": ");
    json_text(state->node);
    printf(", \"driver\": {\"version\": \"%s\", \"status\": \"%s\", \"flavour\": \"%s\"},\n \"gpus\": [\n", state->driver_version,
           driver_name(state->driver), state->open_flavour ? "open" : "proprietary");
    for (unsigned int i = 0; i < state->gpu_count; i++) {
        json_gpu(state, i);
        printf("%s\n", i + 1 < state->gpu_count ? "," : "");
    }
    printf(" ],\n \"processes\": [");
    for (int i = 0; i < SIM_MAX_PROCS; i++) {
        static const char *const kinds[] = {"compute", "graphics", "mps"};
        const struct sim_process *process = &state->process[i];

        if (process->pid == 0)
            continue;
        printf("%s{\"pid\": %u, \"gpu\": %u, \"gi\": ", first ? "" : ", ", process->pid, process->gpu);
        if (process->gi == SIM_NO_INSTANCE)
            printf("null, \"ci\": null");
        else
            printf("%d, \"ci\": %d", process->gi, process->ci);
        printf(", \"kind\": \"%s\", \"memory_mib\": %llu, \"utilization\": %u, \"name\": ", kinds[process->kind],
               (unsigned long long)(process->memory >> 20), process->util);
        json_text(process->name);
        printf("}");
        first = 0;
    }
    printf("]}\n");
}

static void show_text(const struct sim_state *state)
{
    printf("node %s, driver %s (%s kernel modules) %s\n", state->node, state->driver_version,
           state->open_flavour ? "open" : "proprietary", driver_name(state->driver));
    for (unsigned int i = 0; i < state->gpu_count; i++) {
        const struct sim_gpu *gpu = &state->gpu[i];
        const struct gpu_model *model = model_by_key(gpu->model);
        struct load load;
        char bdf[32];

        load_now(state, i, &load);
        gpu_bdf(gpu, bdf, sizeof(bdf));
        printf("GPU %u  %s  %s  %s%s\n", i, bdf, model->name, gpu->uuid, gpu->lost ? "  LOST" : "");
        printf("    %.0f C  %.0f of %u W  %u%%  %u/%u MHz  persistence %s  ECC %s\n", load.celsius, load.milliwatts / 1000,
               gpu->power_limit / 1000, load.util_gpu, load.graphics, load.memory, gpu->persistence ? "on" : "off",
               gpu->ecc_current != gpu->ecc_pending ? "changing" : gpu->ecc_current ? "on" : "off");
        if (model->mig_supported)
            printf("    MIG %s%s\n", gpu->mig_current ? "on" : "off",
                   gpu->mig_current != gpu->mig_pending ? (gpu->mig_pending ? ", on after a reset" : ", off after a reset") : "");
        for (int g = 0; g < SIM_MAX_GI; g++) {
            const struct sim_gi *gi = &gpu->gi[g];

            if (gi->serial == 0)
                continue;
            printf("    GI %-2u %-16s at %u:%u\n", gi->id, model->profiles[gi->profile].name, gi->start, gi->size);
            for (int c = 0; c < SIM_MAX_CI; c++)
                if (gi->ci[c].serial != 0)
                    printf("        CI %u at %u:%u  %s\n", gi->ci[c].id, gi->ci[c].start, gi->ci[c].size, gi->ci[c].uuid);
        }
    }
    for (int i = 0; i < SIM_MAX_PROCS; i++)
        if (state->process[i].pid != 0)
            printf("process %u  GPU %u  %llu MiB  %u%%  %s\n", state->process[i].pid, state->process[i].gpu,
                   (unsigned long long)(state->process[i].memory >> 20), state->process[i].util, state->process[i].name);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"json", 0, NULL, 'j'}, {NULL, 0, NULL, 0}};
    static struct sim_state state;
    int option, json = 0;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'j')
            return 2;
        json = 1;
    }
    if (optind < argc)
        usage_error("'%s' is one argument too many", argv[optind]);
    open_state(&state);
    if (json)
        show_json(&state);
    else
        show_text(&state);
    return 0;
}

const struct verb verb_show = {"show", run, "show [--json]\n\nPrints the node, its GPUs with all settings and instances, and the processes."};
