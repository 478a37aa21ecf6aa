#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# On a kernel that lacks one feature: kenneld does not start, and says what is missing and what would accept it; with
# that one degradation accepted by name it starts, says so, and the other layers still refuse.
# usage: tests/degraded/without.sh no-bpf-lsm|no-cgroup|no-landlock|no-io-limit|both   in a test machine that was booted without it
# tests: runner/sandbox/launcher.c runner/sandbox/kernel.c runner/sandbox/cgroup.c
what=${1:-}
. "$(dirname "$0")/../jail/lib.sh"

case $what in
no-bpf-lsm)
	code=E_NO_BPF_LSM
	! grep -qw bpf /sys/kernel/security/lsm
	;;
no-landlock)
	code=E_NO_LANDLOCK
	! grep -qw landlock /sys/kernel/security/lsm
	;;
both) # of those that hold the rules for files
	! grep -qwE "bpf|landlock" /sys/kernel/security/lsm
	;;
no-cgroup)
	code=E_NO_CGROUP
	! grep -qw memory /sys/fs/cgroup/cgroup.controllers
	;;
no-io-limit)
	code=E_NO_IO_LIMIT
	! grep -qw io /sys/fs/cgroup/cgroup.controllers
	;;
*) not_ok "usage" "no-bpf-lsm, no-cgroup, no-landlock, no-io-limit or both" && exit 2 ;;
esac || { not_ok "the kernel lacks it" "it has it: $(cat /sys/kernel/security/lsm), $(cat /sys/fs/cgroup/cgroup.controllers)"; exit 1; }
ok "the kernel lacks it: $what"

make_host
if [ "$what" = both ]; then
	write_config '"accept": ["no-bpf-lsm", "no-landlock"],'
	start_kenneld >"$J/said"
	wait "$KENNELD"
	is "without both kenneld does not start, whatever is accepted" 126 $?
	like "and it says which" "*E_NO_BPF_LSM*no BPF LSM and no Landlock*" "$(cat "$J/said")"
	finish
fi
start_kenneld >"$J/said"
said=$(cat "$J/said")
wait "$KENNELD"
status=$?
like "$what: kenneld does not start, by name" "*$code*" "$said"
like "$what: it says what would accept it" "*accept \\\\\"$what\\\\\"*" "$said"
is "$what: its exit status" 126 "$status"
is "$what: no group is left" "" "$(find "$CG/plugins" -mindepth 1 -type d 2>/dev/null)"
for other in no-bpf-lsm no-cgroup no-landlock no-storage-quota no-io-limit; do
	[ "$other" != "$what" ] || continue
	write_config "\"accept\": [\"$other\"],"
	lines=$(wc -l <"$J/log")
	restart_kenneld >/dev/null
	like "$what: accepting $other is not accepting it" "*$code*" "$(tail -n +$((lines + 1)) "$J/log")"
done

write_config "\"accept\": [\"$what\"],"
restart_kenneld || { not_ok "$what: accepted, it starts" "see above"; finish; }
ok "$what: accepted, it starts"
like "$what: and says that it runs with less" "*running without a protection*$code*" "$(tail -n +"$LOG_FROM" "$J/log" | grep 'without a protection')"
make_plugin word-count
id=$(id_of "$(d start acme word-count "$HEX" 2 1 w:data: r:vault:Projects)")
like "$what: a plugin starts" "pid 2 ppid 1 uid 300001 *" "$(tell "$id" names)"
is "$what: it reads what it may" "a note" "$(tell "$id" read /vault/Projects/a.md | tr -d '|')"
like "$what: a note outside its rules is refused" "errno *" "$(tell "$id" open r /vault/Private/c.md)"
like "$what: so is a file it would write" "errno *" "$(tell "$id" open c /vault/Projects/new.md)"
like "$what: so is its own bundle" "errno *" "$(tell "$id" open w /exec/plugin)"
posture=$(awk '/^(CapEff|CapBnd|NoNewPrivs|Seccomp):/ { printf "%s ", $2 }' "/proc/$(program_of acme/word-count "$id")/status")
is "$what: no capability, no new privileges, seccomp" "0000000000000000 0000000000000000 1 2 " "$posture"
leaf=$CG/plugins/acme/word-count/i$id
case $what in
no-cgroup)
	is "$what: what is not missing still limits: cpu" "100000 100000" "$(cat "$leaf/cpu.max")"
	like "$what: and tasks" "[0-9]*" "$(cat "$leaf/pids.max")"
	;;
*) is "$what: memory is limited" 67108864 "$(cat "$leaf/memory.max")" ;;
esac
d kill "$id" >/dev/null
is "$what: it ends" "ended killed 9" "$(d wait "$id" | cut -d' ' -f1-3)"
is "$what: and leaves no group" "" "$(find "$CG/plugins" -mindepth 1 -type d)"
stop_kenneld
is "$what: kenneld ends as asked" 0 $?
finish
