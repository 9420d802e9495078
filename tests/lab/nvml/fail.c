/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fail.h"
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_rules(int flags)
{
    char path[4096];

    return open(state_side_path(".fail", path, sizeof(path)), flags | O_CLOEXEC, 0666);
}

static int read_rules(int fd, struct fail_rule rules[FAIL_MAX_RULES])
{
    const ssize_t size = sizeof(struct fail_rule) * FAIL_MAX_RULES;

    memset(rules, 0, (size_t)size);
    return pread(fd, rules, (size_t)size, 0) == size;
}

enum fail_action fail_check(const char *function, int changes, struct fail_rule *met)
{
    struct fail_rule rules[FAIL_MAX_RULES];
    enum fail_action action = FAIL_NONE;
    int fd = open_rules(O_RDWR);

    if (fd < 0)
        return FAIL_NONE;
    flock(fd, LOCK_EX);
    if (read_rules(fd, rules)) {
        for (int i = 0; i < FAIL_MAX_RULES; i++) {
            struct fail_rule *rule = &rules[i];

            if (rule->function[0] == '\0' ||
                (strcmp(rule->function, function) != 0 && !(changes && strcmp(rule->function, FAIL_ANY_CHANGE) == 0)))
                continue;
            rule->seen++;
            /* One counter changes, in one write: a kill leaves the old count or the new one. */
            if (pwrite(fd, rule, sizeof(*rule), (off_t)((size_t)i * sizeof(*rule))) != (ssize_t)sizeof(*rule))
                continue;
            if (action == FAIL_NONE && (rule->nth == 0 || rule->seen == rule->nth || (rule->onwards && rule->seen > rule->nth))) {
                action = (enum fail_action)rule->action;
                *met = *rule;
            }
        }
    }
    close(fd);
    return action;
}

void fail_hang(const char *file)
{
    char byte;
    int fd;

    while (*file == '\0')
        pause();
    fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, &byte, 1) < 0)
        perror(file);
    if (fd >= 0)
        close(fd);
}

int fail_add(const struct fail_rule *added)
{
    struct fail_rule rules[FAIL_MAX_RULES];
    int fd = open_rules(O_RDWR | O_CREAT), result = -1;

    if (fd < 0)
        return -1;
    fchmod(fd, 0666);
    flock(fd, LOCK_EX);
    read_rules(fd, rules);
    errno = ENOSPC;
    for (int i = 0; i < FAIL_MAX_RULES; i++) {
        if (rules[i].function[0] != '\0')
            continue;
        rules[i] = *added;
        result = pwrite(fd, rules, sizeof(rules), 0) == (ssize_t)sizeof(rules) ? 0 : -1;
        break;
    }
    close(fd);
    return result;
}

int fail_clear(void)
{
    char path[4096];

    return unlink(state_side_path(".fail", path, sizeof(path))) == 0 || errno == ENOENT ? 0 : -1;
}

int fail_list(struct fail_rule rules[FAIL_MAX_RULES])
{
    int fd = open_rules(O_RDONLY), ok;

    memset(rules, 0, sizeof(struct fail_rule) * FAIL_MAX_RULES);
    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    flock(fd, LOCK_SH);
    ok = read_rules(fd, rules);
    close(fd);
    return ok ? 0 : -1;
}
