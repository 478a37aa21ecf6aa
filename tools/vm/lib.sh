# shellcheck shell=bash disable=SC2034 # half of the variables are for the sourcing script
# SPDX-License-Identifier: Apache-2.0
#
# lib.sh - what run and shell share; sourced by them.
# Owns: the options, the kernel cache under build/vm, the directory of one run, the scratch disk and
# QEMU's arguments.  Must not know: what runs inside, how output is carried.

vm_tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
vm_top=$(cd "$vm_tools/../.." && pwd)
vm_build=$vm_top/build/vm
vm_name=$(basename "$0")

EXIT_USAGE=2
EXIT_EMULATOR=123
EXIT_TIMEOUT=124
EXIT_MACHINE=125

# Options, with their defaults.
vm_kernel=6.1
vm_timeout_s=900
vm_memory_mib=2048
vm_cpus=2
vm_scratch_mib=1024
vm_seed_dir=
vm_kernel_args=
vm_out_dir=
vm_env_names=()
vm_count_instructions=

vm_say() {
	echo "$vm_name: $*" >&2
}

# The machine itself failed, before or after it ran.
vm_die() {
	vm_say "$*"
	exit "$EXIT_MACHINE"
}

vm_bad_usage() {
	vm_say "$*"
	echo "Try '$vm_name --help'." >&2
	exit "$EXIT_USAGE"
}

vm_want_number() {
	case $2 in
	'' | *[!0-9]* | 0*) vm_bad_usage "option -$1 wants a positive number, not '$2'" ;;
	esac
}

# vm_parse_options LETTERS ARG... - sets the variables above and vm_shift, the number of words read.
# The caller names the letters it takes, and defines vm_help.
vm_parse_options() {
	local letters=$1 letter
	shift
	OPTIND=1
	while getopts ":${letters}h-:" letter; do
		case $letter in
		k) vm_kernel=$OPTARG ;;
		t) vm_want_number t "$OPTARG" && vm_timeout_s=$OPTARG ;;
		m) vm_want_number m "$OPTARG" && vm_memory_mib=$OPTARG ;;
		c) vm_want_number c "$OPTARG" && vm_cpus=$OPTARG ;;
		d) vm_want_number d "$OPTARG" && vm_scratch_mib=$OPTARG ;;
		s) vm_seed_dir=$OPTARG ;;
		a) vm_kernel_args=$OPTARG ;;
		o) vm_out_dir=$OPTARG ;;
		e) vm_env_names+=("$OPTARG") ;;
		i) vm_count_instructions=yes ;;
		h) vm_help && exit 0 ;;
		-)
			[ "$OPTARG" = help ] || vm_bad_usage "unknown option --$OPTARG"
			vm_help
			exit 0
			;;
		:) vm_bad_usage "option -$OPTARG wants a value" ;;
		*) vm_bad_usage "unknown option -$OPTARG" ;;
		esac
	done
	vm_shift=$((OPTIND - 1))

	case $vm_kernel in
	6.1 | 6.12) ;;
	*) vm_bad_usage "no kernel '$vm_kernel'; there are 6.1 and 6.12" ;;
	esac
	[ -z "$vm_seed_dir" ] || [ -d "$vm_seed_dir" ] || vm_bad_usage "no directory '$vm_seed_dir' to seed from"
	for letter in ${vm_env_names[@]+"${vm_env_names[@]}"}; do
		case $letter in
		'' | [0-9]* | *[!A-Za-z0-9_]*) vm_bad_usage "'$letter' is no name of a variable" ;;
		esac
	done
	# These are fresh inside, so the caller's directory would not be there.
	case $PWD/ in
	/run/* | /var/run/* | /dev/* | /proc/* | /sys/* | /scratch/*)
		vm_bad_usage "the machine does not show the host's $PWD; start from another directory"
		;;
	esac
}

vm_check_tools() {
	local tool
	for tool in qemu-system-x86_64 busybox cpio mke2fs debugfs e2fsck xz zstd flock setpriv dpkg-deb \
		apt-get /sbin/modprobe /sbin/depmod; do
		command -v "$tool" >/dev/null || PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null ||
			vm_die "no $tool here; install: $("$vm_tools/deps" | tr '\n' ' ')"
	done
}

# --- the kernel ---------------------------------------------------------------------------------

# Prints the package which the meta package of this kernel series stands for.
vm_find_package() {
	local meta
	case $vm_kernel in
	6.1) meta=linux-image-amd64 ;;
	6.12) meta=linux-image-6.12-amd64 ;;
	esac
	apt-cache depends "$meta" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1
}

# Fetches and unpacks the kernel package; it is never installed.
vm_fetch_kernel() {
	local package work
	package=$(vm_find_package)
	if [ -z "$package" ]; then
		apt-get -q update >&2 || vm_die "apt-get update failed"
		package=$(vm_find_package)
	fi
	[ -n "$package" ] || vm_die "apt knows no package for kernel $vm_kernel"

	work=$vm_build/fetch
	rm -rf "$work"
	mkdir "$work"
	vm_say "fetching $package"
	# A list that is too old names a file that is gone: look again, once.
	(cd "$work" && { apt-get -q -o APT::Sandbox::User=root download "$package" ||
		{ apt-get -q update && apt-get -q -o APT::Sandbox::User=root download "$package"; }; }) >&2 ||
		vm_die "cannot download $package"
	mkdir "$work/tree"
	dpkg-deb -x "$work"/*.deb "$work/tree" || vm_die "cannot unpack $package"
	/sbin/depmod -b "$work/tree" "$(basename "$work"/tree/lib/modules/*)" || vm_die "depmod failed"
	mv "$work/tree" "$vm_kernel_dir"
	rm -rf "$work"
}

# Reads an unsigned little-endian number of $3 bytes at offset $2 of file $1.
vm_read_number() {
	od -An -v -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

# Takes the ELF kernel out of the bzImage (offsets: the kernel's Documentation/arch/x86/boot.rst).
# QEMU starts it directly, which saves the emulated processor the unpacking: seconds.
vm_unpack_vmlinux() {
	local image start length magic
	image=$(echo "$vm_kernel_dir"/boot/vmlinuz-*)
	start=$((($(vm_read_number "$image" 497 1) + 1) * 512 + $(vm_read_number "$image" 584 4)))
	length=$(($(vm_read_number "$image" 588 4) - 4))
	magic=$(vm_read_number "$image" "$start" 4)
	case $magic in
	1484404733) tail -c "+$((start + 1))" "$image" | head -c "$length" | xz -dc ;;
	4247762216) tail -c "+$((start + 1))" "$image" | head -c "$length" | zstd -qdc ;;
	*) vm_die "$image: compressed in a way not known here" ;;
	esac >"$vm_vmlinux.new"
	mv "$vm_vmlinux.new" "$vm_vmlinux"
}

# Builds what is missing or older than its sources, one process at a time, and makes the directory of
# this run: $vm_run.  A lock in that directory is held as long as the run lives, so whoever comes
# later can tell a run in progress from the remains of a killed one.
vm_prepare() {
	local old
	vm_kernel_dir=$vm_build/kernel-$vm_kernel
	vm_vmlinux=$vm_build/vmlinux-$vm_kernel
	vm_initramfs=$vm_build/initramfs-$vm_kernel.cpio

	mkdir -p "$vm_build"
	[ -e "$vm_build/.gitignore" ] || echo '*' >"$vm_build/.gitignore"
	exec {vm_cache_lock}>"$vm_build/lock"
	flock "$vm_cache_lock"
	[ -d "$vm_kernel_dir" ] || vm_fetch_kernel
	[ "$vm_vmlinux" -nt "$vm_kernel_dir" ] || vm_unpack_vmlinux
	if ! [ "$vm_initramfs" -nt "$vm_tools/init.sh" ] || ! [ "$vm_initramfs" -nt "$vm_tools/mkinitramfs" ]; then
		"$vm_tools/mkinitramfs" "$vm_kernel_dir" "$vm_initramfs" || vm_die "cannot build the initramfs"
	fi
	for old in "$vm_build"/run.*; do
		if [ ! -e "$old/lock" ] || flock -n "$old/lock" true; then
			rm -rf "$old"
		fi
	done
	vm_run=$(mktemp -d "$vm_build/run.XXXXXX")
	exec {vm_run_lock}>"$vm_run/lock"
	flock "$vm_run_lock"
	exec {vm_cache_lock}>&-
}

# --- one run ------------------------------------------------------------------------------------

# Prints its argument as one word of sh.
vm_quote() {
	printf "'%s'" "${1//\'/\'\\\'\'}"
}

# vm_write_command ARG... - writes the script that becomes the command: directory, environment, exec.
vm_write_command() {
	local name word
	{
		# A clean environment: the script starts itself again without any.
		# shellcheck disable=SC2016 # expanded inside
		echo '[ -n "${KENNEL_VM:-}" ] || exec /usr/bin/env -i KENNEL_VM=1 /bin/sh "$0"'
		echo "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
		echo "export HOME=/root LANG=C.UTF-8 KENNEL_SCRATCH=/scratch"
		echo "export TERM=$(vm_quote "${TERM:-dumb}")"
		for name in ${vm_env_names[@]+"${vm_env_names[@]}"}; do
			[ -z "${!name+set}" ] || echo "export $name=$(vm_quote "${!name}")"
		done
		echo "cd $(vm_quote "$PWD") && unset OLDPWD || exit 125"
		printf 'exec'
		for word in "$@"; do
			printf ' %s' "$(vm_quote "$word")"
		done
		echo
	} >"$vm_run/command"
}

# vm_make_initramfs MODE - the cached archive, and behind it a small one with what this run needs.
vm_make_initramfs() {
	mkdir "$vm_run/machine"
	mv "$vm_run/command" "$vm_run/machine/command"
	echo "$1" >"$vm_run/machine/mode"
	# Where both outputs go to the same place, one stream keeps their order.
	if [ /dev/fd/1 -ef /dev/fd/2 ]; then
		: >"$vm_run/machine/one-output"
	fi
	echo "$vm_kernel_dir"/lib/modules/* >"$vm_run/machine/modules"
	(cd "$vm_run" && find machine | cpio -o -H newc -R 0:0 --quiet) >"$vm_run/machine.cpio"
	cat "$vm_initramfs" "$vm_run/machine.cpio" >"$vm_run/initramfs"
}

vm_make_scratch() {
	local seed=()
	[ -z "$vm_seed_dir" ] || seed=(-d "$vm_seed_dir")
	truncate -s "${vm_scratch_mib}M" "$vm_run/scratch"
	PATH=$PATH:/usr/sbin:/sbin mke2fs -q -F -t ext4 -b 4096 -m 0 -O quota,project -E quotatype=prjquota,nodiscard \
		${seed[@]+"${seed[@]}"} "$vm_run/scratch" 2>"$vm_run/mke2fs.log" || {
		cat "$vm_run/mke2fs.log" >&2
		vm_die "cannot make the scratch disk of $vm_scratch_mib MiB${vm_seed_dir:+ from $vm_seed_dir}"
	}
}

# Sets vm_qemu to the command line that both kinds of run share.
vm_qemu_command() {
	local kernel_args="console=ttyS0 quiet panic=-1 oops=panic reboot=t"
	kernel_args+=" lsm=lockdown,capability,landlock,bpf cgroup_no_v1=all"
	# What only costs time on an emulated processor, or (the timer check) fails when it is starved.
	kernel_args+=" mitigations=off tsc=reliable no_timer_check cryptomgr.notests 8250.nr_uarts=1"
	kernel_args+=" init_on_alloc=0"
	# An emulated processor that makes no progress for a minute ends the machine, and the console says where.
	kernel_args+=" softlockup_panic=1 watchdog_thresh=30"
	# shellcheck disable=SC2054 # the commas are QEMU's
	vm_qemu=(
		# Whatever ends the caller ends the machine too.
		setpriv --pdeathsig KILL
		qemu-system-x86_64
		-nodefaults -no-user-config -display none -no-reboot
		# The machine "microvm" starts a second faster, but then one boot in twenty never sees
		# a timer interrupt.
		-machine pc
		# Without erms and fsrm: the emulator does "rep movsb" and "rep stosb" byte by byte, and
		# the kernel would clear and copy its pages so.
		# One thread for all processors: with one each, a processor may run a translation made while
		# another patched that code, and one that spins for a lock takes the time of who holds it.
		-accel tcg,thread=single -cpu max,la57=off,erms=off,fsrm=off
		-smp "$vm_cpus" -m "$vm_memory_mib"
		-kernel "$vm_vmlinux" -initrd "$vm_run/initramfs" -append "$kernel_args $vm_kernel_args"
		-fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap
		-device virtio-9p-pci,fsdev=host,mount_tag=host
		-drive "file=$vm_run/scratch,format=raw,if=none,id=scratch,cache=unsafe"
		-device virtio-blk-pci,drive=scratch
	)
	# The clock inside then counts instructions, a nanosecond each; while nothing runs it goes on as outside.
	[ -z "$vm_count_instructions" ] || vm_qemu+=(-icount shift=0)
}
