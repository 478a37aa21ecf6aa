/* SPDX-License-Identifier: Apache-2.0 */
/* path.c - ways to change names, owners and attributes of what is not ours.
 * Owns: the table.  Must not know: which layers stand in the way. */
#include "attempt.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <unistd.h>

#define OTHER_DISK "there the two lie on different disks"
#define CALL(name, expression)            \
	static long name(void)            \
	{                                 \
		return expression;        \
	}

CALL(unlink_manifest, unlink(OWN_MANIFEST))
CALL(unlink_note, unlink(NOTE))
CALL(rmdir_notes, rmdir("/vault/Projects/sub"))
CALL(mkdir_bundle, mkdir("/plugin/folder", 0700))
CALL(mkdir_notes, mkdir("/vault/Projects/folder", 0700))
CALL(symlink_bundle, symlink("/etc", "/plugin/link"))
CALL(fifo_bundle, mkfifo("/plugin/fifo", 0600))
CALL(disk_node, mknod("/data/disk", S_IFBLK | 0600, makedev(8, 0)))
CALL(char_node, mknod("/tmp/mem", S_IFCHR | 0600, makedev(1, 1)))
CALL(link_canary, link("/canary", "/data/canary"))
CALL(link_note, link(NOTE, "/vault/Projects/b.md"))
CALL(link_program, link(OWN_PROGRAM, "/plugin/second"))
CALL(rename_manifest, rename(OWN_MANIFEST, "/plugin/other.json"))
CALL(rename_program, rename(OWN_PROGRAM, "/plugin/old"))
CALL(rename_note, rename(NOTE, "/vault/Projects/z.md"))
CALL(truncate_manifest, truncate(OWN_MANIFEST, 0))
CALL(truncate_note, truncate(NOTE, 0))
CALL(chmod_program, chmod(OWN_PROGRAM, 04777))
CALL(chmod_note, chmod(NOTE, 0666))
CALL(chown_manifest, chown(OWN_MANIFEST, 0, 0))
CALL(xattr_manifest, setxattr(OWN_MANIFEST, "user.x", "x", 1, 0))
CALL(unxattr_manifest, removexattr(OWN_MANIFEST, "user.there"))
CALL(times_note, utimensat(AT_FDCWD, NOTE, NULL, 0))

static long exchange_program(void)
{
	const char *copy = own_file("/plugin/old") < 0 ? "/data/old" : "/plugin/old";

	if (copy[1] == 'd' && own_file(copy) < 0)
		return -1;
	return syscall(SYS_renameat2, AT_FDCWD, copy, AT_FDCWD, OWN_PROGRAM, RENAME_EXCHANGE);
}

static long give_away(void)
{
	return own_file("/data/given") < 0 ? -1 : chown("/data/given", 0, 0);
}

static long set_uid(void)
{
	return own_file("/data/setuid") < 0 || chown("/data/setuid", 0, 0) < 0
		       ? -1
		       : chmod("/data/setuid", 04755);
}

static long file_capability(void)
{
	const unsigned int all[] = { 0x02000001, ~0u, 0, ~0u, 0 };

	if (own_file("/data/capable") < 0)
		return -1;
	return setxattr("/data/capable", "security.capability", all, sizeof(all), 0);
}

/* POSIX ACL of an extended attribute: version, then one entry each. */
static long acl_manifest(void)
{
	static const unsigned char acl[] = { 2,	  0,   0, 0, 1,	  0,   6,   0,	 255, 255,
					     255, 255, 4, 0, 6,	  0,   255, 255, 255, 255,
					     32,  0,   6, 0, 255, 255, 255, 255 };

	return setxattr("/vault/Projects", "system.posix_acl_default", acl, sizeof(acl), 0);
}

static long link_descriptor(void)
{
	int fd = open("/canary", O_PATH | O_CLOEXEC);
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return fd < 0 ? -1 : linkat(AT_FDCWD, path, AT_FDCWD, "/linked", AT_SYMLINK_FOLLOW);
}

static long read_link(void)
{
	char target[256];

	return readlink("/proc/1/exe", target, sizeof(target));
}

static const struct attempt list[] = {
	{ "remove the manifest", "ebpf:path_unlink", unlink_manifest, NULL },
	{ "remove a note", "ebpf:path_unlink", unlink_note, NULL },
	{ "remove a folder of notes", "ebpf:path_rmdir", rmdir_notes,
	  "the folder has a note in it" },
	{ "make a folder in the bundle", "ebpf:path_mkdir", mkdir_bundle, NULL },
	{ "make a folder of notes", "ebpf:path_mkdir", mkdir_notes, NULL },
	{ "make a link in the bundle", "ebpf:path_symlink", symlink_bundle, NULL },
	{ "make a fifo in the bundle", "ebpf:path_mknod", fifo_bundle, NULL },
	{ "make a disk", "ebpf:path_mknod runners:12", disk_node, NULL },
	{ "make memory", "ebpf:path_mknod runners:12", char_node, NULL },
	{ "link the canary to us", "ebpf:path_link", link_canary, OTHER_DISK },
	{ "link a note", "ebpf:path_link", link_note, NULL },
	{ "link our program", "ebpf:path_link", link_program, NULL },
	{ "link a descriptor", "ebpf:path_link", link_descriptor, OTHER_DISK },
	{ "rename the manifest", "ebpf:path_rename", rename_manifest, NULL },
	{ "rename our program", "ebpf:path_rename", rename_program, NULL },
	{ "rename a note", "ebpf:path_rename", rename_note, NULL },
	{ "exchange our program", "ebpf:path_rename", exchange_program, NULL },
	{ "cut the manifest", "ebpf:path_truncate", truncate_manifest, NULL },
	{ "cut a note", "ebpf:path_truncate ebpf:file_truncate", truncate_note, NULL },
	{ "make our program set-uid", "ebpf:inode_setattr runners:7", chmod_program, NULL },
	{ "let everybody write a note", "ebpf:inode_setattr", chmod_note, NULL },
	{ "give the manifest away", "ebpf:inode_setattr runners:2", chown_manifest, NULL },
	{ "give a file of ours to root", "runners:2", give_away, NULL },
	{ "a set-uid program of root's", "runners:2 runners:7", set_uid, NULL },
	{ "a file with capabilities", "runners:8", file_capability, NULL },
	{ "set an attribute of the manifest", "ebpf:inode_setxattr", xattr_manifest, NULL },
	{ "remove an attribute of the manifest", "ebpf:inode_removexattr", unxattr_manifest, NULL },
	{ "an access list for notes", "ebpf:inode_set_acl", acl_manifest, NULL },
	{ "a note's times", "ebpf:inode_setattr", times_note, NULL },
	{ "where process 1's program lies", "ebpf:inode_readlink runners:11", read_link, NULL },
};
FAMILY(path);
