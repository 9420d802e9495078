/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nvmlsim: the hand that changes what the simulated node is. */
#include "cli.h"

#include "load.h"
#include "process.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct verb *const verbs[] = {
    &verb_init,  &verb_show,   &verb_sysfs,  &verb_run_process, &verb_kill_process, &verb_fail,           &verb_calls,
    &verb_reset, &verb_reboot, &verb_driver, &verb_lose,        &verb_restore,      &verb_virtualization,
    &verb_unlist, &verb_fabric,
};
enum { VERB_COUNT = sizeof(verbs) / sizeof(verbs[0]) };

static const char *current = "";

static void complain(const char *format, va_list list)
{
    fprintf(stderr, "nvmlsim%s%s: ", *current ? " " : "", current);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
}

void usage_error(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    complain(format, list);
    va_end(list);
    exit(2);
}

void fatal(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    complain(format, list);
    va_end(list);
    exit(1);
}

unsigned long number(const char *option, const char *text, unsigned long low, unsigned long high)
{
    char *end;
    unsigned long value;

    errno = 0;
    value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value < low || value > high)
        usage_error("%s takes a number from %lu to %lu, not '%s'", option, low, high, text);
    return value;
}

unsigned int gpu_number(const struct sim_state *state, const char *text)
{
    if (state->gpu_count == 0)
        fatal("this node has no GPU");
    return (unsigned int)number("--gpu", text, 0, state->gpu_count - 1);
}

static void require(enum sim_load_result result)
{
    if (result == SIM_MISSING)
        fatal("there is no state at %s: run 'nvmlsim init' first", state_path());
    if (result == SIM_BROKEN)
        fatal("%s is not a state of this version of the simulator: run 'nvmlsim init' again", state_path());
}

void open_state(struct sim_state *state)
{
    require(state_load(state));
    process_prune(state);
}

int change_state(struct sim_state *state)
{
    int lock;

    /* Before the lock, which would leave a file behind where there is no node. */
    require(state_load(state));
    lock = state_lock();
    if (lock < 0)
        fatal("cannot lock %s: %s", state_path(), strerror(errno));
    require(state_load(state));
    load_settle(state);
    process_prune(state);
    return lock;
}

void save_state(const struct sim_state *state, int lock)
{
    if (state_store(state) != 0)
        fatal("cannot write %s: %s", state_path(), strerror(errno));
    state_unlock(lock);
}

static void help(FILE *out)
{
    fprintf(out, "usage: nvmlsim VERB [OPTION...]     'nvmlsim VERB --help' tells more of each\n\n");
    for (int i = 0; i < VERB_COUNT; i++)
        fprintf(out, "  %.*s\n", (int)strcspn(verbs[i]->help, "\n"), verbs[i]->help);
    fprintf(out, "\nThe state is in the file that NVMLSIM_STATE names (default %s).\n", SIM_DEFAULT_STATE);
}

int main(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "--nvmlsim-client") == 0)
        return sleeper(argv);
    if (argc < 2)
        usage_error("a verb is missing; 'nvmlsim --help' lists them");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        help(stdout);
        return 0;
    }
    for (int i = 0; i < VERB_COUNT; i++) {
        if (strcmp(argv[1], verbs[i]->name) != 0)
            continue;
        current = verbs[i]->name;
        for (int j = 2; j < argc; j++) {
            if (strcmp(argv[j], "--help") == 0) {
                printf("usage: nvmlsim %s\n", verbs[i]->help);
                return 0;
            }
        }
        return verbs[i]->run(argc - 1, argv + 1);
    }
    usage_error("there is no verb '%s'; 'nvmlsim --help' lists them", argv[1]);
}
