/* SPDX-License-Identifier: Apache-2.0 */
/* iolimit.c - io.max of plugins. A jail reads its image and its bundle, /data and what it sees of
 * the vault; the disks below them are found at boot, and a start is a write or two. */
#include "sandbox/iolimit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/procread.h"

enum {
	ROW_DATA,
	ROW_STORE,
	ROW_IMAGES,
	ROW_VAULTS = ROW_IMAGES + IMAGE_COUNT,
	TEXT_BYTES = 8192, /* of io.max: a row of 100 bytes a disk */
};

/* ---- at boot ---- */

static int find_one(struct launcher *l, size_t row, int fd, const char *what, struct err *e)
{
	struct disk d;

	if (disk_below(fd, &d, e) < 0 || disk_can_be_limited(l->tree.plugins_fd, d.whole, e) < 0)
		return err_wrap(e, "%s", what);
	l->disks[row] = d;
	return 0;
}

/* Tries all of them; e keeps the first that failed. */
static int also(int so_far, int r, const struct err *why, struct err *e)
{
	if (so_far == 0 && r < 0 && e)
		*e = *why;
	return r < 0 ? -1 : so_far;
}

int iolimit_find(struct launcher *l, struct err *e)
{
	struct err why = { 0 };
	int r;

	if (l->tree.plugins_fd < 0 || !(l->tree.controllers & CONTROLLER_IO))
		return err_set(
			e, ERR_NO_IO_LIMIT,
			"cgroup v2 lacks the controller io here, so nothing bounds what "
			"plugins read and write in a second: let no cgroup_disable= name it, "
			"free it from cgroup v1, or let the service have Delegate=yes");
	r = also(0, find_one(l, ROW_DATA, l->dirs.data_fd, "STATE/data", &why), &why, e);
	r = also(r, find_one(l, ROW_STORE, l->dirs.supervisor_fd, "STATE/supervisor", &why), &why,
		 e);
	for (size_t i = 0; i < IMAGE_COUNT; i++)
		if (l->images[i].root_fd >= 0)
			r = also(r,
				 find_one(l, ROW_IMAGES + i, l->images[i].root_fd,
					  image_name((enum launch_image)i), &why),
				 &why, e);
	return r;
}

int iolimit_find_vaults(struct launcher *l, struct err *e)
{
	struct err why = { 0 };
	int r = 0;

	if (l->tree.plugins_fd < 0 || !(l->tree.controllers & CONTROLLER_IO))
		return 0; /* it was said */
	for (uint32_t i = 0; i < l->ceiling.tenant_count; i++)
		r = also(r,
			 find_one(l, ROW_VAULTS + i, l->vault_fds[i], l->ceiling.tenants[i].vault,
				  &why),
			 &why, e);
	return r;
}

/* ---- the disks of one plugin ---- */

static const struct disk *row_of(const struct launcher *l, const struct tenant_ceiling *t, size_t i)
{
	if (i < ROW_VAULTS)
		return &l->disks[i];
	return t ? &l->disks[ROW_VAULTS + (size_t)(t - l->ceiling.tenants)] : NULL;
}

/* The i-th of them, NULL when it has none, or an earlier row said the same already. */
static const struct disk *disk_of(const struct launcher *l, const struct tenant_ceiling *t,
				  size_t i, bool by_fs)
{
	const struct disk *d = row_of(l, t, i);

	if (!d || !d->whole)
		return NULL;
	for (size_t n = 0; n < i; n++) {
		const struct disk *other = row_of(l, t, n);

		if (other->whole == d->whole && (!by_fs || other->fs == d->fs))
			return NULL;
	}
	return d;
}

int iolimit_set(struct launcher *l, int plugin_fd, const struct tenant_ceiling *t, uint64_t bytes,
		struct err *e)
{
	for (size_t i = 0; i <= ROW_VAULTS; i++) {
		const struct disk *d = disk_of(l, t, i, false);

		if (d && disk_limit(plugin_fd, d->whole, bytes, e) < 0)
			return -1;
	}
	return 0;
}

int iolimit_check(const struct launcher *l, const struct tenant_ceiling *t, int folder_fd,
		  struct err *e)
{
	struct stat st;

	if (launcher_lacks(l, ACCEPT_NO_IO_LIMIT))
		return 0;
	if (fstat(folder_fd, &st) < 0)
		return err_sys(e, "stat a folder");
	for (size_t i = 0; i <= ROW_VAULTS; i++) {
		const struct disk *d = disk_of(l, t, i, true);

		if (d && d->fs == st.st_dev)
			return 0;
	}
	return err_set(e, ERR_NO_IO_LIMIT,
		       "nothing bounds what is read from its file system (device %u:%u) in a "
		       "second; or accept \"no-io-limit\" in the configuration",
		       major(st.st_dev), minor(st.st_dev));
}

/* ---- the end ---- */

static const struct tenant_ceiling *tenant_of(const struct instance *i)
{
	return ceiling_find_tenant(&i->launcher->ceiling, i->tenant);
}

static int open_group(const struct instance *i)
{
	char path[2 * NAME_MAX_BYTES];

	(void)snprintf(path, sizeof(path), "%s/%s", i->tenant, i->plugin);
	return fd_open_beneath(i->launcher->tree.plugins_fd, path, O_RDONLY | O_DIRECTORY, 0);
}

void iolimit_let_go(struct instance *i)
{
	CLEANUP_FD int plugin = i->launcher->tree.plugins_fd < 0 ? -1 : open_group(i);
	struct err e = { 0 };

	i->let_go = true;
	if (plugin >= 0 && disk_let_go(plugin, &e) < 0)
		i->launcher->options.note(LOG_WARN, "a dead plugin waits for a disk", &e);
}

void iolimit_set_again(struct instance *i, int plugin_fd)
{
	struct err e = { 0 };

	if (i->let_go && iolimit_set(i->launcher, plugin_fd, tenant_of(i), i->io_bytes, &e) < 0)
		i->launcher->options.note(LOG_ERROR, "a plugin has no limit on disks any more", &e);
}

/* ---- what it is now ---- */

int iolimit_read(const struct instance *i, int plugin_fd, struct posture_head *ret, struct err *e)
{
	const struct tenant_ceiling *t = tenant_of(i);
	CLEANUP_FD int fd = openat(plugin_fd, "io.max", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[TEXT_BYTES];
	ssize_t n;

	if (fd < 0)
		return i->launcher->tree.controllers & CONTROLLER_IO ? err_sys(e, "open io.max")
								     : 0;
	n = fd_read_full(fd, text, sizeof(text) - 1);
	if (n < 0)
		return err_sys(e, "read io.max");
	text[n] = '\0';
	for (size_t row = 0; row <= ROW_VAULTS && ret->disks < POSTURE_DISKS_MAX; row++) {
		const struct disk *d = disk_of(i->launcher, t, row, true);
		struct posture_disk *to = &ret->disk[ret->disks];

		if (!d || (row >= ROW_IMAGES && row < ROW_VAULTS && row - ROW_IMAGES != i->image))
			continue;
		*to = (struct posture_disk){ .fs_major = major(d->fs),
					     .fs_minor = minor(d->fs),
					     .major = major(d->whole),
					     .minor = minor(d->whole) };
		if (procread_io_max(text, to->major, to->minor, to->max, e) < 0)
			return -1;
		ret->disks++;
	}
	return 0;
}
