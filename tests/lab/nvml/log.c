/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "log.h"

#include "errors.h"
#include "state.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

void log_call(const char *function, const char *arguments, int result)
{
    char path[4096], line[512];
    int length, fd = open(state_side_path(".calls", path, sizeof(path)), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);

    /* An ordinary user cannot write the log; that the call was refused is no change of state, so nothing is lost. */
    if (fd < 0)
        return;
    length = snprintf(line, sizeof(line), "%.6f pid=%d %s %s = %s\n", now_seconds(), (int)getpid(), function, arguments,
                      error_name(result));
    /* One write to a file opened for appending: lines of several processes do not mix. */
    if (write(fd, line, (size_t)length) < 0)
        length = 0;
    close(fd);
}
