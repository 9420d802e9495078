/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of functions without names that nvidia-smi asks NVML for. NVIDIA documents none of it: which slot does what
 * was seen by watching nvidia-smi 535 and 550. It shows N/A for what the slots that are not here would tell.
 */
#include "clients.h"
#include "load.h"

#include <stdio.h>
#include <string.h>

enum { SLOTS = 512, PATH_NODE = 3 };

/* 6c3efec4-8fc9-4e6c-a327-ee696e12f7c4 as Microsoft stores it */
static const unsigned char identity[16] = {0xc4, 0xfe, 0x3e, 0x6c, 0xc9, 0x8f, 0x6c, 0x4e,
                                           0xa3, 0x27, 0xee, 0x69, 0x6e, 0x12, 0xf7, 0xc4};

struct client_entry {
    unsigned int pid;
    unsigned long long memory;
    unsigned int gpu_instance, compute_instance;
    unsigned long long unknown;
    char name[4096];
};
_Static_assert(sizeof(struct client_entry) == 4128 && offsetof(struct client_entry, name) == 32, "as nvidia-smi reads it");

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device);
nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t device, unsigned int *milliwatts);
nvmlReturn_t nvmlDeviceGetMaxPcieLinkGeneration(nvmlDevice_t device, unsigned int *generation);

static nvmlReturn_t not_supported(void)
{
    return NVML_ERROR_NOT_SUPPORTED;
}

static nvmlReturn_t log_line(void)
{
    return NVML_SUCCESS;
}

/* Between two PCI addresses: all cards are on one NUMA node, each below a host bridge of its own. */
static nvmlReturn_t path_between(const char *one, const char *other, unsigned int *path)
{
    (void)one;
    (void)other;
    *path = PATH_NODE;
    return NVML_SUCCESS;
}

/* How far the GPU is from the temperature at which its clocks go down. */
static nvmlReturn_t margin(nvmlDevice_t device, int *celsius)
{
    struct load load;

    BEGIN_READ(call, device);
    REQUIRE(call, celsius != NULL);
    SUPPORT(call, call.model->architecture >= ARCHITECTURE_ADA);
    load_now(call.state, call.index, &load);
    *celsius = call.model->temp_gpu_max - (int)load.celsius;
    return call_end(&call, NVML_SUCCESS);
}

static void client(void *out, const struct sim_process *process)
{
    struct client_entry *entry = out;

    entry->pid = process->pid;
    entry->memory = process->memory;
    entry->gpu_instance = (unsigned int)process->gi;
    entry->compute_instance = (unsigned int)process->ci;
    snprintf(entry->name, sizeof(entry->name), "%s", process->name);
}

#define CLIENTS(function, kinds)                                                                       \
    static nvmlReturn_t function(nvmlDevice_t device, unsigned int *count, struct client_entry *out)   \
    {                                                                                                  \
        BEGIN_READ_MIG(call, device);                                                                  \
        REQUIRE(call, count != NULL);                                                                  \
        return call_end(&call, clients_list(&call, kinds, count, out, sizeof(*out), client));          \
    }
CLIENTS(compute_clients, CLIENTS_COMPUTE)
CLIENTS(mps_clients, CLIENTS_MPS)
CLIENTS(graphics_clients, CLIENTS_GRAPHICS)

static const struct {
    unsigned int slot;
    const void *function;
} known[] = {
    {23, path_between},
    {26, log_line},
    {81, nvmlDeviceGetHandleByIndex_v2}, /* it gets a third argument, 0x22 */
    {108, nvmlDeviceGetEnforcedPowerLimit},
    {213, compute_clients},
    {214, mps_clients},
    {215, graphics_clients},
    {230, nvmlDeviceGetMaxPcieLinkGeneration}, /* the host's */
    {240, margin},
};

/* The first entry is the table's size in bytes. */
static const void *table[SLOTS] = {(const void *)sizeof(table)};

NVML_API nvmlReturn_t nvmlInternalGetExportTable(const void **out, const void *wanted)
{
    if (out == NULL || wanted == NULL)
        return NVML_ERROR_INVALID_ARGUMENT;
    if (memcmp(wanted, identity, sizeof(identity)) != 0)
        return NVML_ERROR_NOT_FOUND;
    for (unsigned int slot = 1; slot < SLOTS; slot++)
        table[slot] = not_supported;
    for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        table[known[i].slot] = known[i].function;
    *out = table;
    return NVML_SUCCESS;
}
