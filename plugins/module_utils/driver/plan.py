# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What brings a host to the wanted driver: from what nvidia_driver_info finds, without effects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

from ..common.disruption import NONE, REBOOT, RESET
from ..common.errors import EdgesiteError
from . import files as driver_files
from . import home, parts, support
from . import packages as driver_packages
from .files import File
from .options import MIRROR, Options
from .packages import NVIDIA, System, Wanted
from .versions import driver_version, order

# What of nvidia_driver_info's result is the host's state, and not what programs happen to do there
_STATE = ("packages", "held_by_role", "services", "loaded", "user_space", "on_disk", "verdict")


@dataclass(frozen=True, eq=False)
class Situation:
    """What there is. info: nvidia_driver_info's result. files, links: of driver/files.py by path, None for none.

    components: of apt's sources, such as main; None where nobody has to know.
    """

    info: Mapping[str, Any]
    on: System
    files: Mapping[str, Optional[str]] = field(default_factory=dict)
    links: Mapping[str, Optional[str]] = field(default_factory=dict)
    components: Optional[FrozenSet[str]] = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Situation) and self._compared() == other._compared()

    def _compared(self) -> Tuple[Any, ...]:
        return [self.info.get(name) for name in _STATE], self.files, self.links

    @property
    def gpus(self) -> List[support.Gpu]:
        """On the PCI bus."""
        return [
            support.Gpu(gpu["pci_bus_id"], gpu["pci_device_id"], gpu.get("architecture"), gpu.get("name"))
            for gpu in self.info["gpus"]
        ]

    @property
    def packages(self) -> Dict[str, str]:
        """Versions by name."""
        return {entry["name"]: entry["version"] for entry in self.info["packages"]}

    @property
    def kernel(self) -> str:
        """The kernel that boots next; in a container the one that runs."""
        return str(self.info["kernel"].get("newest") or self.info["kernel"]["running"])

    @property
    def held(self) -> List[str]:
        """Packages that this role holds: it has noted them, so that those of others stay held."""
        return [name for name in self._held() if name in self.info["held_by_role"]]

    @property
    def held_by_others(self) -> List[str]:
        """Packages that somebody else holds."""
        return [name for name in self._held() if name not in self.info["held_by_role"]]

    def named(self, name: str) -> str:
        """An installed package with its version, as its manager takes it."""
        return "{0}{1}{2}".format(name, "=" if self.on.apt else "-", self.packages[name])

    def _held(self) -> List[str]:
        return sorted(entry["name"] for entry in self.info["packages"] if entry["held"])

    def flavour_installed(self) -> Optional[str]:
        """Of the module on disk for the next kernel, else of the loaded one."""
        for module in self.info["on_disk"]:
            if module["kernel"] == self.kernel and module.get("flavour"):
                return str(module["flavour"])
        return (self.info["loaded"] or {}).get("flavour")


@dataclass(frozen=True)
class Packages:
    """The packages of the wanted driver, and the way to them.

    strict: names, all of one version of the driver. loose: of any version. before: what is installed of the present
    driver, with versions. remove: kernel modules of another flavour or branch. stream: of dnf's module, or None.
    """

    flavour: str
    glob: str
    words: str
    strict: Tuple[str, ...]
    loose: Tuple[str, ...]
    headers: Tuple[str, ...]
    remove: Tuple[str, ...]
    before: Tuple[str, ...]
    held: Tuple[str, ...]
    dkms: bool
    stream: Optional[str]


@dataclass(frozen=True)
class Plan:
    """What is to be done. problems: why nothing can be.

    install: packages have to change. disruption: what comes of that for those who use the GPUs. sources: files that
    packages come by. settings: the other files that differ. hold, unhold: names of packages; noted: all that are then
    held by this collection. rebuild: the initramfs is to be made anew.
    """

    problems: Tuple[EdgesiteError, ...]
    packages: Packages
    install: bool
    installs: str
    disruption: str
    sources: Tuple[File, ...]
    settings: Tuple[File, ...]
    hold: Tuple[str, ...]
    unhold: Tuple[str, ...]
    noted: Tuple[str, ...]
    rebuild: bool
    services: Services


def plan(now: Situation, want: Options) -> Plan:
    """Raises EdgesiteError where what is wanted makes no sense here."""
    if not now.gpus:
        raise EdgesiteError(
            "{0} is wanted, but the host has no NVIDIA GPU on its PCI bus".format(want.words),
            "Check that the card is seated and that lspci shows it, or remove driver_branch and driver_version for "
            "this host; a Jetson's driver is part of L4T, which the role jetpack manages",
        )
    flavour = _flavour(now, want)
    packages = driver_packages.wanted(
        now.on,
        want.made_by,
        want.branch,
        flavour,
        want.headless,
        want.persistenced,
        now.info["fabric_manager"] is not None,
        now.kernel,
    )
    missing = _missing(now, want, packages)
    in_the_way = driver_packages.in_the_way(sorted(now.packages), packages)
    install = bool(missing or in_the_way)
    headers = _headers(now) if packages.dkms and (install or not _module_on_disk(now, want)) else []
    install = install or bool(headers)
    sources = [file for file in repositories(now, want, install) if file.differs(now.files.get(file.path))]
    settings = [file for file in settings_files(now.on, want) if file.differs(now.files.get(file.path))]
    hold, unhold = _holds(now, want)
    return Plan(
        problems=tuple(_problems(now, want, flavour, packages, install)),
        packages=Packages(
            flavour=flavour,
            glob=want.glob,
            words=want.words,
            strict=packages.strict,
            loose=(*packages.loose, *headers, *want.extra),
            headers=tuple(headers),
            remove=tuple(in_the_way),
            before=tuple(now.named(name) for name in sorted(_driver_packages(now))),
            held=tuple(now.held),
            dkms=packages.dkms,
            stream=_stream(now.on, want, flavour),
        ),
        install=install,
        installs=_install_words(now, want, flavour, packages, missing + in_the_way + headers) if install else "",
        disruption=_disruption(now, want) if install else NONE,
        sources=tuple(sources),
        settings=tuple(settings),
        hold=tuple(hold),
        unhold=tuple(unhold),
        noted=tuple(sorted({*now.held, *hold} - {*unhold})),
        # an interrupted run may have written the file and gone no further
        rebuild=any(file.path == driver_files.NOUVEAU for file in settings)
        or now.info["nouveau"].get("initramfs_rebuilt") is False,
        services=_services(now, want, settings, install),
    )


@dataclass(frozen=True)
class Services:
    """What is done to services of the driver. wanted: those that are to run. restart: those whose settings are new."""

    wanted: List[str]
    unmask: List[str]
    enable: List[str]
    restart: List[str]
    start: List[str]
    stop: List[str]
    mask: List[str]
    disable: List[str]


def _services(now: Situation, want: Options, write: Sequence[File], install: bool) -> Services:
    """Nvidia-persistenced by choice, the fabric manager where NVSwitches are."""
    chosen = {
        parts.PERSISTENCED: want.persistenced,
        parts.FABRIC_MANAGER: now.info["fabric_manager"] is not None,
    }
    state = {name: now.info["services"].get(name, parts.ABSENT) for name in chosen}
    at_boot = {name for name in chosen if now.links.get(driver_files.ENABLED.format(name)) is not None}
    wanted = [name for name in chosen if chosen[name]]
    unwanted = [parts.PERSISTENCED] if not want.persistenced else []
    # before the driver is loaded they could not run; a reload or a reboot starts them then
    loaded = now.info["loaded"] and now.info["loaded"]["version"] == now.info["user_space"]
    there = {name for name in chosen if install or state[name] != parts.ABSENT}
    startable = (parts.STOPPED, parts.MASKED)
    told = any(file.path == driver_files.PERSISTENCED_DROP_IN for file in write)
    return Services(
        wanted=wanted,
        unmask=[name for name in wanted if state[name] == parts.MASKED],
        enable=[name for name in wanted if name in there - at_boot],
        # Also one that does not run now: whether its package starts it is seen when that is there.
        restart=[name for name in (parts.PERSISTENCED,) if told and name in there and name in wanted],
        start=[name for name in wanted if loaded and state[name] in startable],
        stop=[name for name in unwanted if state[name] == parts.RUNNING],
        # since on some distributions udev starts it with the driver
        mask=[name for name in unwanted if state[name] in (parts.RUNNING, parts.STOPPED)],
        disable=[name for name in unwanted if name in at_boot],
    )


def _flavour(now: Situation, want: Options) -> str:
    """auto keeps what is installed where the cards can run it: a change of flavour takes a reload."""
    if want.flavour == support.AUTO:
        installed = now.flavour_installed()
        if installed and now.packages and not support.unsupported(now.gpus, installed, None):
            return installed
    return support.choose(now.gpus, want.flavour, int(want.branch))


def _missing(now: Situation, want: Options, packages: Wanted) -> List[str]:
    found = []
    versions = set()
    for name in packages.strict:
        version = now.packages.get(name)
        if version is None or not want.fits(driver_version(version)):
            found.append(name)
        else:
            versions.add(driver_version(version))
    if len(versions) > 1:
        # an installation that broke off half-way
        return list(packages.strict)
    incomplete = {entry["name"] for entry in now.info["packages"] if not entry.get("complete", True)}
    return (
        found
        + [name for name in packages.loose if name not in now.packages]
        + sorted(incomplete - set(found))
        + [name for name in want.extra if driver_packages.is_driver_package(name) and name not in now.packages]
    )


def _module_on_disk(now: Situation, want: Options) -> bool:
    return any(module["kernel"] == now.kernel and want.fits(module["version"]) for module in now.info["on_disk"])


def _headers(now: Situation) -> List[str]:
    """The module is built for the kernel that boots next; for the running one too, where that can be."""
    if now.info["kernel"]["headers"].get(now.kernel):
        return []
    return driver_packages.headers(now.on, now.kernel)


def repositories(now: Situation, want: Options, install: bool) -> List[File]:
    """The files that packages come by, and are kept to the wanted version by."""
    found: List[Optional[File]] = []
    if want.source == NVIDIA:
        found += driver_files.nvidia_repository(now.on, want.nvidia_key)
    elif want.source == MIRROR:
        found += driver_files.mirror_repository(now.on, want.mirror)
    elif install and lacks_components(now.components):
        found.append(driver_files.distribution_repository(now.on, want.distribution_url))
    found.append(driver_files.pin(now.on, want.glob))
    return [file for file in found if file]


def lacks_components(components: Optional[FrozenSet[str]]) -> bool:
    """Whether the sources have no part with the driver, as Debian's after its installation."""
    return components is not None and not {"contrib", "non-free"} <= components


def settings_files(on: System, want: Options) -> List[File]:
    """The other files that are kept on the host."""
    optional = [
        driver_files.unattended(on, want.hold),
        driver_files.nouveau(),
        driver_files.persistenced(want.persistenced),
    ]
    return [file for file in optional if file]


def _driver_packages(now: Situation) -> List[str]:
    """Installed packages that are of the driver's version, as told by the libraries."""
    version = now.info["user_space"]
    return [name for name, full in now.packages.items() if version and driver_version(full) == version]


def _holds(now: Situation, want: Options) -> Tuple[List[str], List[str]]:
    if not want.hold:
        return [], now.held
    wanted = {name for name, version in now.packages.items() if want.fits(driver_version(version))}
    return sorted(wanted - {*now.held, *now.held_by_others}), []


def _stream(on: System, want: Options, flavour: str) -> Optional[str]:
    """RHEL 9 has the branches as streams of a module; RHEL 10 has no modules."""
    if on.family != driver_packages.RHEL or on.release != "9":
        return None
    return "nvidia-driver:{0}-{1}".format(want.branch, "open" if flavour == "open" else "dkms")


def _problems(now: Situation, want: Options, flavour: str, packages: Wanted, install: bool) -> List[EdgesiteError]:
    found = support.judge(
        now.gpus,
        flavour,
        int(want.branch),
        # what is installed and works is not put in question
        now.info["secure_boot"] if install and now.info["verdict"] != "ok" or _replaces(now, want) else None,
        now.info["mok"]["enrolled"],
        signed=not packages.dkms,
    )
    problems = [EdgesiteError(problem.reason, problem.fix) for problem in found]
    # what else they may be in the way of, apt tells before anything changes
    foreign = [name for name in now.held_by_others if not want.fits(driver_version(now.packages[name]))]
    if install and foreign:
        tools = (
            ("apt-mark showhold", "apt-mark unhold") if now.on.apt else ("dnf versionlock", "dnf versionlock delete")
        )
        problems.append(
            EdgesiteError(
                "Packages are held, and not by this role: {0}".format(", ".join(foreign)),
                "Find out why ('{0}'), then release them ('{1}')".format(*tools),
            )
        )
    in_the_way = home.in_the_way(now.info.get("installed_by"))
    if install and in_the_way:
        problems.append(in_the_way)
    if not install and now.info["user_space"] and not want.fits(now.info["user_space"]):
        problems.append(_brought_another(now, want))
    blocking = _blocking(now)
    if install and blocking and _replaces(now, want) and not (want.while_used or want.allow_reboot):
        problems.append(
            EdgesiteError(
                "The driver {0} is in use: {1}. After other packages are installed, programs that start cannot use "
                "the GPUs until a reboot".format(now.info["loaded"]["version"], _named(blocking)),
                "Stop these, or set edgesite_allow_reboot: true, or driver_while_used: true to install now and reboot "
                "later",
            )
        )
    return problems


def _brought_another(now: Situation, want: Options) -> EdgesiteError:
    """The packages are as wanted, and what they are there for is not."""
    return EdgesiteError(
        "The packages of {0} are installed, but the driver's libraries on the host are {1}".format(
            want.words, now.info["user_space"]
        ),
        "Set driver_branch to {0}, or set another driver_source; 'dpkg -S libnvidia-ml.so.1' on the host names the "
        "package that they come from".format(support.branch_of(now.info["user_space"])),
    )


def _disruption(now: Situation, want: Options) -> str:
    """Of an installation. Modules that are in the way go when nothing uses them, or else with a reboot."""
    loaded, nouveau = now.info["loaded"], now.info["nouveau"]["loaded"]
    if want.allow_reboot and (nouveau or loaded and _blocking(now)):
        return REBOOT
    return RESET if loaded else NONE


def _blocking(now: Situation) -> List[Mapping[str, Any]]:
    return [holder for holder in now.info["holders"] if holder.get("blocks")]


def _replaces(now: Situation, want: Options) -> bool:
    loaded = now.info["loaded"]
    return bool(loaded) and not want.fits(loaded["version"])


def _named(holders: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(
        "{0} (pid {1})".format(holder["name"], holder["pid"]) if holder.get("pid") else str(holder["name"])
        for holder in holders
    )


def _install_words(now: Situation, want: Options, flavour: str, packages: Wanted, names: Sequence[str]) -> str:
    present = [driver_version(now.packages[name]) for name in packages.strict if name in now.packages]
    old = sorted(set(present), key=order)
    if not old or all(want.fits(version) for version in old):
        word = "install {0}, {1} modules".format(want.words, flavour)
    else:
        goal = order(want.version or want.branch)
        word = "{0} the driver from {1} to {2}, {3} modules".format(
            "upgrade" if order(old[-1])[: len(goal)] < goal else "downgrade",
            " and ".join(old),
            want.version or "branch " + want.branch,
            flavour,
        )
    return "{0}: {1}".format(word, ", ".join(dict.fromkeys(names)))
