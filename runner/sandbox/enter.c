/* SPDX-License-Identifier: Apache-2.0 */
/* enter.c - the child's way into the jail. The order of the table is the security argument: what
 * needs privilege comes first, the guard is turned on by the launcher between "ready" and
 * "enforce", and each later step takes something away for good. The child takes while the launcher
 * works, and waits only where it must not go on without it. */
#include "sandbox/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "bpf/abi.h"
#include "sandbox/caps.h"
#include "sandbox/mounts.h"

enum {
	IMAGE_ENTRIES_MAX = 32, /* an image's root has about fifteen */
	RULES_MAX = JAIL_LABELS_MAX + IMAGE_ENTRIES_MAX + 1,
};

struct entering {
	const struct jail *jail;
	int sync;
	int proc_fd;
};

static int tell_launcher(struct entering *s, const struct sync_msg *m, struct err *e)
{
	if (send(s->sync, m, sizeof(*m), MSG_NOSIGNAL) != (ssize_t)sizeof(*m))
		return err_sys(e, "tell the launcher");
	return 0;
}

/* read(2): the last of them comes when the filter is in force. */
static int await_launcher(struct entering *s, struct err *e)
{
	struct sync_msg answer;

	if (read(s->sync, &answer, sizeof(answer)) != (ssize_t)sizeof(answer) ||
	    answer.kind != SYNC_GO)
		return err_set(e, ERR_STATE, "the launcher did not let it go on");
	return 0;
}

static int hide_memory(struct entering *s, struct err *e)
{
	(void)s;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? err_sys(e, "PR_SET_DUMPABLE") : 0;
}

/* A compiled module touches a few pages of memory that it reserves by the gigabyte: a huge page for
 * them would be most of what the plugin is charged for. Kept over exec (prctl(2)). */
static int keep_pages_small(struct entering *s, struct err *e)
{
	if (s->jail->profile != SECCOMP_PLUGIN_WASM)
		return 0;
	return prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) < 0 ? err_sys(e, "PR_SET_THP_DISABLE") : 0;
}

static int enter_ids(struct entering *s, struct err *e)
{
	uid_t id = s->jail->uid;

	if (setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0)
		return err_sys(e, "id %u", id);
	if (getgroups(0, NULL) != 0)
		return err_set(e, ERR_CONFINE, "supplementary groups are left");
	return 0;
}

static int enter_session(struct entering *s, struct err *e)
{
	(void)s;
	if (setsid() < 0 && errno != EPERM) /* EPERM: it leads one already */
		return err_sys(e, "setsid");
	/* The keyring of the launcher's session must not be reachable. */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		return err_sys(e, "join a new session keyring");
	return 0;
}

static int enter_mounts(struct entering *s, struct err *e)
{
	const struct jail *j = s->jail;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(e, "private mounts");
	if (mounts_enter_root(j->mounts[0].fd, e) < 0)
		return -1;
	for (size_t i = 1; i < j->mount_count; i++)
		if (mounts_attach(j->mounts[i].fd, j->mounts[i].target, e) < 0)
			return -1;
	s->proc_fd = mounts_proc(JAIL_PROC, MOUNTS_PROC_OWN, e);
	return s->proc_fd < 0 ? -1 : 0;
}

static int enter_root(struct entering *s, struct err *e)
{
	(void)s;
	return mounts_pivot(e);
}

static int enter_names(struct entering *s, struct err *e)
{
	(void)s;
	if (sethostname("kennel", 6) < 0 || setdomainname("", 0) < 0)
		return err_sys(e, "host name");
	(void)umask(077);
	return 0;
}

static int enter_rlimits(struct entering *s, struct err *e)
{
	return rlimits_set(&s->jail->rlimits, e);
}

static int place_fds(struct entering *s, struct err *e)
{
	if (fds_place(s->jail->fds, s->sync, e) < 0)
		return -1;
	s->sync = JAIL_SYNC_FD;
	return 0;
}

static int drop_caps(struct entering *s, struct err *e)
{
	(void)s;
	return caps_drop_all(e);
}

static int say_ready(struct entering *s, struct err *e)
{
	struct sync_msg m = { .kind = SYNC_READY };
	struct stat st;

	if (fstat(s->proc_fd, &st) < 0)
		return err_sys(e, "stat of proc");
	m.proc_dev = st.st_dev;
	m.proc_ino = st.st_ino;
	return tell_launcher(s, &m, e);
}

/* Proves, in this very cgroup, that the guard refuses what has no right, before any plugin code
 * runs. */
static int touch_canary(struct entering *s, struct err *e)
{
	struct sync_msg m = { .kind = SYNC_CANARY };
	CLEANUP_FD int fd = -1;

	if (!s->jail->guarded)
		return 0;
	fd = open(JAIL_CANARY, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return err_set(e, ERR_CANARY, "the guard let it open the canary");
	if (errno != EACCES)
		return err_set(e, ERR_CANARY, "the canary was not refused by the guard: errno %d",
			       errno);
	return tell_launcher(s, &m, e);
}

static int await_verdict(struct entering *s, struct err *e)
{
	return s->jail->guarded ? await_launcher(s, e) : 0;
}

static int set_no_new_privs(struct entering *s, struct err *e)
{
	(void)s;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? err_sys(e, "PR_SET_NO_NEW_PRIVS") : 0;
}

static int landlock_access(uint32_t rights)
{
	return (rights & MAY_READ ? LANDLOCK_READ : 0) | (rights & MAY_WRITE ? LANDLOCK_WRITE : 0) |
	       (rights & MAY_EXEC ? LANDLOCK_EXEC : 0);
}

struct ruleset {
	struct landlock_rule rules[RULES_MAX];
	size_t count;
};

static void add_rule(struct ruleset *set, int fd, uint32_t rights)
{
	if (rights && set->count < RULES_MAX)
		set->rules[set->count++] = (struct landlock_rule){ fd, landlock_access(rights) };
}

/* Does something stand at /NAME, or is it the canary? */
static bool is_mount_point(const struct jail *j, const char *name)
{
	size_t n = strlen(name);

	if (!strcmp(name, JAIL_CANARY + 1) || !strcmp(name, JAIL_PROC))
		return true;
	for (size_t i = 1; i < j->mount_count; i++)
		if (!strncmp(j->mounts[i].target, name, n) && strchr("/", j->mounts[i].target[n]))
			return true;
	return false;
}

/* A rule for / would reach into every mount below it; so each entry of the image gets its own. */
static int add_image_rules(const struct jail *j, struct ruleset *set, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = fs_opendir(AT_FDCWD, "/", e);
	struct dirent *de;
	int r;

	if (!d)
		return -1;
	while ((r = fs_next(d, &de, e)) > 0) {
		int fd;

		if (is_mount_point(j, de->d_name))
			continue;
		fd = openat(dirfd(d), de->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, "open /%.100s", de->d_name);
		if (set->count == RULES_MAX)
			return err_set(e, ERR_LIMIT, "too much stands in the image's root");
		add_rule(set, fd, j->mounts[0].rights); /* closed by the next step */
	}
	return r;
}

/* With a guard: whole mounts, so that the guard sees, counts and tells what is refused. Without:
 * the labels themselves, for Landlock is then the one that carries the files rules. */
static int restrict_landlock(struct entering *s, struct err *e)
{
	const struct jail *j = s->jail;
	struct ruleset set = { .count = 0 };

	if (!j->landlock)
		return 0;
	if (!j->guarded && add_image_rules(j, &set, e) < 0)
		return -1;
	for (size_t i = 0; j->guarded && i < j->mount_count; i++)
		add_rule(&set, j->mounts[i].fd, j->mounts[i].rights);
	for (size_t i = 1; !j->guarded && i < j->label_count; i++) /* 0 is the image's root */
		add_rule(&set, j->labels[i].fd, j->labels[i].rights);
	add_rule(&set, s->proc_fd, MAY_READ);
	return landlock_restrict(set.rules, set.count, e);
}

static int close_rest(struct entering *s, struct err *e)
{
	s->proc_fd = -1;
	return fds_close_rest(e);
}

static int restrict_seccomp(struct entering *s, struct err *e)
{
	return seccomp_install(s->jail->profile, e);
}

static const struct step {
	const char *name;
	int (*run)(struct entering *s, struct err *e);
} steps[] = {
	{ "wait", await_launcher }, /* until then nothing in here has an id */
	{ "memory", hide_memory },
	{ "pages", keep_pages_small },
	{ "ids", enter_ids }, /* privileges below exist only inside the user namespace */
	{ "session", enter_session },
	{ "mounts", enter_mounts },
	{ "root", enter_root }, /* nothing of the host's tree is reachable from here on */
	{ "names", enter_names },
	{ "rlimits", enter_rlimits },
	{ "fds", place_fds },
	{ "caps", drop_caps },	    /* ---- unprivileged from here on ---- */
	{ "ready", say_ready },	    /* the launcher turns the guard to ENFORCE; meanwhile: */
	{ "no_new_privs", set_no_new_privs },
	{ "landlock", restrict_landlock },
	{ "close", close_rest }, /* only 0-3, and the sync socket that exec closes */
	{ "enforce", await_launcher },
	{ "canary", touch_canary }, /* must be refused; the launcher looks whether it is counted */
	{ "seccomp", restrict_seccomp }, /* what follows it can only read, write and exec */
	{ "verdict", await_verdict },
};

static void fail(int sync, const char *step, struct err *e)
{
	struct sync_msg m = { .kind = SYNC_FAILED };

	(void)err_wrap(e, "enter %s", step);
	m.error = *e;
	(void)!write(sync, &m, sizeof(m)); /* write(2): the filter may be in force already */
	_exit(125);			   /* child */
}

void enter_jail(const struct jail *j, int sync)
{
	static char *const no_env[] = { NULL };
	struct entering s = { .jail = j, .sync = sync, .proc_fd = -1 };
	struct err e = { 0 };

	for (size_t i = 0; i < countof(steps); i++)
		if (steps[i].run(&s, &e) < 0)
			fail(s.sync, steps[i].name, &e);
	(void)execve(JAIL_INIT, (char *const *)(uintptr_t)j->argv, no_env);
	(void)err_sys(&e, "%s", JAIL_INIT);
	for (;;)
		fail(s.sync, "exec", &e);
}
