# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The Debian archive through a private apt state in the cache: nothing is
# installed, the host's sources and lists are read once for the mirror's address
# and never changed, and an ordinary user can do it.

# Prints the address of the archive that serves SUITE, as the host's own apt
# would use it. A list not yet downloaded has no ORIGIN.
mirror() {
	local part=main uri
	[[ $1 == *-security ]] && part=security
	uri=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN).' 'Identifier: Packages' |
		awk -v part="$part" '
			$3 != "main" || ($4 != "." && $4 != "Debian.") { next }
			$2 !~ /^(bookworm|trixie|forky|sid|(old)*stable|testing|unstable)(-security|-updates|-backports)?$/ { next }
			($2 ~ /-security$/) == (part == "security") { print $1; exit }')
	[[ $uri ]] || return
	echo "$uri"
}

# Sets up (once) and updates the state for the comma separated SUITES. Sets apt,
# the state's folder, for the functions below.
apt_state() {
	local suite uri
	apt=$cache/apt/$1
	mkdir -p "$apt"/{lists,archives}/partial
	: >"$apt/status"
	: >"$apt/sources.new"
	for suite in ${1//,/ }; do
		uri=$(mirror "$suite") ||
			die "no Debian archive for $suite among this machine's apt sources"
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" \
			>>"$apt/sources.new"
	done
	mv "$apt/sources.new" "$apt/sources"
	cat >"$apt/conf" <<-EOF
		Dir::State "$apt";
		Dir::State::lists "lists/";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt";
		Dir::Cache::archives "archives/";
		Dir::Etc::sourcelist "$apt/sources";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		APT::Sandbox::User "";
		APT::Architecture "amd64";
		#clear APT::Architectures;
		APT::Architectures { "amd64"; };
		APT::Install-Recommends "false";
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		#clear DPkg::Post-Invoke;
		Acquire::Languages "none";
		Acquire::Check-Valid-Until "false";
	EOF
	insist read_archive || {
		cat "$apt/log" >&2
		die "cannot read the Debian archive"
	}
}

read_archive() {
	apt_get update >"$apt/log" 2>&1 && ! grep -q '^[EW]:' "$apt/log"
}

# Networks and mirrors fail now and then.
insist() {
	"$@" || { sleep 5; "$@"; } || { sleep 20; "$@"; }
}

apt_get() {
	apt-get -qq -c "$apt/conf" "$@"
}

apt_cache() {
	apt-cache -c "$apt/conf" "$@"
}

# Prints "version package" of every package whose name matches, oldest first.
versions() {
	apt_cache search --names-only "^$1\$" | cut -d' ' -f1 |
		xargs -r -n 100 apt-cache -c "$apt/conf" madison 2>/dev/null |
		awk '{ print $3, $1 }' | sort -uV
}

# Of "version package" lines, the one of version WANTED, else of the next newer.
pick() {
	local wanted=$1 version name
	while read -r version name; do
		if dpkg --compare-versions "$version" ge "$wanted"; then
			echo "$version $name"
			return
		fi
	done
	return 1
}

# Downloads PACKAGE=VERSION.. (checked by apt against the archive's signature) to
# DIR and unpacks them into DIR/root.
download() {
	local dir=$1 deb
	shift
	mkdir -p "$dir/deb"
	(cd "$dir/deb" && insist apt_get download "$@") || return
	for deb in "$dir"/deb/*.deb; do
		dpkg-deb -x "$deb" "$dir/root" || return
	done
	rm -r "$dir/deb"
}
