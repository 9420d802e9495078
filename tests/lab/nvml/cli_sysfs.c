/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nvmlsim sysfs: the files by which the kernel would show the same fleet. */
#include "cli.h"
#include "models.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *root;

static const char *below(const char *format, va_list list)
{
    static char path[4096];
    int length = snprintf(path, sizeof(path), "%s/", root);

    vsnprintf(path + length, sizeof(path) - (size_t)length, format, list);
    return path;
}

static const char *path_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *path_of(const char *format, ...)
{
    const char *path;
    va_list list;

    va_start(list, format);
    path = below(format, list);
    va_end(list);
    return path;
}

static void make_parents(const char *path)
{
    char copy[4096];

    snprintf(copy, sizeof(copy), "%s", path);
    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0755) != 0 && errno != EEXIST)
            fatal("cannot make %s: %s", copy, strerror(errno));
        *slash = '/';
    }
}

static void put_bytes(const char *path, const void *bytes, size_t size, unsigned int mode)
{
    FILE *file;

    make_parents(path);
    unlink(path);
    file = fopen(path, "we");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0 || chmod(path, mode) != 0)
        fatal("cannot write %s: %s", path, strerror(errno));
}

static void put(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(const char *path, const char *format, ...)
{
    char text[4096];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    put_bytes(path, text, strlen(text), 0444);
}

/* Where the BARs lie does not matter to anyone; that they do not overlap, and their sizes, might. */
static unsigned long long bar_base(unsigned int index, int bar)
{
    return bar == 0 ? 0xc0000000ull + index * 0x2000000ull : 0x200000000000ull + index * 0x8000000000ull + (bar == 3 ? 0x4000000000ull : 0);
}

static void write_config(const struct sim_gpu *gpu, const struct gpu_model *model, const char *path)
{
    unsigned char config[256] = {0};
    unsigned int device = model->pci_device_id, subsystem = model->pci_subsystem_id;

    config[0x00] = 0xde, config[0x01] = 0x10;
    config[0x02] = device & 0xff, config[0x03] = (unsigned char)(device >> 8);
    config[0x04] = 0x46, config[0x05] = 0x05; /* memory, bus master, parity, SERR, no INTx */
    config[0x06] = 0x10;                      /* has capabilities */
    config[0x08] = 0xa1;                      /* revision */
    config[0x0a] = (unsigned char)(model->pci_class >> 8), config[0x0b] = (unsigned char)(model->pci_class >> 16);
    config[0x2c] = 0xde, config[0x2d] = 0x10;
    config[0x2e] = subsystem & 0xff, config[0x2f] = (unsigned char)(subsystem >> 8);
    config[0x34] = 0x60; /* one capability, power management, that ends the list */
    config[0x60] = 0x01;
    if (gpu->lost) /* a GPU that fell off the bus answers with ones */
        memset(config, 0xff, sizeof(config));
    put_bytes(path, config, sizeof(config), 0644);
}

static void write_resource(unsigned int index, const struct gpu_model *model, const char *path)
{
    char text[1024] = "";
    unsigned long long bar1 = (unsigned long long)model->bar1_mib << 20;

    for (int bar = 0; bar < 13; bar++) {
        unsigned long long size = bar == 0 ? 0x1000000 : bar == 1 ? bar1 : bar == 3 ? 0x2000000 : 0;
        unsigned long long base = size ? bar_base(index, bar) : 0;

        snprintf(text + strlen(text), sizeof(text) - strlen(text), "0x%016llx 0x%016llx 0x%016llx\n", base,
                 size ? base + size - 1 : 0, size ? (bar == 0 ? 0x40200ull : 0x14220cull) : 0);
    }
    put_bytes(path, text, strlen(text), 0444);
}

static void write_gpu(const struct sim_state *state, unsigned int index)
{
    const struct sim_gpu *gpu = &state->gpu[index];
    const struct gpu_model *model = model_by_key(gpu->model);
    int bound = state->driver != SIM_DRIVER_UNLOADED;
    char bdf[32], dir[128];

    gpu_bdf(gpu, bdf, sizeof(bdf));
    snprintf(dir, sizeof(dir), "sys/bus/pci/devices/%s", bdf);
    put(path_of("%s/vendor", dir), "0x10de\n");
    put(path_of("%s/device", dir), "0x%04x\n", model->pci_device_id);
    put(path_of("%s/class", dir), "0x%06x\n", model->pci_class);
    put(path_of("%s/subsystem_vendor", dir), "0x10de\n");
    put(path_of("%s/subsystem_device", dir), "0x%04x\n", model->pci_subsystem_id);
    put(path_of("%s/numa_node", dir), "0\n");
    put(path_of("%s/revision", dir), "0xa1\n");
    put(path_of("%s/enable", dir), "%d\n", bound);
    put_bytes(path_of("%s/reset", dir), "", 0, 0200);
    write_config(gpu, model, path_of("%s/config", dir));
    write_resource(index, model, path_of("%s/resource", dir));
    make_parents(path_of("sys/bus/pci/drivers/nvidia/"));
    unlink(path_of("%s/driver", dir));
    if (bound && symlink("../../drivers/nvidia", path_of("%s/driver", dir)) != 0)
        fatal("cannot write %s: %s", path_of("%s/driver", dir), strerror(errno));
    if (!bound) {
        unlink(path_of("proc/driver/nvidia/gpus/%s/information", bdf));
        return;
    }
    put(path_of("proc/driver/nvidia/gpus/%s/information", bdf),
        "Model: \t\t %s\nIRQ:   \t\t %u\nGPU UUID: \t %s\nVideo BIOS: \t %s\nBus Type: \t PCIe\nDMA Size: \t 47 bits\n"
        "DMA Mask: \t 0x7fffffffffff\nBus Location: \t %s\nDevice Minor: \t %u\nGPU Firmware: \t %s\nGPU Excluded:\t %s\n",
        model->name, 64 + index, gpu->uuid, model->vbios, bdf, index, state->driver_version,
        gpu->unlisted == SIM_EXCLUDED ? "Yes" : "No");
}

/* The host's modules stay in the list; only NVIDIA's own are replaced. */
static void write_modules(const struct sim_state *state)
{
    static char text[256 * 1024];
    size_t length = 0;
    FILE *file = fopen("/proc/modules", "re");

    if (state->driver != SIM_DRIVER_UNLOADED)
        length += (size_t)snprintf(text, sizeof(text), "nvidia 54083584 0 - Live 0x0000000000000000 (%s)\n",
                                   state->open_flavour ? "OE" : "POE");
    while (file != NULL && length + 1024 < sizeof(text) && fgets(text + length, 1024, file) != NULL)
        if (strncmp(text + length, "nvidia", 6) != 0)
            length += strlen(text + length);
    if (file != NULL)
        fclose(file);
    put_bytes(path_of("proc/modules"), text, length, 0444);
}

static void write_driver(const struct sim_state *state)
{
    static const char compiler[] = "GCC version:  gcc version 12.2.0 (Debian 12.2.0-14+deb12u1) \n";

    if (state->driver == SIM_DRIVER_UNLOADED) {
        unlink(path_of("sys/module/nvidia/version"));
        unlink(path_of("sys/module/nvidia/taint"));
        rmdir(path_of("sys/module/nvidia"));
        unlink(path_of("proc/driver/nvidia/version"));
        return;
    }
    put(path_of("sys/module/nvidia/version"), "%s\n", state->driver_version);
    put(path_of("sys/module/nvidia/taint"), "%s\n", state->open_flavour ? "OE" : "POE");
    if (state->open_flavour)
        put(path_of("proc/driver/nvidia/version"),
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  %s  Release Build  (dvs-builder@U22-I3-B03-03-5)  "
            "Tue Apr  8 12:45:18 UTC 2025\n%s",
            state->driver_version, compiler);
    else
        put(path_of("proc/driver/nvidia/version"), "NVRM version: NVIDIA UNIX x86_64 Kernel Module  %s  Tue Apr  8 12:41:17 UTC 2025\n%s",
            state->driver_version, compiler);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"root", 1, NULL, 'r'}, {NULL, 0, NULL, 0}};
    static struct sim_state state;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'r')
            return 2;
        root = optarg;
    }
    if (optind < argc)
        usage_error("'%s' is one argument too many", argv[optind]);
    if (root == NULL || *root == '\0')
        usage_error("--root DIR is missing");
    open_state(&state);
    make_parents(path_of("sys/bus/pci/devices/"));
    for (unsigned int i = 0; i < state.gpu_count; i++)
        write_gpu(&state, i);
    write_driver(&state);
    write_modules(&state);
    return 0;
}

const struct verb verb_sysfs = {
    "sysfs", run,
    "sysfs --root DIR\n"
    "\n"
    "Writes what the kernel would show of this node below DIR: sys/bus/pci/devices, sys/module/nvidia,\n"
    "proc/driver/nvidia and proc/modules (the host's own, with nvidia added). Run it again after 'driver' or 'lose'."};
