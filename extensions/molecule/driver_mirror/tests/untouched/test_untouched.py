# SPDX-License-Identifier: GPL-3.0-or-later
"""After what was refused."""


def test_nothing_of_the_role_is_on_the_host(trixie):
    with trixie.sudo():
        found = trixie.check_output("find /etc -name '*edgesite*'")
    assert found == ""


def test_no_package_was_installed(trixie):
    assert "nvidia" not in trixie.check_output("dpkg-query --show --showformat '${Package}\\n'")
