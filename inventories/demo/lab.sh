#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The emulated site as ansible's inventory: addresses and keys come from the lab, so no file has to be kept in step.
exec "$(dirname "$(readlink -f "$0")")/../../tests/lab/lab" inventory demo "$@"
