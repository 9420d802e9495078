/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pin.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* From this branch on, a reset does not count what the module has open. */
enum { NOT_COUNTED_FROM = 595 };

static const char *folder_of(const char *variable, const char *otherwise)
{
    const char *folder = getenv(variable);

    return folder != NULL && folder[0] != '\0' ? folder : otherwise;
}

/* The file itself counts, not its name: a container's /dev/nvidia0 may be the host's, or another host's. */
static int holds(const char *pid, const struct stat *card)
{
    char path[320];
    struct dirent *entry;
    struct stat open_file;
    int found = 0;
    DIR *files;

    snprintf(path, sizeof(path), "/proc/%s/fd", pid);
    files = opendir(path);
    if (files == NULL)
        return 0;
    while (!found && (entry = readdir(files)) != NULL)
        found = isdigit((unsigned char)entry->d_name[0]) && fstatat(dirfd(files), entry->d_name, &open_file, 0) == 0 &&
                open_file.st_dev == card->st_dev && open_file.st_ino == card->st_ino;
    closedir(files);
    return found;
}

unsigned int pin_holder(unsigned int minor)
{
    unsigned int holder = 0;
    char path[4096];
    struct dirent *entry;
    struct stat card;
    DIR *processes;

    snprintf(path, sizeof(path), "%s/nvidia%u", folder_of("NVMLSIM_DEV", "/dev"), minor);
    if (stat(path, &card) != 0 || (processes = opendir("/proc")) == NULL)
        return 0;
    while (holder == 0 && (entry = readdir(processes)) != NULL) {
        unsigned int pid = (unsigned int)strtoul(entry->d_name, NULL, 10);

        if (pid != 0 && pid != (unsigned int)getpid() && holds(entry->d_name, &card))
            holder = pid;
    }
    closedir(processes);
    return holder;
}

int pin_module(const struct sim_state *state)
{
    char path[4096];
    int modeset = EOF;
    FILE *file;

    snprintf(path, sizeof(path), "%s/module/nvidia_drm/parameters/modeset", folder_of("NVMLSIM_SYS", "/sys"));
    file = fopen(path, "re");
    if (file != NULL) {
        modeset = fgetc(file);
        fclose(file);
    }
    return modeset == 'Y' && strtoul(state->driver_version, NULL, 10) < NOT_COUNTED_FROM;
}
