/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Failures to order: a named function, or any that changes state, returns an
 * error, kills its caller, or never returns.  The rules live in "<state>.fail", apart from the
 * state, because calls that only read count too, also those of ordinary users.
 */
#ifndef SIM_FAIL_H
#define SIM_FAIL_H

#include <stdint.h>

#define FAIL_ANY_CHANGE "any-change"

enum fail_action { FAIL_NONE, FAIL_ERROR, FAIL_KILL_BEFORE, FAIL_KILL_AFTER, FAIL_ERROR_AFTER, FAIL_HANG, FAIL_HANG_AFTER };

struct fail_rule {
    char function[80]; /* empty: unused */
    uint32_t nth;      /* 0: every call */
    uint32_t onwards;  /* 1: the nth call and all after it */
    uint32_t seen;
    uint32_t action;
    int32_t error;
    char file[256]; /* to hang in a read of it; empty: in user space */
};

enum { FAIL_MAX_RULES = 32 };

enum fail_action fail_check(const char *function, int changes, struct fail_rule *met); /* met: filled in unless FAIL_NONE */
void fail_hang(const char *file); /* returns where the file does not hang */
int fail_add(const struct fail_rule *rule); /* 0, or -1 with errno */
int fail_clear(void);
int fail_list(struct fail_rule rules[FAIL_MAX_RULES]);

#endif
