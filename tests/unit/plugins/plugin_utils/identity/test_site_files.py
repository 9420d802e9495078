# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity import site_files
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.identity.bench import Authority

OLD, NEW, SAME = Authority("Edge site"), Authority("Edge site 2"), Authority("Edge site")


@pytest.fixture(name="files")
def fixture_files(tmp_path):
    def write(*texts):
        paths = [tmp_path / f"{number}.pem" for number, _text in enumerate(texts)]
        for path, text in zip(paths, texts):
            path.write_text(text)
        return [str(path) for path in paths]

    return write


def test_two_roots_are_trusted_while_a_site_moves_to_a_new_one(files):
    assert site_files.roots(files(OLD.pem, NEW.pem), "roots") == (OLD.pem.rstrip() + "\n" + NEW.pem.rstrip())
    assert site_files.roots(files(OLD.pem, OLD.pem), "roots")


def test_two_roots_of_one_name_are_refused(files):
    first, second = files(OLD.pem, NEW.pem + SAME.pem)
    with pytest.raises(EdgesiteError) as caught:
        site_files.roots([first, second], "identity_authority.roots")
    assert str(caught.value).startswith(
        f"identity_authority.roots: {first} and {second} have the same name, CN=Edge site"
    )
    assert "another site_ca_name" in caught.value.fix


@pytest.mark.parametrize(
    "text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate_is_said_elsewhere(files, text):
    assert site_files.roots(files(OLD.pem, text), "roots")
