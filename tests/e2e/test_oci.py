"""The image of the filter, read back as those read it that pull it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ENV, pool_file

from rig.envoy import ROOT, WASM
from rig.gateway import Gateway
from rig.provider import Provider

HI = {"model": "claude-only", "messages": [{"role": "user", "content": "Hello"}]}
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"

Blobs = Callable[[str], bytes]


def pack(folder: Path, module: Path = WASM, **env: str) -> Path:
    """The image, as `make oci` writes it."""
    command = [sys.executable, str(ROOT / "tools" / "oci.py"), str(module), str(folder)]
    clean = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**clean, **env})
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image of the filter under test."""
    return pack(tmp_path_factory.mktemp("oci"))


def of_layout(layout: Path) -> Blobs:
    """The blobs of an image layout; each has the digest that it is asked for by."""

    def blob(digest: str) -> bytes:
        kind, _, value = digest.partition(":")
        data = (layout / "blobs" / kind / value).read_bytes()
        assert hashlib.new(kind, data).hexdigest() == value, digest
        return data

    return blob


def of_archive(path: Path) -> tuple[dict, Blobs]:
    """The index and the blobs of an image layout in one file."""
    with tarfile.open(path) as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}
    return json.loads(files["index.json"]), lambda digest: files[f"blobs/{digest.replace(':', '/')}"]


def module(manifest: dict, blob: Blobs, layer_type: str) -> bytes:
    """What Istio's image fetcher and Envoy Gateway's, which comes from it, take out of an image with this manifest: the last layer,
    gunzipped, of which the file `plugin.wasm`. They also compare the layer with what the configuration says of it."""
    layer = manifest["layers"][-1]
    assert layer["mediaType"] == layer_type
    data = blob(layer["digest"])
    assert len(data) == layer["size"]
    unpacked = gzip.decompress(data)
    config = json.loads(blob(manifest["config"]["digest"]))
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(unpacked).hexdigest()}"]
    with tarfile.open(fileobj=io.BytesIO(unpacked)) as archive:
        assert archive.getnames() == ["plugin.wasm"]
        return archive.extractfile("plugin.wasm").read()


def manifest_of(index: dict, blob: Blobs) -> dict:
    """The one manifest of an index."""
    [named] = index["manifests"]
    data = blob(named["digest"])
    assert len(data) == named["size"]
    manifest = json.loads(data)
    assert manifest["mediaType"] == named["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    return manifest


def test_it_is_read_back(packed: Path) -> None:
    """Folder and file give the module, and every digest on the way is right."""
    layout = packed / "oci"
    assert json.loads((layout / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads((layout / "index.json").read_text())
    assert module(manifest_of(index, of_layout(layout)), of_layout(layout), OCI_LAYER) == WASM.read_bytes()
    index, blob = of_archive(packed / "switchyard-oci.tar")
    assert module(manifest_of(index, blob), blob, OCI_LAYER) == WASM.read_bytes()


def test_it_says_which_module_it_has(packed: Path) -> None:
    """A label has the module's own sum, which no packing changes."""
    blob = of_layout(packed / "oci")
    manifest = manifest_of(json.loads((packed / "oci" / "index.json").read_text()), blob)
    config = json.loads(blob(manifest["config"]["digest"]))
    assert config["config"]["Labels"]["wasm.sha256"] == hashlib.sha256(WASM.read_bytes()).hexdigest()
    assert config["created"] == "1970-01-01T00:00:00Z"


def test_the_same_module_gives_the_same_bytes(packed: Path, tmp_path: Path) -> None:
    """Whatever the time and the owner of the file; and what is told of the time is in it."""
    copy = tmp_path / "other-name.wasm"
    copy.write_bytes(WASM.read_bytes())
    again = pack(tmp_path / "again", copy)
    assert (again / "switchyard-oci.tar").read_bytes() == (packed / "switchyard-oci.tar").read_bytes()
    dated = pack(tmp_path / "dated", copy, SOURCE_DATE_EPOCH="1750000000")
    assert (dated / "switchyard-oci.tar").read_bytes() != (packed / "switchyard-oci.tar").read_bytes()
    _, blob = of_archive(dated / "switchyard-oci.tar")
    manifest = manifest_of(json.loads((dated / "oci" / "index.json").read_text()), blob)
    assert json.loads(blob(manifest["config"]["digest"]))["created"] == "2025-06-15T15:06:40Z"


def test_what_is_no_module_is_refused(tmp_path: Path) -> None:
    """Nothing is written then."""
    (tmp_path / "no.wasm").write_text("no module")
    command = [sys.executable, str(ROOT / "tools" / "oci.py"), str(tmp_path / "no.wasm"), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "is no WebAssembly module" in done.stderr
    assert not (tmp_path / "out").exists()


def test_skopeo_takes_it(packed: Path, tmp_path: Path) -> None:
    """A real tool copies it: as it is, in the Docker form that the same readers take, and as an archive for a daemon."""
    skopeo = shutil.which("skopeo")
    if skopeo is None:
        pytest.skip("skipped: test_oci.py: skopeo, which copies images, is not installed")

    def copy(*arguments: str) -> None:
        done = subprocess.run([skopeo, "copy", "--insecure-policy", *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def in_folder(folder: Path) -> tuple[dict, Blobs]:
        manifest = json.loads((folder / "manifest.json").read_text())
        return manifest, lambda digest: (folder / digest.partition(":")[2]).read_bytes()

    copy(f"oci:{packed}/oci", f"dir:{tmp_path}/oci")
    assert module(*in_folder(tmp_path / "oci"), OCI_LAYER) == WASM.read_bytes()
    copy("--format", "v2s2", f"oci-archive:{packed}/switchyard-oci.tar", f"dir:{tmp_path}/docker")
    manifest, blob = in_folder(tmp_path / "docker")
    assert manifest["mediaType"] == "application/vnd.docker.distribution.manifest.v2+json"
    assert module(manifest, blob, DOCKER_LAYER) == WASM.read_bytes()
    copy(f"oci:{packed}/oci", f"docker-archive:{tmp_path}/docker.tar:switchyard:test")


def test_envoy_runs_what_is_in_it(packed: Path, tmp_path: Path, openai_provider: Provider, claude_provider: Provider) -> None:
    """The module out of the image serves a request in real Envoy."""
    index, blob = of_archive(packed / "switchyard-oci.tar")
    path = tmp_path / "plugin.wasm"
    path.write_bytes(module(manifest_of(index, blob), blob, OCI_LAYER))
    gateway = Gateway(tmp_path / "gateway", pool_file(openai_provider, claude_provider), ENV, wasm=path)
    try:
        reply = gateway.client().chat(HI)
        assert reply.status == 200, reply.body
        assert len(claude_provider.requests) == 1 and not openai_provider.requests
        assert not (found := gateway.new_problems()), found
    finally:
        gateway.stop()
