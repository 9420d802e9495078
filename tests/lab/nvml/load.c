/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Power and temperature move towards a target as exponentials.  An exponential
 * has no memory, so the value at the last change (the anchor) and the time
 * since are all there is to know, and any reader computes the same figures.
 */
#include "load.h"

#include <math.h>

static const double power_seconds = 2.0;
static const double thermal_seconds = 15.0;
static const double idle_celsius = 31.0;

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static unsigned int graphics_clock(const struct gpu_model *model, const struct sim_gpu *gpu, unsigned int util)
{
    unsigned int low = model->graphics_idle, high = model->graphics_max, wanted;

    if (gpu->app_graphics != 0)
        high = gpu->app_graphics;
    if (gpu->gpu_lock_max != 0) {
        low = gpu->gpu_lock_min;
        high = gpu->gpu_lock_max;
    }
    wanted = util > 0 ? high : low;
    wanted = (unsigned int)clamp(wanted, model->graphics_min, model->graphics_max);
    return model_clock(model, model_clock_steps(model, wanted));
}

static unsigned int memory_clock(const struct gpu_model *model, const struct sim_gpu *gpu, unsigned int util)
{
    unsigned int high = model->memory_clocks[0], low, best;

    /* HBM keeps its speed when idle; GDDR goes down to the slowest. */
    low = model_has_hbm(model) ? high : model->memory_clocks[model->memory_clock_count - 1];

    if (gpu->app_memory != 0)
        high = gpu->app_memory;
    if (gpu->memory_lock_max != 0) {
        low = gpu->memory_lock_min;
        high = gpu->memory_lock_max;
    }
    /* The fastest supported clock within what is allowed; the slowest where none is. */
    best = model->memory_clocks[model->memory_clock_count - 1];
    for (unsigned int i = 0; i < model->memory_clock_count; i++)
        if (model->memory_clocks[i] <= (util > 0 ? high : low) && model->memory_clocks[i] > best)
            best = model->memory_clocks[i];
    return best;
}

void load_now(const struct sim_state *state, unsigned int index, struct load *load)
{
    const struct sim_gpu *gpu = &state->gpu[index];
    const struct gpu_model *model = model_by_key(gpu->model);
    double seconds = clamp(now_seconds() - gpu->anchor.at, 0, 1e9);
    double wanted, target, heat, decay;
    unsigned int util = 0;

    for (int i = 0; i < SIM_MAX_PROCS; i++)
        if (state->process[i].pid != 0 && state->process[i].gpu == index)
            util += state->process[i].util;
    load->util_gpu = util > 100 ? 100 : util;
    load->util_memory = load->util_gpu / 2;
    load->graphics = graphics_clock(model, gpu, load->util_gpu);
    load->memory = memory_clock(model, gpu, load->util_gpu);
    load->video = load->util_gpu > 0 ? model->video_max : model->graphics_idle;

    /* A full load draws the default limit at full clocks, less at lower ones, and never more than the limit set. */
    wanted = model->power_idle + ((double)model->power_default - model->power_idle) * (load->util_gpu / 100.0) *
                                     ((double)load->graphics / model->graphics_max);
    target = wanted > gpu->power_limit ? gpu->power_limit : wanted;
    load->power_capped = wanted > gpu->power_limit;
    if (load->power_capped && gpu->gpu_lock_max == 0) {
        unsigned int slower = (unsigned int)(load->graphics * target / wanted);

        slower = slower < model->graphics_min ? model->graphics_min : slower;
        load->graphics = model_clock(model, model_clock_steps(model, slower));
    }
    decay = exp(-seconds / power_seconds);
    load->milliwatts = target + (gpu->anchor.milliwatts - target) * decay;
    load->millijoules = gpu->anchor.millijoules + target * seconds +
                        (gpu->anchor.milliwatts - target) * power_seconds * (1 - decay);

    heat = (target - model->power_idle) / ((double)model->power_default - model->power_idle);
    heat = idle_celsius + heat * (model->temp_gpu_max - 10 - idle_celsius);
    load->celsius = heat + (gpu->anchor.celsius - heat) * exp(-seconds / thermal_seconds);
}

void load_settle(struct sim_state *state)
{
    for (unsigned int i = 0; i < state->gpu_count; i++) {
        struct load load;

        load_now(state, i, &load);
        state->gpu[i].anchor.at = now_seconds();
        state->gpu[i].anchor.celsius = load.celsius;
        state->gpu[i].anchor.milliwatts = load.milliwatts;
        state->gpu[i].anchor.millijoules = load.millijoules;
    }
}

void load_reset(struct sim_gpu *gpu)
{
    gpu->anchor.at = now_seconds();
    gpu->anchor.celsius = idle_celsius;
    gpu->anchor.milliwatts = model_by_key(gpu->model)->power_idle;
    gpu->anchor.millijoules = 0;
}
