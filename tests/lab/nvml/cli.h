/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_CLI_H
#define SIM_CLI_H

#include "node.h"
#include "state.h"

struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help; /* first line: the usage; then what it does */
};

extern const struct verb verb_init, verb_show, verb_sysfs, verb_run_process, verb_kill_process, verb_fail, verb_calls, verb_reset,
    verb_reboot, verb_driver, verb_lose, verb_restore, verb_virtualization, verb_unlist, verb_fabric;

/* Bad arguments: one line on stderr, exit 2. */
void usage_error(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* Cannot be done now: one line on stderr, exit 1. */
void fatal(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

unsigned long number(const char *option, const char *text, unsigned long low, unsigned long high);
unsigned int gpu_number(const struct sim_state *state, const char *text); /* an index, or ends the program */

void open_state(struct sim_state *state);        /* to read */
int change_state(struct sim_state *state);       /* to change: locked, load settled, dead clients forgotten */
void save_state(const struct sim_state *state, int lock);

int sleeper(char **argv); /* the body of a simulated GPU client */
extern const char *const known_functions[]; /* what the library exports; ends with NULL */

#endif
