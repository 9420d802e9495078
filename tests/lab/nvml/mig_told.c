/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which profiles the driver tells of a card: not those that can be made, while MIG is off. */
#include "mig_told.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_TO_TELL = 550 }; /* drivers to 535 tell none while MIG is off */

/* An A30 with MIG off is told as if it had the slices of an A100: mig-parted hardcodes the card for that. */
static const struct mig_profile a30_off[] = {
    {0, 19, "1g.3gb", 1, 2688, 14, 1, 0, 0, 0, 0, 7, 1, 7, {0, 1, 2, 3, 4, 5, 6}, {6, 4, 5, 0, 1, 2, 3}},
    {7, 20, "1g.3gb+me", 1, 2688, 14, 1, 1, 0, 1, 1, 1, 1, 7, {0, 1, 2, 3, 4, 5, 6}, {6, 4, 5, 0, 1, 2, 3}},
    {9, 15, "1g.6gb", 1, 5632, 14, 1, 1, 0, 0, 0, 4, 2, 4, {0, 2, 4, 6}, {6, 4, 0, 2}},
    {1, 14, "2g.6gb", 2, 5632, 28, 2, 1, 0, 0, 0, 3, 2, 3, {0, 2, 4}, {4, 0, 2}},
    {2, 9, "3g.12gb", 3, 11520, 42, 3, 2, 0, 0, 0, 2, 4, 2, {0, 4}, {4, 0}},
    {3, 5, "4g.12gb", 4, 11520, 56, 4, 2, 0, 0, 0, 1, 4, 1, {0}, {0}},
    {4, 0, "7g.24gb", 7, 23552, 98, 7, 4, 0, 1, 1, 1, 8, 1, {0}, {0}},
};

static const struct mig_profile *off(const struct call *call, unsigned int *count)
{
    *count = 0;
    if (atoi(call->state->driver_version) < FIRST_TO_TELL)
        return NULL;
    *count = sizeof(a30_off) / sizeof(a30_off[0]);
    if (strcmp(call->model->key, "A30") == 0)
        return a30_off;
    *count = call->model->profile_count;
    return call->model->profiles;
}

static const struct mig_profile *told(const struct call *call, unsigned int *count)
{
    if (!call->gpu->mig_current)
        return off(call, count);
    *count = call->model->profile_count;
    return call->model->profiles;
}

const struct mig_profile *mig_told_by_constant(const struct call *call, unsigned int constant)
{
    unsigned int count;
    const struct mig_profile *profiles = told(call, &count);

    for (unsigned int i = 0; i < count; i++)
        if (profiles[i].constant == constant)
            return &profiles[i];
    return NULL;
}

const struct mig_profile *mig_told_by_id(const struct call *call, unsigned int id)
{
    unsigned int count;
    const struct mig_profile *profiles = told(call, &count);

    for (unsigned int i = 0; i < count; i++)
        if (profiles[i].id == id)
            return &profiles[i];
    return NULL;
}
