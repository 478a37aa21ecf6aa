#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each system call of a start fails in turn, the launcher's and the jail's first process's: the start is refused with
# a name, or the call did not matter and the jail is whole. The plugin's program never runs after a refusal, and
# nothing is left behind. KENNEL_INJECT=FROM,STEP takes fewer of them (1,1 in the soak run).
# tests: runner/sandbox/spawn.c runner/sandbox/enter.c runner/sandbox/instances.c runner/sandbox/prepare.c
. "$(dirname "$0")/lib.sh"
NO_CAPS=0000000000000000 # CapPrm CapEff CapBnd CapAmb; then NoNewPrivs, Seccomp
REFUSED=0 WHOLE=3 ENDED=4 BAD=1

held() { # what a start must give back: groups, descriptors of the launcher
	local groups fds
	groups=$(find "$CG/plugins" -type d | wc -l)
	fds=("/proc/$KENNELD/fd/"*)
	echo "$groups groups, ${#fds[@]} descriptors"
}
given_back() {
	local n
	for n in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(held)" = "$HELD" ] && return 0
		sleep 0.2
	done
	return 1
}

if [ "${1:-}" = once ]; then
	answer=$(d start acme word-count "$HEX" 2 1 w:data: r:vault:Projects)
	case $answer in
	started*)
		id=$(id_of "$answer")
		names=$(tell "$id" names)
		posture=$(awk '/^(CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):/ { printf "%s ", $2 }' \
			"/proc/$(program_of acme/word-count "$id" 2>/dev/null)/status" 2>/dev/null) # gone, if it ended at once
		secret=$(tell "$id" open r /vault/Private/c.md)
		d kill "$id" >/dev/null
		d wait "$id" >/dev/null
		outcome=$ENDED
		case $names in
		"pid 2 ppid 1 uid 300001 gid 300001 groups 0 host kennel")
			outcome=$WHOLE
			[ "$posture" = "$NO_CAPS $NO_CAPS $NO_CAPS $NO_CAPS 1 2 " ] || { echo "# its posture: $posture" >&2; outcome=$BAD; }
			[[ $secret == errno* ]] || { echo "# it opened what no rule names" >&2; outcome=$BAD; }
			;;
		pid*) echo "# it is another jail: $names" >&2; outcome=$BAD ;;
		esac
		;;
	"error E_"*) outcome=$REFUSED ;;
	*) echo "# $answer" >&2; outcome=$BAD ;;
	esac
	given_back || { echo "# left: $(held), before: $HELD; $answer" >&2; outcome=$BAD; }
	echo "$answer" >>"$J/answers"
	exit "$outcome"
fi

make_host
start_kenneld || { not_ok "kenneld boots" "see above"; finish; }
make_plugin word-count
id=$(id_of "$(d start acme word-count "$HEX" 2 1 w:data: r:vault:Projects)") # the folders that stay
d kill "$id" >/dev/null
d wait "$id" >/dev/null
sleep 0.5
HELD=$(held)
export HELD KENNELD KENNEL_JAIL="$J"
step=${KENNEL_INJECT:-$((RANDOM % 19 + 1)),19} # others each time
[ -z "${KENNEL_SOAK:-}" ] || step=1,1
"$KENNEL_BUILD/tests-vm/jail-failat" "$KENNELD" "${step%,*}" "${step#*,}" "$0" once >"$J/tries" 2>"$J/why"
is "every call of a start was reached" 0 $?
calls=$(sed -n 's/^\([0-9]*\) calls$/\1/p' "$J/tries")
count() { grep -c " status $1 execs" "$J/tries"; }
[ "${calls:-0}" -gt 100 ] && [ "$(count $REFUSED)" -gt 5 ] && ok "a start makes $calls calls" || not_ok "a start makes many calls" "$(tail -3 "$J/tries")"
name_of() { awk -v n="$1" '$3 == n && sub("__NR_", "", $2) { print $2 }' /usr/include/x86_64-linux-gnu/asm/unistd_64.h; }
bad=$(grep -vE " status ($REFUSED|$WHOLE|$ENDED) execs|calls$" "$J/tries" | while read -r n call rest; do echo "$n $(name_of "$call") $rest;"; done)
is "each is refused by name, or the jail is whole" "" "$bad$(cat "$J/why")"
is "no plugin runs after a refusal" "" "$(grep " status $REFUSED execs 2" "$J/tries")"
is "what was refused says at which step" "" "$(grep '^error' "$J/answers" | grep -vE '^error E_[A-Z_]+ start ' | sort | uniq -c)"
echo "# $(wc -l <"$J/answers") starts with a call that fails: $(count $REFUSED) refused, $(count $WHOLE) whole without it, $(count $ENDED) ended at once"
id=$(id_of "$(d start acme word-count "$HEX" 2 1 w:data: r:vault:Projects)")
like "the launcher still starts" "pid 2 *" "$(tell "$id" names)"
stop_kenneld
is "and ends as asked" 0 $?
finish
