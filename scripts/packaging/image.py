#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""image.py PROGRAM VERSION EPOCH OUT: an image for containers with one static program.

OUT is a tar with an OCI image layout, and manifest.json for `docker load`. The same arguments give
the same bytes. No daemon takes part.
"""
import gzip
import hashlib
import io
import json
import platform
import sys
import tarfile
import time

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
# The user of the tunnel process; the numbers have no meaning outside.
PASSWD = "root:x:0:0:root:/:/sbin/nologin\nxtunnel:x:100:100:xtunnel tunnel process:/:/sbin/nologin\n"
GROUP = "root:x:0:\nxtunnel:x:100:\n"
TMP = ("tmp", 0o1777)
FOLDERS = [("etc", 0o755), ("etc/xtunnel", 0o750), ("run", 0o755), TMP, ("usr", 0o755),
           ("usr/bin", 0o755), ("var", 0o755), ("var/lib", 0o755), ("var/lib/xtunnel", 0o700)]


def entry(name, mode, epoch, size=None):
    info = tarfile.TarInfo(name)
    info.mode, info.mtime = mode, epoch
    info.type = tarfile.DIRTYPE if size is None else tarfile.REGTYPE
    info.size = size or 0
    return info


def layer_make(program, epoch):
    out = io.BytesIO()
    files = [("etc/passwd", 0o644, PASSWD.encode()), ("etc/group", 0o644, GROUP.encode()),
             ("usr/bin/xtunnel", 0o755, program)]
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, mode in FOLDERS:
            tar.addfile(entry(name, mode, epoch))
        for name, mode, data in files:
            tar.addfile(entry(name, mode, epoch, len(data)), io.BytesIO(data))
        run = entry("var/run", 0o777, epoch)  # where wg(8) looks for sockets
        run.type, run.linkname = tarfile.SYMTYPE, "../run"
        tar.addfile(run)
    return out.getvalue()


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def blob_name(data):
    return "blobs/sha256/" + hashlib.sha256(data).hexdigest()


def descriptor(kind, data, **more):
    return {"mediaType": "application/vnd.oci.image." + kind, "digest": digest(data),
            "size": len(data), **more}


def json_bytes(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def main():
    path, version, epoch, out = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    with open(path, "rb") as file:
        layer = layer_make(file.read(), epoch)
    packed = gzip.compress(layer, 9, mtime=0)
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))
    config = json_bytes({
        "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()), "os": "linux",
        "created": created,
        "config": {"Entrypoint": ["/usr/bin/xtunnel"], "Cmd": ["run", "wg0"],
                   "Env": ["PATH=/usr/bin"], "StopSignal": "SIGTERM", "WorkingDir": "/",
                   "ExposedPorts": {"51820/udp": {}},
                   "Labels": {"org.opencontainers.image.title": "xtunnel",
                              "org.opencontainers.image.version": version,
                              "org.opencontainers.image.licenses": "MIT"}},
        "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
        "history": [{"created": created, "created_by": "scripts/package image"}]})
    manifest = json_bytes({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("config.v1+json", config),
        "layers": [descriptor("layer.v1.tar+gzip", packed)]})
    # podman and containerd give an image the one name of the index: the one of conf/*.yaml. docker
    # gives it those of manifest.json.
    index = json_bytes({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [descriptor("manifest.v1+json", manifest, annotations={
            "org.opencontainers.image.ref.name": "latest",
            "io.containerd.image.name": "docker.io/library/xtunnel:latest"})]})
    load = json_bytes([{"Config": blob_name(config), "Layers": [blob_name(packed)],
                        "RepoTags": [f"xtunnel:{version}", "xtunnel:latest"]}])
    files = [("blobs", None), ("blobs/sha256", None), ("index.json", index),
             ("manifest.json", load), ("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')]
    files += sorted((blob_name(data), data) for data in (config, manifest, packed))
    with tarfile.open(out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files:
            tar.addfile(entry(name, 0o755 if data is None else 0o644, epoch,
                              None if data is None else len(data)),
                        io.BytesIO(data or b""))


main()
