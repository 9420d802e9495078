/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models.h"

#include <stddef.h>
#include <strings.h>

const struct gpu_model *model_by_key(const char *key)
{
    for (unsigned int i = 0; i < gpu_model_count; i++)
        if (strcasecmp(gpu_models[i].key, key) == 0)
            return &gpu_models[i];
    return NULL;
}

unsigned int model_clock_steps(const struct gpu_model *model, unsigned int mhz)
{
    return (unsigned int)((mhz + 0.5 - model->graphics_min) / model->graphics_step);
}

unsigned int model_clock(const struct gpu_model *model, unsigned int steps)
{
    return (unsigned int)(model->graphics_min + steps * model->graphics_step);
}

/* Nothing but stacked memory has so wide a bus. */
int model_has_hbm(const struct gpu_model *model)
{
    return model->memory_bus_bits > 1024;
}
