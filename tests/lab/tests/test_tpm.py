# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's TPM serves many programs at once, and what happens to real ones from outside can happen to it."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from labtest import HERE, SITE, STATE, TPM, in_host, lab

HOSTS = ("one", "two")
EK_CERTIFICATE = "tpm2_nvread 0x1c00002 2>/dev/null | openssl x509 -inform DER"
KEY = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"
MAKE_STORAGE_KEY = """
tpm2_createprimary -Q -C o -G ecc256 -c /tmp/srk \
    -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt'
tpm2_evictcontrol -Q -C o -c /tmp/srk 0x81000001
"""
# a storage key that stays, and below it a key 'free' and one with a password, 'counted'
MAKE_KEYS = f"""
set -e; mkdir -p /root/keys; cd /root/keys
{MAKE_STORAGE_KEY}
make() {{ tpm2_create -Q -C 0x81000001 -G ecc256 -u $1.pub -r $1.priv -p "$2" -a '{KEY}'"$3"; }}
make free '' '|noda'; make counted secret ''
"""
SIGN = """
cd /root/keys
sign() {
    tpm2_load -Q -C 0x81000001 -u $1.pub -r $1.priv -c $2.ctx && echo text | tpm2_sign -Q -c $2.ctx -p "$3" -o $2.sig
}
"""


def on(host: str, script: str) -> str:
    """What a script prints that root runs, errors among it; the lab's TPM is the tools' and openssl's."""
    return in_host(host, f"exec 2>&1; {TPM} {script}", check=False)


def fault(*words: str) -> str:
    return lab("tpm", str(SITE), *words).stderr


@pytest.fixture
def keys(site: Path) -> Iterator[str]:
    """The host that has them; without them afterwards."""
    assert site
    assert on("two", MAKE_KEYS) == ""
    yield "two"
    fault("two", "unlock")
    on("two", "tpm2_evictcontrol -Q -C o -c 0x81000001; rm -r /root/keys")


def test_many_programs_use_the_tpm_at_once(keys: str) -> None:
    # a TPM itself has room for three keys
    done = on(keys, SIGN + "for i in 1 2 3 4 5 6; do { sign free $i '' && echo good; } & done; wait")
    assert done.split() == ["good"] * 6
    # what reaches the TPM past the resource manager is served too
    assert on(keys, "tpm2_getrandom -T swtpm:host=127.0.0.1,port=2321 --hex 2 | wc -c") == "4"


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("host", HOSTS)
def test_openssl_signs_with_a_key_of_the_tpm(host: str) -> None:
    request = """
    cd $(mktemp -d)
    openssl genpkey -provider tpm2 -algorithm EC -pkeyopt group:P-256 -out key.pem 2>/dev/null
    grep -c 'BEGIN TSS2 PRIVATE KEY' key.pem
    openssl req -provider tpm2 -provider default -propquery '?provider=tpm2' -new -key key.pem -subj /CN=a -out a.csr
    openssl req -in a.csr -noout -subject
    """
    assert re.fullmatch(r"1\nsubject=CN ?= ?a", on(host, request))


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("host", HOSTS)
def test_resource_manager_is_there_from_boot_on(host: str) -> None:
    unit = "/etc/systemd/system/probe.service"
    in_host(
        host,
        "printf '%s\\n' [Unit] After=tpm2-abrmd.service [Service] Type=oneshot RemainAfterExit=yes"
        " User=nobody SupplementaryGroups=tss Environment=TPM2TOOLS_TCTI=tabrmd:bus_type=system"
        " 'ExecStart=tpm2_getrandom --hex 8'"
        f" [Install] WantedBy=multi-user.target >{unit}; systemctl --quiet enable probe",
    )
    lab("reboot", "--site", str(SITE), host)
    state = in_host(host, "systemctl is-system-running --wait; systemctl is-active probe", check=False)
    assert state == "running\nactive", in_host(host, "journalctl -b --no-pager --lines=80")
    in_host(host, f"systemctl --quiet disable --now probe; rm {unit}")


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("host", HOSTS)
def test_group_tss_may_use_the_tpm(host: str) -> None:
    ask = "setpriv --reuid=nobody --regid=nogroup {} tpm2_getrandom --hex 4 >/dev/null && echo served"
    assert on(host, ask.format("--groups=tss")) == "served"
    assert "could not load tcti" in on(host, ask.format("--clear-groups")).lower()


def test_lockout_and_unlock(keys: str) -> None:
    use = SIGN + "sign free a '' && sign counted b secret && echo good"
    assert on(keys, use) == "good"
    fault(keys, "lockout")
    assert "0x921" in on(keys, use)
    assert on(keys, SIGN + "sign free a ''") == "", "a key with noda is not concerned"
    assert re.search(r"inLockout: *1", on(keys, "tpm2_getcap properties-variable"))
    fault(keys, "unlock")
    assert on(keys, use) == "good"


def test_clear_takes_the_owners_keys_and_leaves_the_certificates(keys: str) -> None:
    certificate = on(keys, EK_CERTIFICATE)
    endorsement = "tpm2_createek -Q -c - -G rsa -u /tmp/ek.pub >/dev/null; sha256sum /tmp/ek.pub"
    before = on(keys, endorsement)
    fault(keys, "clear")
    assert on(keys, "tpm2_getcap handles-persistent") == ""
    assert "0x18b" in on(keys, SIGN + "sign free a ''").lower()
    on(keys, MAKE_STORAGE_KEY)
    assert "0x1df" in on(keys, SIGN + "sign free a ''").lower(), "an old key's blob never loads again"
    assert on(keys, EK_CERTIFICATE) == certificate != ""
    assert on(keys, endorsement) == before


@pytest.mark.usefixtures("site")
def test_slow_and_fast() -> None:
    def seconds() -> float:
        begun = time.monotonic()
        assert len(on("one", "tpm2_getrandom --hex 4")) == 8
        return time.monotonic() - begun

    on("one", "tpm2_getrandom --hex 4")
    fault("one", "slow", "5000")
    try:
        slow = seconds()
    finally:
        fault("one", "fast")
    assert slow > 5
    # a busy machine makes both longer
    assert min(seconds() for _attempt in range(3)) < slow


@pytest.mark.usefixtures("site")
def test_replaced_tpm_is_another_one_in_the_same_host(tmp_path: Path) -> None:
    in_host("one", "touch /var/mark")
    before = on("one", EK_CERTIFICATE)
    assert "a TPM made by 'other'" in fault("one", "replace", "other")
    assert in_host("one", "systemctl is-system-running --wait; rm -v /var/mark").startswith("running\nremoved")
    certificate = on("one", EK_CERTIFICATE)
    assert certificate != before
    (tmp_path / "certificate").write_text(certificate + "\n", encoding="ascii")
    ca = STATE / "tpm-ca" / "other"
    verify = ["openssl", "verify", "-ignore_critical", "-CAfile", ca / "root.pem", "-untrusted", ca / "issuing.pem"]
    done = subprocess.run([*verify, tmp_path / "certificate"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lab("up", str(SITE))
    assert on("one", EK_CERTIFICATE) == certificate
    fault("one", "replace")


@pytest.mark.usefixtures("site")
def test_words_that_make_no_sense() -> None:
    for words, said in (
        (("one", "slow", "much"), "'slow' takes milliseconds"),
        (("one", "slow"), "'slow' takes milliseconds"),
        (("one", "clear", "all"), "'clear' takes no value"),
        (("one", "replace", "A B"), "'A B' is not the name of a manufacturer"),
        (("three", "clear"), "no host 'three'"),
    ):
        done = lab("tpm", str(SITE), *words, check=False)
        assert done.returncode == 1 and said in done.stderr


def test_host_without_certificates_and_host_without_tpm() -> None:
    site = str(HERE / "tpm.yml")

    def run(host: str, script: str) -> str:
        return lab("exec", "--site", site, host, "sh", "-c", f"exec 2>&1; {script}", check=False).stdout.strip()

    lab("up", site)
    try:
        assert run("blank", TPM + "tpm2_getcap handles-nv-index") == ""
        assert run("blank", TPM + "tpm2_getcap handles-persistent").split() == ["-", "0x81010001", "-", "0x81010016"]
        assert "could not load tcti" in run("bare", TPM + "timeout 60 tpm2_getrandom 4").lower()
        assert run("bare", "systemctl is-system-running --wait") == "running"
        assert "bare has no TPM" in lab("tpm", site, "bare", "clear", check=False).stderr
    finally:
        lab("down", site)
