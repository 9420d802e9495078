/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nvmlsim reset, reboot, driver, lose, restore, unlist, fabric, virtualization: what befalls a node. */
#include "cli.h"
#include "load.h"
#include "pin.h"
#include "process.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* The value of --gpu, or NULL; ends the program on anything else. */
static const char *only_gpu(int *argc, char ***argv, int positional)
{
    static const struct option options[] = {{"gpu", 1, NULL, 'g'}, {NULL, 0, NULL, 0}};
    const char *gpu = NULL;
    int option;

    while ((option = getopt_long(*argc, *argv, "", options, NULL)) != -1) {
        if (option != 'g')
            usage_error("see 'nvmlsim %s --help'", (*argv)[0]);
        gpu = optarg;
    }
    *argc -= optind;
    *argv += optind;
    if (*argc > positional)
        usage_error("'%s' is one argument too many", (*argv)[positional]);
    return gpu;
}

/* The place of the one word that is left in names, which ends with NULL; ends the program on anything else. */
static unsigned int only_word(int argc, char **argv, const char *const *names, const char *told)
{
    if (argc != 1)
        usage_error("say %s", told);
    for (unsigned int i = 0; names[i] != NULL; i++)
        if (strcmp(argv[0], names[i]) == 0)
            return i;
    usage_error("say %s, not '%s'", told, argv[0]);
}

static int run_reset(int argc, char **argv)
{
    static struct sim_state state;
    const char *gpu = only_gpu(&argc, &argv, 0);
    int lock = change_state(&state);
    unsigned int first = 0, last = state.gpu_count, holder;

    if (gpu != NULL) {
        first = gpu_number(&state, gpu);
        last = first + 1;
    }
    for (unsigned int i = first; i < last; i++) {
        if (process_count(&state, i) > 0)
            fatal("GPU %u is in use by %u clients (NVML_ERROR_IN_USE)", i, process_count(&state, i));
        holder = pin_holder(i);
        if (holder != 0)
            fatal("GPU %u is held open by process %u (NVML_ERROR_IN_USE)", i, holder);
        if (pin_module(&state))
            fatal("GPU %u is held open by the kernel module nvidia_drm (NVML_ERROR_IN_USE)", i);
    }
    for (unsigned int i = first; i < last; i++) {
        if (state.gpu[i].lost)
            fatal("GPU %u is lost: only a reboot brings it back", i);
        node_reset_gpu(&state.gpu[i]);
    }
    save_state(&state, lock);
    return 0;
}

const struct verb verb_reset = {
    "reset", run_reset,
    "reset [--gpu N]\n"
    "\n"
    "Resets a GPU, or all: pending ECC and MIG modes become current; instances, limits and locked clocks are lost.\n"
    "Refused while there are clients, another process holds /dev/nvidiaN open, or nvidia_drm is loaded with modeset on."};

static int run_reboot(int argc, char **argv)
{
    static struct sim_state state;
    int lock;

    if (only_gpu(&argc, &argv, 0) != NULL)
        usage_error("a reboot is of the whole node");
    lock = change_state(&state);
    for (int i = 0; i < SIM_MAX_PROCS; i++)
        if (state.process[i].pid != 0)
            kill((pid_t)state.process[i].pid, SIGKILL);
    node_reboot(&state);
    save_state(&state, lock);
    return 0;
}

const struct verb verb_reboot = {
    "reboot", run_reboot,
    "reboot\n"
    "\n"
    "What a reboot does: clients end, instances, persistence mode, power limits, locked and application clocks and\n"
    "compute mode are lost; pending ECC and MIG modes become current, but the MIG mode of Hopper and later is lost.\n"
    "Lost GPUs come back, and a version mismatch is over. Whether the driver is loaded stays as it is."};

static int run_driver(int argc, char **argv)
{
    static const char *const names[] = {"loaded", "unloaded", "mismatch", NULL};
    static struct sim_state state;
    unsigned int wanted;
    int lock;

    if (only_gpu(&argc, &argv, 1) != NULL)
        usage_error("the driver is that of all GPUs");
    wanted = only_word(argc, argv, names, "loaded, unloaded or mismatch");
    lock = change_state(&state);
    /* Unloading takes with it what only the driver held: all that a reboot takes. */
    if (wanted == SIM_DRIVER_UNLOADED) {
        for (unsigned int i = 0; i < state.gpu_count; i++)
            if (process_count(&state, i) > 0)
                fatal("the driver is in use: GPU %u has %u clients", i, process_count(&state, i));
        if (state.driver != SIM_DRIVER_UNLOADED)
            node_reboot(&state);
    }
    state.driver = wanted;
    save_state(&state, lock);
    return 0;
}

const struct verb verb_driver = {
    "driver", run_driver,
    "driver loaded|unloaded|mismatch\n"
    "\n"
    "unloaded: nvmlInit gives DRIVER_NOT_LOADED, and what the driver held is lost, as at a reboot. mismatch: it gives\n"
    "LIB_RM_VERSION_MISMATCH, as after an upgrade of the libraries without a reboot."};

static int set_lost(int argc, char **argv, int lost)
{
    static struct sim_state state;
    const char *gpu = only_gpu(&argc, &argv, 0);
    int lock;

    if (gpu == NULL && lost)
        usage_error("--gpu N is missing");
    lock = change_state(&state);
    for (unsigned int i = 0; i < state.gpu_count; i++)
        if (gpu == NULL || i == gpu_number(&state, gpu))
            state.gpu[i].lost = (uint32_t)lost, state.gpu[i].unlisted = SIM_LISTED;
    save_state(&state, lock);
    return 0;
}

static int run_unlist(int argc, char **argv)
{
    static struct sim_state state;
    const char *gpu = only_gpu(&argc, &argv, 1);
    int lock, excluded = argc == 1 && strcmp(argv[0], "excluded") == 0;

    if (gpu == NULL || argc != 1 || (!excluded && strcmp(argv[0], "failed") != 0))
        usage_error("say --gpu N, and failed or excluded");
    lock = change_state(&state);
    state.gpu[gpu_number(&state, gpu)].unlisted = excluded ? SIM_EXCLUDED : SIM_FAILED;
    save_state(&state, lock);
    return 0;
}

const struct verb verb_unlist = {
    "unlist", run_unlist,
    "unlist --gpu N failed|excluded\n"
    "\n"
    "The GPU stays on the bus with its kernel driver, but NVML does not list it, and those behind it move up. failed: the\n"
    "driver cannot start it (RmInitAdapter failed). excluded: by the module's option NVreg_ExcludedGpus."};

static int run_lose(int argc, char **argv)
{
    return set_lost(argc, argv, 1);
}

static int run_restore(int argc, char **argv)
{
    return set_lost(argc, argv, 0);
}

const struct verb verb_lose = {"lose", run_lose, "lose --gpu N\n\nThe GPU falls off the bus: every call on it gives GPU_IS_LOST."};
const struct verb verb_restore = {"restore", run_restore, "restore [--gpu N]\n\nUndoes 'lose' and 'unlist', for one GPU or all."};

static int run_fabric(int argc, char **argv)
{
    static const char *const names[] = {"not_started", "in_progress", "completed", NULL};
    static struct sim_state state;
    const char *gpu = only_gpu(&argc, &argv, 1);
    /* NVML begins with 1: 0 is for GPUs without a fabric. */
    unsigned int wanted = 1 + only_word(argc, argv, names, "not_started, in_progress or completed");
    int lock = change_state(&state);

    for (unsigned int i = 0; i < state.gpu_count; i++)
        if (gpu == NULL || i == gpu_number(&state, gpu))
            state.gpu[i].fabric = wanted;
    save_state(&state, lock);
    return 0;
}

const struct verb verb_fabric = {
    "fabric", run_fabric,
    "fabric [--gpu N] not_started|in_progress|completed\n"
    "\n"
    "How far a GPU behind NVSwitches has joined their fabric; without a fabric manager it stays in progress. Other GPUs\n"
    "have no such state."};

static int run_virtualization(int argc, char **argv)
{
    static const char *const names[] = {"none", "passthrough", "vgpu", "host-vgpu", "host-vsga", NULL};
    static struct sim_state state;
    const char *gpu = only_gpu(&argc, &argv, 1);
    unsigned int wanted = only_word(argc, argv, names, "none, passthrough, vgpu, host-vgpu or host-vsga");
    int lock = change_state(&state);

    for (unsigned int i = 0; i < state.gpu_count; i++)
        if (gpu == NULL || i == gpu_number(&state, gpu))
            state.gpu[i].virtualization = wanted;
    save_state(&state, lock);
    return 0;
}

const struct verb verb_virtualization = {
    "virtualization", run_virtualization,
    "virtualization [--gpu N] none|passthrough|vgpu|host-vgpu|host-vsga\n"
    "\n"
    "What NVML says of the GPU. vgpu: a guest's vGPU, where MIG, ECC and limits cannot be set. passthrough: a guest's\n"
    "whole GPU, where a change of MIG mode on Ampere needs a reboot. host-vgpu: a vGPU host."};
