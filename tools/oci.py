#!/usr/bin/env python3
"""Packs the filter as the image that Istio and Envoy Gateway pull.

    tools/oci.py MODULE FOLDER

writes FOLDER/oci, an image layout (OCI Image Format Specification 1.1, "Image Layout"), and FOLDER/switchyard-oci.tar, the
same in one file. The image has one layer, `application/vnd.oci.image.layer.v1.tar+gzip`, with one file, `plugin.wasm`: of
the forms that both take it is the plainest. The same module gives the same bytes: no time but $SOURCE_DATE_EPOCH (or 1970),
no owner, no name. Only another zlib may compress otherwise; the sum of the module itself is in the image's labels.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import sys
import tarfile
import time
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
# RFC 1952: deflate, no name, no time, no extra flags, an unknown system.
GZIP_HEAD = bytes.fromhex("1f8b08000000000000ff")


def sha256(data: bytes) -> str:
    """As images write it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def tar(files: dict[str, bytes], epoch: int) -> bytes:
    """An archive of these files, and of the folders that they are in, in this order. Nobody's, and of one time."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        folders: set[str] = set()
        for name, data in files.items():
            for folder in reversed([str(parent) for parent in Path(name).parents if str(parent) != "."]):
                if folder not in folders:
                    folders.add(folder)
                    archive.addfile(entry(folder, epoch, kind=tarfile.DIRTYPE, mode=0o755))
            archive.addfile(entry(name, epoch, size=len(data)), io.BytesIO(data))
    return out.getvalue()


def entry(name: str, epoch: int, kind: bytes = tarfile.REGTYPE, mode: int = 0o644, size: int = 0) -> tarfile.TarInfo:
    """What stands before a file in an archive."""
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.mtime, info.size = kind, mode, epoch, size
    return info


def gzip(data: bytes) -> bytes:
    """Without the name and time that the library would write; it cannot be told to leave out the system."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(data) + deflate.flush()
    return GZIP_HEAD + body + zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")


def encode(value: object) -> bytes:
    """JSON with a fixed order and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def descriptor(media_type: str, data: bytes, **more: object) -> dict:
    """How one blob names another."""
    return {"mediaType": media_type, "digest": sha256(data), "size": len(data), **more}


def image(module: bytes, version: str, epoch: int) -> tuple[dict[str, bytes], dict]:
    """The files of the layout, and the descriptor of the manifest."""
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))
    archive = tar({"plugin.wasm": module}, epoch)
    layer = gzip(archive)
    labels = {
        "org.opencontainers.image.title": "switchyard",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.licenses": "Apache-2.0",
        "wasm.sha256": hashlib.sha256(module).hexdigest(),
    }
    config = encode({
        "created": created,
        # What `FROM scratch` gives. Nothing is run; but tools that pick an image by platform pass over one of another.
        "architecture": "amd64",
        "os": "linux",
        "config": {"Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": [sha256(archive)]},
        "history": [{"created": created, "created_by": "COPY plugin.wasm ./"}],
    })
    manifest = encode({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(CONFIG, config),
        "layers": [descriptor(LAYER, layer)],
        "annotations": {**labels, "org.opencontainers.image.created": created},
    })
    named = descriptor(MANIFEST, manifest, annotations={"org.opencontainers.image.ref.name": version})
    index = encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": [named]})
    files = {"oci-layout": encode({"imageLayoutVersion": "1.0.0"}), "index.json": index}
    for blob in (manifest, config, layer):
        files[f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}"] = blob
    return files, named


def write(files: dict[str, bytes], folder: Path, epoch: int) -> None:
    """Both forms, each in one move, so that nobody sees half of it."""
    new, there = folder / "oci.new", folder / "oci"
    shutil.rmtree(new, ignore_errors=True)
    for name, data in files.items():
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        (new / name).write_bytes(data)
    shutil.rmtree(there, ignore_errors=True)
    new.rename(there)
    part = folder / "switchyard-oci.tar.new"
    part.write_bytes(tar(files, epoch))
    part.rename(folder / "switchyard-oci.tar")


def package_version() -> str:
    """The version in Cargo.toml."""
    found = re.search(r'^version = "([^"]+)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    if found is None:
        raise SystemExit("oci: Cargo.toml has no version")
    return found[1]


def main() -> None:
    """Reads the module, writes the image, says its sums."""
    if len(sys.argv) != 3:
        raise SystemExit("usage: tools/oci.py MODULE FOLDER")
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    module = source.read_bytes()
    if not module.startswith(b"\0asm"):
        raise SystemExit(f"oci: {source} is no WebAssembly module")
    stated = os.environ.get("SOURCE_DATE_EPOCH", "0")
    if not stated.isdecimal():
        raise SystemExit("oci: SOURCE_DATE_EPOCH must be a number of seconds since 1970")
    version, epoch = package_version(), int(stated)
    files, named = image(module, version, epoch)
    write(files, folder, epoch)
    print(f"oci: module  sha256:{hashlib.sha256(module).hexdigest()}")
    print(f"oci: image   {named['digest']}")
    print(f"oci: {folder}/oci and {folder}/switchyard-oci.tar, tag {version}")


if __name__ == "__main__":
    main()
