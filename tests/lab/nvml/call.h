/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The frame of every NVML function: initialised? ordered to fail? driver
 * there? handle good? may this user? then the state, and at the end the
 * state stored and the call logged.
 *
 *     BEGIN_READ(call, device);            returns by itself when it cannot go on
 *     if (out == NULL)
 *         return call_end(&call, NVML_ERROR_INVALID_ARGUMENT);
 *     *out = call.gpu->persistence;
 *     return call_end(&call, NVML_SUCCESS);
 */
#ifndef SIM_CALL_H
#define SIM_CALL_H

#include <stddef.h>
#include <unistd.h>

#include "models.h"
#include "nvml_abi.h"
#include "state.h"

struct call {
    const char *function;
    struct sim_state *state;
    const struct gpu_model *model;
    struct sim_gpu *gpu;
    unsigned int index; /* of the GPU */
    struct sim_gi *gi;  /* with a MIG device, GPU instance or compute instance */
    struct sim_ci *ci;
    int lock;
    int changes;
    int kill_after;
    int hang_after;
    char hang_in[256];
    nvmlReturn_t error_after; /* returned in place of success */
    char arguments[256];
};

enum call_target { CALL_NODE, CALL_GPU, CALL_GPU_OR_MIG, CALL_GI, CALL_CI };

int call_initialised(void);
void call_count_init(int step); /* +1 for an init, -1 for a shutdown */

nvmlReturn_t call_read(struct call *call, const char *function, enum call_target target, struct sim_handle *handle);
nvmlReturn_t call_change(struct call *call, const char *function, enum call_target target, struct sim_handle *handle,
                         const char *format, ...) __attribute__((format(printf, 5, 6)));
nvmlReturn_t call_end(struct call *call, nvmlReturn_t result);

#define BEGIN(call, begin)                   \
    struct call call;                        \
    {                                        \
        nvmlReturn_t begun = begin;          \
                                             \
        if (begun != NVML_SUCCESS)           \
            return begun;                    \
    }
#define BEGIN_NODE(call) BEGIN(call, call_read(&call, __func__, CALL_NODE, NULL))
#define BEGIN_READ(call, device) BEGIN(call, call_read(&call, __func__, CALL_GPU, device))
#define BEGIN_READ_MIG(call, device) BEGIN(call, call_read(&call, __func__, CALL_GPU_OR_MIG, device))
#define BEGIN_CHANGE(call, device, ...) BEGIN(call, call_change(&call, __func__, CALL_GPU, device, __VA_ARGS__))
/* Ends the call when an argument is no good. */
#define REQUIRE(call, condition)  \
    if (!(condition))             \
    return call_end(&(call), NVML_ERROR_INVALID_ARGUMENT)
#define SUPPORT(call, condition)  \
    if (!(condition))             \
    return call_end(&(call), NVML_ERROR_NOT_SUPPORTED)
/* NVML's documentation: these queries of instances require a privileged user. */
#define PRIVILEGED(call) \
    if (geteuid() != 0)  \
    return call_end(&(call), NVML_ERROR_NO_PERMISSION)

nvmlReturn_t call_driver_status(const struct sim_state *state);

#endif
