/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What keeps a card from its reset: a process that holds its device file open, client or not; the module nvidia_drm. */
#ifndef SIM_PIN_H
#define SIM_PIN_H

#include "state.h"

/* A process other than the caller that holds the card of that minor number, or 0. */
unsigned int pin_holder(unsigned int minor);

/* Whether nvidia_drm is loaded with modeset on: it has every card open, and there is no process to name. */
int pin_module(const struct sim_state *state);

#endif
