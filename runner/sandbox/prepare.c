/* SPDX-License-Identifier: Apache-2.0 */
/* prepare.c - what one jail sees: opens each folder once, below a descriptor of the ceiling's
 * store, data or vault, never through a link; that descriptor is mounted, labelled and held. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/fd.h"
#include "sandbox/host.h"
#include "sandbox/idmap.h"
#include "sandbox/iolimit.h"
#include "sandbox/mounts.h"
#include "sandbox/storage.h"

enum {
	PLUGIN_TMP_INODES = 256,
	COMPILE_TMP_BYTES = 256 << 20, /* cc's temporary assembler and object files */
	COMPILE_TMP_INODES = 4096,
	COMPILE_FILES_MAX = 1024,
	VAULT_POINTS_BYTES = 1 << 16, /* empty folders only */
	VAULT_POINTS_INODES = 1024,
};

static const char *const argv_plugin[] = { JAIL_INIT, "/exec/plugin", NULL };
static const char *const argv_selftest[] = { JAIL_INIT, SELFTEST_WORD, NULL };
static const char *const argv_compile[] = { JAIL_INIT, "/bin/kennel-compile", "/in/module.wasm",
					    "/out/plugin", NULL };

struct preparing {
	struct launcher *launcher;
	struct jail *jail;
	const struct launch_start *start;
	const struct tenant_ceiling *tenant;
};

/* Mounts what fd names and labels it: the two must never differ in what they name. */
static int add_folder(struct preparing *p, int mount_fd, const char *target, uint32_t rights,
		      struct err *e)
{
	struct jail_label label = { .fd = mount_fd, .rights = rights };

	if (jail_add_mount(p->jail, mount_fd, target, rights, e) < 0)
		return -1;
	label.rule =
		(uint32_t)
			p->jail->mount_count; /* row of the mount, from 1: a refusal can name it */
	return jail_add_label(p->jail, label, e);
}

static int add_image(struct preparing *p, struct err *e)
{
	const struct image *image = &p->launcher->images[p->start->image];
	struct jail_label canary = { .fd = image->canary_fd, .rights = 0, .rule = 1 };

	if (image->root_fd < 0)
		return err_set(e, ERR_NOT_FOUND, "the image %s is not installed in %s",
			       image_name(p->start->image), p->launcher->ceiling.images);
	if (add_folder(p, mounts_clone(image->root_fd, MOUNT_READ_ONLY, -1, e), "",
		       MAY_READ | MAY_EXEC, e) < 0)
		return -1;
	return jail_add_label(p->jail, canary, e);
}

static int add_devices(struct preparing *p, struct err *e)
{
	int fd = mounts_clone(p->launcher->dev_fd, MOUNT_READ_ONLY | MOUNT_NO_EXEC | MOUNT_DEVICES,
			      -1, e);

	return add_folder(p, fd, "dev", MAY_READ | MAY_WRITE, e);
}

static int add_tmp(struct preparing *p, uint64_t size_bytes, uint64_t inodes, struct err *e)
{
	const struct tmpfs t = { p->jail->uid, p->jail->uid, 0700, size_bytes, inodes };

	return add_folder(p, mounts_tmpfs(&t, e), "tmp", MAY_READ | MAY_WRITE, e);
}

static int add_below(struct preparing *p, int root, const char *path, const char *target, bool exec,
		     struct err *e)
{
	CLEANUP_FD int fd = fd_open_beneath(root, path, O_PATH | O_DIRECTORY, 0);
	unsigned int flags = MOUNT_READ_ONLY | (exec ? 0 : MOUNT_NO_EXEC);

	if (fd < 0)
		return errno == ENOENT ? err_set(e, ERR_NOT_FOUND, "%s is not in the store", path)
				       : err_sys(e, "open %s", path);
	if (iolimit_check(p->launcher, p->tenant, fd, e) < 0)
		return err_wrap(e, "%s", path);
	return add_folder(p, mounts_clone(fd, flags, -1, e), target,
			  MAY_READ | (exec ? MAY_EXEC : 0), e);
}

/* One of the two may execute: what was compiled here, or what came in an approved bundle. Of a
 * JavaScript plugin neither: what executes is the image's. */
static int add_bundle(struct preparing *p, struct err *e)
{
	char path[3 * NAME_MAX_BYTES + DIGEST_HEX_BYTES];
	bool native = p->start->image == IMAGE_NATIVE;
	bool wasm = p->start->image == IMAGE_WASM;

	(void)snprintf(path, sizeof(path), "store/%s/%s/exec", p->start->plugin,
		       p->start->bundle_hex);
	if (wasm && add_below(p, p->launcher->dirs.supervisor_fd, path, "exec", true, e) < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "store/%s/%s/root", p->start->plugin,
		       p->start->bundle_hex);
	return add_below(p, p->launcher->dirs.supervisor_fd, path, "plugin", native, e);
}

/* ---- /data: one mount, a label for each rule ---- */

static uint32_t rule_rights(const struct file_rule *f)
{
	return MAY_READ | (f->access & FILE_ACCESS_WRITE ? MAY_WRITE : 0u);
}

/* The plugin owns the tree below data: nothing is followed, and what is missing is made by its own
 * hand. */
static int walk_data(int root, const char *path, struct err *e)
{
	CLEANUP_FD int at = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char rest[VAULT_PATH_MAX];
	char *next = rest;

	if (at < 0 || !copy_str(rest, sizeof(rest), path))
		return err_sys(e, "data:/%s", path);
	for (char *name; (name = strsep(&next, "/"));) {
		int child;

		if (mkdirat(at, name, 0700) < 0 && errno != EEXIST)
			return err_sys(e, "make data:/%s", path);
		child = fd_open_beneath(at, name, O_PATH | O_DIRECTORY, 0);
		if (child < 0)
			return err_sys(e, "open data:/%s", path);
		fd_close_p(&at);
		at = child;
	}
	return take_fd(at);
}

/* Neither call reports a failure (setfsuid(2), BUGS): what holds afterwards is asked for. */
static int file_ids_become(uid_t uid, struct err *e)
{
	(void)setfsgid(uid);
	(void)setfsuid(uid);
	if (setfsgid((gid_t)-1) != (int)uid || setfsuid((uid_t)-1) != (int)uid)
		return err_set(e, ERR_INTERNAL, "file access as user %u", uid);
	return 0;
}

/* As the plugin's own user: root here has no right to write into it (caps.c), and needs none. */
static int open_data_folder(int root, const char *path, uid_t uid, struct err *e)
{
	int fd = -1;

	if (file_ids_become(uid, e) == 0)
		fd = walk_data(root, path, e);
	if (file_ids_become(0, e) < 0)
		fd_close_p(&fd);
	return fd;
}

static int label_data_rule(struct preparing *p, int data_fd, const struct file_rule *f,
			   struct err *e)
{
	struct jail_label label = { .rights = rule_rights(f),
				    .rule = (uint32_t)p->jail->mount_count };

	if (!f->path[0]) {
		label.fd = p->jail->mounts[p->jail->mount_count - 1].fd;
	} else {
		label.fd = open_data_folder(data_fd, f->path, p->jail->uid, e);
		label.owned = true;
		if (label.fd < 0)
			return -1;
	}
	return jail_add_label(p->jail, label, e);
}

/* Where nobody can bound it, the limit on one file is what is left of the bound. */
static int bound_data(struct preparing *p, int data_fd, struct err *e)
{
	if (launcher_lacks(p->launcher, ACCEPT_NO_STORAGE_QUOTA))
		return 0;
	p->jail->rlimits.file_bytes += PLUGIN_FILE_SLACK_BYTES;
	return storage_bound(data_fd, p->jail->uid, p->start->limits.data_bytes, e);
}

static int add_data(struct preparing *p, struct err *e)
{
	const struct launch_start *s = p->start;
	CLEANUP_FD int fd = -1;
	unsigned int flags = MOUNT_NO_EXEC;
	uint32_t most = 0;

	for (uint32_t i = 0; i < s->file_count; i++)
		if (s->files[i].root == FILE_ROOT_DATA)
			most |= rule_rights(&s->files[i]);
	if (!most)
		return 0;
	if (!(most & MAY_WRITE))
		flags |= MOUNT_READ_ONLY;
	fd = state_open_data(&p->launcher->dirs, s->tenant, s->plugin, p->jail->uid, e);
	if (fd >= 0 && iolimit_check(p->launcher, p->tenant, fd, e) < 0)
		return err_wrap(e, "data:/");
	if (fd >= 0 && most & MAY_WRITE && bound_data(p, fd, e) < 0)
		return -1;
	if (fd < 0 || jail_add_mount(p->jail, mounts_clone(fd, flags, -1, e), "data", most, e) < 0)
		return -1;
	for (uint32_t i = 0; i < s->file_count; i++)
		if (s->files[i].root == FILE_ROOT_DATA &&
		    label_data_rule(p, fd, &s->files[i], e) < 0)
			return -1;
	return 0;
}

/* ---- /vault: one id-mapped, read-only mount for each rule ---- */

/* Is rule f inside another one? Then its folder is there already. */
static bool covered(const struct launch_start *s, uint32_t f)
{
	for (uint32_t i = 0; i < s->file_count; i++) {
		size_t n = strlen(s->files[i].path);

		if (i == f || s->files[i].root != FILE_ROOT_VAULT)
			continue;
		if (!strcmp(s->files[i].path, s->files[f].path)) {
			if (i < f)
				return true; /* said twice: the first one counts */
			continue;
		}
		if (n == 0 ||
		    (!strncmp(s->files[i].path, s->files[f].path, n) && s->files[f].path[n] == '/'))
			return true;
	}
	return false;
}

static int add_vault_rule(struct preparing *p, int vault_fd, const char *path, struct err *e)
{
	const struct idmap m = { p->tenant->uid, p->tenant->gid, p->jail->uid, p->jail->uid };
	CLEANUP_FD int fd =
		fd_open_beneath(vault_fd, path[0] ? path : ".", O_PATH | O_DIRECTORY, 0);
	char target[JAIL_TARGET_MAX];
	int userns;

	if (fd < 0)
		return err_set(e, ERR_FILES_RULE, "vault:/%s is no folder of the vault", path);
	if (iolimit_check(p->launcher, p->tenant, fd, e) < 0)
		return err_wrap(e, "vault:/%s", path);
	userns = idmap_namespace(p->launcher->proc_fd, &m, e);
	if (userns < 0)
		return -1;
	(void)snprintf(target, sizeof(target), path[0] ? "vault/%s" : "vault%s", path);
	return add_folder(p, mounts_clone(fd, MOUNT_READ_ONLY | MOUNT_NO_EXEC, userns, e), target,
			  MAY_READ, e);
}

/* Empty folders, so that vault:/a/b can stand at /vault/a/b and nothing else of the vault is there.
 */
static int add_vault_points(struct preparing *p, struct err *e)
{
	const struct tmpfs t = { 0, 0, 0755, VAULT_POINTS_BYTES, VAULT_POINTS_INODES };
	CLEANUP_FD int fd = mounts_tmpfs(&t, e);

	if (fd < 0)
		return -1;
	for (uint32_t i = 0; i < p->start->file_count; i++)
		if (p->start->files[i].root == FILE_ROOT_VAULT &&
		    mounts_make_points(fd, p->start->files[i].path, e) < 0)
			return -1;
	if (mounts_seal(fd, MOUNT_READ_ONLY | MOUNT_NO_EXEC, e) < 0)
		return -1;
	return add_folder(p, take_fd(fd), "vault", MAY_READ, e);
}

static int add_vault(struct preparing *p, struct err *e)
{
	const struct launch_start *s = p->start;
	int vault_fd = p->launcher->vault_fds[p->tenant - p->launcher->ceiling.tenants];
	bool any = false, whole = false;

	for (uint32_t i = 0; i < s->file_count; i++)
		if (s->files[i].root == FILE_ROOT_VAULT) {
			any = true;
			whole |= !s->files[i].path[0];
		}
	if (any && !whole && add_vault_points(p, e) < 0)
		return -1;
	for (uint32_t i = 0; i < s->file_count; i++)
		if (s->files[i].root == FILE_ROOT_VAULT && !covered(s, i) &&
		    add_vault_rule(p, vault_fd, s->files[i].path, e) < 0)
			return -1;
	return 0;
}

/* ---- the compiler ---- */

static int add_compile(struct preparing *p, struct instance *i, struct err *e)
{
	char path[2 * NAME_MAX_BYTES];
	CLEANUP_FD int out = -1;

	(void)snprintf(path, sizeof(path), "staging/%s/in", p->start->staging);
	if (add_below(p, p->launcher->dirs.supervisor_fd, path, "in", false, e) < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "staging/%s/out", p->start->staging);
	out = fd_open_beneath(p->launcher->dirs.supervisor_fd, path, O_RDONLY | O_DIRECTORY, 0);
	if (out < 0)
		return err_sys(e, "open %s", path);
	i->out_fd = fcntl(out, F_DUPFD_CLOEXEC, 0);
	if (i->out_fd < 0 || fchown(out, p->jail->uid, p->jail->uid) < 0)
		return err_sys(e, "owner of %s", path);
	return add_folder(p, mounts_clone(out, MOUNT_NO_EXEC, -1, e), "out", MAY_READ | MAY_WRITE,
			  e);
}

/* The jail is not moved while it lives: own_argv may point into it. */
static void set_program(struct preparing *p, bool selftest)
{
	struct jail *j = p->jail;
	size_t n = 0;

	j->argv = p->start->image == IMAGE_COMPILE ? argv_compile : argv_plugin;
	if (selftest)
		j->argv = argv_selftest;
	if (selftest)
		return;
	if (p->start->image == IMAGE_NATIVE)
		(void)snprintf(j->program, sizeof(j->program), "/plugin/%s", p->start->entry);
	else if (p->start->image == IMAGE_JS)
		(void)snprintf(j->program, sizeof(j->program), "%s", p->start->entry);
	else
		return;
	j->own_argv[n++] = JAIL_INIT;
	if (p->start->image == IMAGE_JS) {
		j->own_argv[n++] = "/bin/kennel-js";
		if (p->start->jit)
			j->own_argv[n++] = "--jit";
		j->own_argv[n++] = "/plugin";
	}
	j->own_argv[n++] = j->program;
	j->own_argv[n] = NULL;
	j->argv = j->own_argv;
}

static void set_numbers(struct preparing *p, bool selftest)
{
	static const enum seccomp_profile profiles[IMAGE_COUNT] = {
		[IMAGE_WASM] = SECCOMP_PLUGIN_WASM,
		[IMAGE_NATIVE] = SECCOMP_PLUGIN_NATIVE,
		[IMAGE_JS] = SECCOMP_PLUGIN_JS,
		[IMAGE_COMPILE] = SECCOMP_COMPILE,
	};
	const struct launch_start *s = p->start;
	bool compile = s->image == IMAGE_COMPILE;
	uint64_t tmp = compile ? COMPILE_TMP_BYTES : PLUGIN_TMP_BYTES;

	set_program(p, selftest);
	p->jail->profile = s->jit ? SECCOMP_PLUGIN_JS_JIT : profiles[s->image];
	p->jail->jit = s->jit != 0;
	p->jail->guarded = p->launcher->guard != NULL;
	p->jail->landlock = !launcher_lacks(p->launcher, ACCEPT_NO_LANDLOCK);
	p->jail->rlimits = (struct rlimits){
		.file_bytes = s->limits.data_bytes > tmp ? s->limits.data_bytes : tmp,
		.tasks = s->limits.tasks,
		.files = compile ? COMPILE_FILES_MAX : PLUGIN_FILES_MAX,
	};
}

int prepare_jail(struct launcher *l, struct instance *i, const struct launch_start *s,
		 const struct tenant_ceiling *t, struct err *e)
{
	struct preparing p = { l, &i->jail, s, t };
	bool compile = s->image == IMAGE_COMPILE;

	i->jail.uid = l->ceiling.plugin_uid_base + s->uid_index;
	set_numbers(&p, i->selftest);
	if (add_image(&p, e) < 0 || add_devices(&p, e) < 0)
		return -1;
	if (add_tmp(&p, compile ? COMPILE_TMP_BYTES : PLUGIN_TMP_BYTES,
		    compile ? COMPILE_TMP_INODES : PLUGIN_TMP_INODES, e) < 0)
		return -1;
	if (i->selftest)
		return 0;
	if (compile)
		return add_compile(&p, i, e);
	if (add_bundle(&p, e) < 0 || add_data(&p, e) < 0)
		return -1;
	return add_vault(&p, e);
}
