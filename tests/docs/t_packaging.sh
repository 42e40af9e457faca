#!/bin/bash
# SPDX-License-Identifier: MIT
# What can be checked of packages without building one: versions agree, the source tarball is the
# same twice and complete without git, the image is a valid one, scripts of packages parse.
# timeout: 300
set -u
here=${XT_SOURCE:?}
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
fail() {
	echo "FAIL: $*"
	exit 1
}
cd "$here" || exit 1
unset SOURCE_DATE_EPOCH

version=$(sed -n 's/^project(xtunnel VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
debian=$(sed -n '1s/^xtunnel (\(.*\)-[0-9]*) .*/\1/p' scripts/packaging/debian/changelog)
[ -n "$version" ] && [ "$debian" = "$version" ] ||
	fail "CMakeLists.txt is of $version, scripts/packaging/debian/changelog of $debian"
soname=$(sed -n 's/^set(XT_SOVERSION \([0-9]*\))/\1/p' scripts/cmake/XtLibrary.cmake)
grep -qx "Package: libxtunnel$soname" scripts/packaging/debian/control ||
	fail "no package libxtunnel$soname, as XT_SOVERSION has it"
echo "ok: versions"

package() { XT_PACKAGES=$T/$1 "$2/scripts/package" source >"$T/out" 2>&1 || fail "source: $(cat "$T/out")"; }
package one .
package two .
tarball=xtunnel-$version.tar.xz
cmp -s "$T/one/$tarball" "$T/two/$tarball" || fail "two source tarballs differ"
tar -C "$T" -xf "$T/one/$tarball" || fail "the tarball cannot be unpacked"
tree=$T/xtunnel-$version
for file in CMakeLists.txt LICENSE README.md conf/xtunnel.conf.example scripts/package; do
	[ -s "$tree/$file" ] || fail "$file is not in the tarball"
done
[ ! -e "$tree/.git" ] && [ ! -e "$tree/build" ] || fail "more than the sources"
# From the unpacked tree, which has no git, come the same files.
package three "$tree"
diff <(tar -tf "$T/one/$tarball" | sed 's,/$,,' | sort) \
	<(tar -tf "$T/three/$tarball" | sed 's,/$,,' | sort) >"$T/diff" || fail "without git: $(cat "$T/diff")"
scripts/package nonsense >"$T/out" 2>&1
[ $? = 2 ] && grep -q "unknown word nonsense" "$T/out" || fail "an unknown word: $(cat "$T/out")"
echo "ok: source tarball"

printf program >"$T/program"
for name in a b; do
	scripts/packaging/image.py "$T/program" "$version" 1700000000 "$T/$name.tar" || fail "image.py"
done
cmp -s "$T/a.tar" "$T/b.tar" || fail "two images differ"
python3 - "$T/a.tar" <<'EOF' || fail "the image"
import gzip, hashlib, io, json, sys, tarfile
tar = tarfile.open(sys.argv[1])
read = lambda name: tar.extractfile(name).read()
def blob(item):
    data = read("blobs/sha256/" + item["digest"].split(":")[1])
    assert item["digest"] == "sha256:" + hashlib.sha256(data).hexdigest() and item["size"] == len(data)
    return data
assert json.loads(read("oci-layout"))["imageLayoutVersion"] == "1.0.0"
manifest = json.loads(blob(json.loads(read("index.json"))["manifests"][0]))
config = json.loads(blob(manifest["config"]))
layer = gzip.decompress(blob(manifest["layers"][0]))
assert config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(layer).hexdigest()]
assert config["config"]["Entrypoint"] == ["/usr/bin/xtunnel"]
files = {i.name: i for i in tarfile.open(fileobj=io.BytesIO(layer))}
assert [n for n, i in files.items() if i.isfile() and i.mode & 0o111] == ["usr/bin/xtunnel"]
assert files["var/lib/xtunnel"].mode == 0o700 and files["etc/xtunnel"].mode == 0o750
index = json.loads(read("index.json"))["manifests"][0]["annotations"]
load = json.loads(read("manifest.json"))[0]
# The name that conf/ and docs/packaging.md start, whichever program loads the image.
assert index["io.containerd.image.name"] == "docker.io/library/xtunnel:latest"
assert index["org.opencontainers.image.ref.name"] == "latest" and "xtunnel:latest" in load["RepoTags"]
assert read(load["Config"]) and read(load["Layers"][0])
EOF
echo "ok: image"

for file in scripts/packaging/debian/xtunnel.{p*,config} scripts/packaging/alpine/* conf/openrc/* \
	conf/freebsd/* conf/openbsd/*; do
	sh -n "$file" || fail "$file"
done
# Each verb of rc.d(8) is one of the program, for the instance that the name of the link says.
mkdir "$T/rc.d"
cat >"$T/rc.d/rc.subr" <<'EOF'
rc_cmd() { "rc_$1"; }
EOF
printf '#!/bin/sh\necho "$@" >>"%s/calls"\n' "$T" >"$T/program"
chmod 755 "$T/program"
sed "s,/etc/rc.d,$T/rc.d,; s,/usr/local/sbin/xtunnel,$T/program," conf/openbsd/xtunnel >"$T/rc.d/xtunnel"
chmod 755 "$T/rc.d/xtunnel"
ln -s xtunnel "$T/rc.d/xtunnel_tun7"
for verb in start check reload stop; do
	sh "$T/rc.d/xtunnel_tun7" $verb || fail "conf/openbsd/xtunnel $verb"
done
[ "$(tr '\n' ' ' <"$T/calls")" = "up tun7 show tun7 reload tun7 down tun7 " ] || fail "rc.d of OpenBSD: $(cat "$T/calls")"
python3 - conf/macos/*.plist <<'EOF' || fail "a plist of launchd"
import plistlib, sys
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        plist = plistlib.load(file)
    name = plist["ProgramArguments"][2]
    assert plist["Label"] == "xtunnel." + name, path
    assert path.endswith(plist["Label"] + ".plist"), path
    assert plist["StandardErrorPath"] == f"/var/log/{plist['Label']}.log", path
EOF
[ -x scripts/packaging/debian/rules ] || fail "debian/rules is not executable"
if command -v rpmspec >/dev/null; then
	sed "s/@VERSION@/$version/; s/^@CHANGELOG@/* Mon Nov 30 2026 A <a@example.org> - $version-1/" \
		scripts/packaging/xtunnel.spec >"$T/xtunnel.spec"
	rpmspec -P "$T/xtunnel.spec" >"$T/out" 2>&1 || fail "xtunnel.spec: $(cat "$T/out")"
fi
# The APKBUILD in a shell: abuild reads it so. What it names is there, with that hash.
XT_PACKAGES=$T/apk scripts/package apk >"$T/out" 2>&1 || fail "apk: $(cat "$T/out")"
(
	cd "$T/apk/alpine" || exit 1
	sh -eu -c '. ./APKBUILD
		[ "$pkgname" = xtunnel ] && [ "$pkgver" = "$1" ] && [ "$license" = MIT ] || exit 1
		for file in $source $install; do [ -s "$file" ] || { echo "no $file"; exit 1; }; done
		for name in build check package libs; do
			command -V $name | grep -q function || { echo "no $name()"; exit 1; }
		done
		printf "%s\n" "$sha512sums" | sed "/^$/d" | sha512sum -c --quiet --strict' sh "$version"
) >"$T/out" 2>&1 || fail "APKBUILD: $(cat "$T/out")"
for group in xtunnel xtunnel-observer; do
	grep -q "addgroup -S $group " scripts/packaging/alpine/xtunnel.pre-install || fail "apk: no group $group"
	grep -q "groupadd -r $group$" scripts/packaging/xtunnel.spec || fail "rpm: no group $group"
done
# An update may restart no instance.
grep -nE 'systemctl .*restart|invoke-rc.d|deb-systemd-invoke (re)?start' \
	scripts/packaging/debian/xtunnel.postinst scripts/packaging/xtunnel.spec |
	grep -vE 'echo|xtunnel-exporter' && fail "an update restarts instances"
echo "ok: scripts"
