/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading, locking and replacing the state file. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *state_path(void)
{
    const char *path = getenv("NVMLSIM_STATE");

    return path != NULL && path[0] != '\0' ? path : SIM_DEFAULT_STATE;
}

const char *state_side_path(const char *suffix, char *buffer, unsigned long size)
{
    snprintf(buffer, size, "%s%s", state_path(), suffix);
    return buffer;
}

enum sim_load_result state_load(struct sim_state *state)
{
    size_t have = 0;
    int fd = open(state_path(), O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? SIM_MISSING : SIM_BROKEN;
    while (have < sizeof(*state)) {
        ssize_t got = read(fd, (char *)state + have, sizeof(*state) - have);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        have += (size_t)got;
    }
    close(fd);
    if (have != sizeof(*state) || state->magic != SIM_MAGIC || state->size != sizeof(*state))
        return SIM_BROKEN;
    return SIM_OK;
}

int state_lock(void)
{
    char path[4096];
    int fd = open(state_side_path(".lock", path, sizeof(path)), O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    if (fd < 0)
        return -1;
    while (flock(fd, LOCK_EX) != 0) {
        if (errno != EINTR) {
            close(fd);
            return -1;
        }
    }
    return fd;
}

void state_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

int state_store(const struct sim_state *state)
{
    char path[4096];
    size_t done = 0;
    int fd;

    /* One name is enough: only the holder of the lock writes it, and what a killed writer left is truncated. */
    state_side_path(".tmp", path, sizeof(path));
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return -1;
    while (done < sizeof(*state)) {
        ssize_t put = write(fd, (const char *)state + done, sizeof(*state) - done);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            close(fd);
            return -1;
        }
        done += (size_t)put;
    }
    /* Ordinary users read the state whatever the umask of root was. */
    if (fchmod(fd, 0644) != 0 || close(fd) != 0)
        return -1;
    return rename(path, state_path());
}

/* FNV-1a with a final mix: good enough to make names look random and stay the same. */
uint64_t seed_hash(const char *text, uint64_t salt)
{
    uint64_t hash = 0xcbf29ce484222325u ^ (salt * 0x9e3779b97f4a7c15u);

    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    hash ^= hash >> 33;
    hash *= 0xff51afd7ed558ccdu;
    hash ^= hash >> 33;
    return hash;
}

void seed_uuid(char *out, const char *prefix, const char *text, uint64_t salt)
{
    uint64_t a = seed_hash(text, salt * 2), b = seed_hash(text, salt * 2 + 1);

    snprintf(out, SIM_UUID_SIZE, "%s%08x-%04x-%04x-%04x-%012llx", prefix, (unsigned)(a >> 32),
             (unsigned)(a >> 16) & 0xffff, (unsigned)a & 0xffff, (unsigned)(b >> 48),
             (unsigned long long)(b & 0xffffffffffffu));
}

double now_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
