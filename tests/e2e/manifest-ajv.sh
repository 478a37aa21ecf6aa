#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# manifest-ajv.sh - thousands of generated and changed manifests get the same verdict from our validator
# and from ajv with the published schema. KENNEL_SEED repeats a run. tests: tools/gen/schema.c
# tests: tools/gen/schema_make.c tools/gen/schema_range.c tests/lib/manifest_batch.c
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
batch=$build/tests-vm/manifest-batch
schema=$build/gen/kennel-manifest.schema.json

fail() {
	echo "not ok manifest-ajv: $*"
	exit 0
}

[ -x "$batch" ] && [ -r "$schema" ] || fail "$batch or $schema is not built; make tests-build all"
for program in node npm; do
	command -v "$program" >/dev/null || fail "$program is not installed; tools/deps installs it"
done
mkdir -p "$build/ajv" || fail "cannot make $build/ajv"
if ! cmp -s tests/lib/ajv/package.json "$build/ajv/package.json" || [ ! -d "$build/ajv/node_modules/ajv" ]; then
	rm -rf "$build/ajv/node_modules"
	cp tests/lib/ajv/package.json "$build/ajv/"
	said=$(cd "$build/ajv" && timeout 120 npm install --no-audit --no-fund --no-package-lock --ignore-scripts \
		--loglevel=error 2>&1) || fail "npm cannot install ajv (is there a network?): $(tail -n 3 <<<"$said" | tr '\n' ' ')"
fi
NODE_PATH=$build/ajv/node_modules exec timeout 240 node tests/lib/ajv/differ.js "$batch" "$schema"
