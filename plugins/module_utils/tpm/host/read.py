# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a TPM's properties and endorsement key certificates with tpm2-tools and openssl."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any, Callable, Dict, List, Optional

from ...common.host import command, files
from ...common.reading import Reading, unread
from ...common.unanswered import Unanswered
from .. import properties as tpm

_TOOLS = ("tpm2_getcap", "tpm2_nvread")
_INSTALL_TOOLS = "Install the package tpm2-tools"
_INSTALL_OPENSSL = "Install the package openssl"
_BECOME = "Run the task as root (become: true), and check that nothing keeps the TPM busy"
_DESCRIBE = (
    *("x509", "-inform", "DER", "-noout", "-subject", "-issuer", "-enddate"),
    *("-nameopt", "RFC2253,utf8,-esc_msb"),
)
# A TPM on a slow bus takes its time over a command
_TIMEOUT = 20.0


def read(
    run: command.Run,
    tcti: Optional[str] = None,
    root: str = "/",
    certificates: bool = True,
    option: str = "tpm_tcti",
) -> Reading:
    """The value is None where there is no TPM. tcti: how to reach it, instead of the kernel's device.

    certificates: whether to read those of endorsement keys too. option: what users know tcti by.
    """
    version = _kernel_version(root)
    tcti = tcti or default_tcti(root)
    if version == "1.2":
        return Reading(_value(tpm.Properties(version, None, None, None), None))
    if tcti is None:
        return _no_device(version)
    tools = {name: command.find(name) for name in _TOOLS}
    if not all(tools.values()):
        missing = ", ".join(name for name in _TOOLS if not tools[name])
        lacking = unread("tpm", "not installed on the host: {0}".format(missing), _INSTALL_TOOLS)
        return Reading(_value(tpm.Properties(version, None, None, None), tcti), [lacking])
    reader = _Tpm(run, tcti, {name: str(path) for name, path in tools.items()}, version)
    try:
        return reader.read(certificates, option)
    except Unanswered as error:
        return reader.failed(error.problem, error.fix)


def read_indices(run: command.Run, tcti: str, wanted: Callable[[int], bool]) -> Reading:
    """What the NV indices of some handles hold, by handle."""
    tools = {name: command.find(name) or name for name in _TOOLS}
    reader = _Tpm(run, tcti, tools)
    return Reading(reader.indices("tpm.endorsement", wanted), reader.unread)


def _kernel_version(root: str) -> Optional[str]:
    """What the kernel says of its first TPM: sysfs has the major version, from Linux 5.6 on."""
    major = (files.read_text(os.path.join(root, "sys/class/tpm/tpm0/tpm_version_major")) or "").strip()
    return {"1": "1.2", "2": "2.0"}.get(major)


def default_tcti(root: str) -> Optional[str]:
    """The resource manager's device; the bare one, which one program at a time can use, only where that is missing."""
    for device in ("/dev/tpmrm0", "/dev/tpm0"):
        if os.path.exists(os.path.join(root, device.lstrip("/"))):
            return "device:" + device
    return None


def _no_device(version: Optional[str]) -> Reading:
    if version is None:
        return Reading()
    # as in a container that shares sysfs but not the devices
    return Reading(
        None,
        [unread("tpm", "the kernel has a TPM, but /dev/tpmrm0 does not exist", "Pass /dev/tpmrm0 to the container")],
    )


def _value(properties: tpm.Properties, tcti: Optional[str]) -> Dict[str, Any]:
    return dict(asdict(properties), tcti=tcti, ek_certificates=[])


class _Tpm:
    """One TPM, asked through tpm2-tools one command after the other: a TPM does one thing at a time."""

    def __init__(self, run: command.Run, tcti: str, tools: Dict[str, str], version: Optional[str] = None) -> None:
        self.run = run
        self.tcti = tcti
        self.tools = tools
        self.version = version
        self.unread: List[Dict[str, Any]] = []

    def read(self, certificates: bool, option: str) -> Reading:
        answer = self._ask("tpm2_getcap", "properties-fixed")
        if not answer.ok:
            return self.failed(_reason(answer), "{0}; check the option {1}".format(_BECOME, option))
        value = _value(tpm.parse_properties(answer.text), self.tcti)
        if certificates:
            value["ek_certificates"] = [asdict(certificate) for certificate in self._certificates()]
        return Reading(value, self.unread)

    def failed(self, why: str, fix: str) -> Reading:
        """What is known of a TPM that cannot be read."""
        # with a device of the kernel's there is a TPM, whatever it says
        known = self.version and _value(tpm.Properties(self.version, None, None, None), self.tcti)
        return Reading(known, [unread("tpm", "{0}: {1}".format(self.tcti, why), fix)])

    def _ask(self, tool: str, *arguments: str) -> command.Result:
        return self.run([self.tools[tool], "-T", self.tcti] + list(arguments), timeout=_TIMEOUT)

    def _certificates(self) -> List[tpm.Certificate]:
        encoded: Dict[int, bytes] = {}
        for handle, data in self.indices("tpm.ek_certificates", tpm.is_ek_certificate).items():
            found = tpm.stored(data)
            if found is None:
                why = "the index does not hold a certificate in DER form"
                self._lacks(handle, why, "Inspect it: tpm2_nvread {0} | xxd".format(tpm.index(handle)))
            else:
                encoded[handle] = found
        described = self._describe(encoded)
        return [tpm.certificate(handle, data, described.get(handle, "")) for handle, data in encoded.items()]

    def indices(self, what: str, wanted: Callable[[int], bool]) -> Dict[int, bytes]:
        """What the wanted NV indices hold. what: the part of the result that lacks what cannot be read."""
        answer = self._ask("tpm2_getcap", "handles-nv-index")
        if not answer.ok:
            self.unread.append(unread(what, _reason(answer), _BECOME))
            return {}
        held: Dict[int, bytes] = {}
        for handle in filter(wanted, tpm.parse_handles(answer.text)):
            index = tpm.index(handle)
            # the index's own authorisation is empty; where its attributes do not allow that, the owner's often is
            answer = self._ask("tpm2_nvread", index)
            if not answer.ok:
                by_owner = self._ask("tpm2_nvread", "-C", "o", index)
                answer = by_owner if by_owner.ok else answer
            if answer.ok:
                held[handle] = answer.stdout
            else:
                self._lacks(handle, _reason(answer), "Check what protects it: tpm2_nvreadpublic " + index)
        return held

    def _describe(self, encoded: Dict[int, bytes]) -> Dict[int, str]:
        """What openssl prints of each certificate."""
        if not encoded:
            return {}
        openssl = command.find("openssl")
        if openssl is None:
            why = "openssl is not installed on the host, so certificates are shown without subject, issuer and end"
            self.unread.append(unread("tpm.ek_certificates", why, _INSTALL_OPENSSL))
            return {}
        answers = {handle: self.run([openssl, *_DESCRIBE], data) for handle, data in encoded.items()}
        for handle, answer in answers.items():
            if not answer.ok:
                why = "openssl cannot read the certificate: " + (answer.error.splitlines() or ["no message"])[0]
                self._lacks(handle, why, "Inspect it: openssl x509 -text with the value of pem")
        return {handle: answer.text for handle, answer in answers.items()}

    def _lacks(self, handle: int, why: str, fix: str) -> None:
        self.unread.append(unread("tpm.ek_certificates." + tpm.index(handle), why, fix))


def _reason(answer: command.Result) -> str:
    """A program that could not run says so itself; one that ran says it in its messages."""
    return answer.error if answer.rc is None else tpm.parse_error(answer.error)
