/* SPDX-License-Identifier: Apache-2.0 */
/* storage.c - project quotas (quotactl_fd(2), FS_IOC_FSSETXATTR in ioctl_xfs..., xfs_quota(8)).
 * A folder with a project and PROJINHERIT hands it to everything made below; hard links and renames
 * do not cross projects, and a user namespace cannot change one. */
#include "sandbox/storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"

enum {
	BYTES_PER_FILE = 4096, /* a smaller file takes a block of this size all the same */
	FILES_LEAST = 64,
	CLAIM_DEPTH_MAX = 64,
	CLAIM_ENTRIES_MAX = 1 << 20,
};

static long quotactl_fd(int fd, unsigned int command, uid_t id, void *addr)
{
	return syscall(SYS_quotactl_fd, fd, QCMD(command, PRJQUOTA), id, addr);
}

static int no_quota(struct err *e)
{
	return err_set(e, ERR_NO_STORAGE_QUOTA,
		       "the file system of the data folders has no project quota: mount it with "
		       "prjquota (ext4, xfs), or accept \"no-storage-quota\" in the configuration");
}

uint64_t storage_files_max(uint64_t bytes)
{
	uint64_t files = bytes / BYTES_PER_FILE;

	return files > FILES_LEAST ? files : FILES_LEAST;
}

int storage_is_bounded(int dir_fd, struct err *e)
{
	struct fs_quota_stat s = { 0 };

	if (quotactl_fd(dir_fd, Q_XGETQSTAT, 0, &s) < 0 || !(s.qs_flags & FS_QUOTA_PDQ_ENFD))
		return no_quota(e);
	return 0;
}

/* ---- the project of what is there ---- */

static int has_project(int fd, uid_t project, unsigned int flags)
{
	struct fsxattr x;

	if (ioctl(fd, FS_IOC_FSGETXATTR, &x) < 0)
		return -1;
	return x.fsx_projid == project && (x.fsx_xflags & flags) == flags;
}

static int set_project(int fd, uid_t project, unsigned int flags)
{
	struct fsxattr x;

	if (ioctl(fd, FS_IOC_FSGETXATTR, &x) < 0)
		return -1;
	x.fsx_projid = project;
	x.fsx_xflags |= flags;
	return ioctl(fd, FS_IOC_FSSETXATTR, &x);
}

struct claim {
	uid_t project;
	unsigned int entries_left;
};

static int claim_below(int dir_fd, struct claim *c, int depth, struct err *e);

/* Links, sockets and the like hold no data, and cannot be opened without effect. */
static int claim_one(int dir_fd, const struct dirent *de, struct claim *c, int depth, struct err *e)
{
	CLEANUP_FD int fd = -1;

	if (de->d_type != DT_REG && de->d_type != DT_DIR)
		return 0;
	if (depth == CLAIM_DEPTH_MAX || c->entries_left-- == 0)
		return err_set(e, ERR_NO_STORAGE_QUOTA,
			       "the data folder is too deep or too full to be counted");
	fd = openat(dir_fd, de->d_name,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC |
			    (de->d_type == DT_DIR ? O_DIRECTORY : 0));
	if (fd < 0)
		return err_sys(e, "open %.60s to count it", de->d_name);
	if (de->d_type == DT_DIR)
		return claim_below(fd, c, depth + 1, e);
	return set_project(fd, c->project, 0) < 0 ? err_sys(e, "project of a file") : 0;
}

/* The folder itself last: one that has the project is done, whatever ended an earlier try. Nothing
 * of the plugin runs meanwhile. */
static int claim_below(int dir_fd, struct claim *c, int depth, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = fs_opendir(dir_fd, ".", e);
	struct dirent *de;
	int r;

	if (!d)
		return -1;
	while ((r = fs_next(d, &de, e)) > 0)
		if (claim_one(dir_fd, de, c, depth, e) < 0)
			return -1;
	if (r < 0)
		return -1;
	if (set_project(dir_fd, c->project, FS_XFLAG_PROJINHERIT) < 0)
		return err_sys(e, "project of a folder");
	return 0;
}

/* As the owner, who alone may set a project without CAP_FOWNER. */
static int claim(int dir_fd, uid_t owner, struct err *e)
{
	struct claim c = { .project = owner, .entries_left = CLAIM_ENTRIES_MAX };
	int r = has_project(dir_fd, owner, FS_XFLAG_PROJINHERIT);

	if (r != 0)
		return r < 0 ? no_quota(e) : 0;
	(void)setfsgid(owner);
	(void)setfsuid(owner);
	r = claim_below(dir_fd, &c, 0, e);
	(void)setfsuid(0);
	(void)setfsgid(0);
	if (r < 0 && e)
		e->code = ERR_NO_STORAGE_QUOTA;
	return r;
}

/* ---- its limits ---- */

int storage_bound(int dir_fd, uid_t owner, uint64_t bytes, struct err *e)
{
	struct if_dqblk q = { .dqb_valid = QIF_LIMITS };
	struct stat st;

	if (storage_is_bounded(dir_fd, e) < 0 || claim(dir_fd, owner, e) < 0)
		return -1;
	if (fstat(dir_fd, &st) < 0)
		return err_sys(e, "stat the data folder");
	/* The folder itself is an inode of the project, and has a block before anything is in it.
	 */
	q.dqb_bhardlimit = (bytes + (uint64_t)st.st_blksize) / QIF_DQBLKSIZE;
	q.dqb_ihardlimit = storage_files_max(bytes) + 1;
	if (quotactl_fd(dir_fd, Q_SETQUOTA, owner, &q) < 0)
		return err_sys(e, "set the quota of project %u", owner);
	return 0;
}

static int read_quota(int dir_fd, uid_t owner, struct if_dqblk *ret, struct err *e)
{
	if (quotactl_fd(dir_fd, Q_GETQUOTA, owner, ret) < 0)
		return errno == ESRCH || errno == ENOSYS || errno == EINVAL
			       ? no_quota(e)
			       : err_sys(e, "read the quota of project %u", owner);
	return 0;
}

int storage_used(int dir_fd, uid_t owner, uint64_t *ret_bytes, struct err *e)
{
	struct if_dqblk q = { 0 };

	if (read_quota(dir_fd, owner, &q, e) < 0)
		return -1;
	*ret_bytes = q.dqb_curspace;
	return 0;
}

int storage_limit(int dir_fd, uid_t owner, uint64_t *ret_bytes, struct err *e)
{
	struct if_dqblk q = { 0 };

	if (read_quota(dir_fd, owner, &q, e) < 0)
		return -1;
	*ret_bytes = q.dqb_bhardlimit * QIF_DQBLKSIZE;
	return 0;
}
