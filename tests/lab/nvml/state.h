/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the simulated node is: one plain structure, kept in one file.
 *
 * Writers hold an flock on "<state>.lock", write "<state>.tmp" and rename it,
 * so a reader sees the state before or after a change and never half of it,
 * also when the writer is killed in between.
 */
#ifndef SIM_STATE_H
#define SIM_STATE_H

#include <stdint.h>

enum {
    SIM_MAX_GPUS = 16,
    SIM_MAX_GI = 8,
    SIM_MAX_CI = 8,
    SIM_MAX_PROCS = 64,
    SIM_UUID_SIZE = 48,
    SIM_NO_INSTANCE = -1
};

#define SIM_MAGIC 0x4e564d53u /* "NVMS" */
#define SIM_DEFAULT_STATE "/var/lib/nvmlsim/state"
#define SIM_DEFAULT_DRIVER "550.163.01"

/* A card that is on the bus and not in NVML's list: it cannot be started (RmInitAdapter failed), or is excluded. */
enum sim_unlisted { SIM_LISTED, SIM_FAILED, SIM_EXCLUDED };

enum sim_driver { SIM_DRIVER_LOADED, SIM_DRIVER_UNLOADED, SIM_DRIVER_MISMATCH };

struct sim_ci {
    uint32_t serial; /* 0: no instance here; never used twice */
    uint32_t id;
    uint32_t profile; /* NVML's compute instance profile constant */
    uint32_t start;
    uint32_t size;
    char uuid[SIM_UUID_SIZE];
};

struct sim_gi {
    uint32_t serial; /* 0: no instance here; never used twice */
    uint32_t id;
    uint32_t profile; /* index into the model's profiles */
    uint32_t start;
    uint32_t size;
    struct sim_ci ci[SIM_MAX_CI];
};

/* Temperature, power and energy at the last change; load.c computes from there to now. */
struct sim_anchor {
    double at; /* seconds since the epoch */
    double celsius;
    double milliwatts;
    double millijoules;
};

struct sim_gpu {
    char model[24]; /* key in the catalogue */
    char uuid[SIM_UUID_SIZE];
    char serial[24];
    uint32_t pci_domain, pci_bus, pci_device;
    uint32_t lost;
    uint32_t unlisted; /* enum sim_unlisted */
    uint32_t virtualization;
    uint32_t fabric; /* NVML_GPU_FABRIC_STATE_*; 0: as the model's */
    uint32_t persistence;
    uint32_t compute_mode;
    uint32_t accounting;
    uint32_t ecc_current, ecc_pending;
    uint32_t mig_current, mig_pending;
    uint32_t power_limit;                         /* mW */
    uint32_t gpu_lock_min, gpu_lock_max;          /* MHz; max 0: not locked */
    uint32_t memory_lock_min, memory_lock_max;    /* MHz; max 0: not locked */
    uint32_t app_graphics, app_memory;            /* MHz; 0: default */
    struct sim_anchor anchor;
    struct sim_gi gi[SIM_MAX_GI];
};

enum sim_client { SIM_CLIENT_COMPUTE, SIM_CLIENT_GRAPHICS, SIM_CLIENT_MPS };

struct sim_process {
    uint32_t pid; /* 0: unused */
    uint32_t gpu;
    uint64_t start_time; /* field 22 of /proc/PID/stat: tells a reused pid apart */
    uint64_t memory;     /* bytes */
    int32_t gi, ci;      /* SIM_NO_INSTANCE or an instance's id */
    uint32_t kind;
    uint32_t util;
    char name[64];
};

struct sim_state {
    uint32_t magic;
    uint32_t size; /* of this structure: refuses a file of another build */
    char node[64];
    char driver_version[32];
    uint32_t driver;        /* enum sim_driver */
    uint32_t open_flavour;  /* 1: open kernel modules */
    uint32_t next_serial;
    uint32_t gpu_count;
    struct sim_gpu gpu[SIM_MAX_GPUS];
    struct sim_process process[SIM_MAX_PROCS];
};

enum sim_load_result { SIM_OK, SIM_MISSING, SIM_BROKEN };

const char *state_path(void);
const char *state_side_path(const char *suffix, char *buffer, unsigned long size);
enum sim_load_result state_load(struct sim_state *state);
int state_lock(void);             /* file descriptor, or -1 */
void state_unlock(int lock);
int state_store(const struct sim_state *state); /* caller holds the lock */

uint64_t seed_hash(const char *text, uint64_t salt);
void seed_uuid(char *out, const char *prefix, const char *text, uint64_t salt);
double now_seconds(void);

#endif
