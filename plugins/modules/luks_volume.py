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
  - Creates LUKS2 volumes whose key C(systemd-cryptenroll) seals to the TPM, with a file system and lines in
    C(/etc/crypttab) and C(/etc/fstab), and opens and mounts them.
  - Each volume has a recovery key. It is generated on the host and encrypted to O(recovery_certificate) before the
    volume is created, and kept in that form in the volume's header and in RV(volumes). Only the holder of the
    certificate's private key can read it.
  - A device is encrypted only if it is empty, which means no partition table, no partition, no signature of a file
    system, LUKS, LVM, md or ZFS, and only zeros wherever it was read - its first and last 16 MiB, and some hundred
    places between, where lost partitions begin as a rule. Any other device is refused, unless O(wipe) names it together
    with the fingerprint of its content.
  - An existing volume is never created again. What an earlier run left unfinished is completed.
author:
  - The edgesite.gpu maintainers (@edgesite)
extends_documentation_fragment:
  - edgesite.gpu.installs
options:
  volumes:
    description: The volumes. One that is removed from the list is left as it is.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name in C(/dev/mapper); lower case letters, digits and C(_).
        type: str
        required: true
      device:
        description:
          - The disk or partition, by a persistent name in C(/dev/disk/by-id/) or C(/dev/disk/by-partuuid/).
          - Names such as C(/dev/sdb) are refused, because they can change with every boot.
        type: str
        required: true
      mount:
        description:
          - Mount point. It is created if it is missing, and refused if it is not empty.
          - Must be an absolute path of letters, digits and C(._:+@=,~-).
        type: str
        required: true
      filesystem:
        description: The file system to create in it.
        type: str
        choices: [ext4, xfs]
        default: ext4
      mount_options:
        description:
          - Mount options, separated by commas. V(nofail) is added to them.
          - May contain letters, digits and C(_.:+@/=-).
        type: str
        default: defaults
      cipher:
        description: V(sm4-xts) (GB/T 32907) needs a kernel with SM4; the volume is refused if the kernel lacks it.
        type: str
        choices: [aes-256-xts, sm4-xts]
        default: aes-256-xts
  recovery_certificate:
    description:
      - Certificate in PEM to which recovery keys are encrypted, with an RSA key of at least 2048 bits or an EC key.
      - If the certificate changes, each volume gets a new recovery key.
    type: str
    required: true
  pcrs:
    description:
      - PCRs of the TPM. The volume opens only while their values are as they are now. V(7) is the state of Secure Boot.
      - An empty list binds the volume to the TPM only, or to it and what O(signed_pcrs) and O(pcrlock) ask for.
      - A volume that is bound otherwise than these three options ask for is sealed again and gets a new recovery key.
    type: list
    elements: int
    default: [7]
  signed_pcrs:
    description:
      - PCRs whose values are signed. The volume opens with every unified kernel image that has a signature of its
        values, so that it survives updates. V(11) is the PCR that such an image is measured into.
      - Needs systemd 252, and C(tpm2-pcr-public-key.pem) and C(tpm2-pcr-signature.json) in C(/run/systemd) or another
        folder where systemd looks for them, as a host has that booted an image of C(ukify build --pcr-private-key).
      - If it is empty, volumes are not bound to a public key, even if systemd would do so because one lies there.
    type: list
    elements: int
    default: []
  pcrlock:
    description:
      - Whether the volume opens only if the policy of C(systemd-pcrlock) allows the state of the host. The policy can
        be extended before an update, so that the volume survives it; O(pcrs) is V([]) then as a rule.
      - Needs systemd 255 and C(pcrlock.json), which C(systemd-pcrlock make-policy) writes; together with
        O(signed_pcrs) it needs systemd 257.
    type: bool
    default: false
  recovery_keys:
    description:
      - Decrypted recovery keys of volumes, in any order. Set them for one run if the TPM no longer opens the volumes
        because it was cleared, the board was replaced or PCR values changed.
      - The volume is sealed to the TPM again and gets a new recovery key, which makes the old one useless.
    type: list
    elements: str
    default: []
  escrow_dir:
    description:
      - Directory on the controller for the encrypted recovery keys, as with M(edgesite.gpu.recovery_escrow). Without it
        they are only returned.
    type: path
  wipe:
    description:
      - Devices whose content may be destroyed, each with a fingerprint of its content. The message that refuses the
        device shows the value to use.
      - If the content changes, so does the fingerprint, so an entry works only once.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    description: Reports what would be done, and writes nothing.
  diff_mode:
    support: full
    description: Shows each volume and its lines in crypttab and fstab, before and after.
notes:
  - M(community.crypto.luks_device) manages other kinds of LUKS volumes. It supports neither TPMs nor encrypted recovery
    keys.
seealso:
  - module: community.crypto.luks_device
requirements:
  - cryptsetup 2.6 or newer, systemd 250 or newer with systemd-cryptenroll, libtss2, openssl
"""

EXAMPLES = r"""
- name: Encrypt the data disk so that it opens on this host only
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
  description:
    - What was done, or would be done in check mode.
    - C(does) describes an action. C(disruption) says what it interrupts, V(none), V(restart) (services), V(destroy)
      (MIG instances), V(reset) (GPUs), V(reboot) or V(wipe) (data on a disk), and C(of) lists what that affects.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample:
    - does: encrypt /dev/disk/by-id/nvme-eui.0025388b01234567 (aes-256-xts) as models, wiping ext4
      disruption: wipe
      of: [/dev/disk/by-id/nvme-eui.0025388b01234567]
before:
  description: Under C(volumes), the content of each volume's device, before.
  returned: success
  type: dict
after:
  description: The same, after; in check mode, the expected state.
  returned: success
  type: dict
volumes:
  description: The volumes.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: As in O(volumes).
      type: str
    device:
      description: As in O(volumes).
      type: str
    mount:
      description: As in O(volumes).
      type: str
    uuid:
      description: UUID of the LUKS volume. For a volume that check mode would create, a placeholder.
      type: str
    tpm:
      description:
        - What each key slot that is sealed to a TPM is bound to in addition to that TPM - C(pcrs), C(signed_pcrs),
          C(pcrlock), and whether somebody has to type a C(pin).
      type: list
      elements: dict
      sample: [{"pcrs": [7], "signed_pcrs": [], "pcrlock": false, "pin": false}]
    recovery:
      description:
        - Its encrypted recovery key; CMS in PEM, for C(openssl cms -decrypt). Empty for a volume that check mode would
          create.
      type: str
missing_packages:
  description: The packages that the host lacks.
  returned: when some are missing
  type: list
  elements: str
undone:
  description: Whether the steps before the failure were undone, so that the host is as it was.
  returned: when a step failed
  type: bool
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.runner import end
from ..module_utils.storage.host import layer
from ..module_utils.storage.spec import OPTIONS


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    end(module, layer.run(module.params, module.check_mode, module._verbosity))


if __name__ == "__main__":
    main()
