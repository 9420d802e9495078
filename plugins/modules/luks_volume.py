#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: luks_volume
short_description: Encrypt data volumes so that the host's TPM opens them at boot
version_added: 0.1.0
description:
  - Makes LUKS2 volumes whose key is sealed to the TPM by C(systemd-cryptenroll), with a file system, and lines in
    C(/etc/crypttab) and C(/etc/fstab); opens and mounts them.
  - Each volume has a recovery key. It is made on the host, is encrypted to O(recovery_certificate) before the volume is
    made, and is kept so in the volume's header and in RV(volumes). Nobody but who holds the certificate's private key
    can read it.
  - A device is encrypted only if it is empty. That is, no partition table, no partition, no signature of a file system,
    LUKS, LVM, md or ZFS, and nothing but zeros in its first and last MiB. Else it is refused, unless O(wipe) names that
    device with what is on it.
  - A volume that exists is never made anew. What an earlier run did not finish is finished.
author:
  - The edgesite.gpu maintainers (@edgesite)
extends_documentation_fragment:
  - edgesite.gpu.installs
options:
  volumes:
    description: The volumes. One that is taken out of the list stays as it is.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Its name in C(/dev/mapper); small letters, digits and C(_).
        type: str
        required: true
      device:
        description:
          - The disk or partition, by a name that stays with it, in C(/dev/disk/by-id/) or C(/dev/disk/by-partuuid/).
          - Names such as C(/dev/sdb) are refused, since they change from boot to boot.
        type: str
        required: true
      mount:
        description:
          - Where it is mounted. Made where it is missing; refused where it is not empty.
          - An absolute path of letters, digits and C(._:+@=,~-).
        type: str
        required: true
      filesystem:
        description: The file system that is made in it.
        type: str
        choices: [ext4, xfs]
        default: ext4
      mount_options:
        description:
          - Options of the mount, with commas between them, to which V(nofail) is added.
          - Letters, digits and C(_.:+@/=-).
        type: str
        default: defaults
      cipher:
        description: V(sm4-xts) (GB/T 32907) needs a kernel that has SM4; where it is missing the volume is refused.
        type: str
        choices: [aes-256-xts, sm4-xts]
        default: aes-256-xts
  recovery_certificate:
    description:
      - Certificate in PEM that recovery keys are encrypted to; with an RSA key of 2048 bits or more, or an EC key.
      - With another certificate than before, each volume gets a new recovery key.
    type: str
    required: true
  pcrs:
    description:
      - PCRs of the TPM whose values have to be as they are now for the volume to open. V(7) is the state of Secure
        Boot.
      - An empty list binds to the TPM alone.
    type: list
    elements: int
    default: [7]
  recovery_keys:
    description:
      - Recovery keys of volumes, decrypted, in any order. Give them for one run where the TPM does not open volumes any
        more, after it was cleared, the board was replaced, or PCR values changed.
      - A volume is sealed to the TPM anew and gets a new recovery key, after which the one given is of no use.
    type: list
    elements: str
    default: []
  escrow_dir:
    description:
      - Folder on the controller to keep the encrypted recovery keys in, as M(edgesite.gpu.recovery_escrow) does.
        Without it they are only returned.
    type: path
  wipe:
    description:
      - Devices whose content may go for good, each with a fingerprint of its content; a refusal says what to give here.
      - Something else on the device has another fingerprint, so that an entry is of no use once it was used.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    description: Says what would be done, and writes nothing.
  diff_mode:
    support: full
    description: Shows each volume and its lines in crypttab and fstab, before and after.
notes:
  - C(community.crypto.luks_device) makes LUKS volumes of other kinds. It knows neither TPMs nor recovery keys.
seealso:
  - module: community.crypto.luks_device
requirements:
  - cryptsetup 2.6 or newer, systemd 250 or newer with systemd-cryptenroll, libtss2, openssl
"""

EXAMPLES = r"""
- name: The data disk is encrypted, and opens on this host only
  edgesite.gpu.luks_volume:
    volumes:
      - name: models
        device: /dev/disk/by-id/nvme-eui.0025388b01234567
        mount: /srv/models
        filesystem: xfs
    recovery_certificate: "{{ lookup('ansible.builtin.file', 'recovery.pem') }}"
    escrow_dir: /srv/site/escrow
  become: true
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample: [{"does": "encrypt /dev/disk/by-id/nvme-eui.0025388b01234567 (aes-256-xts) as models"}]
before:
  description: Under C(volumes), what each volume's device held, before.
  returned: success
  type: dict
after:
  description: The same, after; in check mode, what it would be.
  returned: success
  type: dict
volumes:
  description: The volumes.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: As given.
      type: str
    device:
      description: As given.
      type: str
    mount:
      description: As given.
      type: str
    uuid:
      description: Of the LUKS volume. Where check mode would make it, one that the volume will not have.
      type: str
    recovery:
      description:
        - Its recovery key, encrypted; CMS in PEM, for C(openssl cms -decrypt). Empty where check mode would make it.
      type: str
missing_packages:
  description: The packages that the host lacks for this.
  returned: when some are missing
  type: list
  elements: str
undone:
  description: Whether what was done before the failure was taken back, so that the host is as it was.
  returned: when a step failed
  type: bool
"""

import uuid

from ..module_utils.basic import AnsibleModule
from ..module_utils.common import action_options
from ..module_utils.common.host import command
from ..module_utils.runner import run
from ..module_utils.storage import volume
from ..module_utils.storage.host.domain import LuksVolumeDomain

VOLUME = {
    "name": {"type": "str", "required": True},
    "device": {"type": "str", "required": True},
    "mount": {"type": "str", "required": True},
    "filesystem": {"type": "str", "choices": ["ext4", "xfs"], "default": "ext4"},
    "mount_options": {"type": "str", "default": "defaults"},
    "cipher": {"type": "str", "choices": ["aes-256-xts", "sm4-xts"], "default": "aes-256-xts"},
}


def domain(module):
    options = module.params
    wanted = volume.Wanted(
        tuple(
            volume.Volume(
                entry["name"],
                entry["device"],
                entry["mount"],
                entry["filesystem"],
                entry["cipher"],
                entry["mount_options"],
                str(uuid.uuid4()),
            )
            for entry in options["volumes"]
        ),
        tuple(sorted(set(options["pcrs"]))),
        volume.fingerprint(options["recovery_certificate"]),
        tuple(options["wipe"]),
    )
    return LuksVolumeDomain(command.run, wanted, options["recovery_certificate"], options["recovery_keys"])


def main():
    module = AnsibleModule(
        argument_spec={
            **action_options.INSTALLS,
            "escrow_dir": {"type": "path"},
            "volumes": {"type": "list", "elements": "dict", "required": True, "options": VOLUME},
            "recovery_certificate": {"type": "str", "required": True},
            "pcrs": {"type": "list", "elements": "int", "default": [7]},
            "recovery_keys": {"type": "list", "elements": "str", "default": [], "no_log": True},
            "wipe": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    run(module, lambda: domain(module))


if __name__ == "__main__":
    main()
