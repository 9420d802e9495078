/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GPU clients: real processes that the state file names. */
#ifndef SIM_PROCESS_H
#define SIM_PROCESS_H

#include "state.h"

uint64_t process_start_time(unsigned int pid); /* 0: not running, or a zombie */
unsigned int process_prune(struct sim_state *state); /* forgets the dead; how many there were */
unsigned int process_count(const struct sim_state *state, unsigned int gpu); /* any kind, any instance */
unsigned int process_count_gi(const struct sim_state *state, unsigned int gpu, unsigned int gi);
unsigned int process_count_ci(const struct sim_state *state, unsigned int gpu, unsigned int gi, unsigned int ci);
uint64_t process_memory(const struct sim_state *state, unsigned int gpu, int gi); /* gi SIM_NO_INSTANCE: whole GPU */

#endif
