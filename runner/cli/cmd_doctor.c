/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_doctor.c - what this host can enforce, and what to change. Owns: the checks.  Must not know:
 * how the launcher uses what it finds; it finds out again, and refuses for itself. */
#include <fcntl.h>
#include <linux/dqblk_xfs.h>
#include <linux/magic.h>
#include <linux/quota.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/confine.h"
#include "base/fd.h"
#include "base/fs.h"
#include "cli/ask.h"
#include "cli/sibling.h"

#define LSM_LIST "/sys/kernel/security/lsm"
#define CGROUP_ROOT "/sys/fs/cgroup"
#define BPFFS "/sys/fs/bpf"
#define BTF "/sys/kernel/btf/vmlinux"
enum {
	FOUND_MAX = 160,
	STATE_PATH_MAX = 512,
	SMALL_FILE_MAX = 4096,
	KERNEL_MAJOR = 6,
	KERNEL_MINOR = 1
};

struct finding {
	bool ok;
	char found[FOUND_MAX];
};

static void read_small(const char *path, char *ret, size_t cap)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };

	ret[0] = '\0';
	if (fs_read_file(AT_FDCWD, path, SMALL_FILE_MAX, &b, NULL) < 0)
		return;
	(void)snprintf(ret, cap, "%.*s", (int)strcspn((const char *)b.p, "\n"), (const char *)b.p);
}

static bool has_word(const char *list, const char *word, const char *separators)
{
	size_t n = strlen(word);

	while (*list) {
		size_t len = strcspn(list, separators);

		if (len == n && !memcmp(list, word, n))
			return true;
		list += len + (list[len] != '\0');
	}
	return false;
}

static void check_kernel(struct finding *f)
{
	struct utsname u;
	unsigned int major = 0, minor = 0;

	if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return;
	(void)snprintf(f->found, sizeof(f->found), "Linux %.60s", u.release);
	f->ok = major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR);
}

static void check_bpf_lsm(struct finding *f)
{
	char list[FOUND_MAX];

	read_small(LSM_LIST, list, sizeof(list));
	f->ok = has_word(list, "bpf", ",");
	(void)snprintf(f->found, sizeof(f->found), "%s", list[0] ? list : "no " LSM_LIST);
}

static void check_btf(struct finding *f)
{
	f->ok = access(BTF, R_OK) == 0;
	(void)snprintf(f->found, sizeof(f->found), "%s %s", BTF,
		       f->ok ? "is there" : "cannot be read");
}

static void check_bpffs(struct finding *f)
{
	struct statfs s;

	f->ok = statfs(BPFFS, &s) == 0 && (unsigned long)s.f_type == BPF_FS_MAGIC;
	(void)snprintf(f->found, sizeof(f->found), "%s is %s", BPFFS,
		       f->ok ? "a bpf file system" : "none");
}

static void check_landlock(struct finding *f)
{
	int abi = landlock_abi(NULL);

	f->ok = abi > 0;
	if (f->ok)
		(void)snprintf(f->found, sizeof(f->found), "ABI %d", abi);
	else
		(void)snprintf(f->found, sizeof(f->found), "the kernel answers no");
}

static void check_cgroup(struct finding *f)
{
	static const char *const needed[] = { "cpu", "memory", "pids" };
	char list[FOUND_MAX];
	struct writer w;

	read_small(CGROUP_ROOT "/cgroup.controllers", list, sizeof(list));
	writer_init(&w, f->found, sizeof(f->found));
	if (access(CGROUP_ROOT "/cgroup.controllers", F_OK) < 0) {
		writer_str(&w, "no cgroup v2 at " CGROUP_ROOT);
		return;
	}
	f->ok = true;
	writer_fmt(&w, "controllers: %s", list[0] ? list : "none");
	for (size_t i = 0; i < countof(needed); i++)
		if (!has_word(list, needed[i], " ")) {
			writer_fmt(&w, "%s%s", f->ok ? "; missing: " : ", ", needed[i]);
			f->ok = false;
		}
}

static void check_cgroup_kill(struct finding *f)
{
	struct utsname u;
	unsigned int major = 0, minor = 0;

	if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return;
	f->ok = access(CGROUP_ROOT "/cgroup.controllers", F_OK) == 0 &&
		(major > 5 || (major == 5 && minor >= 14));
	(void)snprintf(f->found, sizeof(f->found), "%s", f->ok ? "cgroup.kill" : "no cgroup.kill");
}

static void check_userns(struct finding *f)
{
	char most[32];

	read_small("/proc/sys/user/max_user_namespaces", most, sizeof(most));
	f->ok = strtoul(most, NULL, 10) > 0 && access("/proc/self/ns/user", F_OK) == 0;
	(void)snprintf(f->found, sizeof(f->found), "at most %s", most[0] ? most : "none");
}

/* As the launcher will ask for STATE/data; where STATE is not there yet, for what it will be made
 * on. */
static int open_state(char at[STATE_PATH_MAX])
{
	const char *state = getenv("KENNEL_STATE");
	int fd;

	(void)snprintf(at, STATE_PATH_MAX, "%s", state && *state ? state : DEFAULT_STATE);
	while ((fd = open(at, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0 && strrchr(at, '/') > at)
		*strrchr(at, '/') = '\0';
	return fd < 0 ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : fd;
}

static void check_storage(struct finding *f)
{
	char at[STATE_PATH_MAX];
	struct fs_quota_stat s = { 0 };
	CLEANUP_FD int fd = open_state(at);

	f->ok = syscall(SYS_quotactl_fd, fd, QCMD(Q_XGETQSTAT, PRJQUOTA), 0, &s) == 0 &&
		(s.qs_flags & FS_QUOTA_PDQ_ENFD);
	(void)snprintf(f->found, sizeof(f->found), "%s project quota on %.100s",
		       f->ok ? "enforced" : "no", at);
}

/* The disk below the state is the one that plugins write to; images and vaults may have others. */
static void check_io(struct finding *f)
{
	char list[FOUND_MAX], at[STATE_PATH_MAX], disk[64];
	CLEANUP_FD int fd = open_state(at);
	struct stat st;

	read_small(CGROUP_ROOT "/cgroup.controllers", list, sizeof(list));
	if (!has_word(list, "io", " ")) {
		(void)snprintf(f->found, sizeof(f->found), "no controller io in cgroup v2");
		return;
	}
	if (fstat(fd, &st) < 0)
		return;
	(void)snprintf(disk, sizeof(disk), "/sys/dev/block/%u:%u", major(st.st_dev),
		       minor(st.st_dev));
	f->ok = major(st.st_dev) != 0 && access(disk, F_OK) == 0;
	(void)snprintf(f->found, sizeof(f->found), "controller io, and %s below %.80s",
		       f->ok ? "a disk" : "no disk", at);
}

static void check_programs(struct finding *f)
{
	static const char *const needed[] = { "kenneld",       "kennel-supervisor", "kennel-loader",
					      "kennel-broker", "kennel-audit",	    "kennel-pack" };
	char path[512];
	struct writer w;

	writer_init(&w, f->found, sizeof(f->found));
	f->ok = true;
	for (size_t i = 0; i < countof(needed); i++)
		if (!sibling_path(needed[i], path, sizeof(path)) || access(path, X_OK) < 0) {
			writer_fmt(&w, "%s%s", f->ok ? "missing beside kennel: " : ", ", needed[i]);
			f->ok = false;
		}
	if (f->ok)
		writer_str(&w, "all beside kennel");
}

static const struct check {
	const char *name;
	void (*run)(struct finding *f);
	const char *what; /* it is for */
	const char *advice;
	const char *accept; /* the degradation that would do without, or NULL */
} checks[] = {
	{ "kernel", check_kernel, "everything below", "run Linux 6.1 or newer (Debian 12)", NULL },
	{ "bpf-lsm", check_bpf_lsm, "the guard: file labels, exec, W^X",
	  "add \"lsm=landlock,lockdown,yama,integrity,apparmor,bpf\" to the kernel's command line",
	  "no-bpf-lsm" },
	{ "btf", check_btf, "loading the guard and the meter",
	  "run a kernel with CONFIG_DEBUG_INFO_BTF", "no-bpf-lsm" },
	{ "bpffs", check_bpffs, "enforcement that outlives the daemon", "mount -t bpf bpf " BPFFS,
	  "no-bpf-lsm" },
	{ "cgroup", check_cgroup, "memory, CPU and task limits, metering",
	  "boot with systemd.unified_cgroup_hierarchy=1, and delegate cpu, memory and pids",
	  "no-cgroup" },
	{ "cgroup-kill", check_cgroup_kill, "ending all of a plugin at once",
	  "run Linux 5.14 or newer with cgroup v2", "no-cgroup" },
	{ "landlock", check_landlock, "the second layer around files",
	  "add landlock to lsm= on the kernel's command line", "no-landlock" },
	{ "user-namespaces", check_userns, "jails", "sysctl user.max_user_namespaces=15000", NULL },
	{ "storage-quota", check_storage, "the sum of what a plugin keeps in data:/",
	  "mount the state folder's file system (ext4, xfs) with prjquota", "no-storage-quota" },
	{ "io-limit", check_io, "what a plugin reads from disks and writes in a second",
	  "delegate the controller io, and keep the state on ext4 or xfs", "no-io-limit" },
	{ "programs", check_programs, "kennel itself",
	  "install the whole package; the programs find each other by folder", NULL },
};

static json_t *to_json(const struct check *c, const struct finding *f)
{
	json_t *o = json_pack("{s:s, s:b, s:s, s:s}", "name", c->name, "ok", f->ok, "found",
			      f->found, "for", c->what);

	if (!f->ok)
		(void)json_object_set_new(o, "advice", json_string(c->advice));
	if (!f->ok && c->accept)
		(void)json_object_set_new(o, "accept", json_string(c->accept));
	return o;
}

static void print_one(const struct check *c, const struct finding *f)
{
	(void)printf("%-8s %-16s %s\n", f->ok ? "ok" : "MISSING", c->name, f->found);
	if (f->ok)
		return;
	(void)printf("         %-16s needed for %s\n", "", c->what);
	(void)printf("         %-16s %s\n", "", c->advice);
	if (c->accept)
		(void)printf(
			"         %-16s or accept less, by name: \"accept\": [\"%s\"] in the configuration\n",
			"", c->accept);
}

int cmd_doctor(int argc, char **argv)
{
	static const struct cli_spec spec = {
		.usage = "kennel doctor [OPTION]...",
		.about =
			"What this host can enforce, and what to change where it cannot. Needs no daemon and changes nothing.",
		.more = "Exit status: 0 everything can be enforced, 126 something cannot.",
	};
	CLEANUP(json_decref_p) json_t *list = json_array(), *doc = NULL;
	struct cli_args a;
	bool all = true;
	int r = cli_parse(&spec, argc, argv, &a);

	if (r != CLI_GO)
		return r;
	for (size_t i = 0; i < countof(checks); i++) {
		struct finding f = { 0 };

		checks[i].run(&f);
		all = all && f.ok;
		(void)json_array_append_new(list, to_json(&checks[i], &f));
		if (!a.json)
			print_one(&checks[i], &f);
	}
	if (a.json) {
		doc = json_pack("{s:b, s:O}", "enforceable", all, "checks", list);
		r = cli_print_json(doc);
		if (r != 0)
			return r;
	} else {
		(void)printf(
			all ? "This host can enforce everything.\n"
			    : "What is missing is refused by kenneld, never silently left out.\n");
	}
	return all ? 0 : err_exit_status(ERR_UNSUPPORTED);
}
