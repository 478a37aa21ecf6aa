/* SPDX-License-Identifier: Apache-2.0 */
/* private.c - a kenneld of one's own for one run. */
#include "cli/private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "base/limits.h"
#include "cli/ask.h"

#define CGROUPS "/sys/fs/cgroup"
enum {
	START_MS = 60000,
	STOP_MS = 20000,
	LOOK_MS = 50,
	SLOTS = 4096, /* private hosts of one machine: their numbers differ by pid */
	PLUGIN_UIDS = 64,
};
/* Far above what people, containers and the system's own kenneld use. */
#define PRIVATE_UID_BASE 1900000000u

static int check_vault(const char *path, struct stat *ret, char real[PATH_MAX], struct err *e)
{
	if (!realpath(path, real) || stat(real, ret) < 0)
		return err_sys(e, "vault %s", path);
	if (!S_ISDIR(ret->st_mode))
		return err_set(e, ERR_USAGE, "vault %s is not a folder", path);
	if (ret->st_uid == 0 || ret->st_gid == 0)
		return err_set(
			e, ERR_CONFIG,
			"vault %s belongs to root, and nothing that handles plugins runs as root; give it to an "
			"ordinary user: chown -R USER: %s",
			path, path);
	return 0;
}

static int make_dir(const struct private_options *o, struct private_host *h, struct err *e)
{
	int n = snprintf(h->dir, sizeof(h->dir), "%s/kennel-run-XXXXXX",
			 o->base ? o->base : "/var/tmp");

	if (n < 0 || (size_t)n >= sizeof(h->dir) || !mkdtemp(h->dir)) {
		h->dir[0] = '\0';
		return err_sys(e, "a folder for the private state");
	}
	if (chmod(h->dir, 0711) < 0)
		return err_sys(e, "%s", h->dir);
	(void)snprintf(h->run, sizeof(h->run), "%.480s/run", h->dir);
	(void)snprintf(h->bpffs, sizeof(h->bpffs), "/sys/fs/bpf/kennel-%d", (int)getpid());
	(void)snprintf(h->cgroup, sizeof(h->cgroup), "kennel-%d", (int)getpid());
	return 0;
}

static unsigned int own_uid_base(void)
{
	return PRIVATE_UID_BASE + (unsigned int)getpid() % SLOTS * (2 * PLUGIN_UIDS);
}

static int write_config(const struct private_options *o, const struct private_host *h,
			const char *vault, const struct stat *st, struct err *e)
{
	CLEANUP(json_decref_p) json_t *doc = NULL;
	CLEANUP(free_p) char *text = NULL;
	char images[PRIVATE_PATH_MAX], state[PRIVATE_PATH_MAX + 8];
	CLEANUP_FD int dir = open(h->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	json_t *tenant;

	if (dir < 0)
		return err_sys(e, "open %s", h->dir);
	if (!o->images && !sibling_path("images", images, sizeof(images)))
		return err_set(e, ERR_NOT_FOUND, "no images beside this program; say --images DIR");
	(void)snprintf(state, sizeof(state), "%s/state", h->dir);
	tenant = json_pack("{s:I, s:I, s:s, s:[s, s]}", "uid", (json_int_t)st->st_uid, "gid",
			   (json_int_t)st->st_gid, "vault", vault, "runtimes", "wasm", "js");
	doc = json_pack("{s:s, s:s, s:s, s:s, s:{s:I, s:i}, s:{s:o}}", "_type", "kennel.config/1",
			"state", state, "images", o->images ? o->images : images, "cgroup",
			h->cgroup, "pluginUids", "base", (json_int_t)own_uid_base() + PLUGIN_UIDS,
			"count", (int)PLUGIN_UIDS, "tenants", "default", tenant);
	text = doc ? json_dumps(doc, JSON_INDENT(1)) : NULL;
	if (!text)
		return err_set(e, ERR_NOMEM, "configuration");
	return fs_write_atomic(dir, "kennel.json", text, strlen(text), 0600, e);
}

static int spawn_daemon(struct private_host *h, struct err *e)
{
	char config[PRIVATE_PATH_MAX + 16], log[PRIVATE_PATH_MAX + 16], base[16];
	const char *const argv[] = { "kenneld", "--config", config,   "--run",
				     h->run,	"--bpffs",  h->bpffs, "--role-uid-base",
				     base,	NULL };
	CLEANUP_FD int out = -1;

	(void)snprintf(config, sizeof(config), "%s/kennel.json", h->dir);
	(void)snprintf(log, sizeof(log), "%s/kenneld.log", h->dir);
	(void)snprintf(base, sizeof(base), "%u", own_uid_base());
	out = open(log, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return err_sys(e, "%s", log);
	return sibling_start(argv, (int[]){ -1, out, out }, 3, &h->daemon, e);
}

static bool has_ended(const struct private_host *h, int wait_ms)
{
	struct pollfd p = { .fd = h->daemon.pidfd, .events = POLLIN };

	return poll(&p, 1, wait_ms) > 0;
}

static int wait_until_up(const struct private_host *h, struct err *e)
{
	const struct cli_args a = { .run_dir = h->run };

	for (int waited = 0; waited < START_MS; waited += LOOK_MS) {
		CLEANUP(json_decref_p) json_t *pong = NULL;

		if (cli_ask(&(struct ask){ .args = &a, .method = "ping", .fd = -1 }, &pong, NULL) ==
		    0)
			return 0;
		if (has_ended(h, LOOK_MS))
			return err_set(e, ERR_REFUSED,
				       "kenneld did not start; what it said stands above");
	}
	return err_set(e, ERR_TIMEOUT, "kenneld does not answer");
}

int private_start(const struct private_options *o, struct private_host *ret, struct err *e)
{
	char vault[PATH_MAX];
	struct stat st;

	*ret = (struct private_host){ .daemon.pidfd = -1 };
	if (geteuid() != 0)
		return err_set(e, ERR_USAGE, "jails are made by root: run it with sudo");
	if (check_vault(o->vault, &st, vault, e) < 0 || make_dir(o, ret, e) < 0 ||
	    write_config(o, ret, vault, &st, e) < 0 || spawn_daemon(ret, e) < 0)
		return -1;
	return wait_until_up(ret, e);
}

void private_print_log(const struct private_host *h)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	CLEANUP_FD int dir = h->dir[0] ? open(h->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (dir >= 0 && fs_read_file(dir, "kenneld.log", 1u << 20, &b, NULL) == 0)
		(void)fwrite(b.p, 1, b.len, stderr);
}

static void remove_cgroup(const struct private_host *h)
{
	static const char *const below[] = { "/plugins", "/images", "/daemon", "" };
	char path[sizeof(CGROUPS) + sizeof(h->cgroup) + 16];

	for (size_t i = 0; i < countof(below); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s%s", CGROUPS, h->cgroup, below[i]);
		(void)rmdir(path);
	}
}

void private_stop(struct private_host *h)
{
	int status;

	if (h->daemon.pidfd >= 0) {
		(void)syscall(SYS_pidfd_send_signal, h->daemon.pidfd, SIGTERM, NULL, 0);
		if (!has_ended(h, STOP_MS))
			(void)syscall(SYS_pidfd_send_signal, h->daemon.pidfd, SIGKILL, NULL, 0);
		(void)sibling_wait(&h->daemon, &status, NULL);
	}
	if (h->dir[0]) {
		(void)fs_remove_tree(AT_FDCWD, h->dir, NULL);
		(void)fs_remove_tree(AT_FDCWD, h->bpffs, NULL);
		remove_cgroup(h);
	}
	*h = (struct private_host){ .daemon.pidfd = -1 };
}
