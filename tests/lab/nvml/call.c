/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "call.h"

#include "errors.h"
#include "fail.h"
#include "handle.h"
#include "load.h"
#include "log.h"
#include "process.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int init_count;
static pthread_mutex_t init_guard = PTHREAD_MUTEX_INITIALIZER;

int call_initialised(void)
{
    return __atomic_load_n(&init_count, __ATOMIC_ACQUIRE) > 0;
}

void call_count_init(int step)
{
    pthread_mutex_lock(&init_guard);
    __atomic_store_n(&init_count, init_count + step, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&init_guard);
}

nvmlReturn_t call_driver_status(const struct sim_state *state)
{
    switch (state->driver) {
    case SIM_DRIVER_LOADED:
        return NVML_SUCCESS;
    case SIM_DRIVER_MISMATCH:
        return NVML_ERROR_LIB_RM_VERSION_MISMATCH;
    default:
        return NVML_ERROR_DRIVER_NOT_LOADED;
    }
}

/* Root writes down that clients have died, so that the load falls from then on for every reader. */
static void forget_dead_processes(struct sim_state *state)
{
    int lock;

    if (process_prune(state) == 0 || geteuid() != 0 || (lock = state_lock()) < 0)
        return;
    if (state_load(state) == SIM_OK) {
        load_settle(state);
        if (process_prune(state) > 0)
            state_store(state);
    }
    state_unlock(lock);
}

static nvmlReturn_t load(struct call *call)
{
    call->state = malloc(sizeof(*call->state));
    if (call->state == NULL)
        return NVML_ERROR_MEMORY;
    switch (state_load(call->state)) {
    case SIM_OK:
        break;
    case SIM_MISSING:
        return NVML_ERROR_DRIVER_NOT_LOADED;
    default:
        return NVML_ERROR_UNKNOWN;
    }
    if (call->changes)
        load_settle(call->state), process_prune(call->state);
    else
        forget_dead_processes(call->state);
    return call_driver_status(call->state);
}

static nvmlReturn_t resolve(struct call *call, enum call_target target, struct sim_handle *handle)
{
    int good;

    if (target == CALL_NODE)
        return NVML_SUCCESS;
    if (!handle_known(handle) || handle->gpu >= call->state->gpu_count)
        return NVML_ERROR_INVALID_ARGUMENT;
    call->index = handle->gpu;
    call->gpu = &call->state->gpu[handle->gpu];
    call->model = model_by_key(call->gpu->model);
    if (call->model == NULL)
        return NVML_ERROR_UNKNOWN;
    if (call->gpu->lost)
        return NVML_ERROR_GPU_IS_LOST;
    switch (handle->kind) {
    case HANDLE_GPU:
        good = target == CALL_GPU || target == CALL_GPU_OR_MIG;
        break;
    case HANDLE_MIG:
        good = target == CALL_GPU_OR_MIG && handle_find_ci(call->gpu, handle->serial, &call->gi, &call->ci);
        break;
    case HANDLE_GI:
        good = target == CALL_GI && handle_find_gi(call->gpu, handle->serial, &call->gi);
        break;
    case HANDLE_CI:
        good = target == CALL_CI && handle_find_ci(call->gpu, handle->serial, &call->gi, &call->ci);
        break;
    default:
        good = 0;
    }
    return good ? NVML_SUCCESS : NVML_ERROR_INVALID_ARGUMENT;
}

static nvmlReturn_t begin(struct call *call, enum call_target target, struct sim_handle *handle)
{
    nvmlReturn_t result = NVML_SUCCESS;
    struct fail_rule met;

    if (!call_initialised())
        return NVML_ERROR_UNINITIALIZED;
    switch (fail_check(call->function, call->changes, &met)) {
    case FAIL_ERROR:
        return (nvmlReturn_t)met.error;
    case FAIL_HANG:
        fail_hang(met.file);
        break;
    case FAIL_HANG_AFTER:
        call->hang_after = 1;
        memcpy(call->hang_in, met.file, sizeof(call->hang_in));
        break;
    case FAIL_KILL_BEFORE:
        raise(SIGKILL);
        break;
    case FAIL_KILL_AFTER:
        call->kill_after = 1;
        break;
    case FAIL_ERROR_AFTER:
        call->error_after = (nvmlReturn_t)met.error;
        break;
    default:
        break;
    }
    if (call->changes) {
        if (geteuid() != 0)
            return NVML_ERROR_NO_PERMISSION;
        call->lock = state_lock();
        if (call->lock < 0)
            return NVML_ERROR_UNKNOWN;
    }
    result = load(call);
    return result == NVML_SUCCESS ? resolve(call, target, handle) : result;
}

nvmlReturn_t call_read(struct call *call, const char *function, enum call_target target, struct sim_handle *handle)
{
    nvmlReturn_t result;

    memset(call, 0, sizeof(*call));
    call->function = function;
    call->lock = -1;
    result = begin(call, target, handle);
    return result == NVML_SUCCESS ? result : call_end(call, result);
}

nvmlReturn_t call_change(struct call *call, const char *function, enum call_target target, struct sim_handle *handle,
                         const char *format, ...)
{
    nvmlReturn_t result;
    va_list list;
    int length = 0;

    memset(call, 0, sizeof(*call));
    call->function = function;
    call->changes = 1;
    call->lock = -1;
    if (handle_known(handle))
        length = snprintf(call->arguments, sizeof(call->arguments), "gpu=%u%s", handle->gpu, *format ? " " : "");
    va_start(list, format);
    vsnprintf(call->arguments + length, sizeof(call->arguments) - (size_t)length, format, list);
    va_end(list);
    result = begin(call, target, handle);
    return result == NVML_SUCCESS ? result : call_end(call, result);
}

nvmlReturn_t call_end(struct call *call, nvmlReturn_t result)
{
    if (call->changes) {
        if (result == NVML_SUCCESS && state_store(call->state) != 0)
            result = NVML_ERROR_UNKNOWN;
        if (result == NVML_SUCCESS && call->error_after != NVML_SUCCESS)
            result = call->error_after;
        if (result != NVML_ERROR_UNINITIALIZED)
            log_call(call->function, call->arguments, result);
    }
    if (call->kill_after)
        raise(SIGKILL);
    free(call->state);
    call->state = NULL;
    state_unlock(call->lock);
    call->lock = -1;
    if (call->hang_after) /* without the lock: others may look at the node */
        fail_hang(call->hang_in);
    return result;
}
