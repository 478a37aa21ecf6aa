/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.c - the tree of cgroups (cgroups(7), the kernel's cgroup-v2 document). */
#include "sandbox/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/fs.h"
#include "sandbox/disks.h"

enum {
	FILE_TEXT_MAX = 1024, /* the largest of the files read here is cgroup.controllers */
	SWEEP_DEPTH_MAX = 8,  /* tenant, plugin, instance; a jail cannot make groups of its own */
	SWEEP_WAIT_MS = 5000, /* for what an earlier launcher left, once, at boot */
	CPU_PERIOD_US = 100000,
};

static const struct {
	uint32_t bit;
	const char *enable; /* '+' and its name */
} needed[] = { { CONTROLLER_MEMORY, "+memory" },
	       { CONTROLLER_CPU, "+cpu" },
	       { CONTROLLER_PIDS, "+pids" },
	       { CONTROLLER_IO, "+io" } };

static int write_file(int dir, const char *name, const char *text, struct err *e)
{
	CLEANUP_FD int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open %s", name);
	if (fd_write_all(fd, text, strlen(text)) < 0)
		return err_sys(e, "write \"%s\" to %s", text, name);
	return 0;
}

static int write_number(int dir, const char *name, uint64_t value, struct err *e)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	return write_file(dir, name, text, e);
}

/* Always NUL-terminated; what is longer is cut, none of our files is. */
static int read_file(int dir, const char *name, char text[FILE_TEXT_MAX], struct err *e)
{
	CLEANUP_FD int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return err_sys(e, "open %s", name);
	n = fd_read_full(fd, text, FILE_TEXT_MAX - 1);
	if (n < 0)
		return err_sys(e, "read %s", name);
	text[n] = '\0';
	return 0;
}

/* Is `word` one of the blank-separated words of text? */
static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p += n)
		if ((p == text || p[-1] == ' ' || p[-1] == '\n') && strchr(" \n", p[n]))
			return true;
	return false;
}

static int open_child(int parent, const char *name, bool create, struct err *e)
{
	int fd;

	if (create && mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "make cgroup %s", name);
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open cgroup %s", name) : fd;
}

/* The unified hierarchy is the whole of /sys/fs/cgroup, or beside the v1 ones. */
static int open_v2_root(struct err *e)
{
	static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct statfs fs;

	for (size_t i = 0; i < countof(places); i++)
		if (statfs(places[i], &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
			return open(places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return err_set(
		e, ERR_NO_CGROUP,
		"no cgroup v2 at /sys/fs/cgroup; boot with systemd.unified_cgroup_hierarchy=1");
}

/* "0::/a/b" of /proc/self/cgroup, without the leading slash. */
static int own_group(char ret_path[HOST_PATH_MAX], struct err *e)
{
	char text[FILE_TEXT_MAX];
	char *line, *end;

	if (read_file(AT_FDCWD, "/proc/self/cgroup", text, e) < 0)
		return -1;
	line = strstr(text, "0::/");
	end = line ? strchr(line, '\n') : NULL;
	if (!end)
		return err_set(e, ERR_NO_CGROUP,
			       "this process is in no cgroup of the v2 hierarchy");
	*end = '\0';
	if (!copy_str(ret_path, HOST_PATH_MAX, line + 4))
		return err_set(e, ERR_LIMIT, "own cgroup's path is too long");
	return 0;
}

/* After a restart inside the same service the own group is ROOT/daemon already. */
static void strip_daemon(char *path)
{
	size_t n = strlen(path);

	if (!strcmp(path, "daemon"))
		path[0] = '\0';
	else if (n > 7 && !strcmp(path + n - 7, "/daemon"))
		path[n - 7] = '\0';
}

/* For the children of fd. What cannot be had goes out of *have; e tells the first of them that
 * CONTROLLER_ALL wants: disks.c says it of the other. */
static void enable_controllers(int fd, uint32_t *have, struct err *e)
{
	char text[FILE_TEXT_MAX];
	struct err why = { 0 };
	uint32_t before = *have;

	if (read_file(fd, "cgroup.controllers", text, &why) < 0)
		*have = 0;
	for (size_t i = 0; i < countof(needed); i++) {
		bool told = needed[i].bit & CONTROLLER_ALL;

		if (!(*have & needed[i].bit))
			continue;
		if (has_word(text, needed[i].enable + 1) &&
		    write_file(fd, "cgroup.subtree_control", needed[i].enable,
			       told ? &why : NULL) == 0)
			continue;
		*have &= ~needed[i].bit;
		if (told && !why.code)
			(void)err_set(
				&why, ERR_NO_CGROUP,
				"cgroup v2 lacks the controller %s here: let no cgroup_disable= name it, free it "
				"from cgroup v1, or let the service have Delegate=yes",
				needed[i].enable + 1);
	}
	if ((before & CONTROLLER_ALL) == CONTROLLER_ALL &&
	    (*have & CONTROLLER_ALL) != CONTROLLER_ALL)
		(void)err_set(e, ERR_NO_CGROUP, "%s", why.text);
}

/* In one write: each takes the lock of all cgroups, and a start waits for it. */
static int enable_for_children(const struct cgroup_tree *t, int fd, struct err *e)
{
	char text[32];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	for (size_t i = 0; i < countof(needed); i++)
		if (t->controllers & needed[i].bit)
			writer_fmt(&w, "%s ", needed[i].enable);
	return t->controllers ? write_file(fd, "cgroup.subtree_control", text, e) : 0;
}

/* Opens ROOT one component at a time, so that controllers are enabled on the way down. */
static int open_root(const char *path, bool enable, struct cgroup_tree *t, struct err *why,
		     struct err *e)
{
	CLEANUP_FD int at = open_v2_root(e);
	char rest[HOST_PATH_MAX];
	char *next = rest;
	uint32_t level = 0;

	if (at < 0 || !copy_str(rest, sizeof(rest), path))
		return -1;
	for (char *name; (name = strsep(&next, "/"));) {
		int child;

		if (!*name)
			continue;
		if (enable)
			enable_controllers(at, &t->controllers, why);
		child = open_child(at, name, enable, e);
		if (child < 0)
			return -1;
		fd_close_p(&at);
		at = child;
		level++;
	}
	t->plugins_level = level + 1;
	return take_fd(at);
}

static int move_self(int fd, struct err *e)
{
	return write_file(fd, "cgroup.procs", "0", e);
}

static int open_branches(struct cgroup_tree *t, struct err *e)
{
	t->daemon_fd = open_child(t->root_fd, "daemon", true, e);
	t->images_fd = t->daemon_fd < 0 ? -1 : open_child(t->root_fd, "images", true, e);
	t->plugins_fd = t->images_fd < 0 ? -1 : open_child(t->root_fd, "plugins", true, e);
	if (t->plugins_fd < 0 || cgroup_id(t->plugins_fd, &t->plugins_id, e) < 0)
		return -1;
	/* Before the controllers are enabled below ROOT: a group with tasks may not have them. */
	return move_self(t->daemon_fd, e);
}

int cgroup_tree_open(const char *configured, bool without_ok, struct cgroup_tree *ret,
		     struct err *e)
{
	struct cgroup_tree t = { -1, -1, -1, -1, 0, 0, CONTROLLER_ALL | CONTROLLER_IO };
	char path[HOST_PATH_MAX];
	struct err why = { 0 };

	if (configured[0] ? !copy_str(path, sizeof(path), configured) : own_group(path, e) < 0)
		return -1;
	if (!configured[0])
		strip_daemon(path);
	t.root_fd = open_root(path, configured[0] != '\0', &t, &why, e);
	if (t.root_fd < 0)
		return err_wrap(e, "cgroup %s", path);
	if (open_branches(&t, e) < 0)
		goto fail;
	enable_controllers(t.root_fd, &t.controllers, &why);
	enable_controllers(t.plugins_fd, &t.controllers, &why);
	if (!cgroup_has_all(&t)) {
		(void)err_set(e, ERR_NO_CGROUP, "%s", why.text);
		if (!without_ok)
			goto fail;
	}
	*ret = t;
	return 0;
fail:
	cgroup_tree_close(&t);
	return err_wrap(e, "cgroup %s", path);
}

bool cgroup_has_all(const struct cgroup_tree *t)
{
	return (t->controllers & CONTROLLER_ALL) == CONTROLLER_ALL;
}

void cgroup_tree_close(struct cgroup_tree *t)
{
	fd_close_p(&t->root_fd);
	fd_close_p(&t->daemon_fd);
	fd_close_p(&t->images_fd);
	fd_close_p(&t->plugins_fd);
}

int cgroup_id(int fd, uint64_t *ret_id, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat cgroup");
	*ret_id = st.st_ino; /* 64-bit kernfs: the inode number is the id */
	return 0;
}

static int limit_memory(int fd, const struct limits *l, struct err *e)
{
	if (write_number(fd, "memory.max", l->memory_bytes, e) < 0 ||
	    write_file(fd, "memory.oom.group", "1", e) < 0)
		return -1;
	/* The file is missing where the kernel has no swap accounting, and then there is no swap to
	 * take. */
	if (faccessat(fd, "memory.swap.max", W_OK, 0) < 0 && errno == ENOENT)
		return 0;
	return write_file(fd, "memory.swap.max", "0", e);
}

static int limit_cpu(int fd, const struct limits *l, struct err *e)
{
	char cpu[64];

	(void)snprintf(cpu, sizeof(cpu), "%" PRIu64 " %d",
		       (uint64_t)l->cpu_percent * CPU_PERIOD_US / 100, (int)CPU_PERIOD_US);
	return write_file(fd, "cpu.max", cpu, e);
}

static int set_limits(const struct cgroup_tree *t, int fd, const struct limits *l, struct err *e)
{
	if ((t->controllers & CONTROLLER_MEMORY) && limit_memory(fd, l, e) < 0)
		return -1;
	if ((t->controllers & CONTROLLER_CPU) && limit_cpu(fd, l, e) < 0)
		return -1;
	return t->controllers & CONTROLLER_PIDS ? write_number(fd, "pids.max", l->tasks, e) : 0;
}

int cgroup_open_group(const struct cgroup_tree *t, int parent_fd, const char *name,
		      const struct limits *limits, struct err *e)
{
	CLEANUP_FD int fd = open_child(parent_fd, name, true, e);

	if (fd < 0)
		return -1;
	if ((limits && set_limits(t, fd, limits, e) < 0) || enable_for_children(t, fd, e) < 0)
		return -1;
	return take_fd(fd);
}

int cgroup_make_leaf(const struct cgroup_tree *t, int parent_fd, const char *name,
		     const struct limits *limits, struct err *e)
{
	CLEANUP_FD int fd = -1;

	if (mkdirat(parent_fd, name, 0755) < 0)
		return errno == EEXIST ? err_set(e, ERR_EXISTS, "cgroup %s", name)
				       : err_sys(e, "make cgroup %s", name);
	fd = open_child(parent_fd, name, false, e);
	if (fd < 0 || set_limits(t, fd, limits, e) < 0) {
		(void)unlinkat(parent_fd, name, AT_REMOVEDIR);
		return -1;
	}
	return take_fd(fd);
}

int cgroup_freeze(int fd, bool frozen, struct err *e)
{
	return write_file(fd, "cgroup.freeze", frozen ? "1" : "0", e);
}

int cgroup_is_held(int fd, struct err *e)
{
	char text[FILE_TEXT_MAX];

	if (read_file(fd, "cgroup.freeze", text, e) < 0)
		return -1;
	return text[0] == '1';
}

int cgroup_kill(int fd, struct err *e)
{
	return write_file(fd, "cgroup.kill", "1", e);
}

int cgroup_open_events(int fd, struct err *e)
{
	int events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);

	return events < 0 ? err_sys(e, "open cgroup.events") : events;
}

static int events_lack(int events_fd, const char *word, struct err *e)
{
	char text[FILE_TEXT_MAX];
	ssize_t n = pread(events_fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return err_sys(e, "read cgroup.events");
	text[n] = '\0';
	return !strstr(text, word);
}

int cgroup_populated(int events_fd, struct err *e)
{
	return events_lack(events_fd, "populated 0", e);
}

static int wait_event(int fd, const char *word, int timeout_ms, struct err *e)
{
	CLEANUP_FD int events = cgroup_open_events(fd, e);
	int64_t until = clock_mono_ms() + timeout_ms;
	int lack;

	if (events < 0)
		return -1;
	while ((lack = events_lack(events, word, e)) > 0) {
		struct pollfd p = { .fd = events, .events = POLLPRI };
		int64_t left = until - clock_mono_ms();

		if (left <= 0)
			return err_set(e, ERR_TIMEOUT, "no \"%s\" of the cgroup after %d ms", word,
				       timeout_ms);
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return err_sys(e, "poll cgroup.events");
	}
	return lack;
}

int cgroup_wait_empty(int fd, int timeout_ms, struct err *e)
{
	return wait_event(fd, "populated 0", timeout_ms, e);
}

int cgroup_wait_frozen(int fd, int timeout_ms, struct err *e)
{
	return wait_event(fd, "frozen 1", timeout_ms, e);
}

bool cgroup_had_oom(int fd)
{
	char text[FILE_TEXT_MAX];
	const char *at;

	if (read_file(fd, "memory.events", text, NULL) < 0)
		return false;
	at = strstr(text, "oom_kill ");
	return at && at[strlen("oom_kill ")] != '0';
}

int cgroup_remove(int parent_fd, const char *name, struct err *e)
{
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(e, "remove cgroup %s", name);
	return 0;
}

/* What waits for a disk ends only when it had its turn: none waits for a limit any more. */
static void let_go_below(int fd, int depth)
{
	CLEANUP(closedir_p) DIR *d = fs_opendir(fd, ".", NULL);
	struct dirent *de;

	(void)disk_let_go(fd, NULL); /* if it stays, the wait that follows says so */
	while (d && depth < SWEEP_DEPTH_MAX && fs_next(d, &de, NULL) > 0) {
		CLEANUP_FD int child = -1;

		if (de->d_type != DT_DIR || de->d_name[0] == '.')
			continue;
		child = open_child(fd, de->d_name, false, NULL);
		if (child >= 0)
			let_go_below(child, depth + 1);
	}
}

/* A group with a task in it, or with such a group below it, stays. */
static int remove_below(int fd, int depth, bool *stuck, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = fs_opendir(fd, ".", e);
	int removed = 0, r;
	struct dirent *de;

	if (!d)
		return err_wrap(e, "a cgroup");
	while ((r = fs_next(d, &de, e)) > 0) {
		CLEANUP_FD int child = -1;
		int below;

		if (de->d_type != DT_DIR || de->d_name[0] == '.')
			continue;
		child = depth < SWEEP_DEPTH_MAX ? open_child(fd, de->d_name, false, e)
						: err_set(e, ERR_LIMIT, "cgroups nested too deep");
		below = child < 0 ? -1 : remove_below(child, depth + 1, stuck, e);
		if (below < 0)
			return -1;
		removed += below;
		if (unlinkat(fd, de->d_name, AT_REMOVEDIR) == 0)
			removed++;
		else if (errno == EBUSY)
			*stuck = true;
		else if (errno != ENOENT)
			return err_sys(e, "remove cgroup %s", de->d_name);
	}
	return r < 0 ? -1 : removed;
}

int cgroup_sweep(int fd, bool *ret_stuck, struct err *e)
{
	struct err why = { 0 };
	bool stuck = false;
	int removed;

	if (cgroup_kill(fd, e) < 0)
		return -1;
	let_go_below(fd, 0);
	if (cgroup_wait_empty(fd, SWEEP_WAIT_MS, &why) < 0 && why.code != ERR_TIMEOUT) {
		*e = why;
		return -1;
	}
	removed = remove_below(fd, 0, &stuck, e);
	*ret_stuck = stuck;
	return removed;
}
