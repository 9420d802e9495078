# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for NVIDIA's nvbootctrl, for the bootloader's slots. The root file system has no second slot."""

import os
import sys

sys.path.insert(0, "/usr/lib/edgelab/jetson")
import board

USAGE = """usage: nvbootctrl [-t <target>] <command> [args]
Commands:
    is-rootfs-ab-enabled       Prints 1 if rootfs A/B is enabled.
    get-number-slots           Prints number of slots.
    get-current-slot           Prints currently running SLOT.
    get-suffix SLOT            Prints suffix for SLOT.
    set-active-boot-slot SLOT  On next boot, load and execute SLOT.
    dump-slots-info            Prints info for slots."""
LETTERS = "AB"


def dump(state, rootfs):
    """Answer dump-slots-info."""
    if not rootfs:
        print("Current version: {}".format(state["version"]))
        print("Capsule update status: {}".format(state["capsule"]))
    kind = "rootfs" if rootfs else "bootloader"
    print("Current {} slot: {}".format(kind, LETTERS[state["slot"]]))
    print("Active {} slot: {}".format(kind, LETTERS[state["active"]]))
    print("num_slots: 2")
    for slot in (0, 1):
        retries = "retry_count: 3,  " if rootfs else ""
        print("slot: {},             {}status: normal".format(slot, retries))


def main(words):
    """One invocation."""
    rootfs = False
    if words[:1] == ["-t"]:
        rootfs = words[1:2] == ["rootfs"]
        words = words[2:]
    if not words:
        board.shout(USAGE)
        return 64
    if os.geteuid() != 0:
        board.shout("Error: can not open /dev/mem")
        return 1
    state = board.firmware()
    verb, rest = words[0], words[1:]
    slot = int(rest[0]) if rest[:1] in (["0"], ["1"]) else None
    if verb == "dump-slots-info":
        dump(state, rootfs)
    elif verb == "get-current-slot":
        print(state["slot"])
    elif verb == "get-number-slots":
        print(2)
    elif verb == "is-rootfs-ab-enabled":
        print(0)
    elif verb == "get-suffix" and slot is not None:
        print("" if slot == 0 else "_b")
    elif verb == "set-active-boot-slot" and slot is not None:
        board.store_firmware({**state, "active": slot})
    else:
        board.shout(USAGE)
        return 64
    return 0


sys.exit(main(sys.argv[1:]))
