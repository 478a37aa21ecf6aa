#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the kernel refuses a running plugin, and what the launcher refuses at boot; the wasm image, the
# compiler's jail, and a vault with several rules.
# tests: runner/sandbox/prepare.c runner/sandbox/requests.c runner/sandbox/launcher.c runner/sandbox/roles.c
# tests: runner/sandbox/state.c runner/sandbox/images.c
. "$(dirname "$0")/lib.sh"

make_host
start_kenneld || { not_ok "kenneld boots" "see above"; finish; }
make_plugin word-count
make_plugin other

# ---- the guard, from inside ----
id=$(id_of "$(d start acme word-count "$HEX" 2 1 r:data: w:data:cache)")
is "the canary is refused to the plugin too" "errno 13" "$(tell "$id" open r /canary)"
[ -n "${JAIL_ACCEPT:-}" ] || is "a refusal tells the file, as the plugin sees it" "2 /canary" "$(d refusals "$id")"
is "a rule's folder is made for it" 300001 "$(stat -c %u "$STATE/data/acme/word-count/cache")"
is "it writes where a rule says write" ok "$(tell "$id" open c /data/cache/x)"
is "and only there" "errno 13" "$(tell "$id" open c /data/y)"
is "it reads its data" "cache " "$(tell "$id" list /data)"
is "nothing it wrote can be executed" "errno 13" "$(tell "$id" exec /data/cache/x)"
if [ -z "${JAIL_ACCEPT:-}" ]; then # Landlock counts nothing
	is "a refusal tells the rule's folder, for a name that is not there yet" "3 /data" "$(d refusals "$id")"
	echo "# $(d usage "$id")"
	like "refusals are counted exactly: the canary twice and this one" "usage * refused 3 *" "$(d usage "$id")"
fi
d kill "$id" >/dev/null
d wait "$id" >/dev/null

# ---- the vault: rules side by side, one inside another ----
id=$(id_of "$(d start acme other "$HEX" 2 2 r:vault:Projects/sub r:vault:Projects r:vault:Private)")
is "both folders are there" "Private Projects " "$(tell "$id" list /vault | tr ' ' '\n' | sort | tr '\n' ' ' | sed 's/^ //')"
is "the inner rule is part of the outer one" "deep|" "$(tell "$id" read /vault/Projects/sub/b.md)"
d kill "$id" >/dev/null
d wait "$id" >/dev/null
ln -s ../Private "$VAULT/Projects/link"
ln -s /etc/hostname "$VAULT/Projects/out"
chown -h 64400:64400 "$VAULT/Projects/link" "$VAULT/Projects/out"
id=$(id_of "$(d start acme other "$HEX" 2 2 r:vault:Projects)")
like "a link in the vault does not lead to what is not granted" "errno *" "$(tell "$id" read /vault/Projects/link/c.md)"
like "nor to the host" "errno *" "$(tell "$id" read /vault/Projects/out)"
d kill "$id" >/dev/null
d wait "$id" >/dev/null
like "a rule cannot go through a link" "error E_FILES_RULE *" "$(d start acme other "$HEX" 2 2 r:vault:Projects/link)"

# ---- the wasm image: no file system call is left to the program ----
a=$(d start acme other "$HEX" 1 2)
id=$(id_of "$a")
is "the wasm image starts a static program" "errno 38" "$(tell "$id" open r /canary)"
prog=$(program_of acme/other "$id")
like "its bundle is noexec" "ro,nosuid,nodev,noexec*" "$(awk '$5 == "/plugin" { print $6 }' "/proc/$prog/mountinfo")"
is "its executable stands beside it, alone executable" "/ /exec" \
	"$(awk '$6 !~ /noexec/ { print $5 }' "/proc/$prog/mountinfo" | sort | tr '\n' ' ' | sed 's/ $//')"
d kill "$id" >/dev/null
d wait "$id" >/dev/null

# ---- the compiler's jail ----
cat >"$J/cc.c" <<'C'
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char b[64];
	int in, out;
	ssize_t n;
	if (argc != 3 || (in = open(argv[1], O_RDONLY)) < 0 || (n = read(in, b, sizeof(b))) < 0)
		return 2;
	if ((out = open(argv[2], O_WRONLY | O_CREAT, 0700)) < 0 || write(out, b, (size_t)n) != n)
		return 3;
	mkdir("/out/deep", 0700);
	(void)!symlink("/etc/shadow", "/out/link");
	if (open("/in/module.wasm", O_WRONLY) >= 0 || fcntl(3, F_GETFD) < 0)
		return 4;
	return 0;
}
C
gcc -static -O1 -o "$IMAGES/compile/bin/kennel-compile" "$J/cc.c"
S=$STATE/supervisor/staging/job-1
mkdir -p "$S/in" "$S/out"
echo module >"$S/in/module.wasm"
chmod 755 "$S/in" && chmod 644 "$S/in/module.wasm"
chown -R "$ROLE:$ROLE" "$S"
stat -c '%u %g %a' /etc/shadow >"$J/shadow" 2>/dev/null || true
id=$(id_of "$(d compile word-count job-1 50)")
is "the compiler ends well" "ended exit 0" "$(d wait "$id" | cut -d' ' -f1-3)"
is "its result is there" module "$(cat "$S/out/plugin")"
is "and the supervisor's" "$ROLE $ROLE $ROLE $ROLE" "$(stat -c %u "$S/out" "$S/out/plugin" "$S/out/deep" "$S/out/link" | tr '\n' ' ' | sed 's/ $//')"
is "no link was followed on the way" "$(cat "$J/shadow")" "$(stat -c '%u %g %a' /etc/shadow 2>/dev/null)"
like "a staging name is no path" "error E_CEILING *" "$(d compile word-count ../store 50)"

# ---- what the launcher refuses at boot ----
refused() { # NAME CODE: a boot with the present configuration
	"$BIN/kenneld" --config "$J/kennel.json" --run "$J/run2" --bpffs "$PINS" --role-uid-base "$ROLE" 2>"$J/second"
	local status=$?
	if [ "$status" != 0 ] && grep -q "code=\"$2\"" "$J/second"; then
		ok "$1"
	else
		not_ok "$1" "status $status, $(tail -1 "$J/second")"
	fi
}
refused "a second kenneld for the same groups" E_EXISTS
stop_kenneld
chmod 666 "$J/kennel.json"
refused "a configuration that others may write" E_CONFIG
chmod 600 "$J/kennel.json"
chown 64400 "$J/kennel.json"
refused "a configuration of somebody else" E_CONFIG
chown 0 "$J/kennel.json"
chmod 777 "$IMAGES/native"
refused "an image that others may write" E_CONFIG
chmod 755 "$IMAGES/native"
chown 64400 "$IMAGES/native/init"
refused "an init of somebody else" E_CONFIG
chown 0 "$IMAGES/native/init"
chown 64401 "$VAULT"
refused "a vault of another user" E_CONFIG
chown 64400 "$VAULT"
chown 64401 "$STATE/audit"
refused "a log folder of another user" E_CONFIG
chown "$((ROLE + 2))" "$STATE/audit"
sed -i 's/"base": 300000/"base": 64299/' "$J/kennel.json"
refused "plugin users that are Kennel's own" E_CONFIG
sed -i 's/"base": 64299/"base": 300000/' "$J/kennel.json"
sed -i 's/kennel.config/other.config/' "$J/kennel.json"
"$BIN/kenneld" --config "$J/kennel.json" --run "$J/run2" --bpffs "$PINS" --role-uid-base "$ROLE" 2>/dev/null
is "a configuration the loader refuses keeps its exit status" 10 $?
sed -i 's/other.config/kennel.config/' "$J/kennel.json"
restart_kenneld && ok "with all of it right, it serves again" || not_ok "it serves again" "$(tail -1 "$J/log")"
stop_kenneld
is "wrong usage" 2 "$("$BIN/kenneld" --nonsense 2>/dev/null; echo $?)"
is "an option given twice" 2 "$("$BIN/kenneld" --run /a --run /b 2>/dev/null; echo $?)"
like "help teaches" "Usage: kenneld*" "$("$BIN/kenneld" --help)"
finish
