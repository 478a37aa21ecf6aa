#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a running jail is, read from outside in /proc and from inside by the plugin.
# tests: runner/sandbox/enter.c runner/sandbox/caps.c runner/sandbox/rlimits.c runner/sandbox/fds.c
# tests: runner/sandbox/idmap.c runner/sandbox/mounts.c runner/sandbox/cgroup.c runner/sandbox/prepare.c
# tests: runner/sandbox/jail.c runner/sandbox/state.c runner/sandbox/images.c runner/sandbox/kernel.c
. "$(dirname "$0")/lib.sh"

make_host
start_kenneld || { not_ok "kenneld boots" "see above"; finish; }
make_plugin word-count
make_plugin other
a=$(d start acme word-count "$HEX" 2 1 w:data: r:vault:Projects)
id=$(id_of "$a")
[ -n "$id" ] || { not_ok "a plugin starts" "$a"; finish; }
init=$(init_of acme/word-count "$id")
tell "$id" names >/dev/null
prog=$(program_of acme/word-count "$id")
status() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr '\t' ' '; }

for p in "$init" "$prog"; do
	name=$(status "$p" Name)
	is "$name: ids" "300001 300001 300001 300001" "$(status "$p" Uid)"
	is "$name: group ids" "300001 300001 300001 300001" "$(status "$p" Gid)"
	is "$name: no supplementary groups" "" "$(status "$p" Groups | tr -d ' ')"
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		is "$name: $set is empty" 0000000000000000 "$(status "$p" $set)"
	done
	is "$name: no_new_privs" 1 "$(status "$p" NoNewPrivs)"
	is "$name: seccomp filter" 2 "$(status "$p" Seccomp)"
	for ns in user mnt pid net ipc uts cgroup; do
		if [ "$(readlink "/proc/$p/ns/$ns")" != "$(readlink "/proc/$KENNELD/ns/$ns")" ] &&
			[ "$(readlink "/proc/$p/ns/$ns")" != "$(readlink /proc/self/ns/$ns)" ]; then
			ok "$name: own $ns namespace"
		else
			not_ok "$name: own $ns namespace" "shared"
		fi
	done
	is "$name: one uid mapped" "300001 300001 1" "$(tr -s ' ' <"/proc/$p/uid_map" | sed 's/^ //')"
	is "$name: one gid mapped" "300001 300001 1" "$(tr -s ' ' <"/proc/$p/gid_map" | sed 's/^ //')"
	is "$name: setgroups denied" deny "$(cat "/proc/$p/setgroups")"
	is "$name: empty environment" 0 "$(wc -c <"/proc/$p/environ")"
	is "$name: only loopback, and it is down" "lo 0x8" \
		"$(nsenter -t "$p" -n unshare -m sh -c 'mount -t sysfs none /sys && cd /sys/class/net && for n in *; do
			echo "$n $(cat "$n/flags")"; done' 2>&1)"
	limit() { awk -v n="$2" 'index($0, n) == 1 { s = substr($0, 27); split(s, a, " "); print a[1] " " a[2] }' "/proc/$1/limits"; }
	is "$name: no core file" "0 0" "$(limit "$p" "Max core file size")"
	is "$name: no locked memory" "0 0" "$(limit "$p" "Max locked memory")"
	is "$name: no message queues" "0 0" "$(limit "$p" "Max msgqueue size")"
	is "$name: no real time" "0 0" "$(limit "$p" "Max realtime priority")"
	is "$name: descriptors" "256 256" "$(limit "$p" "Max open files")"
	is "$name: largest file" "5242880 5242880" "$(limit "$p" "Max file size")"
	is "$name: tasks" "16 16" "$(limit "$p" "Max processes")"
done
is "init keeps no descriptor" "" "$(list_fds "$init")"
is "the program has exactly 0-3" "0 1 2 3" "$(list_fds "$prog")"
is "the program says so too" "0 1 2 3 " "$(tell "$id" fds)"
is "fd 0 is /dev/null" /dev/null "$(readlink "/proc/$prog/fd/0")"
is "its own session" "$prog" "$(awk '{ print $6 }' "/proc/$prog/stat")"

mounts=$(awk '{ print $5 " " $6 }' "/proc/$prog/mountinfo" | sort)
echo "$mounts" | sed 's/^/# /'
mount_options() { awk -v m="$1" '$1 == m { print $2 }' <<<"$mounts"; }
is "mounts: these and no others" "/ /data /dev /plugin /proc /tmp /vault /vault/Projects" \
	"$(awk '{ print $1 }' <<<"$mounts" | tr '\n' ' ' | sed 's/ $//')"
like "/ is read-only" "ro,nosuid,nodev*" "$(mount_options /)"
is "/plugin is read-only" "ro,nosuid,nodev" "$(mount_options /plugin | cut -d, -f1-3)"
is "an approved native bundle may execute its own" "" "$(mount_options /plugin | grep noexec)"
like "/data is noexec" "rw,nosuid,nodev,noexec*" "$(mount_options /data)"
like "/tmp is noexec" "rw,nosuid,nodev,noexec*" "$(mount_options /tmp)"
like "/dev is read-only and noexec" "ro,nosuid,noexec*" "$(mount_options /dev)"
like "/proc is read-only and noexec" "ro,nosuid,nodev,noexec*" "$(mount_options /proc)"
like "/vault/Projects is read-only and noexec" "ro,nosuid,nodev,noexec*" "$(mount_options /vault/Projects)"
is "no mount is shared" "" "$(grep -E 'shared:|master:' "/proc/$prog/mountinfo")"
is "the root cannot be left" "/" "$(readlink "/proc/$prog/root" | sed 's|.*/images/native|/|')"

# from inside: what is granted
is "it reads a note" "a note|" "$(tell "$id" read /vault/Projects/a.md)"
is "it reads below" "deep|" "$(tell "$id" read /vault/Projects/sub/b.md)"
is "no other folder of the vault is there" "Projects " "$(tell "$id" list /vault)"
is "its bundle" "manifest.json plugin " "$(tell "$id" list /plugin | tr ' ' '\n' | sort | tr '\n' ' ' | sed 's/^ //')"
is "it writes its data" ok "$(tell "$id" open c /data/x)"
is "the data is its own on the host" 300001 "$(stat -c %u "$STATE/data/acme/word-count/x")"
is "it writes /tmp" ok "$(tell "$id" open c /tmp/x)"
is "devices" "full null random urandom zero " "$(tell "$id" list /dev | tr ' ' '\n' | sort | tr '\n' ' ' | sed 's/^ //')"
is "it writes /dev/null" ok "$(tell "$id" open w /dev/null)"
# process 1 is not the plugin's to see: it is not dumpable, and /proc hides what may not be looked into
is "proc shows its own processes only" "2 self thread-self " \
	"$(tell "$id" list /proc | tr ' ' '\n' | sort | tr '\n' ' ' | sed 's/^ //')"
is "host name" kennel "$(tell "$id" names | sed 's/.*host //')"
# and what is not
like "a note cannot be written" "errno *" "$(tell "$id" open w /vault/Projects/a.md)"
like "the bundle cannot be written" "errno *" "$(tell "$id" open w /plugin/manifest.json)"
like "no file in the image" "errno *" "$(tell "$id" open c /new)"
like "no file of the host" "errno *" "$(tell "$id" open r /etc/passwd)"
like "what it writes cannot be executed" "errno *" "$(tell "$id" exec /data/x)"

# limits in the kernel
leaf=$CG/plugins/acme/word-count/i$id
is "memory.max" 67108864 "$(cat "$leaf/memory.max")"
is "memory.swap.max" 0 "$(cat "$leaf/memory.swap.max")"
is "memory.oom.group" 1 "$(cat "$leaf/memory.oom.group")"
is "cpu.max" "100000 100000" "$(cat "$leaf/cpu.max")"
is "pids.max" 16 "$(cat "$leaf/pids.max")"
is "the plugin's group holds the same limits" "67108864 16" "$(cat "$leaf/../memory.max" "$leaf/../pids.max" | tr '\n' ' ' | sed 's/ $//')"
is "forks stop at the limit" 14 "$(tell "$id" forks 100)"

# the launcher itself
# chown dac_read_search kill setgid setuid sys_admin
is "kenneld: capabilities" 00000000002400e5 "$(status "$KENNELD" CapEff)"
is "kenneld: bounding set is the same" "$(status "$KENNELD" CapEff)" "$(status "$KENNELD" CapBnd)"
is "kenneld: no_new_privs" 1 "$(status "$KENNELD" NoNewPrivs)"
is "kenneld: one thread" 1 "$(status "$KENNELD" Threads)"
is "kenneld: in daemon/" 0::/kennel-jail/daemon "$(grep ^0:: "/proc/$KENNELD/cgroup")"
if ldd "$BIN/kenneld" | grep -qE 'jansson|zstd|sodium|seccomp|sqlite|curl'; then
	not_ok "kenneld links no parser" "$(ldd "$BIN/kenneld")"
else
	ok "kenneld links no parser"
fi
d kill "$id" >/dev/null
d wait "$id" >/dev/null
stop_kenneld
finish
