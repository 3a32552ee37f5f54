# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A kernel that Debian has no package of, built from its source package with
# NAME.config on top of tinyconfig. Takes some minutes, once.

# The folder's name tells what it was built from.
build_key() {
	grep CONFIG_ "$here/$1.config" | sha256sum | cut -c1-8
}

# Like fetch_image, for kernel NAME in DIR; PACKAGE names the row of the source.
fetch_build() {
	local dir=$1 config=$here/$kernel_row.config source log=$cache/log/build-$kernel_row.log
	"$here/deps" build || return
	source=$(fetch "$package") || return
	say "$kernel_row: building it, this takes a quarter of an hour on two processors; log: $log"
	mkdir -p "$dir/linux" "$cache/log"
	tar -xJf "$source/linux.tar.xz" -C "$dir/linux" --strip-components=1 --exclude='*/Documentation' || return
	(cd "$dir/linux" && build_kernel "$config") >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		return 1
	}
	cp "$source/version" "$dir/version"
	make -s -C "$dir/linux" kernelrelease >"$dir/release"
	ln -s linux/arch/x86/boot/bzImage "$dir/vmlinuz"
	ln -s linux "$dir/headers"
	forget_old "$cache/kernels/${kernel_row}_"
}

# Every change of the configuration leaves a kernel behind: of the folders whose names
# begin with $1 the newest three stay, the one being made among them.
forget_old() {
	find "$(dirname "$1")" -maxdepth 1 -name "$(basename "$1")*" -printf '%T@ %p\n' | sort -rn |
		sed '1,3d; s/^[^ ]* //' | xargs -r -d '\n' rm -rf
}

# An option that Kconfig has dropped would take its tests with it, without a word.
has_options() {
	local missing
	missing=$(grep '^CONFIG_.*=[ym]' "$2" | grep -vxFf "$1")
	[[ ! $missing ]] || { echo "not in the configuration: $missing"; return 1; }
}

# Objects are not needed to build modules.
build_kernel() {
	mkdir -p Documentation && touch Documentation/Kconfig Documentation/Makefile
	make tinyconfig && scripts/kconfig/merge_config.sh -m .config "$1" &&
		make olddefconfig && has_options .config "$1" && make -j"$(nproc)" bzImage modules &&
		find . \( -path ./scripts -o -path ./tools \) -prune -o \
			\( -name '*.o' -o -name '*.a' -o -name 'vmlinux*' \) -type f -exec rm {} +
}
