/* SPDX-License-Identifier: Apache-2.0 */
/* attacks_path.c - ways to make, remove, move or change what no label allows, or to look at it.
 * Owns: the table path_attacks.  Must not know: how it is run. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static int unlink_ro(void)
{
	return failed(unlink("ro/f"));
}
static int unlink_secret(void)
{
	return failed(unlink("secret/s"));
}
static int unlink_labelled(void)
{
	return failed(unlink("rw/keep"));
}
static int rmdir_ro(void)
{
	return failed(rmdir("ro/d"));
}
static int rmdir_labelled(void)
{
	return unlink("rw/lab/f") < 0 ? 200 : failed(rmdir("rw/lab"));
}
static int mkdir_ro(void)
{
	return failed(mkdir("ro/new", 0755));
}
static int symlink_ro(void)
{
	return failed(symlink("f", "ro/new"));
}
static int fifo_ro(void)
{
	return failed(mkfifo("ro/new", 0644));
}
static int device_rw(void)
{
	return failed(mknod("rw/new", S_IFCHR | 0666, makedev(1, 1)));
}
static int disk_rw(void)
{
	return failed(mknod("rw/new", S_IFBLK | 0666, makedev(8, 0)));
}
static int link_secret(void)
{
	return failed(link("secret/s", "rw/new"));
}
static int link_ro(void)
{
	return failed(link("ro/f", "rw/new"));
}
static int link_across(void)
{
	return failed(link("rw/lab/f", "rw/new"));
}
static int link_out(void)
{
	return failed(link("rw/f", "secret/new"));
}
static int link_path_fd(void)
{
	return failed(linkat(open("secret/s", O_PATH), "", AT_FDCWD, "rw/new", AT_EMPTY_PATH));
}
static int link_tmpfile_out(void)
{
	return failed(linkat(open("rw", O_TMPFILE | O_RDWR, 0644), "", AT_FDCWD, "secret/new",
			     AT_EMPTY_PATH));
}
static int rename_ro(void)
{
	return failed(rename("ro/f", "rw/new"));
}
static int rename_into_secret(void)
{
	return failed(rename("rw/f", "secret/new"));
}
static int rename_from_secret(void)
{
	return failed(rename("secret/s", "rw/new"));
}
static int rename_across(void)
{
	return failed(rename("rw/f", "rw/lab/new"));
}
static int rename_labelled(void)
{
	return failed(rename("rw/lab", "rw/moved"));
}
static int replace_labelled_file(void)
{
	return failed(rename("rw/f", "rw/keep"));
}
static int replace_labelled_dir(void)
{
	return unlink("rw/lab/f") < 0 ? 200 : failed(rename("rw/e", "rw/lab"));
}
static int exchange_across(void)
{
	return failed(renameat2(AT_FDCWD, "rw/f", AT_FDCWD, "rw/lab/f", RENAME_EXCHANGE));
}
static int exchange_secret(void)
{
	return failed(renameat2(AT_FDCWD, "rw/f", AT_FDCWD, "secret/s", RENAME_EXCHANGE));
}
static int exchange_labelled(void)
{
	return failed(renameat2(AT_FDCWD, "rw/f", AT_FDCWD, "rw/keep", RENAME_EXCHANGE));
}
static int rename_whiteout(void)
{
	return failed(renameat2(AT_FDCWD, "rw/f", AT_FDCWD, "rw/new", RENAME_WHITEOUT));
}
static int truncate_ro(void)
{
	return failed(truncate("ro/f", 0));
}
static int chmod_ro(void)
{
	return failed(chmod("ro/f", 0777));
}
static int chown_ro(void)
{
	return failed(chown("ro/f", 1, 1));
}
static int utimes_ro(void)
{
	return failed(utimensat(AT_FDCWD, "ro/f", NULL, 0));
}
static int chmod_open_secret(void)
{
	return failed(chmod("secret/s", 0666));
}
static int setxattr_ro(void)
{
	return failed(setxattr("ro/f", "trusted.y", "1", 1, 0));
}
static int removexattr_ro(void)
{
	return failed(removexattr("ro/f", "trusted.x"));
}

/* user::rw- group::r-- other::r--, as setxattr(2) takes it */
static int acl_ro(void)
{
	static const struct {
		uint32_t version;
		struct {
			uint16_t tag, perm;
			uint32_t id;
		} entry[3];
	} acl = { 2, { { 1, 6, ~0u }, { 4, 4, ~0u }, { 0x20, 4, ~0u } } };

	return failed(setxattr("ro/f", "system.posix_acl_access", &acl, sizeof(acl), 0));
}
static int remove_acl_ro(void)
{
	return failed(removexattr("ro/f", "system.posix_acl_access"));
}
static int stat_secret(void)
{
	struct stat st;

	return failed(stat("secret/s", &st));
}
static int stat_canary(void)
{
	struct stat st;

	return failed(stat("canary", &st));
}
static int readlink_secret(void)
{
	char text[16];

	return failed(readlink("secret/l", text, sizeof(text)));
}
static int watch_secret(void)
{
	return failed(inotify_add_watch(inotify_init1(IN_CLOEXEC), "secret", IN_ALL_EVENTS));
}

const struct attack path_attacks[] = {
	{ "unlink where only reading is allowed", HOOK_UNLINK, EACCES, 1, NULL, unlink_ro, 0, 0 },
	{ "unlink an unlabelled file", HOOK_UNLINK, EACCES, 1, NULL, unlink_secret, 0, 0 },
	{ "unlink a file that carries a label", HOOK_UNLINK, EACCES, 1, NULL, unlink_labelled, 0,
	  0 },
	{ "rmdir where only reading is allowed", HOOK_RMDIR, EACCES, 1, NULL, rmdir_ro, 0, 0 },
	{ "rmdir a folder that carries a label", HOOK_RMDIR, EACCES, 1, NULL, rmdir_labelled, 0,
	  0 },
	{ "mkdir where only reading is allowed", HOOK_MKDIR, EACCES, 1, NULL, mkdir_ro, 0, 0 },
	{ "symlink where only reading is allowed", HOOK_SYMLINK, EACCES, 1, NULL, symlink_ro, 0,
	  0 },
	{ "mkfifo where only reading is allowed", HOOK_MKNOD, EACCES, 1, NULL, fifo_ro, 0, 0 },
	{ "make a character device", HOOK_MKNOD, EPERM, 1, NULL, device_rw, 0, 0 },
	{ "make a block device", HOOK_MKNOD, EPERM, 1, NULL, disk_rw, 0, 0 },
	{ "link an unlabelled file to a place of one's own", HOOK_LINK, EACCES, 1, NULL,
	  link_secret, 0, 0 },
	{ "link a read-only file to a writable place", HOOK_LINK, EACCES, 1, NULL, link_ro, 0, 0 },
	{ "link across two labels", HOOK_LINK, EXDEV, 1, NULL, link_across, 0, 0 },
	{ "link out of the jail", HOOK_LINK, EACCES, 1, NULL, link_out, 0, 0 },
	{ "link an O_PATH descriptor", HOOK_LINK, EACCES, 1, NULL, link_path_fd, 0, 0 },
	{ "link a nameless file out of the jail", HOOK_LINK, EACCES, 1, NULL, link_tmpfile_out, 0,
	  0 },
	{ "rename from where only reading is allowed", HOOK_RENAME, EACCES, 1, NULL, rename_ro, 0,
	  0 },
	{ "rename out of the jail", HOOK_RENAME, EACCES, 1, NULL, rename_into_secret, 0, 0 },
	{ "rename into the jail", HOOK_RENAME, EACCES, 1, NULL, rename_from_secret, 0, 0 },
	{ "rename across two labels", HOOK_RENAME, EXDEV, 1, NULL, rename_across, 0, 0 },
	{ "rename a folder that carries a label", HOOK_RENAME, EACCES, 1, NULL, rename_labelled, 0,
	  0 },
	{ "replace a file that carries a label", HOOK_RENAME, EACCES, 1, NULL,
	  replace_labelled_file, 0, 0 },
	{ "replace a folder that carries a label", HOOK_RENAME, EACCES, 1, NULL,
	  replace_labelled_dir, 0, 0 },
	{ "exchange across two labels", HOOK_RENAME, EXDEV, 1, NULL, exchange_across, 0, 0 },
	{ "exchange with an unlabelled file", HOOK_RENAME, EACCES, 1, NULL, exchange_secret, 0, 0 },
	{ "exchange with a file that carries a label", HOOK_RENAME, EACCES, 1, NULL,
	  exchange_labelled, 0, 0 },
	{ "leave a whiteout", HOOK_RENAME, EPERM, 1, NULL, rename_whiteout, 0, 0 },
	{ "truncate where only reading is allowed", HOOK_TRUNCATE, EACCES, 1, NULL, truncate_ro, 0,
	  0 },
	{ "chmod where only reading is allowed", HOOK_SETATTR, EACCES, 1, NULL, chmod_ro, 0, 0 },
	{ "chown where only reading is allowed", HOOK_SETATTR, EACCES, 1, NULL, chown_ro, 0, 0 },
	{ "set times where only reading is allowed", HOOK_SETATTR, EACCES, 1, NULL, utimes_ro, 0,
	  0 },
	{ "chmod an unlabelled file", HOOK_SETATTR, EACCES, 1, NULL, chmod_open_secret, 0, 0 },
	{ "set an attribute where only reading is allowed", HOOK_SETXATTR, EACCES, 1, NULL,
	  setxattr_ro, 0, 0 },
	{ "remove an attribute where only reading is allowed", HOOK_SETXATTR, EACCES, 1, NULL,
	  removexattr_ro, 0, 0 },
	{ "set an ACL where only reading is allowed", HOOK_SETXATTR, EACCES, 1, NULL, acl_ro,
	  HOOK_SETACL, 0 },
	{ "remove an ACL where only reading is allowed", HOOK_SETXATTR, EACCES, 1, NULL,
	  remove_acl_ro, HOOK_SETACL, 0 },
	{ "stat an unlabelled file", HOOK_GETATTR, EACCES, 1, NULL, stat_secret, 0, 0 },
	{ "stat the canary", HOOK_GETATTR, EACCES, 1, NULL, stat_canary, 0, 0 },
	{ "read an unlabelled symlink", HOOK_READLINK, EACCES, 1, NULL, readlink_secret, 0, 0 },
	{ "watch an unlabelled folder", HOOK_NOTIFY, EACCES, 1, NULL, watch_secret, 0, 0 },
};
const size_t path_attacks_count = sizeof(path_attacks) / sizeof(path_attacks[0]);
