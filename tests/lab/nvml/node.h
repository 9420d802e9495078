/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens to a node and its GPUs as a whole: made, reset, rebooted. */
#ifndef SIM_NODE_H
#define SIM_NODE_H

#include "models.h"
#include "state.h"

void node_init(struct sim_state *state, const char *node, const char *driver, int open_flavour);
/* The new GPU, or NULL when the node is full. */
struct sim_gpu *node_add_gpu(struct sim_state *state, const struct gpu_model *model);
void node_drop_instances(struct sim_gpu *gpu);
void node_reset_gpu(struct sim_gpu *gpu);
void node_reboot(struct sim_state *state);
unsigned int node_listed(const struct sim_state *state, unsigned int end); /* how many GPUs before this one NVML lists */
int gpu_bdf_parse(const char *text, struct sim_gpu *gpu);
void gpu_bdf(const struct sim_gpu *gpu, char *out, unsigned long size); /* 0000:17:00.0 */

#endif
