# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Builds the module for one kernel, in a copy of its sources under the cache: the
# tree stays clean and every kernel keeps its own objects.

# Builds the tree's module for kernel NAME in DIR, and copies it to KO while no
# other run can replace it.
module_build() {
	local copy
	[[ -f $tree/Kbuild ]] || die "no Kbuild in $tree: nothing to load (-n boots without the module)"
	copy=$cache/build/$1/$(sha256sum <<<"$tree" | cut -c1-16)
	locked "build-$1-$(basename "$copy")" module_make "$2" "$copy" "$3" >&2 ||
		die "the module does not build for $1"
}

# What rsync did not change needs no make: its second of start-up counts when a
# run takes five. Another kernel, though, wants all anew, if only its configuration
# differs: .built names the one in DIR. Type information would need pahole, for nothing here.
module_make() {
	local dir=$1 copy=$2 ko=$3 sources=() name kernel built changed
	for name in Kbuild module uapi common; do
		[[ -e $tree/$name ]] && sources+=("$tree/$name")
	done
	kernel="$dir $(<"$dir/version")"
	built=$(cat "$copy/.built" 2>/dev/null)
	[[ $built == "$kernel" ]] || rm -rf "$copy"
	mkdir -p "$copy"
	rm -f "$copy/.built"
	changed=$(rsync -rl --checksum --delete --out-format=%n --exclude='.*' \
		--exclude='*.o' --exclude='*.ko' --exclude='*.mod' --exclude='*.mod.c' \
		--exclude=modules.order --exclude=Module.symvers \
		"${sources[@]}" "$copy/") || return
	if [[ $changed || $built != "$kernel" ]]; then
		build_in "$build" make -s -C "$(readlink -f "$dir/headers")" M="$copy" modules \
			CONFIG_DEBUG_INFO_BTF_MODULES= PAHOLE_VERSION= CONFIG_PAHOLE_VERSION= || return
	fi
	echo "$kernel" >"$copy/.built"
	cp "$copy/vmq.ko" "$ko"
}

# Runs "$@" with the tools of BUILD, a column of the table of kernels.
build_in() {
	local where=$1
	shift
	if [[ $where == host ]]; then
		"$@"
	else
		chroot_run "$where" "$@"
	fi
}
