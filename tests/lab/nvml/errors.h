/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_ERRORS_H
#define SIM_ERRORS_H

const char *error_text(int code); /* as nvmlErrorString says it; NULL: no such code */
const char *error_name(int code); /* NVML_ERROR_...; "?" */
int error_by_name(const char *name); /* with or without NVML_ERROR_, or a number; -1: none */

#endif
