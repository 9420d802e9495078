#!/usr/bin/python
# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: gpu_info
short_description: Read what a host has in GPUs and other accelerators
version_added: 0.1.0
description:
  - Reads GPUs, NVIDIA driver, Jetson identity, TPM, Secure Boot, accelerators of all vendors, basic host facts, and
    which layers of this collection the host has, in one round trip. Changes nothing.
  - Never fails because something is absent. A host without GPUs has an empty list, a host without a TPM has V(null).
    What exists but could not be read is listed in RV(unread), with a fix.
  - Reads files rather than running programs where a file has the same information.
author:
  - The edgesite.gpu maintainers (@edgesite)
extends_documentation_fragment:
  - edgesite.gpu.nvml
options:
  gather:
    description:
      - What to read. Only these keys and RV(unread) are returned.
    type: list
    elements: str
    choices: [gpus, driver, jetson, tpm, secure_boot, accelerators, host, layers]
    default: [gpus, driver, jetson, tpm, secure_boot, accelerators, host, layers]
  tpm_tcti:
    description:
      - How to reach the TPM, in the form of the option C(-T) of tpm2-tools, such as V(device:/dev/tpmrm0) or
        V(swtpm:host=127.0.0.1,port=2321).
      - By default the kernel's resource manager C(/dev/tpmrm0) is used if it exists, otherwise C(/dev/tpm0).
    type: str
attributes:
  check_mode:
    support: full
    description: The module only reads.
  diff_mode:
    support: N/A
    description: The module changes nothing.
seealso:
  - module: edgesite.gpu.gpu_settings
  - module: edgesite.gpu.host_tools
notes:
  - Run it as root to read the TPM; on most hosts every user can read everything else.
  - The TPM is read with tpm2-tools, and its certificates with openssl. Neither is needed on a host without a TPM.
"""

EXAMPLES = r"""
- name: Read everything about the host
  edgesite.gpu.gpu_info:
  register: gpu_info
  become: true

- name: Show why driver parts do not fit together
  ansible.builtin.debug:
    msg: "{{ gpu_info.driver.mismatch_reason }}"
  when: gpu_info.driver.mismatch

- name: Show accelerators without a driver
  ansible.builtin.debug:
    msg: "{{ gpu_info.accelerators | rejectattr('driver') | map(attribute='pci_bus_id') | list }}"

- name: Read the endorsement key certificates of a TPM behind a socket
  edgesite.gpu.gpu_info:
    gather: [tpm]
    tpm_tcti: swtpm:host=127.0.0.1,port=2321
  register: tpm_info
"""

RETURN = r"""
gpus:
  description:
    - The GPUs that NVML reports, in NVML's order. Empty if NVML is not available. Values that a GPU does not have are
      null.
  returned: when O(gather) has V(gpus)
  type: list
  elements: dict
  contains:
    index:
      description: NVML's index, which may change at a reboot.
      type: int
      returned: always
    uuid:
      description: UUID of the GPU.
      type: str
      returned: always
      sample: GPU-5c89852c-d268-c3f3-1b07-005d5ae1dc3f
    name:
      description: Product name.
      type: str
      returned: always
      sample: NVIDIA A100-SXM4-40GB
    pci_bus_id:
      description: PCI address as in C(/sys/bus/pci/devices).
      type: str
      returned: always
      sample: '0000:17:00.0'
    pci_vendor_id:
      description: PCI vendor id, four hexadecimal digits.
      type: str
      returned: always
      sample: 10de
    pci_device_id:
      description: PCI device id, four hexadecimal digits.
      type: str
      returned: always
      sample: 20b0
    pci_subsystem_id:
      description: PCI subsystem vendor id and device id.
      type: str
      returned: always
      sample: 10de:1450
    serial:
      description: Serial number of the board.
      type: str
      returned: always
    part_number:
      description: Part number of the board.
      type: str
      returned: always
    vbios_version:
      description: Version of the card's firmware.
      type: str
      returned: always
    minor_number:
      description: The number N in C(/dev/nvidiaN).
      type: int
      returned: always
    architecture:
      description: Name of the architecture in lower case.
      type: str
      returned: always
      sample: ampere
    cuda_compute_capability:
      description: CUDA compute capability.
      type: str
      returned: always
      sample: '8.0'
    memory_mib:
      description:
        - C(total), C(used) and C(free) memory in MiB, and what the driver keeps for itself (C(reserved)).
        - Drivers before branch 510 do not tell what they keep. C(reserved) is null then, and C(used) contains it.
      type: dict
      returned: always
    power_w:
      description: C(limit), C(enforced_limit), C(default_limit), C(min_limit), C(max_limit) and C(usage) in W.
      type: dict
      returned: always
    clocks_mhz:
      description:
        - Current clocks (C(graphics), C(sm), C(memory)), highest clocks (C(max_graphics), C(max_sm), C(max_memory)) and
          lowest clocks (C(min_graphics), C(min_memory)), in MHz.
      type: dict
      returned: always
    temperature_c:
      description: Temperature of the GPU in degrees Celsius.
      type: int
      returned: always
    utilization_percent:
      description: Utilization of C(gpu) and C(memory) in the last sample period, in percent.
      type: dict
      returned: always
    performance_state:
      description: P-state; 0 is the fastest.
      type: int
      returned: always
    persistence_mode:
      description: Whether the driver stays loaded while nothing uses the GPU.
      type: bool
      returned: always
    compute_mode:
      description: V(default), V(exclusive_process) or V(prohibited).
      type: str
      returned: always
    ecc:
      description: ECC mode now (C(current)) and after the next reset or reboot (C(pending)).
      type: dict
      returned: always
    mig:
      description:
        - C(current) and C(pending) mode, whether the mode can change without a reset (C(resetless)), C(max_devices),
          and the C(gpu_instances) with their C(compute_instances). C(multiprocessors) are the SMs of each.
        - Null for a GPU without MIG. C(gpu_instances) is null if the task does not run as root, because only root may
          list them.
      type: dict
      returned: always
    vgpu:
      description: C(virtualization_mode), C(host_capable), and the number of C(supported_types).
      type: dict
      returned: always
    fabric:
      description:
        - How far the GPU has joined the NVLink fabric; null for GPUs without NVSwitches, and where the driver or pynvml
          is too old to tell.
        - C(state) is V(not_started), V(in_progress) or V(completed). C(status) and C(clique_id) are null before it is
          completed; C(status) is V(ok), or NVML's error in lower case.
        - A GPU that has not joined is named in RV(unread) too.
      type: dict
      returned: always
      sample: {state: completed, status: ok, clique_id: 0}
    processes:
      description:
        - Processes that use the GPU, each with C(pid), C(name), C(kind) (V(compute), V(graphics) or V(mps)),
          C(memory_mib) and the instances that it runs in.
      type: list
      elements: dict
      returned: always
driver:
  description: NVIDIA's driver on the host. The version of a part that is absent is null.
  returned: when O(gather) has V(driver)
  type: dict
  contains:
    loaded:
      description: Version of the loaded kernel module.
      type: str
      returned: always
      sample: 580.95.05
    on_disk:
      description: Version of the kernel module on disk for the running kernel, which the next load uses.
      type: str
      returned: always
      sample: 580.95.05
    user_space:
      description: Version of C(libnvidia-ml.so.1).
      type: str
      returned: always
      sample: 580.95.05
    flavour:
      description: V(open) or V(proprietary); null while no module is loaded.
      type: str
      returned: always
    nvml_status:
      description: V(ok), or NVML's error in lower case, such as V(library_not_found) or V(lib_rm_version_mismatch).
      type: str
      returned: always
    nvml_version:
      description: Version of NVML.
      type: str
      returned: always
      sample: 13.580.95.05
    cuda_version:
      description: Newest CUDA version that the driver supports.
      type: str
      returned: always
      sample: '13.0'
    mismatch:
      description: Whether the parts that are present have different versions.
      type: bool
      returned: always
    mismatch_reason:
      description: Which parts differ; null without a mismatch.
      type: str
      returned: always
      sample: kernel module 580.82.07 is loaded, but the libraries are 580.95.05
jetson:
  description: What identifies a Jetson; null on any other host.
  returned: when O(gather) has V(jetson)
  type: dict
  contains:
    model:
      description: Model in the device tree.
      type: str
      returned: always
      sample: NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super
    module:
      description: Part number of the module, or of the whole kit on Jetsons before Xavier NX.
      type: str
      returned: always
      sample: p3767-0005
    soc:
      description: System on chip.
      type: str
      returned: always
      sample: tegra234
    l4t:
      description: L4T release; null if it is unknown.
      type: dict
      returned: always
      contains:
        release:
          description: The release as NVIDIA writes it.
          type: str
          returned: always
          sample: R36
        revision:
          description: Revision within the release.
          type: str
          returned: always
          sample: '4.7'
        version:
          description: Both together.
          type: str
          returned: always
          sample: 36.4.7
        major:
          description: First part of the version.
          type: int
          returned: always
        minor:
          description: Second part.
          type: int
          returned: always
        patch:
          description: Third part.
          type: int
          returned: always
    jetpack:
      description: >-
        JetPack release that contains this L4T. For an L4T that is newer than this collection, the version of the
        package nvidia-jetpack that apt offers with it, or that is installed; null if there is neither.
      type: str
      returned: always
      sample: 6.2.1
    power_mode:
      description: Current nvpmodel mode, with C(id) and C(name). Ids differ between modules; names differ less.
      type: dict
      returned: always
      sample: {id: 2, name: MAXN_SUPER}
    power_modes:
      description: Modes that C(/etc/nvpmodel.conf) offers, each with C(id) and C(name).
      type: list
      elements: dict
      returned: always
    fan_profiles:
      description: >-
        Profiles in C(/etc/nvfancontrol.conf) that all fans have; null where there is no such file.
      type: list
      elements: str
      returned: always
      sample: [quiet, cool]
tpm:
  description: The TPM; null on a host without one.
  returned: when O(gather) has V(tpm)
  type: dict
  contains:
    version:
      description: V(2.0) or V(1.2). For a TPM 1.2 nothing else is returned.
      type: str
      returned: always
    tcti:
      description: How it was reached.
      type: str
      returned: always
      sample: device:/dev/tpmrm0
    manufacturer:
      description: TCG vendor id of the manufacturer.
      type: str
      returned: always
      sample: INTC
    vendor_string:
      description: Text that the manufacturer set.
      type: str
      returned: always
    firmware:
      description: Firmware version, four numbers with dots.
      type: str
      returned: always
      sample: 600.7.37.0
    ek_certificates:
      description: Certificates of the endorsement keys, from the TPM's non-volatile memory. May be empty.
      type: list
      elements: dict
      returned: always
      contains:
        handle:
          description: Index in the non-volatile memory.
          type: str
          returned: always
          sample: '0x01c00002'
        key_type:
          description:
            - Algorithm and size or curve; V(null) for a key that is neither RSA nor on a curve that TPMs support.
          type: str
          returned: always
          sample: rsa2048
        sha256:
          description: SHA-256 of the certificate in DER, in hexadecimal.
          type: str
          returned: always
        subject:
          description: Subject in the form of RFC 2253; null if it is empty, as it may be in EK certificates.
          type: str
          returned: always
        issuer:
          description: Issuer in the form of RFC 2253.
          type: str
          returned: always
        not_after:
          description: End of validity in ISO 8601, UTC.
          type: str
          returned: always
          sample: '2049-12-31T23:59:59Z'
        pem:
          description: The certificate.
          type: str
          returned: always
secure_boot:
  description: V(enabled), V(disabled), V(unsupported) (no UEFI, or UEFI without Secure Boot), or V(unknown).
  returned: when O(gather) has V(secure_boot)
  type: str
accelerators:
  description:
    - Accelerators of all vendors on the PCI bus, with or without a driver, sorted by address.
    - There is one entry for each PCI function, including virtual functions.
  returned: when O(gather) has V(accelerators)
  type: list
  elements: dict
  contains:
    pci_bus_id:
      description: PCI address as in C(/sys/bus/pci/devices), the same as RV(gpus[].pci_bus_id) for NVML's GPUs.
      type: str
      returned: always
      sample: '0000:17:00.0'
    vendor:
      description: Vendor in lower case; null for one that this collection does not know.
      type: str
      returned: always
      sample: huawei
    vendor_id:
      description: PCI vendor id, four hexadecimal digits.
      type: str
      returned: always
      sample: 19e5
    device_id:
      description: PCI device id, four hexadecimal digits.
      type: str
      returned: always
      sample: d802
    subsystem_vendor_id:
      description: PCI subsystem vendor id, four hexadecimal digits.
      type: str
      returned: always
    subsystem_device_id:
      description: PCI subsystem device id, four hexadecimal digits.
      type: str
      returned: always
    class:
      description: PCI class, six hexadecimal digits.
      type: str
      returned: always
      sample: '120000'
    kind:
      description: V(gpu), V(npu), V(fpga), or V(accelerator) for processing accelerators of unknown kind.
      type: str
      returned: always
    name:
      description:
        - Model as NVML or the PCI ids name it; null for ids that neither this collection nor the distribution's
          C(pci.ids) knows.
      type: str
      returned: always
      sample: Ascend 910B
    driver:
      description: Kernel driver bound to the device, such as V(nvidia), V(nouveau) or V(vfio-pci); null for none.
      type: str
      returned: always
    numa_node:
      description: NUMA node; null where the platform has none.
      type: int
      returned: always
    iommu_group:
      description: IOMMU group; null if the IOMMU is off.
      type: int
      returned: always
    physical_function:
      description: For an SR-IOV virtual function, the address of its physical function; otherwise null.
      type: str
      returned: always
host:
  description: The host itself.
  returned: when O(gather) has V(host)
  type: dict
  contains:
    os:
      description: C(id), C(version_id) and C(pretty_name) from C(/etc/os-release).
      type: dict
      returned: always
      sample: {id: ubuntu, version_id: '22.04', pretty_name: Ubuntu 22.04.5 LTS}
    kernel:
      description: Release of the running kernel.
      type: str
      returned: always
      sample: 5.15.0-164-generic
    architecture:
      description: Machine architecture.
      type: str
      returned: always
      sample: x86_64
    machine:
      description: V(physical), V(virtual) or V(container); null if it is unknown.
      type: str
      returned: always
    python_version:
      description: Version of the Python that ran the module.
      type: str
      returned: always
    boot_id:
      description: The kernel's id of the current boot, which changes with every reboot.
      type: str
      returned: always
layers:
  description:
    - Names of the layers of this collection of which the host has files, whatever the inventory says, in the order of
      the playbook edgesite.gpu.site.
    - An identity is found only in its default folder.
  returned: when O(gather) has V(layers)
  type: list
  elements: str
  sample: [driver, gpu, mig]
unread:
  description: What exists but could not be read. Empty if everything was read.
  returned: always
  type: list
  elements: dict
  contains:
    what:
      description: Part of the result that is incomplete.
      type: str
      returned: always
    why:
      description: The reason.
      type: str
      returned: always
    fix:
      description: What to do about it.
      type: str
      returned: always
    status:
      description: NVML's error in lower case.
      type: str
      returned: for what NVML could not tell
  sample:
    - what: tpm
      why: "not installed on the host: tpm2_getcap, tpm2_nvread"
      fix: Install the package tpm2-tools
"""

from ..module_utils.basic import AnsibleModule
from ..module_utils.common.host import command
from ..module_utils.site.host import facts


def main():
    subsets = list(facts.SUBSETS)
    module = AnsibleModule(
        argument_spec={
            "gather": {"type": "list", "elements": "str", "choices": subsets, "default": subsets},
            "tpm_tcti": {"type": "str"},
            "pynvml_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    found = facts.read(command.run, module.params["gather"], module.params["tpm_tcti"], module.params["pynvml_path"])
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
