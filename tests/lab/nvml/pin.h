/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What keeps a card from its reset: a process that holds its device file open, client or not. */
#ifndef SIM_PIN_H
#define SIM_PIN_H

/* A process other than the caller that holds the card of that minor number, or 0. */
unsigned int pin_holder(unsigned int minor);

#endif
