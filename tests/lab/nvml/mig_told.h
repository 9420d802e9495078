/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SIM_MIG_TOLD_H
#define SIM_MIG_TOLD_H

#include "call.h"

const struct mig_profile *mig_told_by_constant(const struct call *call, unsigned int constant);
const struct mig_profile *mig_told_by_id(const struct call *call, unsigned int id);

#endif
