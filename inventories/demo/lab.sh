#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The emulated site as ansible's inventory: addresses and keys come from the lab, so no file has to be kept in step.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
python=${EDGESITE_PYTHON:-$root/.venv/bin/python}
if ! [ -x "$python" ]; then
    echo "the project's Python environment $python is missing; 'make venv' in $root makes it" >&2
    exit 1
fi
exec "$python" "$root/tests/lab/lab" inventory demo "$@"
