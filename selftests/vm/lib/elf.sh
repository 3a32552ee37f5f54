# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What a dynamically linked program needs besides itself.

# The folders the dynamic loader searches without being told.
loader_defaults=" /lib/x86_64-linux-gnu /lib64 /lib "

# Copies the libraries and the ELF interpreter of every program and library in
# PATH (a file or folder) to the same place under TO.
add_libraries() {
	local file lib
	while IFS= read -r -d '' file; do
		is_elf "$file" || continue
		needed "$file"
	done < <(find -L "$1" -type f -print0) | sort -u | while read -r lib; do
		add_library "$lib" "$2"
	done
}

is_elf() {
	local magic
	IFS= read -r -n 4 -d '' magic <"$1" 2>/dev/null
	[[ $magic == $'\177ELF' ]]
}

# One path per line. The tree's own library is found where it was built.
needed() {
	LD_LIBRARY_PATH=$tree/libvmq${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} ldd "$1" 2>/dev/null |
		awk '/=> \// { print $3; next } $1 ~ /^\// { print $1 }
			/not found/ { print "vm: a library is missing: " $0 >"/dev/stderr" }'
	readelf -lW "$1" 2>/dev/null | sed -n 's/.*interpreter: \(.*\)\]$/\1/p'
}

add_library() {
	local lib=$1 to=$2 place=${1#/usr}
	[[ $lib == "$tree"/* ]] && place=/lib/$(basename "$lib")
	[[ -e $to$place ]] && return
	mkdir -p "$to$(dirname "$place")"
	cp -L "$lib" "$to$place" || die "$lib: cannot be copied"
	[[ $loader_defaults == *" $(dirname "$place") "* ]] ||
		dirname "$place" >>"$to/etc/ld.so.conf"
}

# Libraries from elsewhere (32-bit ones, for example) need the loader's cache,
# which the guest makes: ldconfig -r is for root only.
loader_cache() {
	[[ -e $1/etc/ld.so.conf ]] || return 0
	cp "$(type -P ldconfig)" "$1/bin/"
}
