# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The readers of nvidia_driver_info on a folder that looks like a host, and the judgement of what they read."""

from __future__ import annotations

import os
import platform
from types import SimpleNamespace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command
from ansible_collections.edgesite.gpu.plugins.module_utils.common.unanswered import Unanswered, unanswered
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.host import facts as driver_facts
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.host import (
    holders,
    installed,
    kernels,
    loading,
    services,
    versions,
)
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.parse import Dkms, Package
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.state import OnDisk
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import facts as nvml_facts
from ansible_collections.edgesite.gpu.plugins.module_utils.machine.modules import ModuleUse

RUNNING = os.uname().release
NEWEST = "99.1.0-1-amd64"
VERSION, OLD = "550.163.01", "535.216.01"
LIBRARIES = "usr/lib/{0}-linux-gnu".format(platform.machine())


def modinfo(version=VERSION, license_name="NVIDIA", signer=""):
    return "version: {0}\nlicense: {1}\nsigner: {2}\n".format(version, license_name, signer).encode()


class Host:
    """A folder with the files of a host, and what its programs answer."""

    def __init__(self, root):
        self.root = str(root)
        self.ran = []
        self.programs = {}

    def put(self, name, content=""):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(content if isinstance(content, bytes) else content.encode())
        return path

    def folder(self, name):
        os.makedirs(os.path.join(self.root, name), exist_ok=True)

    def link(self, name, target):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)

    def answers(self, line, stdout=b"", rc=0, error=""):
        """What the program answers when its command line has these words."""
        self.programs[line] = command.Result(rc, stdout, error)

    def hangs(self, line):
        """The program never answers."""
        self.programs[line] = unanswered(line.split()[0], 120.0, killed=True)

    def find(self, program):
        return "/bin/" + program if any(line.split()[0] == program for line in self.programs) else None

    def run(self, argv, data=None, timeout=0):
        line = " ".join(argv)[len("/bin/") :]
        self.ran.append(line)
        result = next(result for words, result in self.programs.items() if line.startswith(words))
        if isinstance(result, Unanswered):
            raise result
        return result

    # parts of a host

    def kernel(self, release, module="nvidia", headers=True, image=True):
        self.folder("lib/modules/{0}/kernel".format(release))
        dep = "updates/dkms/{0}.ko.xz:\n".format(module) if module else ""
        self.put("lib/modules/{0}/modules.dep".format(release), "kernel/a.ko:\n" + dep)
        if headers:
            self.folder("usr/src/linux-headers-" + release)
            self.link("lib/modules/{0}/build".format(release), "../../../usr/src/linux-headers-" + release)
        if image:
            self.put("boot/vmlinuz-" + release)

    def loaded(self, version=VERSION, users=(), count=0):
        self.put("sys/module/nvidia/version", version + "\n")
        text = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  {0}\n".format(version)
        self.put("proc/driver/nvidia/version", text)
        self.module("nvidia", users, count)

    def module(self, name, users=(), count=0):
        self.put("sys/module/{0}/refcnt".format(name), "{0}\n".format(count))
        for user in users:
            self.folder("sys/module/{0}/holders/{1}".format(name, user))

    def library(self, version=VERSION):
        self.put("{0}/libnvidia-ml.so.{1}".format(LIBRARIES, version), b"\x7fELF" + bytes([versions._ELF_CLASS]))
        self.link(LIBRARIES + "/libnvidia-ml.so.1", "libnvidia-ml.so." + version)

    def card(self, address="0000:17:00.0", device="20b0", bound="nvidia", class_code="030200"):
        folder = "sys/bus/pci/devices/" + address
        for name, value in (("vendor", "10de"), ("device", device), ("class", class_code)):
            self.put("{0}/{1}".format(folder, name), "0x{0}\n".format(value))
        if bound:
            self.link(folder + "/driver", "../../drivers/" + bound)

    def process(self, pid, comm, *opened, exe=None):
        folder = "proc/{0}".format(pid)
        self.put(folder + "/comm", comm + "\n")
        for number, path in enumerate(opened):
            self.link("{0}/fd/{1}".format(folder, number), path)
        if exe:
            self.link(folder + "/exe", exe)

    def secure_boot(self, on):
        name = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
        self.put(name, bytes([6, 0, 0, 0, int(on)]))


@pytest.fixture(name="host")
def fixture_host(tmp_path, monkeypatch):
    host = Host(tmp_path)
    monkeypatch.setattr(command, "find", host.find)
    return host


@pytest.fixture(name="nvml")
def fixture_nvml(monkeypatch):
    """What NVML tells, and how often it was asked."""
    state = SimpleNamespace(asked=0, gpus=[], status="ok", unread=[])

    def read(_nvml):
        state.asked += 1
        return {"gpus": state.gpus, "driver": {"nvml_status": state.status}, "unread": state.unread}

    monkeypatch.setattr(nvml_facts, "read", read)
    return state


@pytest.fixture(name="facts")
def fixture_facts(host, nvml):
    return lambda: driver_facts.read(host.run, None, host.root)


# kernels


def test_kernels(host):
    host.kernel("6.1.0-9-amd64", headers=False)
    host.kernel("6.1.0-30-amd64")
    # what headers, DKMS and removed packages leave
    host.folder("lib/modules/6.1.0-31-amd64/build")
    host.put("lib/modules/6.1.0-8-amd64/modules.dep", "updates/dkms/nvidia.ko:\n")
    found = kernels.read(host.root)
    assert found.releases == ("6.1.0-9-amd64", "6.1.0-30-amd64")
    assert found.newest == "6.1.0-30-amd64"
    assert found.headers == {"6.1.0-9-amd64": False, "6.1.0-30-amd64": True}


def test_headers_whose_link_leads_nowhere(host):
    host.kernel("6.1.0-30-amd64", headers=False)
    host.link("lib/modules/6.1.0-30-amd64/build", "/usr/src/linux-headers-6.1.0-30-amd64")
    assert kernels.read(host.root).headers == {"6.1.0-30-amd64": False}


def test_a_kernel_without_image_does_not_boot(host):
    host.kernel("6.1.0-9-amd64")
    host.kernel("6.1.0-30-amd64", image=False)
    assert kernels.read(host.root).newest == "6.1.0-9-amd64"


def test_host_without_kernels(host):
    assert kernels.read(host.root) == kernels.Kernels((), None, {})


def test_modinfo_is_asked_once_for_each_kernel_with_a_module(host):
    host.kernel("6.1.0-9-amd64", module=None)
    host.kernel("6.1.0-30-amd64", module="nvidia-current")
    host.answers("modinfo", modinfo(signer="DKMS module signing key"))
    modules = kernels.Modules(host.run, None, host.root)
    assert modules.nvidia("6.1.0-9-amd64").value is None
    expected = OnDisk("6.1.0-30-amd64", VERSION, "proprietary", True), "DKMS module signing key"
    reading = modules.nvidia("6.1.0-30-amd64")
    assert reading.value == expected and reading.unread == []
    assert host.ran == ["modinfo -k 6.1.0-30-amd64 nvidia-current"]


@pytest.mark.parametrize("answer", [None, b"modinfo: ERROR: Module nvidia not found."])
def test_module_that_cannot_be_asked(host, answer):
    host.kernel("6.1.0-30-amd64")
    if answer:
        host.answers("modinfo", rc=1, error=answer.decode())
    modules = kernels.Modules(host.run, None, host.root)
    reading = modules.nvidia("6.1.0-30-amd64")
    assert reading.value == (OnDisk("6.1.0-30-amd64", None), None)
    (entry,) = reading.unread
    assert entry["what"] == "on_disk 6.1.0-30-amd64" and entry["why"] and entry["fix"]


# packages and DKMS


def test_packages_of_dpkg(host):
    host.put("var/lib/dpkg/status")
    host.answers("dpkg-query", b"hi \tnvidia-driver\t550.163.01-2\n", rc=1)
    host.answers("rpm", b"")
    reading = installed.packages(host.run, host.root)
    assert reading.value == [Package("nvidia-driver", "550.163.01-2", True)] and reading.unread == []


def test_packages_of_rpm(host):
    host.answers("rpm", b"nvidia-driver\t580.95.05-1.el9\n")
    host.put("etc/dnf/plugins/versionlock.list", "nvidia-driver-3:580.95.05-1.el9.*\n")
    assert installed.packages(host.run, host.root).value == [Package("nvidia-driver", "580.95.05-1.el9", True)]


@pytest.mark.parametrize("program, rc", [("dpkg-query", 2), ("rpm", 1)])
def test_broken_package_database_is_told(host, program, rc):
    host.put("var/lib/dpkg/status")
    host.answers(program, rc=rc, error="database is broken")
    reading = installed.packages(host.run, host.root)
    assert reading.value == [] and reading.unread[0]["why"] == "database is broken"


def test_host_without_package_manager(host):
    assert installed.packages(host.run, host.root).value == []


def test_dkms_runs_only_where_it_has_something(host):
    host.answers("dkms", b"nvidia/550.163.01, 6.1.0-30-amd64, x86_64: installed\n")
    assert installed.dkms(host.run, host.root).value == [] and host.ran == []
    host.folder("var/lib/dkms/nvidia/550.163.01")
    assert installed.dkms(host.run, host.root).value == [Dkms("nvidia", "550.163.01", "6.1.0-30-amd64", "installed")]


def test_dkms_that_fails_is_told(host):
    host.folder("var/lib/dkms/nvidia-current/550.163.01")
    host.answers("dkms", rc=1, error="dkms: no such tree")
    reading = installed.dkms(host.run, host.root)
    assert reading.value == [] and "no such tree" in reading.unread[0]["why"]


def test_programs_that_hang_are_told_beside_the_rest(host, nvml, facts):
    host.kernel("6.1.0-30-amd64")
    host.folder("var/lib/dkms/nvidia-current/550.163.01")
    for program in ("dkms status", "modinfo"):
        host.hangs(program)
    found = facts()
    told = {entry["what"]: entry for entry in found["unread"]}
    assert told["dkms"]["why"] == "dkms did not answer within 120 s"
    assert told["on_disk 6.1.0-30-amd64"]["why"] == "modinfo did not answer within 120 s"
    assert "dmesg" in told["on_disk 6.1.0-30-amd64"]["fix"]
    assert found["kernel"]["newest"] == "6.1.0-30-amd64"


# what decides about loading


def test_modprobe_configuration(host):
    host.put("usr/lib/modprobe.d/nouveau.conf", "blacklist nouveau\n")
    found = loading.configuration(host.root)
    assert found.nouveau_blacklisted and found.blacklisted_since is not None
    # the file of the same name in /etc stands for it
    host.put("etc/modprobe.d/nouveau.conf", "# nothing\n")
    host.put("etc/modprobe.d/nvidia.conf", "install nvidia modprobe -i nvidia-current $CMDLINE_OPTS\n")
    host.put("etc/modprobe.d/backup.conf.dpkg-old", "blacklist nouveau\n")
    assert loading.configuration(host.root) == loading.Configuration(False, None, "nvidia-current")


def test_modprobe_configuration_that_leads_nowhere(host):
    host.link("etc/modprobe.d/nvidia.conf", "/etc/alternatives/nowhere")
    assert not loading.configuration(host.root).nouveau_blacklisted


def test_command_line_needs_no_initramfs(host):
    host.put("proc/cmdline", "quiet modprobe.blacklist=nouveau\n")
    assert loading.configuration(host.root) == loading.Configuration(True, None, None)


@pytest.mark.parametrize(
    "answer, rc, enrolled",
    [(b"is already enrolled", 1, True), (b"is not enrolled", 0, False), (b"EFI variables are not supported", 1, None)],
)
def test_mok(host, answer, rc, enrolled):
    certificate = host.put("var/lib/dkms/mok.pub", b"DER")
    host.answers("mokutil", certificate.encode() + b" " + answer, rc=rc)
    reading = loading.mok_enrolled(host.run, host.root)
    assert reading.value is enrolled and bool(reading.unread) == (enrolled is None)
    assert host.ran == ["mokutil --test-key " + certificate]


def test_host_without_key_has_none_enrolled(host):
    assert loading.mok_enrolled(host.run, host.root).value is False


def test_key_without_mokutil(host):
    host.put("var/lib/shim-signed/mok/MOK.der", b"DER")
    reading = loading.mok_enrolled(host.run, host.root)
    assert reading.value is None and "mokutil" in reading.unread[0]["fix"]


def test_key_that_dkms_is_told_to_use(host):
    host.put("var/lib/dkms/mok.pub", b"DER")
    host.put("etc/dkms/framework.conf", "mok_certificate=/root/site.der\n")
    certificate = host.put("root/site.der", b"DER")
    host.answers("mokutil", b"is already enrolled")
    assert loading.mok_enrolled(host.run, host.root).value is True
    assert host.ran == ["mokutil --test-key " + certificate]


# holders


def test_processes_that_hold_a_device_file(host):
    host.process(10, "train", "/dev/null", "/dev/nvidia0")
    host.process(11, "bash", "/dev/tty")
    host.process(12, "nvidia-persiste", "/dev/nvidiactl", exe="/usr/bin/nvidia-persistenced")
    host.process(13, "a-long-script-n", "/dev/nvidia-uvm", exe="/usr/bin/python3.11")
    host.process(os.getpid(), "python3", "/dev/nvidiactl")
    assert holders.processes(host.root) == {10: "train", 12: "nvidia-persistenced", 13: "a-long-script-n"}


def test_modules_and_who_uses_them(host):
    host.module("nvidia", ["nvidia_uvm", "nvidia_modeset"], 2)
    host.module("nvidia_modeset", ["nvidia_drm"], 1)
    host.module("nvidia_drm", [], 3)
    host.module("nvidia_uvm")
    assert holders.modules(host.root) == [
        ModuleUse("nvidia", 2, ("nvidia_modeset", "nvidia_uvm")),
        ModuleUse("nvidia_modeset", 1, ("nvidia_drm",)),
        ModuleUse("nvidia_uvm", 0, ()),
        ModuleUse("nvidia_drm", 3, ()),
    ]


def test_nothing_loaded_nothing_held(host):
    assert holders.modules(host.root) == [] and holders.processes(host.root) == {}


# everything together


@pytest.fixture(name="good")
def fixture_good(host, nvml):
    """A host of Debian's that is well."""
    host.kernel(RUNNING, module="nvidia-current")
    host.loaded(users=["nvidia_uvm"], count=1)
    host.module("nvidia_uvm")
    host.library()
    host.card()
    host.put("etc/modprobe.d/nouveau.conf", "blacklist nouveau\n")
    host.put("var/lib/dpkg/status")
    host.folder("var/lib/dkms/nvidia-current")
    host.answers("modinfo", modinfo())
    host.answers("dpkg-query", b"ii \tnvidia-kernel-dkms\t550.163.01-2\n")
    host.answers("dkms", "nvidia-current/{0}, {1}, x86_64: installed\n".format(VERSION, RUNNING).encode())
    return host


def test_open_modules_without_their_firmware(good, facts):
    good.answers("modinfo", modinfo(license_name="Dual MIT/GPL"))
    good.put("lib/firmware/nvidia/{0}/gsp_tu10x.bin".format(OLD))
    good.put("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  " + VERSION)
    assert "; the host has that of " + OLD in facts()["reasons"][0]
    good.put("lib/firmware/nvidia/{0}/gsp_tu10x.bin.zst".format(VERSION))
    assert (facts()["verdict"], facts()["reasons"]) == ("ok", [])


def test_host_that_is_well(good, facts):
    found = facts()
    assert (found["verdict"], found["reasons"], found["fix"], found["unread"]) == ("ok", [], None, [])
    assert found["loaded"] == {"version": VERSION, "flavour": "proprietary"}
    assert found["on_disk"] == [
        {
            "kernel": RUNNING,
            "running": True,
            "newest": True,
            "version": VERSION,
            "flavour": "proprietary",
            "signed": False,
            "signer": None,
        }
    ]
    assert found["kernel"] == {"running": RUNNING, "newest": RUNNING, "headers": {RUNNING: True}}
    assert found["packages"] == [
        {"name": "nvidia-kernel-dkms", "version": "550.163.01-2", "held": False, "complete": True}
    ]
    assert found["dkms"][0]["module"] == "nvidia-current" and found["dkms"][0]["state"] == "installed"
    assert (found["secure_boot"], found["mok"]) == ("unsupported", {"enrolled": None})
    assert found["nouveau"] == {
        "loaded": False,
        "blacklisted": True,
        "available": False,
        "initramfs_rebuilt": None,
    }
    assert found["gpus"] == [
        {
            "pci_bus_id": "0000:17:00.0",
            "pci_device_id": "20b0",
            "architecture": "ampere",
            "name": "NVIDIA A100-SXM4-40GB",
            "driver": "nvidia",
        }
    ]
    assert found["holders"] == [{"pid": None, "name": "nvidia_uvm", "kind": "module", "blocks": False}]
    assert found["nvswitch"] is False


def test_update_of_libraries_and_who_holds_the_old_module(good, facts, nvml):
    nvml.status = "lib_rm_version_mismatch"
    good.loaded(OLD)
    assert facts()["verdict"] == "reload_required"
    good.process(10, "nvidia-persiste", "/dev/nvidia0", exe="/usr/bin/nvidia-persistenced")
    assert facts()["verdict"] == "reload_required"
    good.process(11, "train", "/dev/nvidia0")
    found = facts()
    assert found["verdict"] == "reboot_required"
    assert all(word in found["reasons"][0] for word in (OLD, VERSION, "train (pid 11)"))


def test_processes_that_only_nvml_knows(good, facts, nvml):
    nvml.gpus = [{"pci_bus_id": "0000:17:00.0", "processes": [{"pid": 4711, "name": "/opt/train"}]}]
    assert {"pid": 4711, "name": "/opt/train", "kind": "process", "blocks": True} in facts()["holders"]


def test_update_of_the_kernel_without_module(good, facts):
    good.kernel(NEWEST, module=None, headers=False)
    found = facts()
    assert found["verdict"] == "broken"
    assert "next reboot" in found["reasons"][0] and NEWEST in found["fix"] and "headers" in found["fix"]


def test_nvml_is_not_asked_where_it_would_load_the_module(good, facts, nvml):
    for name in ("sys/module/nvidia/version", "proc/driver/nvidia/version"):
        os.unlink(os.path.join(good.root, name))
    found = facts()
    assert nvml.asked == 0
    assert (found["verdict"], found["loaded"], found["nvml_status"]) == ("reload_required", None, "driver_not_loaded")


def test_nvml_that_is_absent_is_no_fault(good, facts, nvml):
    nvml.status = "pynvml_missing"
    nvml.unread = [{"what": "nvml", "why": "x", "fix": "y", "status": "pynvml_missing"}]
    found = facts()
    assert (found["verdict"], found["unread"], found["nvml_status"]) == ("ok", [], "pynvml_missing")


def test_gpu_that_is_lost_is_told(good, facts, nvml):
    nvml.unread = [{"what": "gpu 0", "why": "lost", "fix": "reseat", "status": "gpu_is_lost"}]
    assert facts()["unread"] == nvml.unread


def test_nouveau_in_the_initramfs(good, facts):
    for name in ("sys/module/nvidia/version", "proc/driver/nvidia/version", "sys/bus/pci/devices/0000:17:00.0/driver"):
        os.unlink(os.path.join(good.root, name))
    good.card("0000:18:00.0", bound="nouveau")
    good.folder("sys/module/nouveau")
    image = good.put("boot/initrd.img-" + RUNNING)
    assert facts()["verdict"] == "reboot_required"
    os.utime(image, (1, 1))
    found = facts()
    assert found["verdict"] == "broken" and "initramfs" in found["reasons"][0]
    assert found["nouveau"]["initramfs_rebuilt"] is False and found["nouveau"]["loaded"]


def test_secure_boot_and_a_key_that_is_not_enrolled(good, facts):
    good.secure_boot(True)
    good.kernel(NEWEST, module="nvidia-current")
    found = facts()
    # loaded though it is not signed: this kernel does not insist
    assert (found["verdict"], found["secure_boot"], found["mok"]) == ("ok", "enabled", {"enrolled": False})
    for name in ("sys/module/nvidia/version", "proc/driver/nvidia/version"):
        os.unlink(os.path.join(good.root, name))
    found = facts()
    assert found["verdict"] == "broken" and "not signed" in found["reasons"][0]


def test_what_nvml_knows_of_a_newer_card(good, facts, nvml):
    good.card("0000:99:00.0", "3fff")
    nvml.gpus = [
        {"pci_bus_id": "0000:99:00.0", "name": "NVIDIA X1", "architecture": "rubin", "processes": []},
        {"pci_bus_id": "0000:17:00.0", "name": "NVIDIA A100-SXM4-40GB", "architecture": "ampere", "processes": []},
    ]
    assert [(gpu["name"], gpu["architecture"]) for gpu in facts()["gpus"]][1] == ("NVIDIA X1", "rubin")
    nvml.gpus[0]["architecture"] = "11"
    assert facts()["gpus"][1]["architecture"] is None


def test_nvswitch_and_virtual_functions_are_no_gpus(good, facts):
    good.card("0000:c1:00.0", "22a3", class_code="068000")
    good.card("0000:17:00.4", "20b0")
    good.link("sys/bus/pci/devices/0000:17:00.4/physfn", "../0000:17:00.0")
    found = facts()
    assert found["nvswitch"] is True and len(found["gpus"]) == 1


UNITS = "usr/lib/systemd/system/"


def test_services(host):
    host.put(UNITS + "nvidia-persistenced.service")
    host.put(UNITS + "nvidia-fabricmanager.service")
    host.answers("systemctl is-active", b"inactive\nactivating\n", rc=3)
    states = {"nvidia-persistenced": "stopped", "nvidia-fabricmanager": "running", "nvidia-powerd": "absent"}
    assert services.services(host.run, host.root).value == states
    assert host.ran == ["systemctl is-active nvidia-persistenced.service nvidia-fabricmanager.service"]
    host.link("etc/systemd/system/nvidia-persistenced.service", "/dev/null")
    assert services.services(host.run, host.root).value["nvidia-persistenced"] == "masked"


def test_the_fabric_manager_is_judged_where_nvswitches_are(good, facts):
    assert facts()["fabric_manager"] is None
    good.card("0000:c1:00.0", "22a3", bound="nvidia-nvswitch", class_code="068000")
    found = facts()
    assert found["fabric_manager"] == {"installed": False, "version": None, "running": False}
    assert found["verdict"] == "broken" and "no fabric manager" in found["reasons"][0]
    good.put(UNITS + "nvidia-fabricmanager.service")
    good.answers("systemctl is-active", b"active\n")
    good.answers("nv-fabricmanager --version", "Fabric Manager version is : {0}\n".format(VERSION).encode())
    found = facts()
    assert found["fabric_manager"] == {"installed": True, "version": VERSION, "running": True}
    assert found["verdict"] == "ok"
    good.answers("nv-fabricmanager --version", "Fabric Manager version is : {0}\n".format(OLD).encode())
    found = facts()
    assert found["verdict"] == "broken" and OLD in found["reasons"][0] and VERSION in found["reasons"][0]
    good.answers("nv-fabricmanager --version", b"", rc=1, error="no such option")
    assert [entry["what"] for entry in facts()["unread"]] == ["fabric_manager"]


def test_nvswitches_of_a_guest_want_no_fabric_manager_here(good, facts):
    good.card("0000:c1:00.0", "22a3", bound="vfio-pci", class_code="068000")
    found = facts()
    assert (found["verdict"], found["nvswitch"], found["fabric_manager"]) == ("ok", True, None)


def test_what_the_role_holds_by_its_note(good, facts):
    assert facts()["held_by_role"] == []
    good.put("etc/edgesite-gpu/driver-holds", "libcuda1\nnvidia-smi\n")
    assert facts()["held_by_role"] == ["libcuda1", "nvidia-smi"]


def test_what_cannot_be_read_costs_nothing_else(good, facts):
    # a folder of that name raises OSError on open
    os.unlink(os.path.join(good.root, "lib/modules", RUNNING, "modules.dep"))
    good.folder("lib/modules/{0}/modules.dep".format(RUNNING))
    found = facts()
    assert found["loaded"] and found["user_space"] == VERSION
    entry = found["unread"][0]
    assert entry["what"] == "on_disk " + RUNNING and "root" in entry["fix"]


@pytest.mark.parametrize("name", ["etc/ld.so.cache", "proc/driver/nvidia/version", "sys/module/nvidia/version"])
def test_file_that_is_a_loop_costs_nothing_else(good, facts, name):
    if os.path.exists(os.path.join(good.root, name)):
        os.unlink(os.path.join(good.root, name))
    good.link(name, os.path.basename(name))
    found = facts()
    assert found["packages"] and found["on_disk"] and "Too many levels" in found["unread"][0]["why"]


def test_packages_that_only_go_with_a_driver_are_no_driver(host, facts):
    host.put("var/lib/dpkg/status")
    host.answers("dpkg-query", b"ii \tnvidia-kernel-common\t20240109\n")
    found = facts()
    assert found["verdict"] == "absent" and found["packages"][0]["name"] == "nvidia-kernel-common"


def test_jetson(host, facts):
    host.put("etc/nv_tegra_release", "# R36 (release)")
    found = facts()
    assert found["verdict"] == "absent" and "L4T" in found["reasons"][0]


def test_host_without_anything(host, facts, nvml):
    found = facts()
    assert (found["verdict"], found["gpus"], found["packages"], found["unread"]) == ("absent", [], [], [])
    assert found["nvml_status"] == "library_not_found"
    assert host.ran == [] and nvml.asked == 0


CONTAINER = "run/nvidia/driver/" + LIBRARIES


def library_in_container(host, version=VERSION):
    host.put("{0}/libnvidia-ml.so.{1}".format(CONTAINER, version), b"\x7fELF" + bytes([versions._ELF_CLASS]))
    host.link(CONTAINER + "/libnvidia-ml.so.1", "libnvidia-ml.so." + version)


def test_driver_of_a_container_works_although_no_kernel_of_the_host_has_a_module(host, facts):
    host.card()
    host.kernel("6.8.0-88-generic", module=None)
    host.loaded()
    library_in_container(host)
    found = facts()
    assert (found["verdict"], found["reasons"]) == ("ok", [])
    assert (found["installed_by"], found["user_space"]) == ("container", VERSION)


def test_driver_container_that_has_not_loaded_its_module(host, facts):
    host.card(bound=None)
    host.kernel("6.8.0-88-generic", module=None)
    library_in_container(host)
    found = facts()
    assert found["verdict"] == "broken" and "no kernel module is loaded" in found["reasons"][0]
    assert "kubectl logs" in found["fix"]


def test_libraries_of_the_host_come_before_a_containers(host, facts):
    host.card()
    host.loaded()
    host.library()
    library_in_container(host, "580.95.05")
    found = facts()
    assert (found["installed_by"], found["user_space"]) == (None, VERSION)


def test_module_of_a_container_beside_old_libraries_of_the_host(host, facts):
    """Another driver must not be installed there either."""
    host.card()
    host.loaded()
    host.library("535.261.03")
    library_in_container(host)
    found = facts()
    assert (found["installed_by"], found["user_space"]) == ("container", "535.261.03")
    assert found["verdict"] == "broken" and "Remove the packages with the libraries 535.261.03" in found["fix"]


def test_driver_of_a_container_where_an_installer_was_before(host, facts):
    host.card()
    host.kernel("6.8.0-88-generic", module=None)
    host.loaded()
    library_in_container(host)
    host.put("usr/bin/nvidia-uninstall", "")
    found = facts()
    assert (found["installed_by"], found["verdict"]) == ("container", "ok")


def test_host_that_is_its_own_container_root(host, facts):
    """As the GPU operator links it where the host brings the driver."""
    host.card()
    host.loaded()
    host.library()
    host.link("run/nvidia/driver", "../../")
    assert facts()["installed_by"] is None


def test_driver_of_the_installer(host, facts):
    host.card()
    host.loaded()
    host.library()
    host.put("usr/bin/nvidia-uninstall", "")
    assert facts()["installed_by"] == "installer"
