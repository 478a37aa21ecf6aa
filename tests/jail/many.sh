#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Many starts and ends leave the host as it was: groups (dying ones too), mounts, processes, map entries,
# descriptors, files, inodes, quotas, namespaces, memory. KENNEL_SOAK=1: ten thousand.
# tests: runner/sandbox/instances.c runner/sandbox/prepare.c runner/sandbox/mounts.c runner/sandbox/jail.c
. "$(dirname "$0")/lib.sh"
export PATH=$PATH:/usr/sbin:/sbin

STARTS=300
[ -z "${KENNEL_SOAK:-}" ] || STARTS=10000
SETTLE_S=30	 # the kernel frees groups, namespaces and percpu memory when it gets to it
DYING_MORE=8	 # groups the kernel has not let go of by then
CACHES=(net_namespace user_namespace pid_namespace mnt_cache)
OBJECTS_MORE=64	 # of one slab cache: what its partial pages hold is not counted exactly
PERCPU_KIB=512
SLAB_KIB=4096
AVAILABLE_KIB=16384

supervisor() { pgrep -P "$KENNELD" kennel-supervi; }
pinned() { find "$PINS" -name "$1" | head -1; }
entries() { bpftool map dump pinned "$(pinned "$1")" -j | jq length; }
meminfo() { awk -v k="$1:" '$1 == k { print $2 }' /proc/meminfo; }
objects() { awk -v k="$1" '$1 == k { n = $2 } END { print n + 0 }' /proc/slabinfo; }

exact() { # must be equal
	echo "groups: $(find "$CG" -type d | wc -l)"
	echo "mounts of kenneld: $(wc -l <"/proc/$KENNELD/mountinfo")"
	echo "mounts of the host: $(wc -l </proc/self/mountinfo)"
	echo "processes: $(pgrep -fc "^($J|/init|/exec/)|^kennel-")"
	echo "descriptors of kenneld: $(count_fds "$KENNELD")"
	echo "descriptors of the supervisor: $(count_fds "$(supervisor)")"
	for map in policies labels usages; do echo "entries in $map: $(entries $map)"; done
	echo "files: $(find "$STATE" "$RUN" -not -path '*/audit/*' | wc -l)"
	echo "inodes in use: $(df --output=iused "$STATE" | tail -1 | tr -d ' ')"
	echo "projects with a quota: $("$BIN/jail-drive" --projects "$STATE")"
	echo "network namespaces: $(lsns -n -t net | wc -l)"
}
near() { # NAME VALUE MOST-MORE
	echo "dying_groups $(awk '$1 == "nr_dying_descendants" { print $2 }' /sys/fs/cgroup/cgroup.stat) $DYING_MORE"
	for cache in "${CACHES[@]}"; do
		echo "slab_$cache $(objects "$cache") $OBJECTS_MORE"
	done
	echo "percpu_kib $(meminfo Percpu) $PERCPU_KIB"
	echo "slab_kib $(meminfo SUnreclaim) $SLAB_KIB"
	echo "less_available_kib $((-$(meminfo MemAvailable))) $AVAILABLE_KIB"
}
drop_caches() { # what the page cache holds of a group that is gone keeps the group
	sync
	echo 3 >/proc/sys/vm/drop_caches
	# freed objects on a processor's own pages count as live until those pages are given back
	for cache in "${CACHES[@]}"; do echo 1 >"/sys/kernel/slab/$cache/shrink"; done
}
# join NEAR-BEFORE NEAR-AFTER: the rows that grew too much
grown() {
	join <(sort <<<"$1") <(sort <<<"$2") | awk '$4 - $2 > $3 { print $1 " from " $2 " to " $4 }'
}

make_host
start_kenneld || { not_ok "kenneld boots" "see above"; finish; }
make_plugin word-count
again() { d repeat "$1" "$AT_ONCE" acme word-count "$HEX" 2 1 w:data: r:vault:Projects; }

AT_ONCE=4
like "the first starts, which fill caches" "repeated 20 *" "$(again 20)"
sleep 2
drop_caches
sleep 2
exact_before=$(exact)
near_before=$(near)
began=$(date +%s%N)
a=$(again $STARTS)
ms=$((($(date +%s%N) - began) / 1000000))
like "$STARTS starts and ends" "repeated $STARTS *" "$a"
echo "# $a; $ms ms, $((ms / STARTS)) ms each; $(near | head -1 | cut -d' ' -f2) dying groups at once"
for _ in $(seq $SETTLE_S); do
	drop_caches
	exact_after=$(exact)
	near_after=$(near)
	[ "$exact_after" = "$exact_before" ] && [ -z "$(grown "$near_before" "$near_after")" ] && break
	sleep 1
done
paste -d= <(echo "$near_before" | cut -d' ' -f1,2) <(echo "$near_after" | cut -d' ' -f2) | sed 's/^/# /'
while IFS= read -r line; do
	is "$STARTS starts leave ${line%%:*}" "$line" "$(grep -F "${line%%:*}:" <<<"$exact_after")"
done <<<"$exact_before"
is "$STARTS starts leave groups that are dying, namespaces and memory within their bounds" "" \
	"$(grown "$near_before" "$near_after")"
stop_kenneld
finish
