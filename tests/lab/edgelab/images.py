# SPDX-License-Identifier: GPL-3.0-or-later
"""The base images: one per Debian release for hosts, one for the boards that hold address and TPM.

From the registry's debian image where a registry answers, else from an apt mirror with mmdebstrap.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from . import mirror
from .errors import LabError
from .lock import locked
from .paths import LAB
from .podman import Podman
from .progress import say
from .shell import as_root, run_long

REGISTRY = "docker.io/library/debian"
REGISTRY_URL = "https://registry-1.docker.io/v2/"
REGISTRY_TIMEOUT = 3.0
NEEDED_MIB = 2500
PREFIX = "localhost/edgelab/"
# how long an image of former contents stays, which a clone of another commit may be about to use
KEPT_FOR = "168h"
COMMON = ("iproute2", "procps")
HOST_PACKAGES = (
    *COMMON,
    *(
        "systemd",
        "systemd-sysv",
        "dbus",
        "openssh-server",
        "sudo",
        "python3",
        "python3-apt",
        "ca-certificates",
    ),
    *("openssl", "tpm2-tools", "tpm2-openssl", "tpm2-abrmd", "libtss2-tcti-tabrmd0", "pciutils", "kmod"),
)
# renamed in trixie by the change to 64-bit time
TCTI = {"bookworm": "libtss2-tcti-swtpm0", "trixie": "libtss2-tcti-swtpm0t64"}
BOARD_PACKAGES = (*COMMON, "swtpm", "swtpm-tools", "python3-minimal")
BOARD_RELEASE = "bookworm"


@dataclass(frozen=True)
class Image:
    """What an image is made of; its tag changes with it."""

    kind: str
    release: str
    packages: tuple[str, ...]
    script: Path | None

    @cached_property
    def tag(self) -> str:
        digest = hashlib.sha256("\n".join(self.packages).encode())
        if self.script:
            digest.update(self.script.read_bytes())
        return f"{self.repository}:{self.release}-{digest.hexdigest()[:12]}"

    @property
    def repository(self) -> str:
        return PREFIX + self.kind

    @property
    def step(self) -> str:
        return f"image {self.kind}:{self.release}"


def host_image(release: str) -> Image:
    """The image of a host."""
    return Image("host", release, (*HOST_PACKAGES, TCTI[release]), LAB / "images" / "customize.sh")


def board_image() -> Image:
    """The image of a host's board."""
    return Image("board", BOARD_RELEASE, BOARD_PACKAGES, None)


def listed(podman: Podman, *filters: str) -> list[str]:
    """All tags of the lab's images on this machine, or those that podman's filters let through."""
    names = ("--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={PREFIX}*")
    out = podman("images", *names, *filters).stdout
    return sorted(set(out.split()))


def remove_all(podman: Podman) -> None:
    """Remove the cached images."""
    for tag in listed(podman):
        # one that a container of another site uses stays
        removed = podman("rmi", tag, check=False).returncode == 0
        say(f"{tag}: {'removed' if removed else 'kept, as a site that is up uses it'}")


def ensure(podman: Podman, images: list[Image]) -> None:
    """Build the images that are missing, all at once."""
    if _missing(podman, images):
        with locked(LAB / "images" / "customize.sh", "the images"):
            _build_missing(podman, images)


def _missing(podman: Podman, images: list[Image]) -> list[Image]:
    present = listed(podman)
    return [image for image in dict.fromkeys(images) if image.tag not in present]


def _build_missing(podman: Podman, images: list[Image]) -> None:
    old = listed(podman, "--filter", f"until={KEPT_FOR}")
    missing = _missing(podman, images)  # another command may just have made them
    if not missing:
        return
    _check_disk(podman)
    registry = _registry_answers()
    with ThreadPoolExecutor() as pool:
        for result in [pool.submit(_build, podman, image, registry) for image in missing]:
            result.result()
    for image in missing:
        # tags of former contents; one that a container still uses stays
        outdated = [tag for tag in old if tag.startswith(f"{image.repository}:{image.release}-")]
        if outdated:
            podman("rmi", *outdated, check=False)


def _check_disk(podman: Podman) -> None:
    store = Path(podman("info", "--format", "{{.Store.GraphRoot}}").stdout.strip())
    for place in (store, Path(tempfile.gettempdir())):
        existing = next(path for path in (place, *place.parents) if path.exists())
        free = shutil.disk_usage(existing).free // 2**20
        if free < NEEDED_MIB:
            raise LabError(
                f"{free} MiB free under {place}, the images need {NEEDED_MIB}", "free space there, then again"
            )


def _registry_answers() -> bool:
    try:
        urllib.request.urlopen(REGISTRY_URL, timeout=REGISTRY_TIMEOUT).close()
    except urllib.error.HTTPError:
        return True  # 401: it wants a token, so it is there
    except OSError:
        return False
    return True


def _build(podman: Podman, image: Image, registry: bool) -> None:
    if registry:
        say(f"{image.step}: from the registry's {REGISTRY}:{image.release}")
        try:
            _from_registry(podman, image)
        except LabError as error:
            say(f"{image.step}: the registry's image did not work out, going on with an apt mirror. {error}")
        else:
            say(f"{image.step}: made")
            return
    uri = mirror.find()
    say(f"{image.step}: {'' if registry else 'no registry in reach, so '}with mmdebstrap from {uri}")
    _from_mirror(podman, image, uri)
    say(f"{image.step}: made")


def _from_registry(podman: Podman, image: Image) -> None:
    script = f"COPY {image.script.name} /tmp/customize.sh\nRUN sh /tmp/customize.sh\n" if image.script else ""
    with tempfile.TemporaryDirectory(prefix="edgelab-") as directory:
        context = Path(directory)
        (context / "Containerfile").write_text(
            f"FROM {REGISTRY}:{image.release}\n"
            "RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends"
            f" {' '.join(image.packages)} && rm -rf /var/lib/apt/lists/*\n"
            # keeps packages from starting their services, which a real host does
            f"RUN rm -f /usr/sbin/policy-rc.d\n{script}"
        )
        if image.script:
            shutil.copy(image.script, context)
        podman.long(image.step, "build", *podman.run_options, "--tag", image.tag, str(context))


def _from_mirror(podman: Podman, image: Image, uri: str) -> None:
    if not shutil.which("mmdebstrap"):
        raise LabError(
            "no registry in reach, and mmdebstrap is not installed",
            "run 'make apt', or: apt-get install mmdebstrap",
        )
    with tempfile.TemporaryDirectory(prefix="edgelab-") as directory:
        tar = Path(directory) / "image.tar"
        command = [
            *("mmdebstrap", "--mode=root", "--variant=minbase", "--components=main"),
            '--aptopt=APT::Install-Recommends "false"',
            '--aptopt=Acquire::Languages "none"',
            "--dpkgopt=path-exclude=/usr/share/doc/*",
            "--dpkgopt=path-exclude=/usr/share/man/*",
            "--dpkgopt=path-exclude=/usr/share/locale/*",
            f"--include={','.join(image.packages)}",
        ]
        if image.script:
            command += [
                f"--customize-hook=upload '{image.script}' /customize.sh",
                '--customize-hook=chroot "$1" sh /customize.sh',
                '--customize-hook=rm "$1/customize.sh"',
            ]
        run_long(image.step, as_root([*command, image.release, str(tar), uri]))
        podman.long(f"{image.step}: import", "import", "--quiet", str(tar), image.tag)
