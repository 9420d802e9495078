/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The C form of the catalogue of GPU models; generate_models.py writes the table. */
#ifndef SIM_MODELS_H
#define SIM_MODELS_H

enum { ARCHITECTURE_AMPERE = 7, ARCHITECTURE_ADA = 8 }; /* NVML_DEVICE_ARCH_* */
enum { SIM_MAX_PROFILES = 16, SIM_MAX_STARTS = 8, SIM_MAX_MEMORY_CLOCKS = 6 };

struct mig_profile {
    unsigned int constant; /* NVML_GPU_INSTANCE_PROFILE_* */
    unsigned int id;
    const char *name;
    unsigned int slices, memory_mib, sms;
    unsigned int copy, decoder, encoder, jpeg, ofa;
    unsigned int max_count;
    unsigned int size, start_count;
    unsigned int starts[SIM_MAX_STARTS];       /* ascending */
    unsigned int default_order[SIM_MAX_STARTS]; /* where the driver puts one that names no place */
};

struct gpu_model {
    const char *key;
    const char *name;
    unsigned int pci_device_id, pci_subsystem_id, pci_class;
    unsigned int architecture, brand, cc_major, cc_minor;
    unsigned int memory_mib, memory_ecc_mib, reserved_mib, bar1_mib, memory_bus_bits;
    unsigned int sms, cores_per_sm;
    unsigned int power_min, power_default, power_max, power_idle;
    unsigned int graphics_min, graphics_max, graphics_app, graphics_idle, video_max;
    double graphics_step; /* a clock of half a MHz is told without the half */
    unsigned int memory_clock_count;
    unsigned int memory_clocks[SIM_MAX_MEMORY_CLOCKS]; /* descending */
    unsigned int graphics_max_slow_memory;
    int temp_shutdown, temp_slowdown, temp_gpu_max, temp_memory_max; /* 0: not reported */
    unsigned int remapper_banks;
    unsigned int fans;
    unsigned int pcie_gen, pcie_width;
    unsigned int ecc_supported, ecc_default;
    unsigned int open_required; /* works with the open kernel modules only */
    unsigned int vgpu;
    unsigned int fabric; /* tells a fabric state */
    const char *board_part_number;
    const char *vbios;
    unsigned int mig_supported, mig_needs_reset, mig_mode_survives_reboot, mig_memory_slices, mig_slices;
    unsigned int profile_count;
    struct mig_profile profiles[SIM_MAX_PROFILES];
};

extern const struct gpu_model gpu_models[];
extern const unsigned int gpu_model_count;

const struct gpu_model *model_by_key(const char *key);
unsigned int model_clock_steps(const struct gpu_model *model, unsigned int mhz); /* whole ones, from the lowest clock */
unsigned int model_clock(const struct gpu_model *model, unsigned int steps);
int model_has_hbm(const struct gpu_model *model);

#endif
