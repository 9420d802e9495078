/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node.h"

#include "load.h"

#include <stdio.h>
#include <string.h>

static void defaults(struct sim_gpu *gpu, const struct gpu_model *model)
{
    gpu->power_limit = model->power_default;
    gpu->gpu_lock_min = gpu->gpu_lock_max = 0;
    gpu->memory_lock_min = gpu->memory_lock_max = 0;
    gpu->app_graphics = gpu->app_memory = 0;
    gpu->compute_mode = 0;
    gpu->accounting = 0;
    load_reset(gpu);
}

void node_init(struct sim_state *state, const char *node, const char *driver, int open_flavour)
{
    memset(state, 0, sizeof(*state));
    state->magic = SIM_MAGIC;
    state->size = sizeof(*state);
    snprintf(state->node, sizeof(state->node), "%s", node);
    snprintf(state->driver_version, sizeof(state->driver_version), "%s", driver);
    state->open_flavour = (uint32_t)open_flavour;
    state->next_serial = 1;
}

struct sim_gpu *node_add_gpu(struct sim_state *state, const struct gpu_model *model)
{
    /* Bus numbers as boards of 8 GPUs have them; any more follow on. */
    static const unsigned int buses[SIM_MAX_GPUS] = {0x17, 0x3d, 0x60, 0x70, 0x98, 0xba, 0xdb, 0xe4,
                                                     0x07, 0x0f, 0x47, 0x4e, 0x87, 0x90, 0xb7, 0xc0};
    unsigned int index = state->gpu_count;
    struct sim_gpu *gpu;

    if (index == SIM_MAX_GPUS)
        return NULL;
    gpu = &state->gpu[state->gpu_count++];
    memset(gpu, 0, sizeof(*gpu));
    snprintf(gpu->model, sizeof(gpu->model), "%s", model->key);
    seed_uuid(gpu->uuid, "GPU-", state->node, index + 1);
    snprintf(gpu->serial, sizeof(gpu->serial), "13%011llu",
             (unsigned long long)(seed_hash(state->node, 100 + index) % 100000000000u));
    gpu->pci_bus = buses[index];
    gpu->ecc_current = gpu->ecc_pending = model->ecc_default;
    defaults(gpu, model);
    return gpu;
}

void node_drop_instances(struct sim_gpu *gpu)
{
    memset(gpu->gi, 0, sizeof(gpu->gi));
}

/* A reset clears what the GPU holds; persistence mode is the driver's, and the InfoROM keeps ECC and MIG modes. */
void node_reset_gpu(struct sim_gpu *gpu)
{
    node_drop_instances(gpu);
    gpu->ecc_current = gpu->ecc_pending;
    gpu->mig_current = gpu->mig_pending;
    defaults(gpu, model_by_key(gpu->model));
}

void node_reboot(struct sim_state *state)
{
    memset(state->process, 0, sizeof(state->process));
    for (unsigned int i = 0; i < state->gpu_count; i++) {
        struct sim_gpu *gpu = &state->gpu[i];

        if (!model_by_key(gpu->model)->mig_mode_survives_reboot)
            gpu->mig_pending = 0;
        node_reset_gpu(gpu);
        gpu->persistence = 0;
        gpu->lost = 0;
        if (gpu->virtualization > 2) /* host modes are set by software at run time */
            gpu->virtualization = 0;
    }
    if (state->driver == SIM_DRIVER_MISMATCH)
        state->driver = SIM_DRIVER_LOADED;
}

unsigned int node_listed(const struct sim_state *state, unsigned int end)
{
    unsigned int count = 0;

    for (unsigned int i = 0; i < end; i++)
        if (state->gpu[i].unlisted == SIM_LISTED)
            count++;
    return count;
}

int gpu_bdf_parse(const char *text, struct sim_gpu *gpu)
{
    unsigned int domain, bus, device, function;
    char rest;

    if (sscanf(text, "%x:%x:%x.%x%c", &domain, &bus, &device, &function, &rest) != 4 || bus > 255 || device > 31 ||
        function != 0)
        return -1;
    gpu->pci_domain = domain;
    gpu->pci_bus = bus;
    gpu->pci_device = device;
    return 0;
}

void gpu_bdf(const struct sim_gpu *gpu, char *out, unsigned long size)
{
    snprintf(out, size, "%04x:%02x:%02x.0", gpu->pci_domain & 0xffff, gpu->pci_bus & 0xff, gpu->pci_device & 0xff);
}
