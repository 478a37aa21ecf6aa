/* SPDX-License-Identifier: Apache-2.0 */
/* state.c - the folders of STATE and RUN, each with the one owner it must have. */
#include "sandbox/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "proto/control.h"

enum {
	GIVE_DEPTH_MAX = 8, /* the compiler's output is one file; deeper is an attack */
	GIVE_ENTRIES_MAX = 4096,
	LISTEN_BACKLOG = 16,
};

struct folder {
	const char *name;
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

struct role_ids role_ids_from(uid_t base)
{
	return (struct role_ids){
		.supervisor = base, .store = base + 1, .audit = base + 2, .fetch = base + 3
	};
}

/* Made with its owner before anybody can look inside, or checked when it was there. */
static int open_folder(int parent, const struct folder *f, struct err *e)
{
	CLEANUP_FD int fd = -1;
	struct stat st;
	bool made = mkdirat(parent, f->name, 0700) == 0;

	if (!made && errno != EEXIST)
		return err_sys(e, "make %s", f->name);
	fd = openat(parent, f->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open %s", f->name);
	/* chown(2) clears the set-group-id bit, so the mode comes last; it is 0700 already, and
	 * after boot the launcher could not change the mode of what is no longer its own */
	if (made &&
	    (fchown(fd, f->uid, f->gid) < 0 || (f->mode != 0700 && fchmod(fd, f->mode) < 0)))
		return err_sys(e, "owner of %s", f->name);
	if (!made && (st.st_uid != f->uid || (st.st_mode & 07777 & ~f->mode)))
		return err_set(e, ERR_CONFIG,
			       "%s belongs to uid %u with mode %o; it must be uid %u, at most %o",
			       f->name, st.st_uid, st.st_mode & 07777, f->uid, f->mode);
	return take_fd(fd);
}

static int make_folders(int parent, const struct folder *f, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		CLEANUP_FD int fd = open_folder(parent, &f[i], e);

		if (fd < 0)
			return -1;
	}
	return 0;
}

static int open_supervisor(int state, const struct role_ids *ids, struct err *e)
{
	const struct folder own = { "supervisor", ids->supervisor, ids->supervisor, 0700 };
	const struct folder below[] = {
		{ "store", ids->supervisor, ids->supervisor, 0755 },
		/* the loader's group: it unpacks into what the supervisor makes here, and reads the
		   keys */
		{ "staging", ids->supervisor, ids->store, 02770 },
		{ "trust", ids->supervisor, ids->store, 02750 },
		{ "grants", ids->supervisor, ids->supervisor, 0700 },
	};
	CLEANUP_FD int fd = open_folder(state, &own, e);

	if (fd < 0 || make_folders(fd, below, countof(below), e) < 0)
		return err_wrap(e, "supervisor");
	return take_fd(fd);
}

static int open_state_folder(const char *path, struct err *e)
{
	CLEANUP_FD int fd = -1;
	struct stat st;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "make state folder %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open state folder %s", path);
	if (st.st_uid != 0 || (st.st_mode & 022))
		return err_set(e, ERR_CONFIG,
			       "%s must belong to root and be writable for nobody else", path);
	return take_fd(fd);
}

int state_open(const struct ceiling *c, const struct role_ids *ids, struct state_dirs *ret,
	       struct err *e)
{
	const struct folder audit = { "audit", ids->audit, ids->audit, 0700 };
	const struct folder broker = { "broker", 0, 0, 0711 };
	const struct folder data = { "data", 0, 0, 0711 };
	/* what kennel-fetch brings; the supervisor reads it */
	const struct folder fetch = { "fetch", ids->fetch, ids->fetch, 0755 };
	struct state_dirs d = { -1, -1, -1, -1, -1 };

	d.state_fd = open_state_folder(c->state, e);
	if (d.state_fd < 0)
		return -1;
	d.supervisor_fd = open_supervisor(d.state_fd, ids, e);
	d.audit_fd = d.supervisor_fd < 0 ? -1 : open_folder(d.state_fd, &audit, e);
	d.broker_fd = d.audit_fd < 0 ? -1 : open_folder(d.state_fd, &broker, e);
	d.data_fd = d.broker_fd < 0 ? -1 : open_folder(d.state_fd, &data, e);
	if (d.data_fd < 0 || make_folders(d.state_fd, &fetch, 1, e) < 0) {
		state_close(&d);
		return err_wrap(e, "%s", c->state);
	}
	*ret = d;
	return 0;
}

void state_close(struct state_dirs *d)
{
	fd_close_p(&d->state_fd);
	fd_close_p(&d->supervisor_fd);
	fd_close_p(&d->audit_fd);
	fd_close_p(&d->broker_fd);
	fd_close_p(&d->data_fd);
}

int state_open_broker(const struct state_dirs *d, const struct tenant_ceiling *t, struct err *e)
{
	const struct folder own = { t->name, t->uid, t->gid, 0700 };

	return open_folder(d->broker_fd, &own, e);
}

int state_open_data(const struct state_dirs *d, const char *tenant, const char *plugin, uid_t uid,
		    struct err *e)
{
	const struct folder upper = { tenant, 0, 0, 0711 };
	const struct folder own = { plugin, uid, uid, 0700 };
	CLEANUP_FD int parent = open_folder(d->data_fd, &upper, e);
	int fd = parent < 0 ? -1 : open_folder(parent, &own, e);

	if (fd < 0 && e && e->code == ERR_CONFIG)
		e->code = ERR_CEILING; /* the data of another installation: not this plugin's */
	return fd < 0 ? err_wrap(e, "data of %s", tenant) : fd;
}

int state_open_vault(const struct tenant_ceiling *t, struct err *e)
{
	CLEANUP_FD int fd = open(t->vault, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "vault %s of tenant %s", t->vault, t->name);
	if (st.st_uid != t->uid)
		return err_set(e, ERR_CONFIG,
			       "vault %s belongs to uid %u, but tenant %s has uid %u", t->vault,
			       st.st_uid, t->name, t->uid);
	return take_fd(fd);
}

static int give_below(int dir_fd, uid_t uid, gid_t gid, int depth, unsigned int *left,
		      struct err *e)
{
	CLEANUP(closedir_p) DIR *d = fs_opendir(dir_fd, ".", e);
	struct dirent *de;
	int r;

	if (!d)
		return -1;
	while ((r = fs_next(d, &de, e)) > 0) {
		CLEANUP_FD int child = -1;

		if (depth == GIVE_DEPTH_MAX || (*left)-- == 0)
			return err_set(e, ERR_LIMIT, "the folder is too deep or too full");
		if (fchownat(dir_fd, de->d_name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(e, "owner");
		child = openat(dir_fd, de->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0 && errno != ENOTDIR && errno != ELOOP)
			return err_sys(e, "open");
		if (child >= 0 && give_below(child, uid, gid, depth + 1, left, e) < 0)
			return -1;
	}
	return r;
}

int state_give_tree(int dir_fd, uid_t uid, gid_t gid, struct err *e)
{
	unsigned int left = GIVE_ENTRIES_MAX;

	if (fchown(dir_fd, uid, gid) < 0)
		return err_sys(e, "owner");
	return give_below(dir_fd, uid, gid, 0, &left, e);
}

int state_open_run(const char *path, struct err *e)
{
	const struct folder below[] = { { RUN_JAIL, 0, 0, 0755 }, { RUN_DEV, 0, 0, 0755 } };
	CLEANUP_FD int fd = open_state_folder(path, e);

	if (fd < 0 || make_folders(fd, below, countof(below), e) < 0)
		return err_wrap(e, "run folder %s", path);
	return take_fd(fd);
}

int state_listen(int run_fd, const char *run_path, gid_t gid, struct err *e)
{
	CLEANUP_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	mode_t old;
	int r;

	if (fd < 0)
		return err_sys(e, "socket");
	r = snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s", run_path, CONTROL_SOCKET);
	if (r < 0 || (size_t)r >= sizeof(a.sun_path))
		return err_set(e, ERR_LIMIT, "%s is too long for a socket's name", run_path);
	if (unlinkat(run_fd, CONTROL_SOCKET, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove the old %s", CONTROL_SOCKET);
	old = umask(0177); /* no moment in which others could connect */
	r = bind(fd, (struct sockaddr *)&a, sizeof(a));
	(void)umask(old);
	if (r < 0)
		return err_sys(e, "bind %s", a.sun_path);
	if (fchownat(run_fd, CONTROL_SOCKET, 0, gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(run_fd, CONTROL_SOCKET, 0660, 0) < 0)
		return err_sys(e, "owner of %s", CONTROL_SOCKET);
	if (listen(fd, LISTEN_BACKLOG) < 0)
		return err_sys(e, "listen");
	return take_fd(fd);
}
