/* SPDX-License-Identifier: Apache-2.0 */
/* launch.c - one start. What a plugin may do is computed anew each time, from what is on disk. */
#include "supervise/launch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "policy/wire.h"
#include "supervise/budget.h"
#include "supervise/feed.h"
#include "supervise/grants.h"
#include "supervise/native.h"
#include "supervise/note.h"
#include "supervise/supervisor.h"
#include "supervise/trusted.h"

enum { WIRE, OUT, ERRORS, ENDS };

int plugin_read_dossier(const struct plugin *p, struct plugin_dossier *ret, struct err *e)
{
	const struct registry_entry *g = registry_find(&p->s->registry, p->ceiling->name, p->name);
	int r;

	if (!g || !g->bundle[0])
		return err_set(e, ERR_NOT_FOUND, "%s is not installed in tenant %s", p->name,
			       p->ceiling->name);
	memset(ret, 0, sizeof(*ret));
	if (store_read_install(&p->s->store, p->name, g->bundle, &ret->info, &ret->manifest, e) < 0)
		return -1;
	if (!hex_decode(ret->info.bundle, ret->bundle_id, DIGEST_BYTES) ||
	    !hex_decode(ret->info.signer, ret->signer, DIGEST_BYTES))
		return err_set(e, ERR_FORMAT, "what is remembered of %s is damaged", p->name);
	if (!trusted_same_lineage(p->s->store.trust, g->signer, ret->signer))
		return err_set(e, ERR_SIGNER_CHANGED, "%s lies there with another signer", p->name);
	r = grants_read(p->s->store.grants, p->ceiling->name, p->name, &ret->grant, e);
	ret->granted = r > 0;
	if (r < 0)
		return -1;
	trusted_carry_grant(p->s->store.trust, ret->signer, &ret->grant);
	return native_find(p->s->store.state, ret->info.bundle, ret->info.signer, &ret->native, e);
}

struct policy_inputs plugin_inputs(const struct plugin *p, const struct plugin_dossier *d)
{
	return (struct policy_inputs){ .manifest = &d->manifest,
				       .key = &d->info.key,
				       .tenant = p->ceiling,
				       .grant = d->granted ? &d->grant : NULL,
				       .bundle_id = d->bundle_id,
				       .signer = d->signer,
				       .native = d->native,
				       .accepted = p->s->ceiling.accept };
}

/* What lies in the store is what was installed, file by file. */
static int check_tree(const struct plugin *p, const char *bundle, struct err *e)
{
	CLEANUP_FD int dir = store_open_bundle(&p->s->store, p->name, bundle, e);

	if (dir < 0 || filetree_check(dir, false, NULL, e) < 0)
		return err_wrap(e, "%s in the store", p->name);
	return 0;
}

/* Row 8: an expired key ends new installations only; that it is so is said at each start. */
static void warn_expired(struct plugin *p, const struct plugin_dossier *d)
{
	if (!trusted_has_expired(p->s->store.trust, d->info.signer, supervisor_now_s(p->s)))
		return;
	feed_plugin(p, "warning", "the key it was signed with has expired", NULL);
	note_tell(p->s, &(struct note){ .event = "launch.warning",
					.tenant = p->ceiling->name,
					.plugin = p->name,
					.object = d->info.signer,
					.detail = "the key it was signed with has expired",
					.soon = true });
}

static int decide(struct plugin *p, struct err *e)
{
	CLEANUP(free_p) struct plugin_dossier *d = malloc(sizeof(*d));
	CLEANUP(free_p) struct policy *policy = malloc(sizeof(*policy));
	struct policy_inputs in;

	if (!d || !policy)
		return err_set(e, ERR_NOMEM, "policy");
	if (plugin_read_dossier(p, d, e) < 0)
		return -1;
	in = plugin_inputs(p, d);
	if (vouched_check_launch(p->s->store.trust, d->info.signer, &d->info.vouched, e) < 0 ||
	    revoked_check_launch(p->s, d->bundle_id, e) < 0 ||
	    check_tree(p, d->info.bundle, e) < 0 || policy_compile(&in, policy, e) < 0 ||
	    policy_check(policy, e) < 0)
		return -1;
	memset(p->entry, 0, sizeof(p->entry));
	if (policy->runtime != RUNTIME_WASM)
		(void)copy_str(p->entry, sizeof(p->entry), d->manifest.entry);
	warn_expired(p, d);
	free(p->policy);
	p->policy = take_ptr(policy);
	return 0;
}

int launch_begin(struct plugin *p, struct err *e)
{
	int r;

	p->blame = PLUGIN_BLAME_POLICY;
	if (decide(p, e) < 0)
		return -1;
	p->blame = PLUGIN_BLAME_HOST;
	if (standby_take(p))
		return 0;
	r = broker_ensure(p->s, p->ceiling, e);
	if (r < 0)
		return -1;
	p->deadline_ms = clock_mono_ms() + LAUNCH_ANSWER_MS;
	if (r == 0) {
		p->waits_for_broker = true;
		return 0;
	}
	return launch_go_on(p, e);
}

/* ---- descriptors ---- */

static void close_ends(int ends[ENDS])
{
	for (int i = 0; i < ENDS; i++)
		fd_close_p(&ends[i]);
}

static int make_ends(int host[ENDS], int plugin[ENDS], struct err *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "socketpair");
	host[WIRE] = pair[0];
	plugin[WIRE] = pair[1];
	for (int i = OUT; i < ENDS; i++) {
		if (pipe2(pair, O_CLOEXEC) < 0)
			return err_sys(e, "pipe");
		host[i] = pair[0];
		plugin[i] = pair[1];
	}
	return 0;
}

/* ---- the launcher ---- */

int launch_attach(struct plugin *p, uint64_t instance, const struct policy *policy, int host[3],
		  bool standby, struct err *e)
{
	struct record_fds fds = { .fd = { host[WIRE], host[OUT], host[ERRORS] }, .count = ENDS };
	struct broker *b = broker_of(p->s, p->ceiling->name);
	struct broker_msg m;

	memset(&m, 0, sizeof(m));
	m.kind = BROKER_ATTACH;
	m.u.attach.id = instance;
	m.u.attach.standby = standby;
	m.u.attach.policy = *policy;
	if (!b || broker_tell(b, &m, &fds, e) < 0)
		return b ? -1 : err_set(e, ERR_STATE, "no broker serves this tenant");
	close_ends(host);
	return 0;
}

static void attach(struct plugin *p)
{
	struct err e = { 0 };

	if (launch_attach(p, p->instance, p->policy, p->host_fds, false, &e) < 0) {
		plugin_fault(p, PLUGIN_BLAME_HOST, &e);
		return;
	}
	p->deadline_ms = clock_mono_ms() + LAUNCH_UP_MS;
	supervisor_rearm(p->s);
}

/* What an earlier kenneld could not end; we hear of its end as of that of any other. */
static void take_left(struct plugin *p, const struct launch_started *left)
{
	close_ends(p->host_fds);
	p->instance = left->id;
	p->last_instance = left->id;
	p->cgroup = left->cgroup;
	p->reason = (struct err){ 0 };
	(void)plugin_event(p, INSTANCE_EV_LEFT);
}

static void on_started(struct supervisor *s, void *arg, const struct launch_msg *answer,
		       struct record_fds *fds)
{
	struct plugin *p = arg;

	(void)s;
	(void)fds;
	p->asked = false;
	if (answer->result < 0) {
		close_ends(p->host_fds);
		p->reason = answer->u.error;
		/* Counted: what always fails ends in quarantine. Not what the launcher is in no
		   state for: one that stops, and may be a while, would have all plugins there. */
		p->blame = p->reason.code == ERR_STATE ? PLUGIN_BLAME_HOST : PLUGIN_BLAME_PLUGIN;
		feed_plugin(p, "refused", p->reason.text, NULL);
		(void)plugin_event(p, INSTANCE_EV_FAILED);
		return;
	}
	if (answer->u.started.stuck) {
		take_left(p, &answer->u.started);
		return;
	}
	p->instance = answer->u.started.id;
	p->last_instance = p->instance;
	p->cgroup = answer->u.started.cgroup;
	p->start_us = answer->u.started.start_us;
	p->starts++;
	budget_begin(p);
	feed_plugin(p, "start", p->policy->version,
		    json_pack("{s:I}", "startUs", (json_int_t)p->start_us));
	if (p->state == INSTANCE_STARTING)
		attach(p);
	else
		(void)launch_kill(p); /* it was to stop meanwhile */
}

/* policy_check let no other runtime through. */
static uint32_t image_of(const struct policy *p)
{
	static const uint32_t images[RUNTIME_COUNT] = { [RUNTIME_WASM] = IMAGE_WASM,
							[RUNTIME_JS] = IMAGE_JS,
							[RUNTIME_NATIVE] = IMAGE_NATIVE };

	return images[p->runtime];
}

static void fill_start(const struct plugin *p, uint32_t uid_index, struct launch_start *m)
{
	(void)copy_str(m->tenant, sizeof(m->tenant), p->ceiling->name);
	(void)copy_str(m->plugin, sizeof(m->plugin), p->name);
	hex_encode(p->policy->bundle_id, DIGEST_BYTES, m->bundle_hex);
	m->image = image_of(p->policy);
	memcpy(m->entry, p->entry, sizeof(m->entry));
	m->uid_index = uid_index;
	m->jit = p->policy->jit;
	m->limits = p->policy->limits;
	m->cpu_budget_ms = p->policy->limits.cpu_time_ms;
	m->file_count = p->policy->file_count;
	memcpy(m->files, p->policy->files, sizeof(m->files));
}

int launch_start(struct plugin *p, int host[3], const char *detail, launcher_answer_fn fn,
		 void *arg, struct err *e)
{
	const struct registry_entry *g = registry_find(&p->s->registry, p->ceiling->name, p->name);
	int theirs[ENDS] = { -1, -1, -1 };
	struct launch_msg m;
	struct record_fds fds;
	char bundle[DIGEST_HEX_BYTES], trust[DIGEST_HEX_BYTES];
	int r;

	if (!g || !p->policy)
		return err_set(e, ERR_STATE, "%s was removed meanwhile", p->name);
	hex_encode(p->policy->bundle_id, DIGEST_BYTES, bundle);
	if (trusted_digest(p->s->store.trust, trust, e) < 0 ||
	    note_write(&(struct note){ .event = "launch",
				       .tenant = p->ceiling->name,
				       .plugin = p->name,
				       .bundle = bundle,
				       .object = trust,
				       .detail = detail },
		       e) < 0)
		return -1;
	if (make_ends(host, theirs, e) < 0) {
		close_ends(host);
		close_ends(theirs);
		return -1;
	}
	memset(&m, 0, sizeof(m));
	m.kind = LAUNCH_START;
	fill_start(p, g->uid_index, &m.u.start);
	fds = (struct record_fds){ .fd = { theirs[WIRE], theirs[OUT], theirs[ERRORS] },
				   .count = ENDS };
	r = launcher_ask(p->s, &m, &fds, fn, arg, e);
	close_ends(theirs);
	if (r < 0)
		close_ends(host);
	return r;
}

int launch_go_on(struct plugin *p, struct err *e)
{
	p->waits_for_broker = false;
	p->blame = PLUGIN_BLAME_HOST;
	if (p->policy && launch_start(p, p->host_fds, p->policy->version, on_started, p, e) == 0)
		p->asked = true;
	else if (!p->policy)
		(void)err_set(e, ERR_STATE, "%s was removed meanwhile", p->name);
	return p->asked ? 0 : -1;
}

void launch_adopt(struct plugin *p, uint64_t instance, uint64_t cgroup)
{
	p->instance = instance;
	p->last_instance = instance;
	p->cgroup = cgroup;
	p->start_us = 0;
	p->starts++;
	p->deadline_ms = clock_mono_ms() + LAUNCH_UP_MS;
	budget_renew(p);
	feed_plugin(p, "start", "one that stood by takes over", json_pack("{s:b}", "standby", 1));
	supervisor_rearm(p->s);
}

/* ---- frozen while there is nothing to do ---- */

static void on_frozen(struct supervisor *s, void *arg, const struct launch_msg *answer,
		      struct record_fds *fds)
{
	struct plugin *p = arg;

	(void)s;
	(void)fds;
	if (answer->result >= 0)
		return;
	p->frozen = false;
	if (p->state == INSTANCE_IDLE)
		feed_plugin(p, "freeze", answer->u.error.text, NULL); /* idle all the same */
}

/* One that cannot be thawed answers no event, and is killed for that. */
static void on_thawed(struct supervisor *s, void *arg, const struct launch_msg *answer,
		      struct record_fds *fds)
{
	struct plugin *p = arg;

	(void)s;
	(void)fds;
	if (answer->result < 0 && p->frozen && instance_is_up(p->state))
		feed_plugin(p, "thaw", answer->u.error.text, NULL);
	p->frozen = false;
}

void launch_freeze(struct plugin *p, bool on)
{
	struct launch_msg m;
	struct err e = { 0 };

	if (!p->instance)
		return;
	memset(&m, 0, sizeof(m));
	m.kind = on ? LAUNCH_FREEZE : LAUNCH_THAW;
	m.u.instance.id = p->instance;
	if (launcher_ask(p->s, &m, NULL, on ? on_frozen : on_thawed, p, &e) < 0)
		feed_plugin(p, on ? "freeze" : "thaw", e.text, NULL);
	else if (on)
		p->frozen = true;
}

/* ---- the end ---- */

static void on_killed(struct supervisor *s, void *arg, const struct launch_msg *answer,
		      struct record_fds *fds)
{
	(void)s;
	(void)fds;
	if (answer->result < 0)
		feed_plugin(arg, "kill", answer->u.error.text, NULL);
}

int launch_kill(struct plugin *p)
{
	struct launch_msg m;
	struct err e = { 0 };

	p->waits_for_broker = false;
	if (!p->instance)
		return p->asked ? 0 : 1;
	memset(&m, 0, sizeof(m));
	m.kind = LAUNCH_KILL;
	m.u.instance.id = p->instance;
	if (launcher_ask(p->s, &m, NULL, on_killed, p, &e) < 0)
		feed_plugin(p, "kill", e.text,
			    NULL); /* its state's time runs out, and is shown as stuck */
	return 0;
}

void launch_detach_instance(const struct plugin *p, uint64_t instance)
{
	struct broker *b = broker_of(p->s, p->ceiling->name);
	struct broker_msg m;

	if (!b || !instance)
		return;
	memset(&m, 0, sizeof(m));
	m.kind = BROKER_DETACH;
	m.u.instance.id = instance;
	(void)broker_tell(b, &m, NULL, NULL); /* it sees the wire close as well */
}

void launch_detach(struct plugin *p)
{
	launch_detach_instance(p, p->instance);
}

void launch_drop(struct plugin *p)
{
	close_ends(p->host_fds);
	p->instance = 0;
	p->cgroup = 0;
	p->up_at_ms = 0;
	p->frozen = false;
	free(p->policy);
	p->policy = NULL;
}
