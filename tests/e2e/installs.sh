#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/vm/installs.sh on this host, with what it may lack accepted by name: how long an installation takes says more
# where nothing is emulated. In the soak run it is 1,000 of each kind.
# shellcheck source=../lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
need "$build/kenneld" "$build/tests-vm/quiet" "$build/images/native/init"
mkdir "$work/scratch"
chmod 755 "$work" "$work/scratch"
cp -a "$build/images/." "$work/scratch/"
export KENNEL_SCRATCH=$work/scratch KENNEL_ACCEPT='"no-bpf-lsm", "no-cgroup", "no-storage-quota", "no-io-limit"'
tests/vm/installs.sh
