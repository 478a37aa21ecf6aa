/* SPDX-License-Identifier: Apache-2.0 */
/* test_posture_compare.c - a posture that fits its policy has no difference; each thing that is
 * changed is named. */
#include "policy/posture_compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "bpf/abi.h"

enum { UID = 300001 };

static struct policy policy;
static struct posture posture;
static struct posture_report report;
static struct posture_want want = { .policy = &policy, .uid = UID };

static void add_rule(uint8_t root, uint8_t access, const char *path)
{
	struct file_rule *f = &policy.files[policy.file_count++];

	*f = (struct file_rule){ .root = root, .access = access };
	(void)snprintf(f->path, sizeof(f->path), "%s", path);
}

static void add_mount(const char *target, const char *type, uint32_t flags)
{
	struct posture_mount *m = &posture.mount[posture.mounts++];

	*m = (struct posture_mount){ .id = 100 + posture.mounts, .flags = MNT_NOSUID | flags };
	m->major = strcmp(type, "ext4") ? 0 : 8;
	m->minor = m->major ? (strcmp(target, "/vault/Projects") ? 1 : 2) : posture.mounts;
	(void)snprintf(m->type, sizeof(m->type), "%s", type);
	(void)snprintf(m->target, sizeof(m->target), "%s", target);
}

static void add_label(const char *target, uint32_t place, uint32_t rights)
{
	struct posture_label *l = &posture.label[posture.labels++];

	*l = (struct posture_label){ .place = place, .rights = rights };
	(void)snprintf(l->target, sizeof(l->target), "%s", target);
}

static void add_process(uint32_t pid_inside)
{
	struct posture_process *r = &posture.process[posture.processes++];

	*r = (struct posture_process){ .pid = 800 + pid_inside,
				       .pid_inside = pid_inside,
				       .threads = 1,
				       .no_new_privs = 1,
				       .seccomp = 2,
				       .seccomp_filters = 1,
				       .setgroups_denied = 1,
				       .uid_map = { 1, UID, UID, 1 },
				       .gid_map = { 1, UID, UID, 1 } };
	for (int i = 0; i < 4; i++)
		r->uids[i] = r->gids[i] = UID;
	for (int i = 0; i < NS_COUNT; i++)
		r->ns[i] = 5000 + (uint64_t)i;
	r->soft[POSTURE_STACK] = r->hard[POSTURE_STACK] = JAIL_STACK_BYTES;
	r->soft[POSTURE_NOFILE] = r->hard[POSTURE_NOFILE] = PLUGIN_FILES_MAX;
	r->soft[POSTURE_NPROC] = r->hard[POSTURE_NPROC] = 16;
	r->soft[POSTURE_FSIZE] = r->hard[POSTURE_FSIZE] = PLUGIN_TMP_BYTES;
	posture.head.process_count = posture.processes;
}

/* A wasm plugin with a folder of the vault, all of /data and one folder below it. */
static int make(void **state)
{
	const struct posture_group limits = { 64 << 20, 0, 16, 50000, 100000, 1 };
	struct posture_process *program;

	(void)state;
	memset(&policy, 0, sizeof(policy));
	memset(&posture, 0, sizeof(posture));
	want.accepted = 0;
	policy.runtime = RUNTIME_WASM;
	policy.limits = (struct limits){
		.memory_bytes = 64 << 20,
		.cpu_percent = 50,
		.tasks = 16,
		.data_bytes = 1 << 20,
		.io_bytes = 16 << 20,
	};
	add_rule(FILE_ROOT_VAULT, FILE_ACCESS_READ, "Projects");
	add_rule(FILE_ROOT_VAULT, FILE_ACCESS_READ, "Projects/sub"); /* part of the first */
	add_rule(FILE_ROOT_DATA, FILE_ACCESS_READ, "");
	add_rule(FILE_ROOT_DATA, FILE_ACCESS_READ | FILE_ACCESS_WRITE, "cache");
	posture.head = (struct posture_head){ .uid = UID,
					      .frozen = 1,
					      .has_cgroup = 1,
					      .has_guard = 1,
					      .has_landlock = 1,
					      .guard_phase = PHASE_ENFORCE,
					      .data_max_bytes = (1 << 20) + 4096,
					      .instance = limits,
					      .plugin = limits };
	posture.head.disks = 2; /* two partitions of one disk */
	posture.head.disk[0] =
		(struct posture_disk){ 8, 1, 8, 0, { 16 << 20, 16 << 20, 4096, 4096 } };
	posture.head.disk[1] = posture.head.disk[0];
	posture.head.disk[1].fs_minor = 2;
	for (int i = 0; i < NS_COUNT; i++)
		posture.head.host_ns[i] = 1 + (uint64_t)i;
	add_mount("/", "ext4", MNT_RDONLY | MNT_NODEV);
	add_mount("/dev", "tmpfs", MNT_RDONLY | MNT_NOEXEC);
	add_mount("/tmp", "tmpfs", MNT_NODEV | MNT_NOEXEC);
	add_mount("/exec", "ext4", MNT_RDONLY | MNT_NODEV);
	add_mount("/plugin", "ext4", MNT_RDONLY | MNT_NODEV | MNT_NOEXEC);
	add_mount("/data", "ext4", MNT_NODEV | MNT_NOEXEC);
	add_mount("/vault", "tmpfs", MNT_RDONLY | MNT_NODEV | MNT_NOEXEC);
	add_mount("/vault/Projects", "ext4", MNT_RDONLY | MNT_NODEV | MNT_NOEXEC | MNT_IDMAPPED);
	add_mount("/proc", "proc", MNT_RDONLY | MNT_NODEV | MNT_NOEXEC | MNT_PROC_OWN);
	add_label("/", LABEL_ROOT, MAY_READ | MAY_EXEC);
	add_label("/", LABEL_CANARY, 0);
	add_label("/dev", LABEL_ROOT, MAY_READ | MAY_WRITE);
	add_label("/tmp", LABEL_ROOT, MAY_READ | MAY_WRITE);
	add_label("/exec", LABEL_ROOT, MAY_READ | MAY_EXEC);
	add_label("/plugin", LABEL_ROOT, MAY_READ);
	add_label("/data", LABEL_ROOT, MAY_READ);
	add_label("/data", LABEL_BELOW, MAY_READ | MAY_WRITE);
	add_label("/vault", LABEL_ROOT, MAY_READ);
	add_label("/vault/Projects", LABEL_ROOT, MAY_READ);
	add_label("/proc", LABEL_ROOT, MAY_READ);
	add_process(1);
	add_process(2);
	program = &posture.process[1];
	program->fd_count = 4;
	program->fds[0] = (struct posture_fd){ 0, FD_DEVICE, 1, 3, 7 };
	program->fds[1] = (struct posture_fd){ 1, FD_PIPE, 0, 0, 9 };
	program->fds[2] = (struct posture_fd){ 2, FD_PIPE, 0, 0, 9 };
	program->fds[3] = (struct posture_fd){ 3, FD_SOCKET, 0, 0, 8 };
	return 0;
}

static void compare(void)
{
	posture_compare(&want, &posture, &report);
}

static void what_fits_has_no_difference(void **state)
{
	(void)state;
	compare();
	for (uint32_t i = 0; i < report.count && i < POSTURE_DIFFERENCES_MAX; i++)
		print_message("%s: %s, %s\n", report.row[i].what, report.row[i].expected,
			      report.row[i].found);
	assert_int_equal(report.count, 0);
}

/* ---- one thing at a time ---- */

static void c_memory(void)
{
	posture.head.instance.memory_max = POSTURE_UNLIMITED;
}
static void c_plugin_tasks(void)
{
	posture.head.plugin.tasks_max = 17;
}
static void c_swap(void)
{
	posture.head.instance.swap_max = 4096;
}
static void c_cpu(void)
{
	posture.head.instance.cpu_quota_us = POSTURE_UNLIMITED;
}
static void c_oom(void)
{
	posture.head.plugin.oom_group = 0;
}
static void c_io_write(void)
{
	posture.head.disk[0].max[DISK_WRITE_BYTES] = POSTURE_UNLIMITED;
}
static void c_io_requests(void)
{
	posture.head.disk[1].max[DISK_READS] = 4097;
}
static void c_vault_disk(void)
{
	posture.head.disks = 1;
}
static void c_groups_gone(void)
{
	posture.head.has_cgroup = 0;
}
static void c_phase(void)
{
	posture.head.guard_phase = PHASE_SETUP;
}
static void c_jit(void)
{
	posture.head.guard_flags = GUARD_JIT;
}
static void c_no_guard(void)
{
	posture.head.has_guard = 0;
}
static void c_landlock(void)
{
	posture.head.has_landlock = 0;
}
static void c_quota(void)
{
	posture.head.data_max_bytes = 0;
}
static void c_quota_more(void)
{
	posture.head.data_max_bytes = 1 << 30;
}
static void c_mounted(void)
{
	add_mount("/mnt", "tmpfs", MNT_NODEV | MNT_NOEXEC);
}
static void c_over(void)
{
	add_mount("/tmp", "tmpfs", MNT_NODEV | MNT_NOEXEC);
}
static void c_unmounted(void)
{
	posture.mounts--;
}
static void c_writable(void)
{
	posture.mount[0].flags &= ~(uint32_t)MNT_RDONLY;
}
static void c_exec(void)
{
	posture.mount[2].flags &= ~(uint32_t)MNT_NOEXEC;
}
static void c_shared(void)
{
	posture.mount[7].flags |= MNT_SHARED;
}
static void c_no_idmap(void)
{
	posture.mount[7].flags &= ~(uint32_t)MNT_IDMAPPED;
}
static void c_all_of_proc(void)
{
	posture.mount[8].flags &= ~(uint32_t)MNT_PROC_OWN;
}
static void c_other_type(void)
{
	(void)snprintf(posture.mount[8].type, 16, "sysfs");
}
static void c_label(void)
{
	posture.label[5].rights |= MAY_EXEC;
}
static void c_label_unknown(void)
{
	add_label("", LABEL_UNKNOWN, MAY_READ);
}
static void c_label_gone(void)
{
	posture.labels--;
}
static void c_label_below(void)
{
	add_label("/data", LABEL_BELOW, MAY_READ | MAY_WRITE);
}
static void c_label_below_vault(void)
{
	add_label("/vault", LABEL_BELOW, MAY_READ);
}
static void c_canary(void)
{
	posture.label[1].rights = MAY_READ;
}
static void c_uid(void)
{
	posture.process[1].uids[1] = 0;
}
static void c_gid(void)
{
	posture.process[1].gids[2] = 0;
}
static void c_group(void)
{
	posture.process[0].groups = 1;
}
static void c_map(void)
{
	posture.process[1].uid_map.count = 2;
}
static void c_map_rows(void)
{
	posture.process[1].gid_map.rows = 2;
}
static void c_setgroups(void)
{
	posture.process[1].setgroups_denied = 0;
}
static void c_cap(void)
{
	posture.process[1].caps[CAPS_BOUNDING] = 1 << 21;
}
static void c_privs(void)
{
	posture.process[1].no_new_privs = 0;
}
static void c_seccomp(void)
{
	posture.process[1].seccomp = 0;
}
static void c_filters(void)
{
	posture.process[1].seccomp_filters = 2;
}
static void c_host_net(void)
{
	posture.process[1].ns[NS_NET] = posture.head.host_ns[NS_NET];
}
static void c_other_ns(void)
{
	posture.process[1].ns[NS_USER] = 777;
}
static void c_rlimit(void)
{
	posture.process[1].hard[POSTURE_NOFILE] = 1024;
}
static void c_core(void)
{
	posture.process[1].soft[POSTURE_CORE] = POSTURE_UNLIMITED;
}
static void c_init_fd(void)
{
	posture.process[0].fd_count = 1;
}
static void c_host_folder(void)
{
	posture.process[1].fds[posture.process[1].fd_count++] =
		(struct posture_fd){ 4, FD_FOLDER, 0, 0, 7 };
}
static void c_host_device(void)
{
	posture.process[1].fds[posture.process[1].fd_count++] =
		(struct posture_fd){ 4, FD_DEVICE, 8, 0, 7 };
}
static void c_socket(void)
{
	posture.process[1].fds[posture.process[1].fd_count++] =
		(struct posture_fd){ 9, FD_SOCKET, 0, 0, 8 };
}
static void c_nobody(void)
{
	posture.processes = posture.head.process_count = 0;
}
static void c_crowd(void)
{
	posture.head.process_count = 70;
}

static const struct {
	const char *what;
	void (*change)(void);
} changes[] = {
	{ "cgroup of the instance: memory.max", c_memory },
	{ "cgroup of the plugin: pids.max", c_plugin_tasks },
	{ "cgroup of the instance: memory.swap.max", c_swap },
	{ "cgroup of the instance: cpu.max in percent", c_cpu },
	{ "cgroup of the plugin: memory.oom.group", c_oom },
	{ "cgroup limits", c_groups_gone },
	{ "io.max of disk 8:0: wbps", c_io_write },
	{ "io.max of disk 8:0: riops", c_io_requests },
	{ "io.max of the disk below /vault/Projects", c_vault_disk },
	{ "guard: phase", c_phase },
	{ "guard: flags", c_jit },
	{ "guard: policy", c_no_guard },
	{ "Landlock", c_landlock },
	{ "storage quota of /data", c_quota },
	{ "storage quota of /data", c_quota_more },
	{ "/mnt", c_mounted },
	{ "/tmp", c_over },
	{ "/proc", c_unmounted },
	{ "/", c_writable },
	{ "/tmp", c_exec },
	{ "/vault/Projects", c_shared },
	{ "/vault/Projects", c_no_idmap },
	{ "/proc", c_all_of_proc },
	{ "/proc", c_other_type },
	{ "label on /plugin", c_label },
	{ "label on a file or folder outside its mounts", c_label_unknown },
	{ "label on /proc", c_label_gone },
	{ "label on /data: folders to write", c_label_below },
	{ "label on /vault", c_label_below_vault },
	{ "label on the canary", c_canary },
	{ "process 2 (): effective uid", c_uid },
	{ "process 2 (): saved gid", c_gid },
	{ "process 1 (): supplementary groups", c_group },
	{ "process 2 (): uid map", c_map },
	{ "process 2 (): gid map", c_map_rows },
	{ "process 2 (): setgroups denied", c_setgroups },
	{ "process 2 (): CapBnd", c_cap },
	{ "process 2 (): no_new_privs", c_privs },
	{ "process 2 (): seccomp mode", c_seccomp },
	{ "process 2 (): seccomp filters", c_filters },
	{ "process 2 (): net namespace", c_host_net },
	{ "process 2 (): user namespace", c_other_ns },
	{ "process 2 (): rlimit nofile", c_rlimit },
	{ "process 2 (): rlimit core", c_core },
	{ "process 1 (): descriptors of process 1", c_init_fd },
	{ "process 2 (): descriptor 4", c_host_folder },
	{ "process 2 (): descriptor 4", c_host_device },
	{ "process 2 (): descriptor 9", c_socket },
	{ "processes", c_nobody },
	{ "processes", c_crowd },
};

static void each_change_alone_is_named(void **state)
{
	for (size_t i = 0; i < countof(changes); i++) {
		make(state);
		changes[i].change();
		compare();
		if (report.count != 1 || strcmp(report.row[0].what, changes[i].what) != 0)
			print_message("%s: %u differences, the first \"%s\"\n", changes[i].what,
				      report.count, report.row[0].what);
		assert_int_equal(report.count, 1);
		assert_string_equal(report.row[0].what, changes[i].what);
		assert_true(report.row[0].expected[0] && report.row[0].found[0]);
	}
}

static void a_lower_limit_of_the_host_is_no_difference(void **state)
{
	(void)state;
	posture.process[1].hard[POSTURE_NOFILE] = posture.process[1].soft[POSTURE_NOFILE] = 64;
	compare();
	assert_int_equal(report.count, 0);
}

static void what_is_accepted_may_be_missing(void **state)
{
	(void)state;
	posture.head.has_cgroup = posture.head.has_guard = posture.head.has_landlock = 0;
	posture.head.data_max_bytes = 0;
	posture.head.disks = 0;
	compare();
	assert_int_equal(report.count, 4 + 5); /* five mounts are on a disk */
	want.accepted = (1u << ACCEPT_NO_BPF_LSM) | (1u << ACCEPT_NO_CGROUP) |
			(1u << ACCEPT_NO_LANDLOCK) | (1u << ACCEPT_NO_STORAGE_QUOTA) |
			(1u << ACCEPT_NO_IO_LIMIT);
	compare();
	assert_int_equal(report.count, 0);
}

/* An approved native bundle runs from /plugin, has no /exec, and may open sockets of its own. */
static void a_native_plugin_has_its_own_table(void **state)
{
	(void)state;
	policy.runtime = RUNTIME_NATIVE;
	posture.mount[3] = posture.mount[8]; /* /proc in the place of /exec */
	posture.mounts--;
	posture.mount[4].flags &= ~(uint32_t)MNT_NOEXEC;
	posture.label[4] = posture.label[10];
	posture.labels--;
	posture.label[5].rights |= MAY_EXEC;
	c_socket();
	compare();
	assert_int_equal(report.count, 0);
}

static void more_than_can_be_kept_is_counted(void **state)
{
	(void)state;
	while (posture.processes < POSTURE_PROCESSES_MAX) {
		add_process(posture.processes + 1);
		posture.process[posture.processes - 1].no_new_privs = 0;
	}
	compare();
	assert_int_equal(report.count, POSTURE_PROCESSES_MAX - 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_fits_has_no_difference, make),
		cmocka_unit_test_setup(each_change_alone_is_named, make),
		cmocka_unit_test_setup(a_lower_limit_of_the_host_is_no_difference, make),
		cmocka_unit_test_setup(what_is_accepted_may_be_missing, make),
		cmocka_unit_test_setup(a_native_plugin_has_its_own_table, make),
		cmocka_unit_test_setup(more_than_can_be_kept_is_counted, make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
