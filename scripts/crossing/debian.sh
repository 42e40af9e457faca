# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Binary packages of Debian for another processor, unpacked as the root of a cross compiler. apt's
# state is in the cache, so that the host's own sources and architectures stay as they are, and the
# signatures are verified by Debian's keyring.

# debian_root SUITE ARCHITECTURE FOLDER [--alone] PACKAGE…: the packages and what they depend on
# (--alone: without that), under FOLDER/root. Nothing is done when FOLDER has just these already.
debian_root() {
	local suite=$1 architecture=$2 folder=$3
	local apt package wanted keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	wanted="$suite $architecture ${*:4}"
	shift 3
	local get=(install -y --download-only)
	[ "$1" != --alone ] || {
		get=(download)
		shift
	}
	[ "$(cat "$folder/made" 2>/dev/null)" != "$wanted" ] || return 0
	[ -r "$keyring" ] || cross_fail "$keyring is missing (package debian-archive-keyring)"
	rm -rf "$folder"
	mkdir -p "$folder"/lists/partial "$folder"/archives/partial "$folder"/root
	: >"$folder/status"
	echo "deb [signed-by=$keyring] http://deb.debian.org/debian $suite main" >"$folder/sources"
	apt=(apt-get -q -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture"
		-o "Dir::Etc::sourcelist=$folder/sources" -o Dir::Etc::sourceparts=-
		-o "Dir::State=$folder" -o "Dir::State::lists=$folder/lists"
		-o "Dir::State::status=$folder/status" -o "Dir::Cache=$folder"
		-o "Dir::Cache::archives=$folder/archives" -o Acquire::Languages=none
		-o APT::Install-Recommends=false -o APT::Sandbox::User=root -o Acquire::Retries=3)
	(cd "$folder/archives" && "${apt[@]}" update && "${apt[@]}" "${get[@]}" "$@") \
		>"$folder/log" 2>&1 </dev/null || {
		tail -n 5 "$folder/log" >&2
		cross_fail "no packages of Debian $suite for $architecture: $folder/log"
	}
	for package in "$folder"/archives/*.deb; do
		dpkg-deb -x "$package" "$folder/root" || cross_fail "$package cannot be unpacked"
	done
	debian_links "$folder/root"
	(cd "$folder/archives" && sha256sum -- *.deb) >"$folder/SHA256SUMS"
	rm -rf "$folder/lists" "$folder/archives" "$folder"/*.bin
	echo "$wanted" >"$folder/made"
}

# Absolute links lead out of the root: they are made relative.
debian_links() {
	local root=$1 link to
	find "$root" -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
		to=$root$(readlink "$link")
		ln -sfn "$(realpath -m -s --relative-to="$(dirname "$link")" "$to")" "$link"
	done
}
