/* SPDX-License-Identifier: Apache-2.0 */
/* guard.c - the file, exec and isolation rules of jails, in the kernel.
 * Owns: the pins below PIN_DIR/guard, the maps policies and labels.
 * Must not know: why a label is set, plugins, tenants, JSON. */
#include "sandbox/guard.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "base/limits.h"
#include "bpf/pins.h"
#include "sandbox/cgroup_id.h"
#include "sandbox/labelset.h"
#include "sandbox/pinset.h"
#include "sandbox/skeletons.h"

#define SET_NAME "guard"
#define LABELS_PER_INSTANCE 32u /* 8 file rules, device nodes and the fixed mounts */
#define RING_BYTES (1u << 20)
#define LSM_LIST_MAX 4096u

_Static_assert(GUARD_INSTANCE_DEPTH == INSTANCE_DEPTH, "one depth for both sides");

struct guard {
	int policies_fd;
	int labels_fd;
	int totals_fd;
	int enrol_fd;
	int refusals_fd;
	int enforce_fd; /* the program that turns SETUP into ENFORCE */
	struct ring_buffer *ring;
	struct labelset *set;
	guard_refusal_fn fn; /* during guard_poll */
	void *arg;
	int given;
};

/* Hooks that not every kernel has, or not with the same arguments. */
static const struct pinset_optional optional[] = {
	{ "guard_setattr_2", "bpf_lsm_inode_setattr", 2 },
	{ "guard_setattr_3", "bpf_lsm_inode_setattr", 3 },
	{ "guard_ioctl_compat", "bpf_lsm_file_ioctl_compat", -1 },
	{ "guard_ftruncate", "bpf_lsm_file_truncate", -1 },
	{ "guard_set_acl", "bpf_lsm_inode_set_acl", -1 },
	{ "guard_remove_acl", "bpf_lsm_inode_remove_acl", -1 },
	{ "guard_uring_allowed", "bpf_lsm_uring_allowed", -1 },
};

#define HOOK_NAME_(id, name) [id] = (name),
static const char *const hook_names[HOOK_COUNT] = { GUARD_HOOK_TABLE(HOOK_NAME_) };

const char *guard_hook_name(uint32_t hook)
{
	return hook < HOOK_COUNT && hook_names[hook] ? hook_names[hook] : "unknown";
}

/* Is word one of the comma-separated words of list? */
static bool list_has(const char *list, const char *word)
{
	size_t n = strlen(word), len;

	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",\n");
		if (len == n && strncmp(list, word, n) == 0)
			return true;
		if (list[len] == '\n')
			break;
	}
	return false;
}

int guard_available(struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer lsm = { 0 };

	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		return err_set(
			e, ERR_NO_BPF_LSM,
			"no /sys/kernel/btf/vmlinux: use a kernel with CONFIG_DEBUG_INFO_BTF");
	if (fs_read_file(-1, "/sys/kernel/security/lsm", LSM_LIST_MAX, &lsm, NULL) < 0)
		return err_set(
			e, ERR_NO_BPF_LSM,
			"no /sys/kernel/security/lsm: mount -t securityfs none /sys/kernel/security");
	if (!list_has((const char *)lsm.p, "bpf"))
		return err_set(e, ERR_NO_BPF_LSM,
			       "the BPF LSM is off: add bpf to lsm= on the kernel command line");
	return 0;
}

uint32_t guard_dev(dev_t dev)
{
	return major(dev) << 20 | minor(dev);
}

bool guard_cgroup_exists(uint64_t cgroup)
{
	return cgroup_id_exists(cgroup);
}

/* ---- open and close ---- */

void guard_close_p(struct guard **g)
{
	struct guard *o = *g;

	if (!o)
		return;
	ring_buffer__free(o->ring);
	labelset_free_p(&o->set);
	fd_close_p(&o->policies_fd);
	fd_close_p(&o->labels_fd);
	fd_close_p(&o->totals_fd);
	fd_close_p(&o->enrol_fd);
	fd_close_p(&o->refusals_fd);
	fd_close_p(&o->enforce_fd);
	free(o);
	*g = NULL;
}

static int on_refusal(void *ctx, void *data, size_t n)
{
	struct guard *g = ctx;

	if (n >= sizeof(struct refusal) && g->fn)
		g->fn(g->arg, data);
	return ++g->given < GUARD_POLL_MAX
		       ? 0
		       : -EAGAIN; /* libbpf stops here, and has consumed this one */
}

static int open_pins(struct guard *g, const struct pinset *s, struct err *e)
{
	const struct {
		const char *map;
		int *fd;
	} maps[] = { { "policies", &g->policies_fd },
		     { "labels", &g->labels_fd },
		     { "totals", &g->totals_fd },
		     { "enrol", &g->enrol_fd },
		     { "refusals", &g->refusals_fd } };

	for (size_t i = 0; i < countof(maps); i++) {
		*maps[i].fd = pinset_map_fd(s, maps[i].map, e);
		if (*maps[i].fd < 0)
			return -1;
	}
	g->enforce_fd = pinset_object_fd(s, "guard_enforce", e);
	if (g->enforce_fd < 0)
		return -1;
	g->ring = ring_buffer__new(g->refusals_fd, on_refusal, g, NULL);
	return g->ring ? 0 : err_sys(e, "ring of refusals");
}

/* The labels that are set already, from a run before this one. */
static int read_labels(struct guard *g, struct err *e)
{
	struct bpf_map_info info = { 0 };
	uint32_t bytes = sizeof(info);
	struct label_key key, *at = NULL;

	if (bpf_obj_get_info_by_fd(g->labels_fd, &info, &bytes) < 0)
		return err_sys(e, "map labels");
	if (labelset_new(info.max_entries, &g->set, e) < 0)
		return -1;
	for (; bpf_map_get_next_key(g->labels_fd, at, &key) == 0; at = &key)
		if (labelset_add(g->set, &key, e) < 0)
			return -1;
	return errno == ENOENT ? 0 : err_sys(e, "read labels");
}

static int load(const struct guard_config *c, struct pinset *ret, struct err *e)
{
	const struct pinset_size sizes[] = {
		{ "policies", c->policies_max ? c->policies_max : INSTANCES_MAX },
		{ "labels", c->labels_max ? c->labels_max : INSTANCES_MAX * LABELS_PER_INSTANCE },
		{ "refusals", c->ring_bytes ? c->ring_bytes : RING_BYTES },
	};
	struct pinset_config p = { .pin_dir = c->pin_dir,
				   .name = SET_NAME,
				   .slice_level = c->slice_level,
				   .slice_cgroup = c->slice_cgroup,
				   .slice_fd = -1,
				   .optional = optional,
				   .optional_count = countof(optional),
				   .sizes = sizes,
				   .sizes_count = countof(sizes) };

	p.elf = skeleton_guard(&p.elf_bytes);
	return pinset_open(&p, ret, e);
}

int guard_open(const struct guard_config *c, struct guard **ret, struct err *e)
{
	CLEANUP(guard_close_p) struct guard *g = NULL;
	struct pinset s;

	if (guard_available(e) < 0)
		return -1;
	g = calloc(1, sizeof(*g));
	if (!g)
		return err_set(e, ERR_NOMEM, "guard");
	g->policies_fd = g->labels_fd = g->totals_fd = -1;
	g->enrol_fd = g->refusals_fd = g->enforce_fd = -1;
	if (load(c, &s, e) < 0 || open_pins(g, &s, e) < 0 || read_labels(g, e) < 0)
		return err_wrap(e, "guard");
	*ret = take_ptr(g);
	return 0;
}

int guard_unload(const char *pin_dir, struct err *e)
{
	return pinset_remove(pin_dir, SET_NAME, e);
}

/* ---- policies ---- */

static int map_full(struct err *e, const char *what)
{
	if (errno == E2BIG || errno == ENOSPC)
		return err_set(e, ERR_FULL, "no room for another %s in the guard's map", what);
	return err_sys(e, "guard: %s", what);
}

static int start_enforcing(struct guard *g, uint64_t cgroup, struct err *e)
{
	struct entry_change change = { .cgroup = cgroup, .value = PHASE_ENFORCE };
	struct bpf_test_run_opts opts;

	memset(&opts, 0, sizeof(opts)); /* libbpf looks at the padding too */
	opts.sz = sizeof(opts);
	opts.ctx_in = &change;
	opts.ctx_size_in = sizeof(change);
	if (bpf_prog_test_run_opts(g->enforce_fd, &opts) < 0)
		return err_sys(e, "guard: run the program that enforces");
	if ((int)opts.retval == -ENOENT)
		return err_set(e, ERR_NOT_FOUND, "cgroup %" PRIu64 " has no policy", cgroup);
	if (opts.retval)
		return err_set(e, ERR_STATE, "the policy of cgroup %" PRIu64 " is not in SETUP",
			       cgroup);
	return 0;
}

int guard_policy_set(struct guard *g, uint64_t cgroup, enum guard_phase phase, uint32_t flags,
		     struct err *e)
{
	struct guard_policy p = { .abi = KENNEL_BPF_ABI, .phase = phase, .flags = flags };

	if ((phase != PHASE_SETUP && phase != PHASE_ENFORCE) || (flags & ~(uint32_t)GUARD_JIT))
		return err_set(e, ERR_USAGE, "phase %d, flags %u", (int)phase, flags);
	if (bpf_map_update_elem(g->policies_fd, &cgroup, &p, BPF_NOEXIST) == 0)
		return 0;
	if (errno != EEXIST)
		return map_full(e, "policy");
	if (phase == PHASE_SETUP)
		return err_set(e, ERR_STATE, "cgroup %" PRIu64 " has a policy already", cgroup);
	return start_enforcing(g, cgroup, e);
}

int guard_policy_remove(struct guard *g, uint64_t cgroup, struct err *e)
{
	int r = guard_labels_remove(g, cgroup, e);

	if (bpf_map_delete_elem(g->policies_fd, &cgroup) < 0 && errno != ENOENT)
		return err_sys(e, "guard: remove policy");
	return r;
}

int guard_policy_get(struct guard *g, uint64_t cgroup, struct guard_policy *ret, struct err *e)
{
	if (bpf_map_lookup_elem(g->policies_fd, &cgroup, ret) == 0)
		return 0;
	if (errno == ENOENT)
		return err_set(e, ERR_NOT_FOUND, "cgroup %" PRIu64 " has no policy", cgroup);
	return err_sys(e, "guard: read policy");
}

int guard_refused(struct guard *g, uint64_t cgroup, uint64_t *ret, struct err *e)
{
	struct guard_policy p;

	if (guard_policy_get(g, cgroup, &p, e) < 0)
		return -1;
	*ret = p.refused;
	return 0;
}

/* ---- labels ---- */

int guard_label_set(struct guard *g, uint64_t cgroup, uint32_t dev, uint64_t ino,
		    const struct label *l, struct err *e)
{
	struct label_key key = { .cgroup = cgroup, .ino = ino, .dev = dev };

	if (l->rights & ~(uint32_t)(MAY_READ | MAY_WRITE | MAY_EXEC))
		return err_set(e, ERR_USAGE, "rights %#x", l->rights);
	if (labelset_add(g->set, &key, e) < 0)
		return -1;
	if (bpf_map_update_elem(g->labels_fd, &key, l, BPF_ANY) == 0)
		return 0;
	labelset_remove(g->set, &key);
	return map_full(e, "label");
}

static int set_enrolment(struct guard *g, uint32_t tid, struct err *e)
{
	struct enrolment ask = { .tid = tid };
	uint32_t zero = 0;

	if (bpf_map_update_elem(g->enrol_fd, &zero, &ask, BPF_ANY) < 0)
		return err_sys(e, "guard: enrol");
	return 0;
}

/* In a pid namespace of our own the program does not know our thread; then stat(2) must do, which
 * is right everywhere but on btrfs, where the label would match nothing and so allow nothing. */
int guard_identify(struct guard *g, int fd, uint32_t *ret_dev, uint64_t *ret_ino, struct err *e)
{
	struct enrolment answer = { 0 };
	uint32_t zero = 0;
	struct stat st;
	int r;

	if (set_enrolment(g, (uint32_t)gettid(), e) < 0)
		return -1;
	r = fstat(fd, &st);
	if (r < 0)
		(void)err_sys(e, "guard: stat");
	else if (bpf_map_lookup_elem(g->enrol_fd, &zero, &answer) < 0)
		r = err_sys(e, "guard: enrol");
	if (set_enrolment(g, 0, r < 0 ? NULL : e) < 0 || r < 0)
		return -1;
	*ret_dev = answer.found ? answer.dev : guard_dev(st.st_dev);
	*ret_ino = answer.found ? answer.ino : st.st_ino;
	return 0;
}

int guard_label_fd(struct guard *g, uint64_t cgroup, int fd, const struct label *l, struct err *e)
{
	uint32_t dev;
	uint64_t ino;

	if (guard_identify(g, fd, &dev, &ino, e) < 0)
		return -1;
	return guard_label_set(g, cgroup, dev, ino, l, e);
}

int guard_labels_remove(struct guard *g, uint64_t cgroup, struct err *e)
{
	struct label_key key;
	int r = 0;

	while (labelset_find(g->set, cgroup, &key)) {
		labelset_remove(g->set, &key);
		if (bpf_map_delete_elem(g->labels_fd, &key) < 0 && errno != ENOENT)
			r = err_sys(e, "guard: remove label");
	}
	return r;
}

int guard_labels_read(struct guard *g, uint64_t cgroup, guard_label_fn fn, void *arg, struct err *e)
{
	struct label_key key, next;
	struct label label;
	int end;

	for (end = bpf_map_get_next_key(g->labels_fd, NULL, &next); end == 0;
	     end = bpf_map_get_next_key(g->labels_fd, &key, &next)) {
		key = next;
		if (key.cgroup == cgroup && bpf_map_lookup_elem(g->labels_fd, &key, &label) == 0)
			fn(arg, &key, &label);
	}
	return errno == ENOENT ? 0 : err_sys(e, "guard: read labels");
}

/* ---- refusals ---- */

int guard_events_fd(const struct guard *g)
{
	return ring_buffer__epoll_fd(g->ring);
}

int guard_poll(struct guard *g, guard_refusal_fn fn, void *arg, struct err *e)
{
	int r;

	g->fn = fn;
	g->arg = arg;
	g->given = 0;
	r = ring_buffer__consume(g->ring);
	g->fn = NULL;
	g->arg = NULL;
	if (r < 0 && r != -EAGAIN)
		return err_set(e, ERR_SYS, "guard: refusals: %s", strerror(-r));
	return g->given;
}

static uint64_t read_total(struct guard *g, uint32_t which)
{
	uint64_t n = 0;

	return bpf_map_lookup_elem(g->totals_fd, &which, &n) < 0 ? 0 : n;
}

uint64_t guard_events_lost(struct guard *g)
{
	return read_total(g, TOTAL_LOST);
}

uint64_t guard_no_policy(struct guard *g)
{
	return read_total(g, TOTAL_NO_POLICY);
}

/* ---- nothing left behind ---- */

static bool ask_kernel(void *arg, uint64_t cgroup)
{
	(void)arg;
	return cgroup_id_exists(cgroup);
}

int guard_reconcile(struct guard *g, guard_alive_fn is_alive, void *arg, struct err *e)
{
	uint64_t key, next;
	struct label_key label;
	int gone = 0, end;

	if (!is_alive)
		is_alive = ask_kernel;
	for (end = bpf_map_get_next_key(g->policies_fd, NULL, &next); end == 0;) {
		key = next; /* its successor is read before it goes */
		end = bpf_map_get_next_key(g->policies_fd, &key, &next);
		if (is_alive(arg, key))
			continue;
		if (guard_policy_remove(g, key, e) < 0)
			return -1;
		gone++;
	}
	for (size_t i = 0; i < labelset_max(g->set); i++)
		if (labelset_at(g->set, i, &label) && !is_alive(arg, label.cgroup) &&
		    guard_labels_remove(g, label.cgroup, e) < 0)
			return -1;
	return gone;
}

int guard_count(struct guard *g, struct guard_counts *ret, struct err *e)
{
	struct guard_counts n = { 0 };
	struct label_key label, *at_label = NULL;
	uint64_t key, *at = NULL;

	for (; bpf_map_get_next_key(g->policies_fd, at, &key) == 0; at = &key)
		n.policies++;
	if (errno != ENOENT)
		return err_sys(e, "count policies");
	for (; bpf_map_get_next_key(g->labels_fd, at_label, &label) == 0; at_label = &label)
		n.labels++;
	if (errno != ENOENT)
		return err_sys(e, "count labels");
	*ret = n;
	return 0;
}
