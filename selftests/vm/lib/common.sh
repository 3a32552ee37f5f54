# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What every script here needs: where things are, how to complain, how to lock.

here=${here:?set by the script that sources this}
# shellcheck disable=SC2034  # for the scripts that source this
tree=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/vmq

# An ordinary user's PATH lacks mke2fs, depmod and modinfo.
PATH=$PATH:/usr/sbin:/sbin

say() {
	echo "vm: $*" >&2
}

# 125 is nobody's exit status but ours: what COMMAND returns stays below it.
die() {
	say "$*"
	exit 125
}

# Runs "$@" while no other process of this user holds the lock NAME.
locked() {
	local name=$1 lock
	shift
	mkdir -p "$cache/lock"
	(
		exec {lock}>"$cache/lock/$name"
		flock "$lock" || exit
		"$@"
	)
}

# Runs "$@" with an empty folder as last argument, and renames that folder to
# DIR when it succeeded: DIR is complete or not there at all. The caller holds a
# lock, so what an interrupted run left can go.
atomically() {
	local dir=$1 tmp
	shift
	mkdir -p "$(dirname "$dir")"
	rm -rf "$dir".??????
	tmp=$(mktemp -d "$dir.XXXXXX") || return
	chmod 755 "$tmp"
	if ("$@" "$tmp"); then
		mv -T "$tmp" "$dir"
	else
		rm -rf "$tmp"
		return 1
	fi
}

# Sets kind, version, suites, package and build from the row NAME of kernels.
# shellcheck disable=SC2034
row() {
	local name
	while read -r name kind version suites package build; do
		[[ $name == "$1" ]] && return
	done < <(grep -v '^#' "$here/kernels")
	die "no kernel named $1: $(awk '$2 ~ /^(image|build)$/ { printf "%s ", $1 }' "$here/kernels")are there"
}
