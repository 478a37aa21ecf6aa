/* SPDX-License-Identifier: Apache-2.0 */
/* pinset.c - one BPF object, loaded once, pinned, and found again: PIN_DIR/NAME/{maps,gen_N}.
 * Owns: generations, so that an old one goes only when a new one stands.
 * Must not know: what the programs do. */
#include "sandbox/pinset.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "sandbox/cgroup_id.h"
#include "sandbox/pinload.h"

/* FNV-1a: not against an enemy (the folder is root's alone), but to know our own build again. */
static uint64_t digest(const void *p, size_t n)
{
	const uint8_t *byte = p;
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ byte[i]) * 0x100000001b3u;
	return h;
}

int pinset_path(char *ret, const char *dir, const char *name, struct err *e)
{
	int n = snprintf(ret, PINSET_PATH_MAX, "%s/%s", dir, name);

	if (n < 0 || (size_t)n >= PINSET_PATH_MAX)
		return err_set(e, ERR_LIMIT, "%s/%s: path too long for a pin", dir, name);
	return 0;
}

static int generation_path(char *ret, const char *dir, uint64_t generation, struct err *e)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "gen_%" PRIu64, generation);
	return pinset_path(ret, dir, name, e);
}

static int make_dir(const char *path, struct err *e)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "make %s", path);
	if (lstat(path, &st) < 0)
		return err_sys(e, "stat %s", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return err_set(e, ERR_STATE, "%s is not a folder of ours with mode 0700", path);
	return 0;
}

/* The set's folder, locked against a second loader; the lock goes with the descriptor. */
static int open_locked(const struct pinset_config *c, struct pinset *s, struct err *e)
{
	CLEANUP_FD int fd = -1;
	struct statfs fs;

	if (make_dir(c->pin_dir, e) < 0)
		return -1;
	if (statfs(c->pin_dir, &fs) < 0 || (uint64_t)fs.f_type != BPF_FS_MAGIC)
		return err_set(e, ERR_STATE, "%s is not on bpffs; mount -t bpf bpf /sys/fs/bpf",
			       c->pin_dir);
	if (pinset_path(s->dir, c->pin_dir, c->name, e) < 0 || make_dir(s->dir, e) < 0)
		return -1;
	fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return err_sys(e, "lock %s", s->dir);
	return take_fd(fd);
}

int pinset_map_fd(const struct pinset *s, const char *map, struct err *e)
{
	char path[PINSET_PATH_MAX], name[64];
	int fd;

	(void)snprintf(name, sizeof(name), "maps/%s", map);
	if (pinset_path(path, s->dir, name, e) < 0)
		return -1;
	fd = bpf_obj_get(path);
	return fd < 0 ? err_sys(e, "open %s", path) : fd;
}

int pinset_object_fd(const struct pinset *s, const char *name, struct err *e)
{
	char dir[PINSET_PATH_MAX], path[PINSET_PATH_MAX];
	int fd;

	if (generation_path(dir, s->dir, s->generation, e) < 0 ||
	    pinset_path(path, dir, name, e) < 0)
		return -1;
	fd = bpf_obj_get(path);
	return fd < 0 ? err_sys(e, "open %s", path) : fd;
}

/* What is pinned; zeroes when nothing is, or nothing complete. */
static int read_about(const struct pinset *s, struct pinned_about *ret, struct err *e)
{
	CLEANUP_FD int fd = -1;
	struct bpf_map_info info = { 0 };
	uint32_t bytes = sizeof(info), key = 0;
	char path[PINSET_PATH_MAX];

	memset(ret, 0, sizeof(*ret));
	if (pinset_path(path, s->dir, "maps/about", e) < 0)
		return -1;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open %s", path);
	if (bpf_obj_get_info_by_fd(fd, &info, &bytes) < 0)
		return err_sys(e, "map about");
	if (info.key_size != sizeof(key) || info.value_size != sizeof(*ret))
		return err_set(e, ERR_STATE, "%s was pinned by another version", s->dir);
	if (bpf_map_lookup_elem(fd, &key, ret) < 0)
		return err_sys(e, "map about");
	return 0;
}

static int write_about(const struct pinset *s, const struct pinned_about *about, struct err *e)
{
	CLEANUP_FD int fd = pinset_map_fd(s, "about", e);
	uint32_t key = 0;

	if (fd < 0)
		return -1;
	if (bpf_map_update_elem(fd, &key, about, BPF_ANY) < 0)
		return err_sys(e, "map about");
	return 0;
}

/* Pinned maps are only taken over with the same records in them, and from a slice that is no more:
 * its plugins would be without a guard. */
static int check_about(const struct pinset *s, const struct pinned_about *is,
		       const struct pinned_about *want, struct err *e)
{
	if (is->abi != want->abi)
		return err_set(
			e, ERR_STATE,
			"%s holds records of ABI %u, this is %u; stop all plugins, remove it",
			s->dir, is->abi, want->abi);
	if (is->slice_cgroup != want->slice_cgroup && cgroup_id_exists(is->slice_cgroup))
		return err_set(e, ERR_STATE,
			       "%s belongs to the slice with id %" PRIu64 ", which still exists",
			       s->dir, is->slice_cgroup);
	return 0;
}

/* Removes all generations but one; keep 0: all. */
static int remove_generations(const struct pinset *s, uint64_t keep, struct err *e)
{
	CLEANUP(closedir_p) DIR *d = fs_opendir(AT_FDCWD, s->dir, e);
	struct dirent *entry;
	char kept[32];
	int r;

	if (!d)
		return -1;
	(void)snprintf(kept, sizeof(kept), "gen_%" PRIu64, keep);
	while ((r = fs_next(d, &entry, e)) > 0) {
		if (strncmp(entry->d_name, "gen_", 4) != 0 ||
		    (keep && strcmp(entry->d_name, kept) == 0))
			continue;
		if (fs_remove_tree(dirfd(d), entry->d_name, e) < 0)
			return err_wrap(e, "remove %s", entry->d_name);
	}
	return r;
}

/* A first load that did not come to its end: nothing of it ever guarded a plugin. */
static int remove_remains(const struct pinset *s, int dirfd, struct err *e)
{
	return remove_generations(s, 0, e) < 0 ? -1 : fs_remove_tree(dirfd, "maps", e);
}

static int remove_all(const char *pin_dir, const char *name, struct err *e)
{
	CLEANUP_FD int fd = open(pin_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open %s", pin_dir);
	return fs_remove_tree(fd, name, e);
}

/* Enforcement ends with the links; they go first, so that no program is left with half its maps. */
int pinset_remove(const char *pin_dir, const char *name, struct err *e)
{
	struct pinset s = { 0 };

	if (pinset_path(s.dir, pin_dir, name, e) < 0)
		return -1;
	if (access(s.dir, F_OK) == 0 && remove_generations(&s, 0, e) < 0)
		return -1;
	if (remove_all(pin_dir, name, e) < 0)
		return -1;
	(void)rmdir(pin_dir); /* stays while the other set is in it */
	return 0;
}

static bool is_complete(const struct pinset *s, const struct pinload *l)
{
	char dir[PINSET_PATH_MAX];

	return s->generation && generation_path(dir, s->dir, s->generation, NULL) == 0 &&
	       pinload_is_pinned(l, dir);
}

/* Attaches a new generation beside the old one; while both stand, what either refuses is refused.
 */
static int replace(const struct pinset_config *c, struct pinset *s, struct pinned_about *about,
		   struct pinload *l, struct err *e)
{
	uint64_t before = s->generation;
	char dir[PINSET_PATH_MAX];

	s->generation = before + 1;
	if (remove_generations(s, before ? before : UINT64_MAX, e) < 0 ||
	    generation_path(dir, s->dir, s->generation, e) < 0)
		return -1;
	about->generation = s->generation;
	if (pinload_run(l, c, s->dir, dir, e) < 0 || write_about(s, about, e) < 0) {
		(void)remove_generations(s, before ? before : UINT64_MAX, NULL);
		return -1;
	}
	return remove_generations(s, s->generation, e);
}

int pinset_open(const struct pinset_config *c, struct pinset *ret, struct err *e)
{
	struct pinned_about is, want = { .abi = KENNEL_BPF_ABI,
					 .slice_level = c->slice_level,
					 .slice_cgroup = c->slice_cgroup };
	CLEANUP(pinload_free_p) struct pinload *l = NULL;
	struct pinset s = { 0 };
	CLEANUP_FD int lock = -1;

	if (!c->slice_level || !c->slice_cgroup)
		return err_set(e, ERR_USAGE, "the slice must lie below the cgroup root");
	lock = open_locked(c, &s, e);
	if (lock < 0 || read_about(&s, &is, e) < 0)
		return -1;
	if (is.abi && check_about(&s, &is, &want, e) < 0)
		return -1;
	if (!is.abi && remove_remains(&s, lock, e) < 0)
		return -1;
	if (pinload_new(c, &l, e) < 0)
		return -1;
	want.object = digest(c->elf, c->elf_bytes) ^ pinload_borrowed_id(l);
	s.generation = want.generation = is.generation;
	if (memcmp(&is, &want, sizeof(is)) == 0 && is_complete(&s, l)) {
		if (remove_generations(&s, s.generation, e) < 0)
			return -1;
	} else if (replace(c, &s, &want, l, e) < 0) {
		return -1;
	}
	*ret = s;
	return 0;
}
