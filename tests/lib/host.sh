# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# host.sh - a private kenneld with a fresh state folder, for the demo and the tests. Owns: its life.
# Sourced; wants KENNEL_BUILD; KENNEL_ACCEPT names degradations, in JSON. Sets: kennel (function), HOST_DIR, HOST_VAULT, HOST_STATE.
jq() { gojq "$@"; } # the same language; starts in a fraction of the time, which an emulated processor multiplies
HOST_UID=64200 # owner of the vault: an ordinary user that nobody else is
: "${HOST_PID:=}" "${KENNEL_BUILD:=$PWD/build}"

host_scratch() { # a folder on a file system that can idmap (not tmpfs, not overlay)
	mktemp -d "${KENNEL_SCRATCH:-/var/lib}/kennel-XXXXXX"
}

# host_prepare VAULT-TO-COPY [EXTRA-JSON-FOR-THE-TENANT]
host_prepare() {
	HOST_DIR=$(host_scratch)
	HOST_VAULT=$HOST_DIR/vault
	HOST_STATE=$HOST_DIR/state
	export HOST_DIR HOST_VAULT HOST_STATE HOST_PID
	chmod 755 "$HOST_DIR"
	cp -r "$1" "$HOST_VAULT"
	chown -R "$HOST_UID:$HOST_UID" "$HOST_VAULT"
	chmod -R u+rwX "$HOST_VAULT"
	mkdir -p "$HOST_DIR/run"
	if [ -n "${KENNEL_SCRATCH:-}" ]; then # the test machine carries the images on its own disk
		HOST_IMAGES=$KENNEL_SCRATCH
	else
		HOST_IMAGES=$HOST_DIR/images
		cp -a "$KENNEL_BUILD/images" "$HOST_IMAGES"
	fi
	local accept=
	[ -z "${KENNEL_ACCEPT:-}" ] || accept=" \"accept\": [$KENNEL_ACCEPT],"
	cat >"$HOST_DIR/kennel.json" <<JSON
{
  "_type": "kennel.config/1",
  "state": "$HOST_STATE",
  "images": "$HOST_IMAGES",
  "cgroup": "kennel",
  "pluginUids": {"base": 200000, "count": 1000},$accept
  "tenants": {
    "default": {"uid": $HOST_UID, "gid": $HOST_UID, "vault": "$HOST_VAULT", "runtimes": ["wasm"]${2:+, $2}}
  }
}
JSON
	chmod 600 "$HOST_DIR/kennel.json"
}

kennel() {
	KENNEL_STATE=$HOST_STATE KENNEL_RUN=$HOST_DIR/run "$KENNEL_BUILD/kennel" "$@"
}

host_start() {
	"$KENNEL_BUILD/kenneld" --config "$HOST_DIR/kennel.json" --run "$HOST_DIR/run" \
		--bpffs /sys/fs/bpf/kennel >"$HOST_DIR/kenneld.log" 2>&1 &
	HOST_PID=$!
	for _ in $(seq 600); do
		kennel ps >/dev/null 2>&1 && return 0
		kill -0 "$HOST_PID" 2>/dev/null || break
		sleep 0.2
	done
	echo "kenneld did not start:" >&2
	cat "$HOST_DIR/kenneld.log" >&2
	return 1
}

host_stop() {
	[ -n "$HOST_PID" ] && kill -TERM "$HOST_PID" 2>/dev/null || return 0
	for _ in $(seq 400); do
		kill -0 "$HOST_PID" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -KILL "$HOST_PID"
	return 1
}

# A save as an editor does it: a new file renamed over the old one, owned by the vault's owner.
host_save() { # NOTE, below the vault; the new text comes from stdin
	local tmp
	tmp=$(mktemp "$(dirname "$HOST_VAULT/$1")/.save-XXXXXX")
	cat >"$tmp"
	chown "$HOST_UID:$HOST_UID" "$tmp"
	chmod 644 "$tmp"
	mv -f "$tmp" "$HOST_VAULT/$1"
}

# Waits until no event is queued or running for any plugin.
host_settle() { # SECONDS
	local quiet=0
	for _ in $(seq $(($1 * 5))); do
		if [ "$(kennel stats --json 2>/dev/null | jq '[.plugins[].queued] | add // 0')" = 0 ]; then
			quiet=$((quiet + 1))
			[ "$quiet" -ge 5 ] && return 0
		else
			quiet=0
		fi
		sleep 0.2
	done
	return 1
}

# Every note gets one more empty line, or (host_save_all) is saved with the text of another folder: only a
# change of the text is a save for the plugins.
host_notes() { # FOLDER -> names, NUL between
	find "$1" -name '*.md' -not -path '*/.*' -printf '%P\0'
}

host_draft_all() { # FOLDER
	host_notes "$1" | while IFS= read -r -d '' n; do echo >>"$1/$n"; done
}

host_save_all() { # FOLDER
	host_notes "$1" | while IFS= read -r -d '' n; do host_save "$n" <"$1/$n"; done
}
