# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The guest's file system: a base per kernel (busybox, some of its modules),
# kept in the cache, and on top of it what one run brings. The kernel unpacks
# both, one after the other.

# Swap on zram, files on block devices; each with what it depends on.
guest_modules=(virtio_pci virtio_blk ext4 loop brd zram lzo lzo-rle zstd)

# The folders and links every part starts from: one /bin and one /lib, so that a
# file has one place, whatever path it has on the host.
skeleton() {
	mkdir -p "$1"/{bin,dev,etc,lib,lib64,mnt/ext4,proc,root,run,sys,tmp,usr/local,var} "$1"/home/user
	ln -sf bin "$1/sbin"
	ln -sf ../bin ../lib ../lib64 "$1/usr/"
	ln -sf ../bin "$1/usr/sbin"
	ln -sf ../../bin "$1/usr/local/"
	ln -sf ../run "$1/var/"
	chmod 1777 "$1/tmp"
	chmod 755 "$1"
}

pack() {
	(cd "$1" && find . -mindepth 1 | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet)
}

# Prints the base of kernel NAME in DIR, making it when it is older than what it
# is made from.
base_initramfs() {
	local base=$2/base.cpio source
	for source in "$here/lib/initramfs.sh" "$here/guest/init" /bin/busybox; do
		[[ $base -nt $source ]] && continue
		locked "base-$1" make_base "$2" || die "cannot make the initramfs of $1"
		break
	done
	echo "$base"
}

make_base() {
	local dir=$1 tmp
	tmp=$(mktemp -d) || return
	skeleton "$tmp"
	cp /bin/busybox "$tmp/bin/" && ln -s busybox "$tmp/bin/sh" &&
		cp "$here/guest/init" "$tmp/" && etc_files "$tmp/etc" &&
		{ [[ ! -d $dir/root/lib/modules ]] || copy_modules "$dir" "$tmp"; } &&
		pack "$tmp" >"$dir/base.cpio.$$" && mv "$dir/base.cpio.$$" "$dir/base.cpio"
	local err=$?
	rm -rf "$tmp"
	return $err
}

etc_files() {
	cat >"$1/passwd" <<-'EOF'
		root:x:0:0:root:/root:/bin/sh
		user:x:1000:1000:user:/home/user:/bin/sh
		nobody:x:65534:65534:nobody:/:/bin/false
	EOF
	printf '%s\n' root:x:0: tty:x:5: vmq:x:900:user user:x:1000: nogroup:x:65534: >"$1/group"
	echo '127.0.0.1 localhost vmq' >"$1/hosts"
}

# A module the kernel has built in, or lacks, is left out.
copy_modules() {
	local dir=$1 to=$2 release name file
	release=$(<"$dir/release")
	for name in "${guest_modules[@]}"; do
		modprobe -d "$dir/root" -S "$release" -D "$name" 2>/dev/null
	done | awk '$1 == "insmod" { print $2 }' | sort -u | while read -r file; do
		file=${file#"$dir/root"}
		mkdir -p "$to/$(dirname "${file#/usr}")"
		unpacked "$dir/root$file" "$to/${file#/usr}"
	done
	mkdir -p "$to/lib/modules/$release"
	cp "$dir/root/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} "$to/lib/modules/$release/"
	depmod -b "$to" "$release"
}

# Older busybox and a small kernel cannot read compressed modules.
unpacked() {
	case $1 in
	*.xz) xz -dc "$1" >"${2%.xz}" ;;
	*.zst) zstd -dcq "$1" >"${2%.zst}" ;;
	*) cp "$1" "$2" ;;
	esac
}

# Packs one run's part: the module, the tools, the files of -f and COMMAND.
run_initramfs() {
	local to=$1 release=$2 module=$3 file
	shift 3
	skeleton "$to"
	if [[ $module ]]; then
		mkdir -p "$to/lib/modules/$release/extra"
		cp "$module" "$to/lib/modules/$release/extra/" || die "no module in $module"
	fi
	while IFS= read -r -d '' file; do
		add_file "$file" "/bin/$(basename "$file")" "$to"
	done < <(find "$tree/bin" -type f -print0 2>/dev/null)
	for file in "$@"; do
		add_spec "$file" "$to"
	done
	loader_cache "$to"
}

# SRC[:DST] of -f. A DST without leading / is relative to /root.
add_spec() {
	local src=$1 dst=
	if [[ ! -e $src && $src == *:* ]]; then
		dst=${src##*:} src=${src%:*}
	fi
	[[ -e $src ]] || die "-f $1: no such file"
	dst=${dst:-$(basename "$(realpath -s "$src")")}
	[[ $dst == /* ]] || dst=/root/$dst
	add_file "$src" "$dst" "$2"
}

add_file() {
	local src=$1 dst=$2 to=$3
	mkdir -p "$to$(dirname "$dst")"
	cp -rLT "$src" "$to$dst" || die "$src: cannot be copied"
	add_libraries "$src" "$to"
}
