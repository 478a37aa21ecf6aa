#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: Apache-2.0
#
# init.sh - process 1 of the test machine.
# Owns: what is mounted where, the life of the one command, and how its result leaves.
# Must not know: what the command is for.
#
# Three stages: "initramfs" builds the root tree and moves into it, "command" or "shell" runs there.
# The first word of /machine/mode chooses between the last two. All tools are busybox's, from the
# initramfs, so that nothing here depends on (or waits for) the host's programs.

own=/run/kennel-vm	# where the initramfs' files go once the root tree is the host's

note() {
	echo "kennel-vm: $*" >/dev/console
}

# The machine cannot go on: say why where the host looks for it, and stop.
fail() {
	note "FAILED: $*"
	sync
	poweroff -f
	sleep 60
}

load_modules() {
	while read -r module; do
		# One that fails may be for hardware that is not there; what needs it will say so.
		insmod "/modules/$module" || note "module $module did not load"
	done </modules/order
}

mount_root() {
	# The host's tree does not change while we look, or we do not care: cache all of it.
	mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=524288,cache=loose,access=client host /lower ||
		fail "cannot mount the host's root tree"
	mount -t tmpfs -o size=75%,mode=755 upper /upper || fail "cannot mount a tmpfs"
	mkdir /upper/data /upper/work
	mount -t overlay -o lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work root /new ||
		fail "cannot mount the overlay"
	# The overlay holds on to both; nobody needs to see them.
	umount -l /lower
	umount -l /upper
}

mount_kernel_views() {
	mkdir -p /new/proc /new/sys /new/dev /new/run /new/scratch
	mount -t proc -o nosuid,nodev,noexec proc /new/proc || fail "cannot mount proc"
	mount -t sysfs -o nosuid,nodev,noexec sysfs /new/sys || fail "cannot mount sysfs"
	mount -t devtmpfs -o mode=755 devtmpfs /new/dev || fail "cannot mount devtmpfs"
	mkdir -p /new/dev/pts /new/dev/shm /new/dev/mqueue
	mount -t devpts -o mode=620,gid=5,ptmxmode=666 devpts /new/dev/pts || fail "cannot mount devpts"
	mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /new/dev/shm || fail "cannot mount /dev/shm"
	mount -t mqueue mqueue /new/dev/mqueue || fail "cannot mount mqueue"
	mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /new/run || fail "cannot mount /run"
	mount -t securityfs securityfs /new/sys/kernel/security || fail "cannot mount securityfs"
	mount -t debugfs debugfs /new/sys/kernel/debug || fail "cannot mount debugfs"
	mount -t tracefs tracefs /new/sys/kernel/tracing || fail "cannot mount tracefs"
	mount -t bpf -o mode=700 bpf /new/sys/fs/bpf || fail "cannot mount bpffs"
	mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /new/sys/fs/cgroup ||
		fail "cannot mount cgroup2"
	ln -s /proc/self/fd /new/dev/fd
	ln -s /proc/self/fd/0 /new/dev/stdin
	ln -s /proc/self/fd/1 /new/dev/stdout
	ln -s /proc/self/fd/2 /new/dev/stderr
}

enable_controllers() {
	read -r controllers </new/sys/fs/cgroup/cgroup.controllers
	for controller in $controllers; do
		echo "+$controller" >/new/sys/fs/cgroup/cgroup.subtree_control ||
			fail "cannot enable the cgroup controller $controller"
	done
}

mount_scratch() {
	mount -t ext4 -o prjquota /dev/vda /new/scratch || fail "cannot mount the scratch disk"
	mkdir -p /new/scratch/out
}

# The whole module tree of this kernel, so that modprobe and the kernel's own requests find the rest.
mount_modules() {
	modules=$(cat /machine/modules)
	mkdir -p /new/lib/modules
	rm -rf "/new/lib/modules/$(uname -r)"
	ln -s "$modules" "/new/lib/modules/$(uname -r)" || fail "cannot show the kernel modules"
}

stage_initramfs() {
	mount -t devtmpfs devtmpfs /dev
	mount -t proc proc /proc
	mount -t sysfs sysfs /sys
	load_modules
	mount_root
	mount_kernel_views
	enable_controllers
	mount_scratch
	mount_modules
	hostname kennel-vm
	ip link set lo up
	mkdir "/new$own"
	cp -a /bin /machine "/new$own/"
	cp /init "/new$own/init"
	umount -l /sys /proc
	umount -l /dev
	# As systemd leaves it: a jail that forgets to make its mounts private must fail here.
	mount --make-rshared /new
	exec switch_root /new "$own/bin/sh" "$own/init" "$(cat /machine/mode)"
}

# Prints the device of port N: run fixes N, the kernel numbers what stands before it.
port() {
	for device in /dev/vport*p"$1"; do
		[ -c "$device" ] || fail "there is no port $1 for output"
		echo "$device"
	done
}

# Ends every process except the kernel's and those of this script, which all run our busybox.
# What the command left behind would otherwise hold its output and the scratch disk open.
kill_leftovers() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		found=
		for entry in /proc/[0-9]*; do
			program=$(readlink "$entry/exe") || continue
			[ "$program" != "$own/bin/busybox" ] || continue
			kill -9 "${entry#/proc/}" 2>/dev/null
			found=yes
		done
		[ -n "$found" ] || return 0
		sleep 0.1
	done
	note "some processes of the command could not be ended"
}

close_scratch() {
	sync
	umount /scratch 2>/dev/null && return
	# Somebody still holds it (a loop device, say): all file systems become read-only, and so consistent.
	echo u >/proc/sysrq-trigger
	sleep 0.2
}

# Runs the command with the caller's standard output and, as standard error, the caller's descriptor 3.
# Remarks of this shell go to standard error and so to the console.
run_command() {
	(
		exec </dev/null 2>&3 3>&-
		exec setsid /bin/sh "$own/machine/command"
	)
	echo "$?" >"$own/status"
	kill_leftovers
}

stage_command() {
	stdout_port=$(port 1)
	stderr_port=$(port 2)
	status_port=$(port 3)
	echo started >"$status_port"
	# A port lets in one opener, so the command gets pipes, like anywhere else.
	if [ -e "$own/machine/one-output" ]; then
		run_command 3>&1 | cat >"$stdout_port"
	else
		{
			run_command | cat >"$stdout_port" 3>&-
		} 3>&1 | cat >"$stderr_port"
	fi
	close_scratch
	echo "exit $(cat "$own/status")" >"$status_port"
	poweroff -f
	sleep 60
}

stage_shell() {
	setsid cttyhack /bin/sh "$own/machine/command" </dev/ttyS0 >/dev/ttyS0 2>&1
	kill_leftovers
	close_scratch
	poweroff -f
	sleep 60
}

case ${1:-} in
'')
	export PATH=/bin
	stage_initramfs
	;;
command | shell)
	export PATH="$own/bin"
	"stage_$1"
	;;
*)
	export PATH=/bin
	fail "no such mode: $1"
	;;
esac
