# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A folder with another suite's compiler, for kernels whose build tools need a
# newer C library than the host has. Packages are unpacked into it, not
# installed: nothing in them has to run as root.

# gcc-14 is what the kernels of trixie-backports are built with.
chroot_packages=(base-files bash coreutils dash findutils gcc-14 grep libelf1t64
	libssl3t64 make mawk perl-base sed zlib1g)

# Prints the folder of SUITE, making it if needed.
chroot_folder() {
	local dir=$cache/chroot/$1
	if [[ ! -d $dir ]]; then
		locked "chroot-$1" chroot_make "$1" "$dir" >&2 || die "cannot make a folder with $1's compiler"
	fi
	echo "$dir"
}

chroot_make() {
	[[ ! -d $2 ]] || return 0
	say "fetching the compiler of $1 into the cache"
	apt_state "$1"
	atomically "$2" chroot_fill
}

chroot_fill() {
	local to=$1 deb
	mkdir -p "$to/var/debs/partial"
	apt_get -y --download-only -o Dir::Cache::archives="$to/var/debs" -o Debug::NoLocking=1 \
		install "${chroot_packages[@]}" >/dev/null || return
	# First of all the links that make /bin and /lib part of /usr.
	for deb in "$to"/var/debs/base-files_*.deb "$to"/var/debs/*.deb; do
		dpkg-deb -x "$deb" "$to" || return
	done
	rm -r "$to/var/debs"
	# What the maintainer scripts would have linked.
	ln -sf mawk "$to/usr/bin/awk" && ln -sf bash "$to/usr/bin/sh"
	mkdir -p "$to"/{proc,dev,tmp}
}

# Runs "$@" in the folder of SUITE, with the cache at its usual place. Mounts end
# with the command: it has a mount and a process namespace of its own.
chroot_run() {
	local root new=(unshare --mount --pid --fork)
	root=$(chroot_folder "$1") || return
	shift
	[[ $(id -u) == 0 ]] || new+=(--user --map-root-user)
	"${new[@]}" true 2>/dev/null ||
		die "kernel $kernel is built in a chroot: needs root, or user namespaces (sysctl kernel.unprivileged_userns_clone=1)"
	# shellcheck disable=SC2016  # for the inner shell
	"${new[@]}" sh -ec '
		root=$1 cache=$2
		shift 2
		mount -t proc proc "$root/proc" 2>/dev/null || mount --rbind /proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs tmpfs "$root/tmp"
		mkdir -p "$root$cache"
		mount --rbind "$cache" "$root$cache"
		exec chroot "$root" env -i PATH=/usr/bin HOME=/tmp LC_ALL=C "$@"
	' - "$root" "$cache" "$@"
}
