/* SPDX-License-Identifier: Apache-2.0 */
/* jail.c - one instance with its own tree and labels.
 * Owns: the tree /run/kennel-test.  Must not know: single hooks. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fs.h"

char payload_path[PATH_MAX];

static void find_payload(void)
{
	ssize_t n = readlink("/proc/self/exe", payload_path, sizeof(payload_path) - 16);
	char *slash;

	need(n > 0, "readlink");
	payload_path[n] = '\0';
	slash = strrchr(payload_path, '/');
	memcpy(slash, "/payload", sizeof("/payload"));
}

static void copy_program(const char *to)
{
	CLEANUP_FD int in = open(payload_path, O_RDONLY | O_CLOEXEC);
	CLEANUP_FD int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	char block[65536];
	ssize_t n;

	need(in >= 0 && out >= 0, "copy %s to %s", payload_path, to);
	while ((n = read(in, block, sizeof(block))) > 0)
		need(fd_write_all(out, block, (size_t)n) == 0, "write %s", to);
}

static int listen_at(const char *path, int type, bool abstract)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	(void)snprintf(a.sun_path + abstract, sizeof(a.sun_path) - 1, "%s", path);
	need(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0, "bind %s", path);
	if (type == SOCK_STREAM)
		need(listen(fd, 8) == 0, "listen");
	return fd;
}

static void make_tree(struct jail *j)
{
	static const char *const dirs[] = { "ro",   "ro/d",   "rw",	  "rw/lab", "rw/d",
					    "rw/e", "secret", "secret/d", "other" };

	need(mkdir(j->tree, 0755) == 0 && chdir(j->tree) == 0, "mkdir %s", j->tree);
	for (size_t i = 0; i < countof(dirs); i++)
		need(mkdir(dirs[i], 0755) == 0, "mkdir %s", dirs[i]);
	write_file("ro/f", "readonly");
	write_file("rw/f", "data");
	write_file("rw/g", "data");
	write_file("rw/keep", "labelled");
	write_file("rw/lab/f", "data");
	write_file("secret/s", "SECRET");
	write_file("other/o", "another's");
	write_file("canary", "");
	copy_program("ro/prog");
	copy_program("rw/evil");
	copy_program("secret/evil");
	write_file("ro/script", "#!secret/evil\n");
	write_file("ro/unknown", "\x01\x02\x03\x04 no format of any kind");
	need(chmod("ro/script", 0755) == 0 && chmod("ro/unknown", 0755) == 0, "chmod");
	need(symlink("secret/s", "secret/l") == 0, "symlink");
	need(setxattr("ro/f", "trusted.x", "1", 1, 0) == 0, "setxattr");
	j->stream_fd = listen_at("secret/stream", SOCK_STREAM, false);
	j->dgram_fd = listen_at("secret/dgram", SOCK_DGRAM, false);
	need(chdir("/") == 0, "chdir");
}

static void label(struct jail *j, const char *name, uint32_t rights)
{
	struct label l = { .rights = rights, .rule = 7 };
	char path[PATH_MAX];
	CLEANUP_FD int fd = -1;
	struct err e = { 0 };

	(void)snprintf(path, sizeof(path), "%s%s%s", *name == '/' ? "" : j->tree,
		       *name == '/' ? "" : "/", name);
	fd = open(path, O_PATH | O_CLOEXEC);
	need(fd >= 0 && guard_label_fd(j->guard, j->cgroup, fd, &l, &e) == 0, "label %s: %s", path,
	     e.text);
}

void jail_make(struct guard *g, struct jail *j, uint32_t flags)
{
	static int serial;
	struct err e = { 0 };

	if (!serial) {
		find_payload();
		if (mkdir(TREE, 0755) == 0) /* else a process before us made it */
			need(mount("test", TREE, "tmpfs", 0, NULL) == 0, "tmpfs");
		(void)listen_at("kennel-test", SOCK_STREAM, true);
	}
	j->guard = g;
	(void)snprintf(j->path, sizeof(j->path), "t/p/i%d", ++serial);
	(void)snprintf(j->tree, sizeof(j->tree), "%s/%d", TREE, serial);
	j->cgroup = cgroup_make(j->path, &j->cgroup_fd);
	make_tree(j);
	label(j, "ro", MAY_READ | MAY_EXEC);
	label(j, "rw", MAY_READ | MAY_WRITE);
	label(j, "rw/lab", MAY_READ | MAY_WRITE);
	label(j, "rw/keep", MAY_READ | MAY_WRITE);
	label(j, "canary", 0);
	label(j, "/dev/null", MAY_READ | MAY_WRITE);
	need(guard_policy_set(g, j->cgroup, PHASE_SETUP, flags, &e) == 0, "policy: %s", e.text);
}

void jail_enforce(struct jail *j)
{
	struct err e = { 0 };

	need(guard_policy_set(j->guard, j->cgroup, PHASE_ENFORCE, 0, &e) == 0, "enforce: %s",
	     e.text);
}

uint64_t jail_refused(const struct jail *j)
{
	uint64_t n = 0;
	struct err e = { 0 };

	need(guard_refused(j->guard, j->cgroup, &n, &e) == 0, "refused: %s", e.text);
	return n;
}

void jail_remove(struct jail *j)
{
	CLEANUP_FD int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	cgroup_remove(j->path);
	need(guard_policy_remove(j->guard, j->cgroup, NULL) == 0, "remove policy");
	fd_close_p(&j->cgroup_fd);
	fd_close_p(&j->stream_fd);
	fd_close_p(&j->dgram_fd);
	need(fs_remove_tree(root, j->tree + 1, NULL) == 0, "remove %s", j->tree);
}
