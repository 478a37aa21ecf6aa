#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bundle-reproducible.sh - the same tree gives the same bytes, whatever the clock, user, locale, umask, order of
# the folder, working directory and place; and pack refuses what a host would refuse, and names the file.
# tests: tools/pack/tree.c tools/pack/build.c tools/pack/main.c
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
need gcc perl "$kennel" "$build/kennel-pack" "$build/kennel-loader"
other=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d) # another file system, where there is one
trap 'chmod -R u+rwX "$work" "$other"; rm -rf "$work" "$other"' EXIT
cd "$work" || exit 1

manifest='{"name":"same","schemaVersion":"1.0","version":"1.0.0","entry":"main.wasm","permissions":[]}'
mkdir -p tree/a/b/c tree/A-b tree/z
printf '%s' "$manifest" >tree/manifest.json
printf '\0asm\1\0\0\0' >tree/main.wasm
head -c 2500000 /dev/urandom | base64 >tree/a/b/c/two-frames.txt
for i in $(seq 40); do echo "$i" >"tree/z/$i"; done
: >tree/A-b/empty
: >tree/a.b
"$kennel" key gen -W -o key >/dev/null
"$kennel" bundle pack tree -o first.kennel --key key --counter 7
say $? "pack" "exit status $?"

same() { # NAME: x.kennel against the first
	cmp first.kennel x.kennel >/dev/null 2>&1
	say $? "the same bytes: $1" "$(cmp first.kennel x.kennel 2>&1)"
	rm -f x.kennel
}
pack() { # DIR [ENV COMMAND...]
	local dir=$1
	shift
	"$@" "$kennel" bundle pack "$dir" -o x.kennel --key key --counter 7
}

pack tree env
same "packed again"
pack "$work/tree/" env
same "an absolute path, with a slash"
(cd tree/a && "$kennel" bundle pack .. -o ../../x.kennel --key ../../key --counter 7)
same "another working directory"
(umask 077 && pack tree env TZ=Asia/Tokyo LC_ALL=C)
same "another umask, time zone and locale"
(umask 000 && pack tree env -i LC_ALL=C.UTF-8 LANG=tr_TR.UTF-8)
same "no environment"
pack tree env MALLOC_PERTURB_=165 MALLOC_ARENA_MAX=1
same "another heap"
(cd tree && find . -type f | sort -r | while read -r f; do install -D -m 0600 "$f" "$other/tree/$f"; done)
find "$other" -exec touch -d '2001-01-01' {} +
pack "$other/tree" env
same "another file system, order of making, modes and times"
cp -r tree copy && chown -R 1234:4321 copy 2>/dev/null
pack copy env
same "another owner"
if gcc -shared -fPIC -O1 -D_GNU_SOURCE -o elsewhere.so "$top/tests/lib/elsewhere.c" 2>why; then
	# shellcheck disable=SC2012 # the order is what is asked
	[ "$(LD_PRELOAD=$work/elsewhere.so date -u +%Y)" = 2033 ] && ls -U tree/z >forward &&
		LD_PRELOAD=$work/elsewhere.so ls -U tree/z | tac | cmp -s - forward
	say $? "the other clock and order are believed in" "preloading does nothing here"
	pack tree env LD_PRELOAD="$work/elsewhere.so"
	same "another clock, user and order of every folder"
else
	say 1 "the other clock and order" "$(head -3 why)"
fi
cp -r tree linked && rm linked/A-b/empty && ln -s ../a.b linked/A-b/empty
pack linked env
same "a symbolic link where the other has the file"
jobs=()
for i in 1 2 3; do
	"$kennel" bundle pack tree -o "x$i.kennel" --key key --counter 7 &
	jobs+=($!)
done
wait "${jobs[@]}"
for i in 1 2 3; do cmp -s first.kennel "x$i.kennel" || break; done
say $? "the same bytes: three at once" "x$i.kennel differs"

# ---- what a host would refuse is not packed, and the file is named ----
refused() { # NAME E_NAME WORD: the tree "bad" gives this error, with this word
	local out got
	out=$("$kennel" bundle pack bad -o bad.kennel --key key 2>&1)
	got=$?
	[ "$got" != 0 ] && [[ $out == *"$2"* ]] && [[ $out == *"$3"* ]] && [ ! -e bad.kennel ]
	say $? "not packed: $1" "status $got: ${out:0:300}"
	chmod -R u+rwX bad
	rm -rf bad bad.kennel
}
fresh() {
	mkdir -p bad/src
	printf '%s' "$manifest" >bad/manifest.json
	cp tree/main.wasm bad
	echo x >bad/src/x
}
many() { # DIR COUNT BYTES
	perl -e 'my ($d, $n, $b) = @ARGV; for (1..$n) { open my $f, ">", "$d/$_" or die; truncate $f, $b; }' "$@"
}
fresh && ln -s /etc/passwd bad/src/link
refused "a symbolic link that leads out" E_PATH src/link
fresh && ln -s ../src bad/src/link
refused "a symbolic link to the folder it stands in" E_PATH src/link
fresh && mkdir bad/src/none
refused "an empty folder" E_FORMAT src/none
fresh && mkfifo bad/src/pipe
refused "a pipe" E_FORMAT src/pipe
fresh && printf '\177ELF' >bad/src/tool
refused "an ELF file" E_NATIVE src/tool
fresh && printf '#!/bin/sh\n' >bad/src/run
refused "a script" E_NATIVE src/run
fresh && chmod 755 bad/src/x
refused "an executable mode" E_NATIVE src/x
fresh && echo x >'bad/src/a b'
refused "a space in a name" E_PATH 'src/a b'
fresh && echo x >bad/src/.hidden
refused "a hidden file" E_PATH src/.hidden
fresh && echo x >$'bad/src/\303\251'
refused "a name beyond ASCII" E_PATH src/
fresh && mkdir bad/meta && echo x >bad/meta/x
refused "META in another case" E_PATH meta
fresh && echo x >bad/src/X
refused "two names that differ in case" E_PATH src/X
fresh && echo x >"bad/src/$(printf 'n%.0s' $(seq 101))"
refused "a name of 101 bytes" E_PATH nnnn
fresh && mkdir -p bad/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16 && echo x >bad/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/x
refused "17 deep" E_PATH 15/16
fresh && many bad/src 4094 0
refused "4,097 files" E_LIMIT "4096 files"
fresh && truncate -s 67108865 bad/src/huge
refused "a file of more than 64 MiB" E_LIMIT src/huge
fresh && for i in 1 2 3 4; do truncate -s 64M bad/src/huge-$i; done
refused "more than 256 MiB in all" E_LIMIT src/huge-
fresh && rm bad/manifest.json
refused "no manifest" E_NOT_FOUND manifest.json
fresh && head -c 65537 /dev/zero | tr '\0' ' ' >bad/manifest.json
refused "a manifest of more than 64 KiB" E_LIMIT manifest.json
fresh && rm bad/main.wasm
refused "no entry" E_MANIFEST main.wasm
fresh && printf '%s' "${manifest%?},\"signature\":\"self\"}" >bad/manifest.json
refused "a manifest that signs itself" E_MANIFEST_SIGNATURE "kennel bundle"
fresh && printf '%s' "${manifest%?},\"name\":\"twice\"}" >bad/manifest.json
refused "a key twice in the manifest" E_JSON manifest.json
fresh && printf '%s' "${manifest/1.0.0/one}" >bad/manifest.json
refused "a bad version" E_ manifest.json
exit "$failed"
