# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that decide something on the controller, refused where a host may have set them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: from_inventory
short_description: Return values unless facts of a host replace variables
version_added: 0.1.0
description:
  - The result of any module may contain facts (C(ansible_facts)), which Ansible turns into variables that take
    precedence over C(group_vars) and C(host_vars). A compromised host could thus choose paths on the controller.
  - This lookup returns its arguments, and fails if the host has facts with names other than those that Ansible's own
    modules use; the message lists them. Roles of this collection use it to pass a path on the controller to a plugin of
    another collection. All modules of this collection make the same check themselves.
  - If one of your own modules returns such facts legitimately, list their names in the variable
    C(edgesite_facts_allowed).
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
