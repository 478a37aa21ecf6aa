/* SPDX-License-Identifier: Apache-2.0 */
/* posture_compare.c - the policy, said a second time as what the kernel must show; whatever else it
 * shows is a difference. Nothing here is taken from the code that makes jails. */
#include "policy/posture_compare.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "bpf/abi.h"

enum {
	PAGE_BYTES = 4096, /* memory.max is whole pages */
	PERCENT = 100,
	SECCOMP_FILTERED = 2,
	NULL_MAJOR = 1,
	NULL_MINOR = 3,
	WIRE_FDS = 4,
	TARGETS_MAX = 8 + FILE_RULES_MAX,
};

struct comparing {
	const struct posture_want *want;
	const struct posture *p;
	struct posture_report *report;
	char subject[64]; /* "process 2: " */
};

/* FSIZE and NPROC are the policy's. */
static const uint64_t rlimit_most[POSTURE_RLIMITS] = {
	[POSTURE_SIGPENDING] = JAIL_SIGPENDING_MAX,
	[POSTURE_STACK] = JAIL_STACK_BYTES,
	[POSTURE_NOFILE] = PLUGIN_FILES_MAX,
};

/* ---- the report ---- */

static void differ(struct comparing *c, const char *what, const char *expected, const char *found)
{
	struct posture_difference *d;

	if (c->report->count++ >= POSTURE_DIFFERENCES_MAX)
		return;
	d = &c->report->row[c->report->count - 1];
	(void)snprintf(d->what, sizeof(d->what), "%s%.90s", c->subject, what);
	(void)snprintf(d->expected, sizeof(d->expected), "%s", expected);
	(void)snprintf(d->found, sizeof(d->found), "%s", found);
}

static void number(uint64_t n, char buf[32])
{
	if (n == POSTURE_UNLIMITED)
		(void)snprintf(buf, 32, "unlimited");
	else
		(void)snprintf(buf, 32, "%" PRIu64, n);
}

static void equal(struct comparing *c, const char *what, uint64_t expected, uint64_t found)
{
	char a[32], b[32];

	if (expected == found)
		return;
	number(expected, a);
	number(found, b);
	differ(c, what, a, b);
}

static void at_most(struct comparing *c, const char *what, uint64_t most, uint64_t found)
{
	char a[48] = "at most ", b[32];

	if (found <= most)
		return;
	number(most, a + strlen(a));
	number(found, b);
	differ(c, what, a, b);
}

static void subject(struct comparing *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void subject(struct comparing *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(c->subject, sizeof(c->subject), fmt, ap);
	va_end(ap);
}

static bool accepted(const struct comparing *c, enum degradation d)
{
	return c->want->accepted & (1u << d);
}

/* ---- groups ---- */

static void compare_group(struct comparing *c, const char *which, const struct posture_group *g)
{
	const struct limits *l = &c->want->policy->limits;

	subject(c, "cgroup of the %s: ", which);
	equal(c, "memory.max", l->memory_bytes / PAGE_BYTES * PAGE_BYTES, g->memory_max);
	equal(c, "memory.swap.max", 0, g->swap_max);
	equal(c, "memory.oom.group", 1, g->oom_group);
	equal(c, "pids.max", l->tasks, g->tasks_max);
	equal(c, "cpu.max in percent", l->cpu_percent,
	      g->cpu_quota_us == POSTURE_UNLIMITED || !g->cpu_period_us
		      ? POSTURE_UNLIMITED
		      : g->cpu_quota_us * PERCENT / g->cpu_period_us);
}

static void compare_groups(struct comparing *c)
{
	const struct posture_head *h = &c->p->head;

	if (!h->has_cgroup) {
		subject(c, "%s", "");
		if (!accepted(c, ACCEPT_NO_CGROUP))
			differ(c, "cgroup limits", "set", "none");
		return;
	}
	compare_group(c, "instance", &h->instance);
	compare_group(c, "plugin", &h->plugin);
}

/* ---- files: what it may see, as rows of a table ---- */

struct place {
	const char *type; /* "": any */
	uint32_t flags;	  /* of the mount */
	uint32_t rights;  /* of the label on its root; what is LABELLED has one */
	bool labelled;
	bool seen;
	char target[POSTURE_TARGET_MAX];
};

struct places {
	size_t count;
	struct place row[TARGETS_MAX];
};

static struct place *add_place(struct places *t, const char *target, uint32_t flags)
{
	/* TARGETS_MAX holds the fixed ones and every rule. */
	struct place *p = &t->row[t->count++];

	*p = (struct place){ .type = "", .flags = MNT_NOSUID | flags, .labelled = true };
	(void)snprintf(p->target, sizeof(p->target), "/%.*s", (int)sizeof(p->target) - 2, target);
	return p;
}

static bool inside(const char *outer, const char *path)
{
	size_t n = strlen(outer);

	return n == 0 || (!strncmp(outer, path, n) && (path[n] == '/' || !path[n]));
}

/* Has its folder a mount of its own, or is it part of another rule's? */
static bool is_own_mount(const struct policy *p, uint32_t rule)
{
	for (uint32_t i = 0; i < p->file_count; i++)
		if (i != rule && p->files[i].root == FILE_ROOT_VAULT &&
		    inside(p->files[i].path, p->files[rule].path) &&
		    (strcmp(p->files[i].path, p->files[rule].path) != 0 || i < rule))
			return false;
	return true;
}

static void add_vault_places(const struct policy *p, struct places *t)
{
	char target[POSTURE_TARGET_MAX];
	bool any = false, whole = false;

	for (uint32_t i = 0; i < p->file_count; i++)
		if (p->files[i].root == FILE_ROOT_VAULT) {
			any = true;
			whole |= !p->files[i].path[0];
		}
	if (any && !whole) {
		struct place *at = add_place(t, "vault", MNT_RDONLY | MNT_NODEV | MNT_NOEXEC);

		at->type = "tmpfs";
		at->rights = MAY_READ;
	}
	for (uint32_t i = 0; i < p->file_count; i++) {
		if (p->files[i].root != FILE_ROOT_VAULT || !is_own_mount(p, i))
			continue;
		(void)snprintf(target, sizeof(target), p->files[i].path[0] ? "vault/%s" : "vault%s",
			       p->files[i].path);
		add_place(t, target, MNT_RDONLY | MNT_NODEV | MNT_NOEXEC | MNT_IDMAPPED)->rights =
			MAY_READ;
	}
}

static uint32_t rights_of(const struct file_rule *f)
{
	return MAY_READ | (f->access & FILE_ACCESS_WRITE ? MAY_WRITE : 0u);
}

static void add_data_place(const struct policy *p, struct places *t)
{
	uint32_t most = 0;
	struct place *at;

	for (uint32_t i = 0; i < p->file_count; i++)
		if (p->files[i].root == FILE_ROOT_DATA)
			most |= rights_of(&p->files[i]);
	if (!most)
		return;
	at = add_place(t, "data",
		       MNT_NODEV | MNT_NOEXEC | (most & MAY_WRITE ? 0u : (uint32_t)MNT_RDONLY));
	at->labelled = false;
	for (uint32_t i = 0; i < p->file_count; i++)
		if (p->files[i].root == FILE_ROOT_DATA && !p->files[i].path[0]) {
			at->labelled = true;
			at->rights = rights_of(&p->files[i]);
		}
}

static void list_places(const struct policy *p, struct places *t)
{
	bool native = p->runtime == RUNTIME_NATIVE;
	struct place *at;

	add_place(t, "", MNT_RDONLY | MNT_NODEV)->rights = MAY_READ | MAY_EXEC;
	at = add_place(t, "dev", MNT_RDONLY | MNT_NOEXEC);
	at->type = "tmpfs";
	at->rights = MAY_READ | MAY_WRITE;
	at = add_place(t, "tmp", MNT_NODEV | MNT_NOEXEC);
	at->type = "tmpfs";
	at->rights = MAY_READ | MAY_WRITE;
	at = add_place(t, "proc", MNT_RDONLY | MNT_NODEV | MNT_NOEXEC | MNT_PROC_OWN);
	at->type = "proc";
	at->rights = MAY_READ;
	if (p->runtime == RUNTIME_WASM)
		add_place(t, "exec", MNT_RDONLY | MNT_NODEV)->rights = MAY_READ | MAY_EXEC;
	at = add_place(t, "plugin", MNT_RDONLY | MNT_NODEV | (native ? 0u : (uint32_t)MNT_NOEXEC));
	at->rights = MAY_READ | (native ? (uint32_t)MAY_EXEC : 0u);
	add_data_place(p, t);
	add_vault_places(p, t);
}

static struct place *find_place(struct places *t, const char *target)
{
	for (size_t i = 0; i < t->count; i++)
		if (!strcmp(t->row[i].target, target))
			return &t->row[i];
	return NULL;
}

static void flags_text(uint32_t flags, char *buf, size_t cap)
{
	static const struct {
		uint32_t flag;
		const char *on, *off;
	} names[] = { { MNT_RDONLY, "ro", "rw" },	    { MNT_NOSUID, "nosuid", "suid" },
		      { MNT_NODEV, "nodev", "dev" },	    { MNT_NOEXEC, "noexec", "exec" },
		      { MNT_IDMAPPED, "idmapped", "" },	    { MNT_SHARED, "shared", "" },
		      { MNT_PROC_OWN, "own-processes", "" } };
	struct writer w;

	writer_init(&w, buf, cap);
	for (size_t i = 0; i < countof(names); i++) {
		const char *word = flags & names[i].flag ? names[i].on : names[i].off;

		if (*word)
			writer_fmt(&w, "%s%s", w.len ? "," : "", word);
	}
}

static void compare_mount(struct comparing *c, struct places *t, const struct posture_mount *m)
{
	struct place *at = find_place(t, m->target);
	char expected[96], found[96];

	subject(c, "%s", "");
	if (!at || at->seen) {
		(void)snprintf(expected, sizeof(expected), "%s",
			       at ? "one mount" : "nothing mounted");
		differ(c, m->target, expected, m->type);
		return;
	}
	at->seen = true;
	if (at->flags != m->flags) {
		flags_text(at->flags, expected, sizeof(expected));
		flags_text(m->flags, found, sizeof(found));
		differ(c, m->target, expected, found);
	}
	if (at->type[0] && strcmp(at->type, m->type) != 0)
		differ(c, m->target, at->type, m->type);
}

static void compare_mounts(struct comparing *c, struct places *t)
{
	for (uint32_t i = 0; i < c->p->mounts; i++)
		compare_mount(c, t, &c->p->mount[i]);
	subject(c, "%s", "");
	for (size_t i = 0; i < t->count; i++)
		if (!t->row[i].seen)
			differ(c, t->row[i].target, "mounted", "not there");
}

/* ---- the guard ---- */

static void rights_text(uint32_t rights, char buf[32])
{
	(void)snprintf(buf, 32, "%s%s%s%s", rights & MAY_READ ? "r" : "-",
		       rights & MAY_WRITE ? "w" : "-", rights & MAY_EXEC ? "x" : "-",
		       rights & ~(uint32_t)(MAY_READ | MAY_WRITE | MAY_EXEC) ? "?" : "");
}

static void rights_differ(struct comparing *c, const char *what, uint32_t expected, uint32_t found)
{
	char a[32], b[32];

	if (expected == found)
		return;
	rights_text(expected, a);
	rights_text(found, b);
	differ(c, what, a, b);
}

/* Labels inside /data: as many as rules with a path, and with their rights. */
static void compare_labels_below(struct comparing *c)
{
	const struct policy *p = c->want->policy;
	uint32_t want[2] = { 0 }, have[2] = { 0 }; /* read only; read and write */

	for (uint32_t i = 0; i < p->file_count; i++) {
		bool again = false;

		for (uint32_t j = i + 1; j < p->file_count; j++)
			again |= p->files[j].root == p->files[i].root &&
				 !strcmp(p->files[j].path, p->files[i].path);
		if (p->files[i].root == FILE_ROOT_DATA && p->files[i].path[0] && !again)
			want[(rights_of(&p->files[i]) & MAY_WRITE) != 0]++;
	}
	for (uint32_t i = 0; i < c->p->labels; i++)
		if (c->p->label[i].place == LABEL_BELOW && !strcmp(c->p->label[i].target, "/data"))
			have[(c->p->label[i].rights & MAY_WRITE) != 0]++;
	equal(c, "/data: folders to read", want[0], have[0]);
	equal(c, "/data: folders to write", want[1], have[1]);
}

static void compare_label(struct comparing *c, struct places *t, const struct posture_label *l)
{
	struct place *at = l->place == LABEL_ROOT ? find_place(t, l->target) : NULL;
	char found[32];

	switch (l->place) {
	case LABEL_CANARY:
		rights_differ(c, "the canary", 0, l->rights);
		return;
	case LABEL_BELOW:
		if (strcmp(l->target, "/data") == 0 && !(l->rights & MAY_EXEC))
			return; /* counted */
		break;
	case LABEL_ROOT:
		if (at && at->labelled && !at->seen) {
			at->seen = true;
			rights_differ(c, l->target, at->rights, l->rights);
			return;
		}
		break;
	default:
		break;
	}
	rights_text(l->rights, found);
	differ(c, l->target[0] ? l->target : "a file or folder outside its mounts", "no label",
	       found);
}

static void compare_labels(struct comparing *c, struct places *t)
{
	uint32_t canaries = 0;

	for (size_t i = 0; i < t->count; i++)
		t->row[i].seen = false;
	subject(c, "%s", "label on ");
	for (uint32_t i = 0; i < c->p->labels; i++) {
		canaries += c->p->label[i].place == LABEL_CANARY;
		compare_label(c, t, &c->p->label[i]);
	}
	equal(c, "the canary: how many", 1, canaries);
	for (size_t i = 0; i < t->count; i++)
		if (t->row[i].labelled && !t->row[i].seen)
			differ(c, t->row[i].target, "a label", "none");
	compare_labels_below(c);
}

static void compare_guard(struct comparing *c, struct places *t)
{
	const struct posture_head *h = &c->p->head;

	subject(c, "%s", "guard: ");
	if (!h->has_guard) {
		if (!accepted(c, ACCEPT_NO_BPF_LSM))
			differ(c, "policy", "enforced", "none");
		return;
	}
	equal(c, "phase", PHASE_ENFORCE, h->guard_phase);
	equal(c, "flags", c->want->policy->jit ? GUARD_JIT : 0, h->guard_flags);
	compare_labels(c, t);
}

/* ---- processes ---- */

static void compare_ids(struct comparing *c, const struct posture_process *r)
{
	static const char *const kinds[4] = { "real", "effective", "saved", "file system" };
	const struct posture_map own = { 1, c->want->uid, c->want->uid, 1 };
	char what[48];

	for (int i = 0; i < 4; i++) {
		(void)snprintf(what, sizeof(what), "%s uid", kinds[i]);
		equal(c, what, c->want->uid, r->uids[i]);
		(void)snprintf(what, sizeof(what), "%s gid", kinds[i]);
		equal(c, what, c->want->uid, r->gids[i]);
	}
	equal(c, "supplementary groups", 0, r->groups);
	if (memcmp(&own, &r->uid_map, sizeof(own)) != 0)
		differ(c, "uid map", "its own id alone", "more or other ids");
	if (memcmp(&own, &r->gid_map, sizeof(own)) != 0)
		differ(c, "gid map", "its own id alone", "more or other ids");
	equal(c, "setgroups denied", 1, r->setgroups_denied);
}

static void compare_privileges(struct comparing *c, const struct posture_process *r)
{
	char found[32];

	for (int i = 0; i < CAPS_COUNT; i++)
		if (r->caps[i]) {
			(void)snprintf(found, sizeof(found), "%#" PRIx64, r->caps[i]);
			differ(c, posture_cap_name((enum posture_caps)i), "0", found);
		}
	equal(c, "no_new_privs", 1, r->no_new_privs);
	equal(c, "seccomp mode", SECCOMP_FILTERED, r->seccomp);
	equal(c, "seccomp filters", 1, r->seccomp_filters);
}

static void compare_namespaces(struct comparing *c, const struct posture_process *r)
{
	for (int i = 0; i < NS_COUNT; i++) {
		char what[48];

		(void)snprintf(what, sizeof(what), "%s namespace",
			       posture_ns_name((enum posture_ns)i));
		if (!r->ns[i] || r->ns[i] == c->p->head.host_ns[i])
			differ(c, what, "its own", r->ns[i] ? "the host's" : "unknown");
		else
			equal(c, what, c->p->process[0].ns[i], r->ns[i]);
	}
}

static void compare_rlimits(struct comparing *c, const struct posture_process *r)
{
	const struct limits *l = &c->want->policy->limits;
	uint64_t file = l->data_bytes > PLUGIN_TMP_BYTES ? l->data_bytes : PLUGIN_TMP_BYTES;

	for (int i = 0; i < POSTURE_RLIMITS; i++) {
		uint64_t most = rlimit_most[i];
		char what[48];

		if (i == POSTURE_FSIZE)
			most = file + PLUGIN_FILE_SLACK_BYTES;
		if (i == POSTURE_NPROC)
			most = l->tasks;
		(void)snprintf(what, sizeof(what), "rlimit %s",
			       posture_rlimit_name((enum posture_rlimit)i));
		at_most(c, what, most, r->hard[i]);
		at_most(c, what, r->hard[i], r->soft[i]);
	}
}

static bool is_jail_mount(const struct posture *p, uint32_t id)
{
	for (uint32_t i = 0; i < p->mounts; i++)
		if (p->mount[i].id == id)
			return true;
	return false;
}

/* Files and folders only of its own mounts. A device of the host's that it was given is /dev/null.
 */
static void compare_fds(struct comparing *c, const struct posture_process *r)
{
	uint32_t kept = r->fd_count < POSTURE_FDS_MAX ? r->fd_count : POSTURE_FDS_MAX;
	char what[48];

	if (r->pid_inside == 1)
		equal(c, "descriptors of process 1", 0, r->fd_count);
	for (uint32_t i = 0; i < kept; i++) {
		const struct posture_fd *f = &r->fds[i];
		bool null =
			f->kind == FD_DEVICE && f->major == NULL_MAJOR && f->minor == NULL_MINOR;

		(void)snprintf(what, sizeof(what), "descriptor %u", f->fd);
		if ((f->kind == FD_FILE || f->kind == FD_FOLDER || f->kind == FD_DEVICE) && !null &&
		    !is_jail_mount(c->p, f->mount))
			differ(c, what, "nothing outside the jail",
			       posture_fd_name((enum posture_fd_kind)f->kind));
		if (c->want->policy->runtime == RUNTIME_WASM && f->kind == FD_SOCKET &&
		    f->fd >= WIRE_FDS)
			differ(c, what, "no socket but the wire", "socket");
	}
}

static void compare_processes(struct comparing *c)
{
	const struct posture *p = c->p;

	subject(c, "%s", "");
	if (p->processes == 0)
		differ(c, "processes", "at least one", "none");
	if (p->head.process_count > p->processes)
		at_most(c, "processes", POSTURE_PROCESSES_MAX, p->head.process_count);
	for (uint32_t i = 0; i < p->processes; i++) {
		const struct posture_process *r = &p->process[i];

		subject(c, "process %u (%.15s): ", r->pid_inside, r->name);
		compare_ids(c, r);
		compare_privileges(c, r);
		compare_namespaces(c, r);
		compare_rlimits(c, r);
		compare_fds(c, r);
	}
}

/* ---- all ---- */

/* A bound on /data stands where something may be written there. */
static void compare_storage(struct comparing *c)
{
	const struct policy *p = c->want->policy;
	bool writes = false;

	for (uint32_t i = 0; i < p->file_count; i++)
		writes |= p->files[i].root == FILE_ROOT_DATA &&
			  p->files[i].access & FILE_ACCESS_WRITE;
	subject(c, "%s", "");
	if (!writes || accepted(c, ACCEPT_NO_STORAGE_QUOTA))
		return;
	if (!c->p->head.data_max_bytes)
		differ(c, "storage quota of /data", "set", "none");
	else /* the folder's own block is given on top */
		at_most(c, "storage quota of /data", p->limits.data_bytes + PAGE_BYTES,
			c->p->head.data_max_bytes);
}

/* Each mount that is on a disk has one that is limited; one more than needed is as well. */
static void compare_disks(struct comparing *c, struct places *t)
{
	static const char *const names[DISK_MAX_COUNT] = { "rbps", "wbps", "riops", "wiops" };
	uint64_t bytes = c->want->policy->limits.io_bytes;
	const struct posture_head *h = &c->p->head;
	uint32_t disks = h->disks < POSTURE_DISKS_MAX ? h->disks : POSTURE_DISKS_MAX;

	for (uint32_t d = 0; d < disks; d++) {
		subject(c, "io.max of disk %u:%u: ", h->disk[d].major, h->disk[d].minor);
		for (int i = 0; i < DISK_MAX_COUNT; i++)
			equal(c, names[i], i < DISK_READS ? bytes : bytes / PAGE_BYTES,
			      h->disk[d].max[i]);
	}
	subject(c, "%s", "io.max of the disk below ");
	for (uint32_t i = 0; i < c->p->mounts && !accepted(c, ACCEPT_NO_IO_LIMIT); i++) {
		const struct posture_mount *m = &c->p->mount[i];
		const struct place *at = find_place(t, m->target);
		bool held = !at || at->type[0]; /* memory, or the kernel's own */

		for (uint32_t d = 0; d < disks; d++)
			held |= h->disk[d].fs_major == m->major && h->disk[d].fs_minor == m->minor;
		if (!held)
			differ(c, m->target, "set", "none");
	}
}

void posture_compare(const struct posture_want *want, const struct posture *p,
		     struct posture_report *ret)
{
	struct comparing c = { .want = want, .p = p, .report = ret };
	struct places t = { .count = 0 };

	memset(ret, 0, sizeof(*ret));
	equal(&c, "uid", want->uid, p->head.uid);
	if (!p->head.has_landlock && !accepted(&c, ACCEPT_NO_LANDLOCK))
		differ(&c, "Landlock", "on", "off");
	list_places(want->policy, &t);
	compare_groups(&c);
	compare_storage(&c);
	compare_disks(&c, &t);
	compare_mounts(&c, &t);
	compare_guard(&c, &t);
	compare_processes(&c);
}
