#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The emulated site named by $LAB_SITE, as ansible's inventory.
exec "$(dirname "$(readlink -f "$0")")/lab" inventory "${LAB_SITE:?name of a site in tests/lab/sites}" "$@"
