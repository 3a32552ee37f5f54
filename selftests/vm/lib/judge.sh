# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# From what the guest left behind to run's exit status and words on stderr.

logs_kept=20

# Prints log $1 without the reports that log.known lists for this kernel. CPUs may
# report at once: the lines of each are told apart by the caller that the kernel
# prints behind the time (CONFIG_PRINTK_CALLER), [ T123] or [ C1]. A known report
# that has no end, or something worse inside, is none.
unknown_part() {
	local known
	known=$(sed -n "s/^$kernel //p" "$here/log.known" | paste -sd '|')
	if [[ ! $known ]]; then
		cat "$1"
		return
	fi
	# In ENVIRON awk leaves backslashes alone.
	known=$known awk '
		{ caller = match($0, /^\[[^]]*\]\[ *[TC][0-9]+\]/) ? substr($0, 1, RLENGTH) : "" }
		{ sub(/^[^]]*\]/, "", caller) }
		/-\[ cut here \]-/ {
			if (caller in report) print report[caller]
			report[caller] = $0; first[caller] = 1; skip[caller] = 0; next
		}
		!(caller in report) { print; next }
		first[caller] { skip[caller] = $0 ~ ENVIRON["known"]; first[caller] = 0 }
		/KASAN: |BUG: |UBSAN: |Oops|Kernel panic|general protection/ { skip[caller] = 0 }
		{ report[caller] = report[caller] "\n" $0 }
		/-\[ end trace / { if (!skip[caller]) print report[caller]; delete report[caller] }
		END { for (caller in report) print report[caller] }' "$1"
}

# Prints the lines of log $1 that must not be there.
bad_lines() {
	grep -nEf <(grep -v -e '^#' -e '^$' "$here/log.bad") "$1"
}

# Keeps the log of a failed run and says where, with the lines that tell most.
failed() {
	local kept
	say "$kernel: $1"
	if bad_lines "$work/judged" >"$work/bad"; then
		head -n 5 "$work/bad" | sed 's/^/    /' >&2
		sed -n "$(cut -d: -f1 "$work/bad" | head -n 1),+25p" "$work/judged" | sed 's/^/    | /' >&2
	else
		tail -n 5 "$work/log" | sed 's/^/    | /' >&2
	fi
	mkdir -p "$cache/log"
	kept=$cache/log/$kernel-$(date +%Y%m%d-%H%M%S)-$$.log
	{
		cat "$work/log"
		sed 's/^/qemu: /' "$work/qemu"
		sed 's/^/guest: /' "$work/status"
	} | tr -d '\r' >"$kept"
	find "$cache/log" -name '*.log' -printf '%T@ %p\n' | sort -rn |
		sed "1,${logs_kept}d; s/^[^ ]* //" | xargs -r -d '\n' rm -f
	say "the whole kernel log: $kept"
}

# Whether the last boot proves nothing: the kernel complained before anything of ours
# ran. Seen in a boot of some tens, when the machine is loaded:
# - With five levels KASAN reports a wild access when an interrupt comes while
#   identify_cpu() has forgotten, for some instructions, that there are five.
# - When a kernel patches itself, as for its clocks, QEMU before 8.1 may go on with a
#   translation of an int3 that another processor has long replaced (deba78709ae8):
#   the kernel dies of an int3 that it knows nothing of, and that is not in memory.
spoilt() {
	! grep -q '^started' "$work/status" && bad_lines "$work/log" >/dev/null
}

told() {
	sed -n "s/^$1 *//p" "$work/status" | tail -n 1
}

# $1 is how QEMU ended (124: stopped after $2 seconds). Returns run's status.
judge() {
	local reason
	unknown_part "$work/log" >"$work/judged"
	if [[ $1 == 124 ]]; then
		failed "hang: COMMAND or the guest has not ended after $2 seconds"
		return 124
	fi
	reason=$(told failed)
	if [[ $reason ]]; then
		failed "$reason"
	elif grep -q '^again' "$work/status"; then
		failed "the kernel complained before anything ran"
	elif bad_lines "$work/judged" >/dev/null; then
		failed "the kernel complains"
	elif ! grep -q '^done' "$work/status"; then
		failed "the guest died (QEMU ended with $1)"
		[[ ! -s $work/qemu ]] || cat "$work/qemu" >&2
	else
		return "$(told exit)"
	fi
	return 125
}
