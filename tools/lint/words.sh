#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# words.sh - the tree speaks of the project alone, and every source says its licence.
. "$(dirname "$0")/lib.bash"

# Split, so that this file passes.
WORDS='//deb\.|//registry\.|\b(C''EO|issu''e [0-9]+|thi''s session)\b'
MAIL='[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}'
# Reserved for examples, or a systemd unit and not a host.
MAIL_OK='@([A-Za-z0-9.-]+\.)?(example(\.(com|net|org))?|test|invalid|localhost)$|\.(service|socket|slice|target|timer|path|mount|scope)$'

# The checkout's own path; its parent too, unless every system has one of that name.
own_path()
{
	local top parent end=/

	top=$(git rev-parse --show-toplevel) || return
	parent=${top%/*}
	case $parent in
	''|/tmp|/var/tmp|/root|/home|/home/*|/opt|/srv|/mnt|/usr/src|/usr/local/src|/build)
		parent=$top end='(/|$|[^A-Za-z0-9_.-])' ;;
	esac
	printf '%s%s\n' "$(sed 's/[][\.*^$+?(){}|]/\\&/g' <<<"$parent")" "$end"
}

# The people and addresses of the history, one fixed string a line.
people()
{
	{
		git log --format='%an%n%ae%n%cn%n%ce' 2>/dev/null
		git config user.name
		git config user.email
	} | grep -E '@|[^ ] [^ ]' | sort -u
}

check_words()
{
	local path names

	path=$(own_path) || return
	git grep --untracked -nIE "$WORDS" |
		sed -E 's/^([^:]*:[0-9]+):.*/\1: speaks of the place it was written in; say it without/'
	git grep --untracked -nIE "(^|[^A-Za-z0-9_.-])$path" |
		sed -E 's/^([^:]*:[0-9]+):.*/\1: has the path of this checkout; make it relative/'
	names=$(people)
	[ -z "$names" ] || git grep --untracked -nIF -f <(printf '%s\n' "$names") |
		sed -E 's/^([^:]*:[0-9]+):.*/\1: names an author; the history does that/'
	git grep --untracked -noIE "$MAIL" | while IFS=: read -r file line mail; do
		grep -qiE "$MAIL_OK" <<<"$mail" ||
			echo "$file:$line: has the mail address $mail; use one at example.org"
	done
	return 0
}

# list_sources: what a person wrote and can hold a comment.
list_sources()
{
	local file start

	list_files '*' ':!*.md' ':!tests/fuzz/corpus' ':!tests/*/corpus' | while IFS= read -r file; do
		case ${file##*/} in
		*.[chS]|*.sh|*.bash|*.awk|*.js|*.mjs|*.ts|*.rs|*.go|*.py|*.pl|*.wat|*.css|*.mk|Makefile)
			printf '%s\n' "$file" ;;
		*)
			IFS= read -r -n 2 start <"$file" 2>/dev/null
			[ "$start" = '#!' ] && printf '%s\n' "$file" ;;
		esac
	done
	return 0
}

check_licence()
{
	local file want

	list_sources | while IFS= read -r file; do
		want='Apache-2\.0'
		case $file in
		bpf/*) want='\(?(GPL-2\.0-only OR BSD-2-Clause|BSD-2-Clause OR GPL-2\.0-only)\)?' ;;
		esac
		head -n 5 "$file" | grep -qE "SPDX-License-Identifier: $want( |\$)" ||
			echo "$file:1: add 'SPDX-License-Identifier: $(spell "$file")' in the first five lines"
	done
}

spell()
{
	case $1 in
	bpf/*)	echo '(GPL-2.0-only OR BSD-2-Clause)' ;;
	*)	echo 'Apache-2.0' ;;
	esac
}

check_all()
{
	check_words && check_licence
}

gate check_all
