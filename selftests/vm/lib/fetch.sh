# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# From a row of the table of kernels to an unpacked folder in the cache:
#   DIR/version        the package version that was taken
#   DIR/release        uname -r of it
#   DIR/vmlinuz        the image
#   DIR/root/          the packages' files; headers in DIR/headers
# and for a source:
#   DIR/tree/          the extracted part of it

# Prints the folder of kernel or source NAME, fetching it if needed.
fetch() {
	local dir
	row "$1"
	dir=$cache/kernels/$1_$version
	[[ $kind != build ]] || dir+=_$(build_key "$1")
	if [[ ! -d $dir ]]; then
		locked "fetch-$suites" fetch_row "$1" "$dir" >&2 || die "could not fetch $1"
	fi
	if [[ $(<"$dir/version") != "$version" ]]; then
		say "$1: $version has gone from the archive, using $(<"$dir/version")"
	fi
	echo "$dir"
}

fetch_row() {
	[[ ! -d $2 ]] || return 0
	kernel_row=$1
	if [[ $kind != build ]]; then
		say "$1: fetching $version into the cache"
		apt_state "$suites"
	fi
	atomically "$2" "fetch_$kind"
}

# An image counts only when headers of its version are there too.
fetch_image() {
	local dir=$1 found taken release packages image
	found=$(versions "linux-image-$package-cloud-amd64" | while read -r taken release; do
		release=${release#linux-image-}
		apt_cache show "linux-headers-$release=$taken" >/dev/null 2>&1 &&
			echo "$taken $release"
	done | pick "$version") || die "no image with headers of $version or newer"
	read -r taken release <<<"$found"

	mapfile -t packages < <(together "$release" "$taken")
	download "$dir" "${packages[@]}" || return
	echo "$taken" >"$dir/version"
	echo "$release" >"$dir/release"
	image=$(cd "$dir" && find root -type f -name 'vmlinuz*') && [[ $image ]] || return
	ln -s "$image" "$dir/vmlinuz"
	ln -s "root/usr/src/linux-headers-$release" "$dir/headers"
	merge_usr "$dir/root"
	relocate "$dir/root/usr/src/linux-headers-$release" "${dir%.*}/root"
	depmod -b "$dir/root" "$release"
}

# Image and headers of RELEASE with those of their dependencies that come from
# the same source, and so have the same VERSION: newer kernels are cut into more
# packages. One PACKAGE=VERSION a line.
together() {
	local names=("linux-image-$1" "linux-headers-$1") i
	for ((i = 0; i < ${#names[@]}; i++)); do
		echo "${names[i]}=$2"
		mapfile -t -O ${#names[@]} names < <(apt_cache show "${names[i]}=$2" |
			sed -n 's/^Depends: //p' | tr ',' '\n' | sed 's/^ *//; s/ .*//' |
			grep -E '^linux-(base|binary|modules|headers|kbuild)-[0-9]' |
			grep -vxF -f <(printf '%s\n' "${names[@]}"))
	done
}

# Newer images have their modules in /usr/lib; depmod and we look in /lib.
merge_usr() {
	[[ -d $1/lib/modules ]] && return
	mkdir -p "$1/lib" && ln -s ../usr/lib/modules "$1/lib/modules"
}

# A headers package names itself and its other half by absolute path; DEST is
# where the unpacked packages will be.
relocate() {
	local headers=$1 dest=$2
	sed -i "s,\([ =]\)/usr/\(src\|lib\)/linux-,\1$dest/usr/\2/linux-," "$headers/Makefile" \
		"$headers/.kernelvariables"
	! grep -rIl --include=Makefile --include='*.mk' --include='.kernelvariables' \
		'[ =]/usr/\(src\|lib\)/linux-' "$headers/" ||
		die "headers with an absolute path that is not known here"
}

# The tests' harness and the style checker; the rest stays packed.
fetch_source() {
	local dir=$1 taken name
	read -r taken name < <(versions "$package" | pick "$version") ||
		die "no $package of $version or newer"
	download "$dir" "$name=$taken" || return
	echo "$taken" >"$dir/version"
	mv "$dir/root/usr/src/$package.tar.xz" "$dir/linux.tar.xz" && rm -r "$dir/root" || return
	mkdir "$dir/tree"
	tar -xJf "$dir/linux.tar.xz" -C "$dir/tree" --strip-components=1 \
		"$package"/tools/testing/selftests/{kselftest.h,kselftest_harness.h,lib.mk,mm,vm} \
		"$package"/tools/{vm,mm} \
		"$package"/scripts/{checkpatch.pl,spelling.txt,const_structs.checkpatch} 2>"$dir/tar.log" ||
		[[ -s $dir/tree/scripts/checkpatch.pl && -s $dir/tree/tools/testing/selftests/kselftest_harness.h ]]
}
