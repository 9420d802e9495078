/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nvmlsim fail and calls: order failures, read the log. */
#include "cli.h"
#include "errors.h"
#include "fail.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int list(void)
{
    static const char *const actions[] = {"", "error", "kill before", "kill after", "error after", "hang before", "hang after"};
    struct fail_rule rules[FAIL_MAX_RULES];

    if (fail_list(rules) != 0)
        fatal("cannot read the failures ordered: %s", strerror(errno));
    for (int i = 0; i < FAIL_MAX_RULES; i++) {
        if (rules[i].function[0] == '\0')
            continue;
        printf("%s %s%s%s", rules[i].function, actions[rules[i].action], rules[i].error != 0 ? " " : "",
               rules[i].error != 0 ? error_name(rules[i].error) : "");
        if (rules[i].file[0] != '\0')
            printf(" in %s", rules[i].file);
        if (rules[i].nth == 0)
            printf(" every");
        else
            printf(" %s=%u", rules[i].onwards ? "from" : "nth", rules[i].nth);
        printf(" seen=%u\n", rules[i].seen);
    }
    return 0;
}

static void check_function(const char *name)
{
    if (strcmp(name, FAIL_ANY_CHANGE) == 0)
        return;
    for (int i = 0; known_functions[i] != NULL; i++)
        if (strcmp(known_functions[i], name) == 0)
            return;
    usage_error("the library has no function '%s'; '%s' means any that changes state", name, FAIL_ANY_CHANGE);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {{"nth", 1, NULL, 'n'},    {"every", 0, NULL, 'e'}, {"error", 1, NULL, 'r'},
                                            {"kill", 0, NULL, 'k'},   {"before", 0, NULL, 'b'}, {"after", 0, NULL, 'a'},
                                            {"clear", 0, NULL, 'c'},  {"list", 0, NULL, 'l'},   {"from", 1, NULL, 'f'},
                                            {"hang", 2, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct fail_rule rule = {.nth = 1};
    static struct sim_state state;
    int option, every = 0, nth = 0, kill = 0, before = 0, after = 0, clear = 0, show = 0;
    int hang = 0;
    const char *error = NULL, *file = NULL;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'n':
            rule.nth = (uint32_t)number("--nth", optarg, 1, 1000000);
            nth = 1;
            break;
        case 'f':
            rule.nth = (uint32_t)number("--from", optarg, 1, 1000000);
            rule.onwards = 1;
            break;
        case 'e':
            every = 1;
            break;
        case 'r':
            error = optarg;
            break;
        case 'h':
            hang = 1;
            file = optarg;
            break;
        case 'k':
            kill = 1;
            break;
        case 'b':
            before = 1;
            break;
        case 'a':
            after = 1;
            break;
        case 'c':
            clear = 1;
            break;
        case 'l':
            show = 1;
            break;
        default:
            return 2;
        }
    }
    if (clear || show) {
        if (clear + show + nth + (int)rule.onwards + every + kill + hang + before + after + (error != NULL) + argc - optind != 1)
            usage_error("--clear and --list stand alone");
        if (show)
            return list();
        if (fail_clear() != 0)
            fatal("cannot clear the failures ordered: %s", strerror(errno));
        return 0;
    }
    if (argc - optind != 1)
        usage_error("name one function, or %s", FAIL_ANY_CHANGE);
    if (kill + hang + (error != NULL) != 1)
        usage_error("say what happens: --error NAME, --kill or --hang");
    if (file != NULL && strlen(file) >= sizeof(rule.file))
        usage_error("the name of the file has more than %zu characters", sizeof(rule.file) - 1);
    if (nth + every + (int)rule.onwards > 1)
        usage_error("--nth, --from and --every exclude each other");
    if (before && after)
        usage_error("--before and --after exclude each other");
    check_function(argv[optind]);
    open_state(&state); /* a failure is ordered of a node that is there */
    snprintf(rule.function, sizeof(rule.function), "%s", argv[optind]);
    if (every)
        rule.nth = 0;
    if (kill)
        rule.action = after ? FAIL_KILL_AFTER : FAIL_KILL_BEFORE;
    else if (hang)
        rule.action = after ? FAIL_HANG_AFTER : FAIL_HANG;
    else
        rule.action = after ? FAIL_ERROR_AFTER : FAIL_ERROR;
    if (file != NULL)
        snprintf(rule.file, sizeof(rule.file), "%s", file);
    if (error != NULL) {
        rule.error = error_by_name(error);
        if (rule.error <= 0)
            usage_error("there is no NVML error '%s'; they are like NVML_ERROR_IN_USE, IN_USE or 19", error);
    }
    if (fail_add(&rule) != 0)
        fatal("cannot order the failure: %s", strerror(errno));
    return 0;
}

const struct verb verb_fail = {
    "fail", run,
    "fail FUNCTION|any-change (--error NAME | --kill | --hang[=FILE]) [--before|--after] [--nth N | --from N | --every]  |  --list  |  --clear\n"
    "\n"
    "The Nth following call (default: the next) of the function, or of any function that changes state, returns the\n"
    "error, kills its caller with SIGKILL, or never returns, before (default) or after the effect. --hang=FILE: it\n"
    "reads that file, and returns only if the read does: one of FUSE can hang in the kernel. --from: the\n"
    "Nth and all after it; --every: all following calls. Calls are counted over all processes. Up to 32 of these hold at a time."};

static int run_calls(int argc, char **argv)
{
    static const struct option options[] = {{"clear", 0, NULL, 'c'}, {NULL, 0, NULL, 0}};
    char path[4096], block[4096];
    int option, clear = 0;
    size_t got;
    FILE *file;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'c')
            return 2;
        clear = 1;
    }
    if (optind < argc)
        usage_error("'%s' is one argument too many", argv[optind]);
    state_side_path(".calls", path, sizeof(path));
    if (clear) {
        if (unlink(path) != 0 && errno != ENOENT)
            fatal("cannot remove %s: %s", path, strerror(errno));
        return 0;
    }
    file = fopen(path, "re");
    if (file == NULL && errno != ENOENT)
        fatal("cannot read %s: %s", path, strerror(errno));
    while (file != NULL && (got = fread(block, 1, sizeof(block), file)) > 0)
        fwrite(block, 1, got, stdout);
    return 0;
}

const struct verb verb_calls = {
    "calls", run_calls,
    "calls [--clear]\n"
    "\n"
    "Prints the calls that change state, one a line: time, pid, function, arguments, result. Refused ones too, but not\n"
    "those of users who may not write the log."};
