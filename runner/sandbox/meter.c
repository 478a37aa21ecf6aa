/* SPDX-License-Identifier: Apache-2.0 */
/* meter.c - what each instance used, counted in the kernel.
 * Owns: the pins below PIN_DIR/meter, the map usages.  Must not know: limits, billing, plugins. */
#include "sandbox/meter.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "bpf/pins.h"
#include "sandbox/cgroup_id.h"
#include "sandbox/pinset.h"
#include "sandbox/skeletons.h"

#define SET_NAME "meter"
#define POLL_MAX 256

struct meter {
	int usages_fd;
	int budgets_fd;
	int refresh_link_fd; /* iterator over the whole slice */
	int refresh_prog_fd; /* for one cgroup */
	int budget_fd;	     /* the program that sets a budget */
	struct ring_buffer *ring;
	meter_budget_fn fn; /* during meter_poll */
	void *arg;
	int given;
};

void meter_close_p(struct meter **m)
{
	struct meter *o = *m;

	if (!o)
		return;
	ring_buffer__free(o->ring);
	fd_close_p(&o->usages_fd);
	fd_close_p(&o->budgets_fd);
	fd_close_p(&o->refresh_link_fd);
	fd_close_p(&o->refresh_prog_fd);
	fd_close_p(&o->budget_fd);
	free(o);
	*m = NULL;
}

static int on_budget(void *ctx, void *data, size_t n)
{
	struct meter *m = ctx;

	if (n >= sizeof(struct budget_event) && m->fn)
		m->fn(m->arg, data);
	return ++m->given < POLL_MAX ? 0 : -EAGAIN;
}

static int open_pins(struct meter *m, const struct pinset *s, struct err *e)
{
	m->usages_fd = pinset_map_fd(s, "usages", e);
	if (m->usages_fd < 0)
		return -1;
	m->budgets_fd = pinset_map_fd(s, "budgets", e);
	if (m->budgets_fd < 0)
		return -1;
	m->refresh_link_fd = pinset_object_fd(s, "meter_refresh", e);
	if (m->refresh_link_fd < 0)
		return -1;
	m->refresh_prog_fd = pinset_object_fd(s, "meter_refresh_prog", e);
	if (m->refresh_prog_fd < 0)
		return -1;
	m->budget_fd = pinset_object_fd(s, "meter_budget", e);
	if (m->budget_fd < 0)
		return -1;
	m->ring = ring_buffer__new(m->budgets_fd, on_budget, m, NULL);
	return m->ring ? 0 : err_sys(e, "ring of budgets");
}

int meter_open(const struct meter_config *c, struct meter **ret, struct err *e)
{
	const struct pinset_size sizes[] = {
		{ "usages", c->usages_max ? c->usages_max : INSTANCES_MAX },
	};
	struct pinset_config p = { .pin_dir = c->pin_dir,
				   .name = SET_NAME,
				   .slice_level = c->slice_level,
				   .slice_cgroup = c->slice_cgroup,
				   .slice_fd = c->slice_fd,
				   .sizes = sizes,
				   .sizes_count = countof(sizes),
				   .borrowed_map = "policies",
				   .borrowed_from = "guard" };
	CLEANUP(meter_close_p) struct meter *m = calloc(1, sizeof(*m));
	struct pinset s;

	if (!m)
		return err_set(e, ERR_NOMEM, "meter");
	m->usages_fd = m->budgets_fd = m->refresh_link_fd = m->refresh_prog_fd = m->budget_fd = -1;
	p.elf = skeleton_meter(&p.elf_bytes);
	if (pinset_open(&p, &s, e) < 0 || open_pins(m, &s, e) < 0)
		return err_wrap(e, "meter");
	*ret = take_ptr(m);
	return 0;
}

int meter_unload(const char *pin_dir, struct err *e)
{
	return pinset_remove(pin_dir, SET_NAME, e);
}

int meter_add(struct meter *m, uint64_t cgroup, uint64_t budget_ns, struct err *e)
{
	struct usage u = { .cgroup = cgroup, .cpu_budget_ns = budget_ns };

	if (bpf_map_update_elem(m->usages_fd, &cgroup, &u, BPF_NOEXIST) == 0)
		return 0;
	if (errno == EEXIST)
		return err_set(e, ERR_EXISTS, "cgroup %" PRIu64 " is metered already", cgroup);
	if (errno == E2BIG || errno == ENOSPC)
		return err_set(e, ERR_FULL, "no room for another instance in the meter's map");
	return err_sys(e, "meter: add");
}

int meter_remove(struct meter *m, uint64_t cgroup, struct err *e)
{
	if (bpf_map_delete_elem(m->usages_fd, &cgroup) < 0 && errno != ENOENT)
		return err_sys(e, "meter: remove");
	return 0;
}

int meter_set_budget(struct meter *m, uint64_t cgroup, uint64_t budget_ns, struct err *e)
{
	struct entry_change change = { .cgroup = cgroup, .value = budget_ns };
	struct bpf_test_run_opts opts;

	memset(&opts, 0, sizeof(opts)); /* libbpf looks at the padding too */
	opts.sz = sizeof(opts);
	opts.ctx_in = &change;
	opts.ctx_size_in = sizeof(change);
	if (bpf_prog_test_run_opts(m->budget_fd, &opts) < 0)
		return err_sys(e, "meter: run the program that sets budgets");
	if (opts.retval)
		return err_set(e, ERR_NOT_FOUND, "cgroup %" PRIu64 " is not metered", cgroup);
	return 0;
}

/* ---- reading ---- */

/* One read of an iterator that writes nothing is one whole pass. */
static int run_pass(int link_fd, struct err *e)
{
	CLEANUP_FD int fd = bpf_iter_create(link_fd);
	char nothing[64];
	ssize_t n;

	if (fd < 0)
		return err_sys(e, "meter: start a pass");
	do
		n = read(fd, nothing, sizeof(nothing));
	while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	return n < 0 ? err_sys(e, "meter: pass") : 0;
}

/* A cgroup that is gone has nothing to refresh. */
static int refresh_one(struct meter *m, uint64_t cgroup, struct err *e)
{
	union bpf_iter_link_info info = { 0 };
	struct bpf_link_create_opts opts;
	CLEANUP_FD int link = -1;

	memset(&opts, 0, sizeof(opts)); /* libbpf looks at the padding too */
	opts.sz = sizeof(opts);
	opts.iter_info = &info;
	opts.iter_info_len = sizeof(info);
	info.cgroup.order = BPF_CGROUP_ITER_SELF_ONLY;
	info.cgroup.cgroup_id = cgroup;
	link = bpf_link_create(m->refresh_prog_fd, 0, BPF_TRACE_ITER, &opts);
	if (link < 0)
		return errno == ENOENT || errno == ESTALE
			       ? 0
			       : err_sys(e, "meter: iterator of one cgroup");
	return run_pass(link, e);
}

int meter_read(struct meter *m, uint64_t cgroup, struct usage *ret, struct err *e)
{
	if (refresh_one(m, cgroup, e) < 0)
		return -1;
	if (bpf_map_lookup_elem(m->usages_fd, &cgroup, ret) == 0)
		return 0;
	if (errno == ENOENT)
		return err_set(e, ERR_NOT_FOUND, "cgroup %" PRIu64 " is not metered", cgroup);
	return err_sys(e, "meter: read");
}

int meter_read_all(struct meter *m, meter_usage_fn fn, void *arg, struct err *e)
{
	uint64_t key, *at = NULL;
	struct usage u;

	if (run_pass(m->refresh_link_fd, e) < 0)
		return -1;
	for (; bpf_map_get_next_key(m->usages_fd, at, &key) == 0; at = &key)
		if (bpf_map_lookup_elem(m->usages_fd, &key, &u) == 0)
			fn(arg, &u);
	return errno == ENOENT ? 0 : err_sys(e, "meter: read all");
}

/* ---- budgets ---- */

int meter_events_fd(const struct meter *m)
{
	return ring_buffer__epoll_fd(m->ring);
}

int meter_poll(struct meter *m, meter_budget_fn fn, void *arg, struct err *e)
{
	int r;

	m->fn = fn;
	m->arg = arg;
	m->given = 0;
	r = ring_buffer__consume(m->ring);
	m->fn = NULL;
	m->arg = NULL;
	if (r < 0 && r != -EAGAIN)
		return err_set(e, ERR_SYS, "meter: budgets: %s", strerror(-r));
	return m->given;
}

/* ---- nothing left behind ---- */

int meter_reconcile(struct meter *m, struct err *e)
{
	uint64_t key, next;
	int gone = 0, end;

	for (end = bpf_map_get_next_key(m->usages_fd, NULL, &next); end == 0;) {
		key = next;
		end = bpf_map_get_next_key(m->usages_fd, &key, &next);
		if (cgroup_id_exists(key))
			continue;
		if (meter_remove(m, key, e) < 0)
			return -1;
		gone++;
	}
	return gone;
}

int meter_count(struct meter *m, uint64_t *ret, struct err *e)
{
	uint64_t key, *at = NULL, n = 0;

	for (; bpf_map_get_next_key(m->usages_fd, at, &key) == 0; at = &key)
		n++;
	if (errno != ENOENT)
		return err_sys(e, "meter: count");
	*ret = n;
	return 0;
}
