/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_LOG_H
#define SIM_LOG_H

/* One line in "<state>.calls" for each call that changes state, refused ones too. */
void log_call(const char *function, const char *arguments, int result);

#endif
