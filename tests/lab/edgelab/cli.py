# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the lab."""

from __future__ import annotations

import argparse
import json
import sys

from . import boot, converge, images, inventory, jetson_repository, login, network, places, tpm_faults
from .definition import Site, is_name, load
from .errors import LabError
from .lock import locked
from .paths import REPOSITORY
from .podman import LABEL_CLONE, LABEL_HOST, LABEL_ROLE, LABEL_SITE, Podman
from .progress import say


def parser() -> argparse.ArgumentParser:
    """All verbs and their arguments."""
    top = argparse.ArgumentParser(prog="lab", description="The emulated edge site.")
    verbs = top.add_subparsers(dest="verb", required=True)

    def of_site(name: str, text: str) -> argparse.ArgumentParser:
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("site", nargs="?", default="demo", help="name in tests/lab/sites, or a path (default: demo)")
        return verb

    def of_host(name: str, text: str) -> argparse.ArgumentParser:
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("-s", "--site", default="demo", help="name in tests/lab/sites, or a path (default: demo)")
        verb.add_argument("host")
        return verb

    of_site("up", "bring a site up, or set right what is missing or stopped")
    of_site("down", "remove every trace of a site").add_argument(
        "--all", action="store_true", help="the cached base images and packages too"
    )
    listing = of_site("inventory", "print ansible's inventory of a site")
    listing.add_argument("--list", action="store_true", help="all hosts (the default)")
    listing.add_argument("--host", metavar="NAME", help="the variables of one host")
    of_host("reboot", "reboot a host, and wait until every unit has started or failed")
    of_host("cut", "pull a host's network cable")
    of_host("heal", "plug it in again")
    of_host("ssh", "log in, or run a command, as ansible's user").add_argument("command", nargs=argparse.REMAINDER)
    of_host("exec", "run a command as root, not over the network").add_argument("command", nargs=argparse.REMAINDER)
    fault = verbs.add_parser("tpm", help="do to a host's TPM what can happen to it from outside")
    fault.add_argument("site", help="name in tests/lab/sites, or a path")
    fault.add_argument("host")
    fault.add_argument("action", choices=tpm_faults.ACTIONS)
    fault.add_argument("value", nargs="?", help="milliseconds for slow; a manufacturer for replace (default: lab)")
    verbs.add_parser("status", help="the containers of all sites")
    verbs.add_parser("images", help="the cached base images").add_argument("--remove", action="store_true")
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one verb; a message and status 1 for what the user can do something about."""
    args = parser().parse_args(argv)
    try:
        return run(args)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted; the same command goes on from here, 'lab down' cleans up", file=sys.stderr)
        return 130


def run(args: argparse.Namespace) -> int:
    """Run one verb."""
    if args.verb == "images":
        podman = Podman()
        if args.remove:
            images.remove_all(podman)
        for tag in images.listed(podman):
            print(tag)
        return 0
    if args.verb == "status":
        return status(Podman())
    if args.verb == "down":
        return take_down(Podman(), args)
    if args.verb == "up":
        converge.Converge(Podman(), load(args.site)).run()
        return 0
    definition = places.placed(load(args.site))
    if args.verb == "inventory":
        require_up(definition, args.site)
        answer = (
            inventory.hostvars(definition, definition.host(args.host)) if args.host else inventory.listing(definition)
        )
        print(json.dumps(answer, indent=2))
        return 0
    return run_on_host(args, definition)


def require_up(definition: Site, typed: str) -> None:
    """Say so where the site is not up, instead of what would fail next."""
    if not places.is_up(definition.name):
        raise LabError(f"site {definition.name} is not up", f"run: tests/lab/lab up {typed}")


def take_down(podman: Podman, args: argparse.Namespace) -> int:
    """Take a site down, with its lock where its definition is still good."""
    try:
        definition = load(args.site)
    except LabError as error:
        if not is_name(args.site):
            raise
        say(f"going by the name alone: {error}")
        converge.down(podman, args.site)
    else:
        with locked(definition.source, f"site {definition.name}"):
            converge.down(podman, definition.name)
    if args.all:
        images.remove_all(podman)
        jetson_repository.remove()
    return 0


def run_on_host(args: argparse.Namespace, definition: Site) -> int:
    """Run one of the verbs that take a host."""
    host = definition.host(args.host)
    if args.verb == "ssh":
        require_up(definition, args.site)
        return login.ssh(definition, host, args.command)
    podman = Podman()
    if args.verb == "exec":
        return login.execute(podman, definition, host, args.command or ["bash"])
    if args.verb == "tpm":
        require_up(definition, args.site)
        tpm_faults.run(podman, definition, host, args.action, args.value)
    elif args.verb == "reboot":
        boot.reboot(podman, definition, host)
    else:
        network.set_link(podman, places.board_name(definition.name, host.name), up=args.verb == "heal")
        say(f"{host.name}: {'on the network again' if args.verb == 'heal' else 'cut off the network'}")
    return 0


def status(podman: Podman) -> int:
    """One line per host of every site, those of other clones too."""
    containers = podman.containers()
    hosts = [c for c in containers.values() if c.labels.get(LABEL_ROLE) == "host"]
    if not hosts:
        print("no site is up")
    for container in sorted(hosts, key=lambda c: c.name):
        board = containers.get(f"{container.name}.board")
        link = "no board"
        if board and board.running:
            link = cable(podman, board.name)
        clone = container.labels[LABEL_CLONE]
        of = "" if clone == str(REPOSITORY) else f" (of {clone})"
        print(f"{container.labels[LABEL_SITE]:20} {container.labels[LABEL_HOST]:20} {container.state:10} {link}{of}")
    return 0


def cable(podman: Podman, board: str) -> str:
    """Whether the host is on the network, in words."""
    try:
        return "connected" if network.link_is_up(podman, board) else "cut off"
    except LabError:
        # a down of another command, since the look at the containers
        return "not known"
