# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that lies: runs modules with the real Python, and alters what they answer.

A script that runs it is set as ansible_python_interpreter. LIES is a file: a list of {"module": NAME, "adds": {...}},
each of which adds to that module's answer, or with "*" to every one's. A module that fails is said to have succeeded,
or the lie would be overlooked.
"""

import json
import os
import re
import subprocess
import sys

LIES = "/etc/lies.json"
REAL = "/usr/bin/python3"
# what ansible's wrapper around a module calls it
MODULE = re.compile(rb"(?:plugins\.modules|ansible\.modules)\.(\w+)")


def main():
    arguments = sys.argv[1:]
    given = sys.stdin.buffer.read() if not sys.stdin.isatty() else b""
    program = given
    if arguments and os.path.isfile(arguments[-1]):
        with open(arguments[-1], "rb") as stream:
            program = stream.read()
    done = subprocess.run([REAL, *arguments], input=given, stdout=subprocess.PIPE, check=False)
    sys.stdout.buffer.write(altered(done.stdout, MODULE.search(program)))
    sys.exit(0)


def altered(answer, module):
    with open(LIES, encoding="utf-8") as stream:
        lies = json.load(stream)
    told = [lie["adds"] for lie in lies if module and lie["module"] in ("*", module.group(1).decode())]
    if not told:
        return answer
    try:
        result = json.loads(answer)
    except ValueError:
        return answer
    for lie in told:
        result.update(lie, failed=False)
    return json.dumps(result).encode()


main()
