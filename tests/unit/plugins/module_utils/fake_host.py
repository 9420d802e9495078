# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in memory: files, units of systemd, packages with apt or dnf, kernel modules.

Each step that changes it can be where a run is killed, or where the step fails: see Interruption. Packages have no
dependencies, and a driver's kernel module is on disk when its package is configured.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command, owned_files, packages
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.command import Result

BEFORE, HALF, AFTER, FAIL = "killed before", "killed in the middle", "killed after", "failed"
# as of this step everything fails, so that nothing can be taken back either
ONWARD = "failed from there on"
# and the packages that were there before cannot be had again, as a mirror has only the newest
NO_WAY_BACK = "failed, with no way back"
WAYS = (BEFORE, HALF, AFTER, FAIL, ONWARD, NO_WAY_BACK)


class Killed(BaseException):
    """The end of the process, which nothing in it can handle."""


class Interruption(NamedTuple):
    """The step with this number goes wrong in one of the WAYS."""

    number: int
    way: str


class Package:
    def __init__(self, version, complete=True):
        self.version = version
        self.complete = complete

    def __eq__(self, other):
        return (self.version, self.complete) == (other.version, other.complete)

    def __repr__(self):
        return f"{self.version}{'' if self.complete else ' (incomplete)'}"


class FakeHost:
    """offered: versions by package, the newest first."""

    def __init__(self, offered=None, manager="apt"):
        self.manager = manager
        self.offered = dict(offered or {})
        self.packages = {}
        self.held = set()
        # what has something to do for other packages yet
        self.triggered = set()
        self.files = {}
        self.links = {}
        self.units = {}
        self.masked = set()
        self.loaded = set()
        self.components = {"main", "contrib", "non-free"}
        self.initramfs_made = 0
        self.interruption = None
        self.steps = []
        # a package that goes with those that are removed
        self.needs = ""

    def patch(self, monkeypatch):
        """Puts everything that reads and changes a host onto this one."""
        monkeypatch.setattr(owned_files, "read_text", self.files.get)
        monkeypatch.setattr(owned_files, "read_link", self.links.get)
        monkeypatch.setattr(owned_files, "write_text", self._write)
        monkeypatch.setattr(owned_files, "remove", lambda path: self._write(path, None))
        monkeypatch.setattr(owned_files, "write_link", self._link)
        monkeypatch.setattr(command, "find", lambda name: "/usr/sbin/" + name if name != "dracut" else None)
        monkeypatch.setattr(packages, "room", lambda folders: dict.fromkeys(folders, ("/", 2**40)))
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        return self

    def state(self):
        """All that a run may leave behind."""
        return (
            dict(self.packages),
            set(self.held),
            set(self.triggered),
            {path: text for path, text in self.files.items() if text is not None},
            {path: target for path, target in self.links.items() if target is not None},
            dict(self.units),
            set(self.masked),
            set(self.loaded),
        )

    # --- steps

    def interrupted(self, number, way):
        """From here on this step goes wrong."""
        self.steps = []
        self.interruption = Interruption(number, way)

    def undisturbed(self):
        """From here on every step succeeds."""
        self.steps = []
        self.interruption = None

    def step(self, name, change, half=None):
        """A change, which may be where it goes wrong. Whether it succeeded."""
        way = self._way(name)
        self.steps.append(name)
        if way == BEFORE:
            raise Killed(name)
        if way in (HALF, FAIL, ONWARD, NO_WAY_BACK):
            (half or (lambda: None))()
            if way == HALF:
                raise Killed(name)
            return False
        change()
        if way == AFTER:
            raise Killed(name)
        return True

    def _way(self, name):
        """How this step goes wrong, or None."""
        at = self.interruption
        if at is None or at.number > len(self.steps):
            return None
        again = at.way == ONWARD or at.way == NO_WAY_BACK and name == "install packages"
        return at.way if at.number == len(self.steps) or again else None

    # --- files

    def _write(self, path, content, _mode=0o644, _owner=None):
        if not self.step(f"write {path}", lambda: self.files.__setitem__(path, content)):
            raise EdgesiteError(f"cannot write {path}: No space left on device", "Free disk space")

    def _link(self, path, target):
        if not self.step(f"link {path}", lambda: self.links.__setitem__(path, target)):
            raise EdgesiteError(f"cannot create the link {path}: No space left on device", "Free disk space")

    # --- programs

    def run(self, argv, data=None, timeout=15.0, environment=None, heard=None):
        """See common/host/command.py."""
        name, words = os.path.basename(argv[0]), list(argv[1:])
        answer = getattr(self, "_" + name.replace("-", "_"))(words)
        if answer is True or answer is None:
            return Result(0, b"", "")
        if answer is False:
            return Result(1, b"", "E: it failed\n")
        return Result(0, answer.encode(), "")

    def _systemctl(self, words):
        verb, units = words[0], [word for word in words[1:] if not word.startswith("-")]
        if verb in ("daemon-reload", "reset-failed"):
            return True
        changes = {
            "start": self._start,
            "restart": self._start,
            "try-restart": lambda unit: None,
            "stop": lambda unit: self.units.__setitem__(unit, False),
            "mask": self.masked.add,
            "unmask": self.masked.discard,
        }
        done = [self.step(f"systemctl {verb} {unit}", lambda unit=unit: changes[verb](unit)) for unit in units]
        return all(done)

    def _start(self, unit):
        if unit not in self.masked:
            self.units[unit] = True

    def _modprobe(self, words):
        remove = words[0] == "--remove"
        if not remove and not self.has_modules():
            return False

        def change():
            for name in words[1:]:
                self.loaded.discard(name)
                if not remove:
                    self.loaded.add(name)
            self.changed_modules(remove)

        return self.step("modprobe " + words[0], change)

    def has_modules(self):
        """Whether the modules are on disk."""
        return True

    def changed_modules(self, removed):
        """For those who note which version was loaded."""

    def _update_initramfs(self, _words):
        return self.step("update-initramfs", self._made)

    def _made(self):
        self.initramfs_made += 1

    def _dpkg(self, words):
        if "--configure" in words:
            return self.step("dpkg --configure", self._configure)
        if "--triggers-only" in words:
            return self.step("dpkg --triggers-only", self.triggered.clear)
        raise AssertionError(words)

    def _configure(self):
        for package in self.packages.values():
            package.complete = True
        self.triggered.clear()

    def _apt_get(self, words):
        plain = [word for word in words if not word.startswith("-")]
        verb, names = plain[0], plain[1:]
        if verb == "check":
            return all(package.complete for package in self.packages.values())
        if verb == "indextargets":
            return "\n".join(self.components)
        if verb == "update":
            return self.step("apt-get update", lambda: None)
        if "--assume-no" in words and verb == "purge":
            return "The following packages will be REMOVED:\n " + "".join(
                f" {name}*" for name in [*names, self.needs] if name
            )
        if "--assume-no" in words:
            return "Need to get 1 MB of archives.\n"
        if "--download-only" in words:
            return self.step("apt-get download", lambda: None)
        if "--fix-broken" in words and verb == "install" and not names:
            return self.step("apt-get --fix-broken install", self._configure)
        if verb == "purge":
            return self._removed("apt-get purge", names)
        if verb == "dist-upgrade":
            return self.install({name: self.offered[name][0] for name in self.packages if name in self.offered})
        assert verb == "install", words
        wanted = dict(
            name.split("=") if "=" in name else (name, self.offered[name][0]) for name in names if name[-1] != "-"
        )
        return self.install(wanted, [name[:-1] for name in names if name.endswith("-")])

    def install(self, wanted, remove=()):
        """One transaction of packages."""

        def unpacked():
            for name in sorted(wanted)[: (len(wanted) + 1) // 2]:
                # rpm knows no package that is half there
                self.packages[name] = Package(wanted[name], complete=self.manager == "dnf")
            self._trigger()

        def change():
            self.triggered.clear()
            for name in remove:
                self.packages.pop(name, None)
            for name, version in wanted.items():
                self.packages[name] = Package(version)

        return self.step("install packages", change, unpacked)

    def _removed(self, step, names):
        def gone(some):
            for name in some:
                self.packages.pop(name, None)
                # a package ends its service
                if self.units.get(name + ".service"):
                    self.units[name + ".service"] = False

        def half():
            # all of them may be gone, and their triggers not run yet
            gone(names if len(self.steps) % 2 else names[: (len(names) + 1) // 2])
            self._trigger()

        return self.step(step, lambda: (gone(names), self.triggered.clear()), half)

    def _trigger(self):
        if self.manager == "apt":
            self.triggered.add("libc-bin")

    def _apt_cache(self, words):
        if words[0] == "policy":
            return f"{words[1]}:\n  Candidate: {self.offered[words[1]][0]}\n"
        return "".join(
            f"{name} | {version} | http://hub ./ Packages\n"
            for name in words[1:]
            for version in self.offered.get(name, ())
        )

    def _apt_mark(self, words):
        how = self.held.update if words[0] == "hold" else self.held.difference_update
        return self.step("apt-mark " + words[0], lambda: how(words[1:]))

    def _dnf(self, words):
        plain = [word for word in words if not word.startswith("-")]
        verb, names = plain[0], plain[1:]
        if verb == "list":
            lines = [
                f"{name}.x86_64 {version} driver" for name in names for version in reversed(self.offered.get(name, ()))
            ]
            return "\n".join(["Available Packages", *lines])
        if verb == "module":
            stream = names[1] if names[0] == "enable" else None
            path = "/etc/dnf/modules.d/nvidia-driver.module"
            return self.step("dnf module " + names[0], lambda: self.files.__setitem__(path, stream))
        if verb == "versionlock" and names[0] == "list":
            return "python3-dnf-plugin-versionlock" in self.packages
        if verb == "versionlock":
            how = self.held.update if names[0] == "add" else self.held.difference_update
            return self.step("dnf versionlock " + names[0], lambda: how(names[1:]))
        if "--downloadonly" in words:
            return self.step("dnf download", lambda: None)
        if "--assumeno" in words:
            return "Removing dependent packages:\n " + self.needs + " x86_64 1 repo\n" if self.needs else ""
        if verb == "remove":
            return self._removed("dnf remove", names)
        assert verb == "install", words
        return self.install(dict(self._nevra(name) for name in names))

    def _nevra(self, word):
        for name, versions in self.offered.items():
            for version in versions:
                if word in (f"{name}-{version}", f"{name}-{version.partition(':')[2]}"):
                    return name, version
        return word, self.offered.get(word, ["1"])[0]
