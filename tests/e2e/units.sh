#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# units.sh - what make install puts into place for systemd is what systemd accepts, starts what is installed,
# and leaves the fetcher little that it does not need.
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
need systemd-analyze "$kennel" "$build/kennel-fetch" "$build/gen/kennel-manifest.schema.json"
prefix=$work/usr
units=$prefix/lib/systemd/system

check "make install's script" "$top/tools/packaging/install" "" "$prefix"
for unit in kennel-trust-fetch.service kennel-trust-fetch.timer; do
	is "$unit is installed, for everybody to read" 644 "$(stat -c %a "$units/$unit")"
	# what stands there for other units of this host is not ours
	wrong=$(systemd-analyze verify --man=no --recursive-errors=no "$units/$unit" 2>&1)
	say $? "systemd accepts $unit" "$wrong"
	is "without a word" "" "$(grep -F kennel <<<"$wrong")"
done
program=$(sed -n 's/^ExecStart=//p' "$units/kennel-trust-fetch.service")
check "it starts what is installed" test -x "$program"
is "which is the fetcher" "$(readlink -f "$prefix/lib/kennel/kennel-fetch")" "$(readlink -f "$program")"
check "no placeholder is left" sh -c '! grep -rE "@[A-Z]+@" "$0"' "$units"
rating=$(systemd-analyze security --offline=yes --no-pager --threshold=25 "$units/kennel-trust-fetch.service" 2>&1)
say $? "its exposure is at most 2.5 of 10" "$(tail -n 1 <<<"$rating")"
for page in kennel-trust.5 kennel.json.5; do
	check "its documentation is installed: $page" test -s "$prefix/share/man/man5/$page"
done
exit "$failed"
