/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of events, in which nothing ever happens. */
#include "call.h"

static char no_events;

NVML_API nvmlReturn_t nvmlEventSetCreate(nvmlEventSet_t *set)
{
    BEGIN_NODE(call);
    REQUIRE(call, set != NULL);
    *set = (nvmlEventSet_t)&no_events;
    return call_end(&call, NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlEventSetFree(nvmlEventSet_t set)
{
    BEGIN_NODE(call);
    REQUIRE(call, set == (nvmlEventSet_t)&no_events);
    return call_end(&call, NVML_SUCCESS);
}
