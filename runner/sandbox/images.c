/* SPDX-License-Identifier: Apache-2.0 */
/* images.c - the base trees jails stand on. */
#include "sandbox/images.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define POINTS_MAX 8

static const struct kind {
	const char *name;
	const char *points[POINTS_MAX];
} kinds[IMAGE_COUNT] = {
	[IMAGE_WASM] = { "wasm", { "exec", "plugin", "data", "tmp", "dev", "proc", "vault" } },
	[IMAGE_NATIVE] = { "native", { "exec", "plugin", "data", "tmp", "dev", "proc", "vault" } },
	[IMAGE_JS] = { "js", { "plugin", "data", "tmp", "dev", "proc", "vault" } },
	[IMAGE_COMPILE] = { "compile", { "in", "out", "tmp", "dev", "proc" } },
};

const char *image_name(enum launch_image i)
{
	return (unsigned int)i < IMAGE_COUNT ? kinds[i].name : NULL;
}

/* Whoever may write here may write every jail. */
static int check_owner(int fd, const char *name, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "stat %s", name);
	if (st.st_uid != 0 || (st.st_mode & 022))
		return err_set(
			e, ERR_CONFIG,
			"%s must belong to root and be writable for nobody else (uid %u, mode %o)",
			name, st.st_uid, st.st_mode & 07777);
	return 0;
}

static int check_part(int root, const char *name, int type, struct err *e)
{
	CLEANUP_FD int fd = fd_open_beneath(root, name, O_PATH | type, 0);

	if (fd < 0)
		return err_sys(e, "%s", name);
	return check_owner(fd, name, e);
}

static int open_image(int dir, const struct kind *k, struct image *ret, struct err *e)
{
	CLEANUP_FD int root = fd_open_beneath(dir, k->name, O_RDONLY | O_DIRECTORY, 0);
	CLEANUP_FD int canary = -1;

	if (root < 0)
		return err_sys(e, "open");
	canary = fd_open_beneath(root, "canary", O_PATH, 0);
	if (canary < 0)
		return err_sys(e, "canary");
	if (check_owner(root, "its root", e) < 0 || check_part(root, "init", 0, e) < 0 ||
	    check_part(root, "canary", 0, e) < 0)
		return -1;
	for (size_t i = 0; i < POINTS_MAX && k->points[i]; i++)
		if (check_part(root, k->points[i], O_DIRECTORY, e) < 0)
			return -1;
	ret->root_fd = take_fd(root);
	ret->canary_fd = take_fd(canary);
	return 0;
}

int images_open(const char *path, struct image ret[IMAGE_COUNT], struct err *e)
{
	CLEANUP_FD int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int found = 0;

	for (int i = 0; i < IMAGE_COUNT; i++)
		ret[i] = (struct image){ -1, -1 };
	if (dir < 0)
		return err_sys(e, "open images %s", path);
	if (check_owner(dir, path, e) < 0)
		return -1;
	for (int i = IMAGE_WASM; i < IMAGE_COUNT; i++) {
		if (faccessat(dir, kinds[i].name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
			continue;
		if (open_image(dir, &kinds[i], &ret[i], e) < 0) {
			images_close(ret);
			return err_wrap(e, "image %s/%s", path, kinds[i].name);
		}
		found++;
	}
	if (!found)
		return err_set(e, ERR_CONFIG,
			       "%s holds none of the images wasm, native, js, compile", path);
	return 0;
}

void images_close(struct image images[IMAGE_COUNT])
{
	for (int i = 0; i < IMAGE_COUNT; i++) {
		fd_close_p(&images[i].root_fd);
		fd_close_p(&images[i].canary_fd);
	}
}
