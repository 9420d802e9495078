# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that decide something on the controller, refused where a host may have set them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: from_inventory
short_description: A value, unless a host's facts stand in for variables
version_added: 0.1.0
description:
  - The result of any module may carry facts (C(ansible_facts)), and Ansible makes variables of them that outrank
    C(group_vars) and C(host_vars). So a host that lies could choose paths on the controller.
  - This lookup returns what it is given, and fails where the host has facts by other names than Ansible's own modules
    give them, naming these. It stands where roles of this collection hand a path on the controller to a plugin that is
    not of this collection; all modules of the collection check the same by themselves.
  - Names that a module of yours rightly returns are listed in the variable C(edgesite_facts_allowed).
author:
  - The edgesite.gpu maintainers (@edgesite)
options:
  _terms:
    description: Values.
    required: true
"""

EXAMPLES = r"""
- name: Read a file on the controller that the inventory names
  ansible.builtin.debug:
    msg: "{{ lookup('ansible.builtin.file', lookup('edgesite.gpu.from_inventory', site_certificate)) }}"
"""

RETURN = r"""
_raw:
  description: The values.
  type: list
"""

from typing import Any, List, Mapping, Optional

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils.common.errors import EdgesiteError
from ..plugin_utils.inventory_guard import check_variables


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: List[Any], variables: Optional[Mapping[str, Any]] = None, **kwargs: Any) -> List[Any]:
        try:
            check_variables(variables or {})
        except EdgesiteError as error:
            raise AnsibleLookupError(str(error)) from error
        return terms
