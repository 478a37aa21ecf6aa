/* SPDX-License-Identifier: Apache-2.0 */
/* admit.c - the load sequence: receive, verify, validate, decide, compile, store, remember. One job
 * at a time, so that two installations of one name cannot meet. */
#include "supervise/admit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "policy/wire.h"
#include "supervise/feed.h"
#include "supervise/grants.h"
#include "supervise/methods.h"
#include "supervise/native.h"
#include "supervise/note.h"
#include "supervise/release.h"
#include "supervise/settle.h"
#include "supervise/supervisor.h"
#include "supervise/trusted.h"
#include "supervise/waiting.h"

static void begin_next(struct supervisor *s);

static struct admit_job *new_job(struct supervisor *s, enum admit_kind kind, const char *what,
				 int fd)
{
	struct admit_job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->s = s;
	j->kind = kind;
	j->bundle_fd = fd;
	j->staging_fd = j->loader_fd = j->words_fd = -1;
	(void)copy_str(j->what, sizeof(j->what), what);
	return j;
}

static void free_job(struct admit_job *j)
{
	launcher_forget(j->s, j);
	loader_close(j);
	build_close(j);
	fd_close_p(&j->bundle_fd);
	fd_close_p(&j->staging_fd);
	store_unstage(&j->s->store, j->staging);
	filetree_free_p(&j->tree);
	json_decref(j->wish);
	free(j);
}

void admit_step(struct admit_job *j, const char *step, uint64_t done, uint64_t total)
{
	json_t *p = json_pack("{s:s, s:I, s:I}", "step", step, "done", (json_int_t)done, "total",
			      (json_int_t)total);

	if (p && j->has_manifest)
		(void)json_object_set_new(p, "plugin", json_string(j->manifest.name));
	control_progress(j->s, j->who, p);
}

/* A refusal is on record with whatever is known by then; the log is not asked for permission to
 * refuse. */
static void tell_refused(struct admit_job *j, const struct err *e)
{
	char bundle[DIGEST_HEX_BYTES] = "";

	if (e->code == ERR_PENDING) { /* on record, and no refusal */
		feed_host(j->s, "install", j->tenant->name, e->text);
		return;
	}
	if (j->has_identity)
		hex_encode(j->identity.bundle_id, DIGEST_BYTES, bundle);
	note_tell(j->s, &(struct note){ .event = "install.refused",
					.tenant = j->tenant ? j->tenant->name : NULL,
					.plugin = j->has_manifest ? j->manifest.name : NULL,
					.bundle = bundle,
					.object = j->what,
					.result = err_name(e->code),
					.detail = e->text });
	feed_host(j->s, "install", j->tenant ? j->tenant->name : NULL, e->text);
}

void admit_end(struct admit_job *j, const struct err *refused)
{
	struct supervisor *s = j->s;

	if (s->admit.now == j)
		s->admit.now = NULL;
	if (refused && j->kind == ADMIT_INSTALL) {
		tell_refused(j, refused);
		control_refuse(s, j->who, refused);
	}
	if (j->on_end)
		j->on_end(j, refused);
	free_job(j);
	begin_next(s);
}

/* ---- one after the other ---- */

static int check_bundle_fd(const struct admit_job *j, struct err *e)
{
	struct stat st;

	if (fstat(j->bundle_fd, &st) < 0)
		return err_sys(e, "bundle");
	if (S_ISFIFO(st.st_mode))
		return 0;
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_FORMAT, "a bundle is a file");
	if ((uint64_t)st.st_size > j->s->ceiling.bundles.packed_bytes)
		return err_set(e, ERR_LIMIT,
			       "bundle of %lld bytes, limit %llu; bundles/packed in kennel.json "
			       "raises it",
			       (long long)st.st_size,
			       (unsigned long long)j->s->ceiling.bundles.packed_bytes);
	return 0;
}

static int begin(struct admit_job *j, struct err *e)
{
	struct supervisor *s = j->s;

	if (check_bundle_fd(j, e) < 0)
		return -1;
	if (j->kind == ADMIT_INSTALL) {
		if (store_stage(&s->store, j->staging, &j->staging_fd, e) < 0 ||
		    note_write(&(struct note){ .event = "install.receive",
					       .tenant = j->tenant->name,
					       .object = j->what,
					       .soon = true },
			       e) < 0)
			return -1;
		admit_step(j, "receive", 0, 0);
	}
	return loader_begin(j, e);
}

static void begin_next(struct supervisor *s)
{
	struct admit *a = &s->admit;
	struct err e = { 0 };

	if (a->now || !a->waiting)
		return;
	a->now = a->waiting;
	a->waiting = a->now->next;
	a->waiting_count--;
	if (begin(a->now, &e) < 0)
		admit_end(a->now, &e);
}

static int enqueue(struct admit_job *j, struct err *e)
{
	struct admit *a = &j->s->admit;
	struct admit_job **at = &a->waiting;

	if (a->waiting_count == ADMIT_WAITING_MAX) {
		j->on_end = NULL;
		free_job(j);
		return err_set(e, ERR_FULL, "%u installations wait already", ADMIT_WAITING_MAX);
	}
	while (*at)
		at = &(*at)->next;
	*at = j;
	a->waiting_count++;
	begin_next(j->s);
	return CONTROL_LATER;
}

int admit_install(struct supervisor *s, struct control_request *q, const struct tenant_ceiling *t,
		  const char *what, int fd, struct err *e)
{
	struct admit_job *j = new_job(s, ADMIT_INSTALL, what, fd);

	if (!j) {
		fd_close_p(&fd);
		return err_set(e, ERR_NOMEM, "install");
	}
	j->who = q->who;
	j->tenant = t;
	j->wish = json_incref(json_object_get(q->params, "grant"));
	j->must_exist = json_is_true(json_object_get(q->params, "upgrade"));
	if (method_text(q, "approveNative", false, sizeof(j->approve), j->approve, e) < 0 ||
	    (j->approve[0] && native_check_id(j->approve, e) < 0)) {
		free_job(j);
		return -1;
	}
	return enqueue(j, e);
}

int admit_check(struct supervisor *s, const struct admit_check *c, struct err *e)
{
	struct admit_job *j = new_job(s, c->kind, c->what, c->fd);
	int fd = c->fd;

	if (!j) {
		fd_close_p(&fd);
		return err_set(e, ERR_NOMEM, "verify");
	}
	if (c->kind == ADMIT_TRUST) {
		(void)copy_str(j->staging, sizeof(j->staging), c->staging);
		j->staging_fd = c->staging_fd;
	}
	j->on_end = c->on_end;
	j->on_record = c->on_record;
	j->arg = c->arg;
	return enqueue(j, e);
}

bool admit_on_ended(struct supervisor *s, const struct launch_ended *end)
{
	struct admit_job *j = s->admit.now;

	if (!j || !j->compiler || j->compiler != end->id)
		return false;
	build_on_ended(j, end);
	return true;
}

void admit_on_time(struct supervisor *s, int64_t now_ms)
{
	struct admit_job *j = s->admit.now;
	struct err e;

	if (!j || !j->deadline_ms || j->deadline_ms > now_ms)
		return;
	(void)err_set(&e, ERR_TIMEOUT, "%s took too long",
		      j->words_fd >= 0 || j->compiler ? "the compiler" : "the loader");
	admit_end(j, &e);
}

void admit_close(struct supervisor *s)
{
	while (s->admit.waiting) {
		struct admit_job *j = s->admit.waiting;

		s->admit.waiting = j->next;
		j->on_end = NULL;
		free_job(j);
	}
	if (s->admit.now) {
		s->admit.now->on_end = NULL;
		free_job(s->admit.now);
		s->admit.now = NULL;
	}
}

/* ---- the decision ---- */

static const struct loader_signer *find_signer(const struct admit_job *j,
					       const uint8_t *fingerprint)
{
	for (uint32_t i = 0; i < j->identity.signer_count; i++)
		if (j->identity.signers[i].trusted &&
		    (!fingerprint ||
		     !memcmp(j->identity.signers[i].fingerprint, fingerprint, DIGEST_BYTES)))
			return &j->identity.signers[i];
	return NULL;
}

/* A signer whose key took over from the owner's: its work goes on under the same names. */
static const struct loader_signer *find_successor(const struct admit_job *j, const uint8_t *owner)
{
	char old[DIGEST_HEX_BYTES], hex[DIGEST_HEX_BYTES];

	hex_encode(owner, DIGEST_BYTES, old);
	for (uint32_t i = 0; i < j->identity.signer_count; i++) {
		const struct loader_signer *s = &j->identity.signers[i];

		hex_encode(s->fingerprint, DIGEST_BYTES, hex);
		if (s->trusted && trusted_succeeds(j->s->store.trust, hex, old))
			return s;
	}
	return NULL;
}

/* The owner signed it as well, and its key does not count any more: that is what is said. */
static int check_owner_counts(const struct admit_job *j, const uint8_t *owner, struct err *e)
{
	char hex[DIGEST_HEX_BYTES];

	hex_encode(owner, DIGEST_BYTES, hex);
	for (uint32_t i = 0; i < j->identity.signer_count; i++)
		if (!memcmp(j->identity.signers[i].fingerprint, owner, DIGEST_BYTES))
			return trusted_check_install(j->s->store.trust, hex, supervisor_now_s(j->s),
						     e);
	return 0;
}

/* The first installation of a name binds it to its signer; whoever installs it later must be the
 * same. */
static int check_signer(struct admit_job *j, const struct loader_signer **ret, struct err *e)
{
	const struct registry_entry *owner = registry_owner(&j->s->registry, j->manifest.name);

	*ret = find_signer(j, owner ? owner->signer : NULL);
	if (!*ret && owner)
		*ret = find_successor(j, owner->signer);
	if (*ret)
		return 0;
	if (!find_signer(j, NULL))
		return err_set(e, ERR_UNTRUSTED, "nobody signed it whose key is trusted here");
	if (owner && check_owner_counts(j, owner->signer, e) < 0)
		return -1;
	return err_set(e, ERR_SIGNER_CHANGED, "the name %s belongs to another signer on this host",
		       j->manifest.name);
}

static int check_version(const struct admit_job *j, struct err *e)
{
	const struct registry_entry *g =
		registry_find(&j->s->registry, j->tenant->name, j->manifest.name);

	if (g && j->done.counter < g->counter)
		return err_set(e, ERR_COUNTER,
			       "%s %s has counter %llu, but %llu was installed once: a downgrade",
			       j->manifest.name, j->manifest.version,
			       (unsigned long long)j->done.counter, (unsigned long long)g->counter);
	return 0;
}

/* What --approve-native names must be what is being installed: this bundle, or its signer. */
static int take_approval(struct admit_job *j, const char *bundle, const char *signer, struct err *e)
{
	if (!j->manifest.native)
		return err_set(e, ERR_USAGE, "%s holds no native code; there is nothing to approve",
			       j->manifest.name);
	if (!strcmp(j->approve, bundle))
		j->native = NATIVE_BY_BUNDLE;
	else if (!strcmp(j->approve, signer))
		j->native = NATIVE_BY_KEY;
	else
		return err_set(e, ERR_NATIVE,
			       "what is approved is neither this bundle, %s, nor its key, %.16s...",
			       bundle, signer);
	return 0;
}

/* Before a byte of its files is written: machine code that nobody let in goes no further. */
int admit_check_native(struct admit_job *j, struct err *e)
{
	struct policy_inputs in = { .manifest = &j->manifest,
				    .tenant = j->tenant,
				    .bundle_id = j->identity.bundle_id };
	char bundle[DIGEST_HEX_BYTES], signer[DIGEST_HEX_BYTES];
	const struct loader_signer *by;

	if (!j->manifest.native && !j->approve[0] && j->manifest.runtime != RUNTIME_NATIVE)
		return 0;
	if (check_signer(j, &by, e) < 0)
		return -1;
	hex_encode(j->identity.bundle_id, DIGEST_BYTES, bundle);
	hex_encode(by->fingerprint, DIGEST_BYTES, signer);
	if (native_find(j->s->store.state, bundle, signer, &j->native, e) < 0 ||
	    (j->approve[0] && take_approval(j, bundle, signer, e) < 0))
		return -1;
	in.native = j->native;
	return policy_check_native(&in, e);
}

/* An upgrade that asks for more than anybody granted waits for a person; the old version goes on.
 */
static int check_widening(struct admit_job *j, struct err *e)
{
	const struct registry_entry *g =
		registry_find(&j->s->registry, j->tenant->name, j->manifest.name);
	CLEANUP(free_p) struct manifest *old = malloc(sizeof(*old));
	struct install_info info;

	if (!old)
		return err_set(e, ERR_NOMEM, "manifest");
	if (j->must_exist && (!g || !g->bundle[0]))
		return err_set(e, ERR_NOT_FOUND, "%s is not installed; see: kennel install --help",
			       j->manifest.name);
	if (!g || !g->bundle[0] || j->wish ||
	    store_read_install(&j->s->store, g->plugin, g->bundle, &info, old, NULL) < 0)
		return 0;
	j->more = waiting_more(&j->manifest, old, j->granted ? &j->grant : NULL, &j->more_jit);
	j->waits = j->waits || j->more || j->more_jit;
	return 0;
}

/* What is installed here already was let in once, and may come back. An upgrade that is too young
 * waits, while the old version goes on; of what is new here there is none that could. */
static int check_release(struct admit_job *j, struct err *e)
{
	const struct registry_entry *g =
		registry_find(&j->s->registry, j->tenant->name, j->manifest.name);
	const struct release r = { j->manifest.name, j->manifest.version, j->info.bundle };
	struct err why = { 0 };

	if (release_check_pin(&j->s->ceiling, &r, e) < 0)
		return -1;
	if (g && registry_has_version(g, j->info.bundle))
		return 0;
	if (release_check_age(j->s->store.state, j->s->ceiling.min_release_age_ms, &r,
			      supervisor_now_s(j->s), &why) == 0)
		return 0;
	j->young = why.code == ERR_RELEASE_AGE && g && g->bundle[0];
	j->waits = j->young;
	if (!j->young)
		*e = why;
	return j->young ? 0 : -1;
}

/* What the executable is made of. */
static void find_module(struct admit_job *j)
{
	size_t skip = strlen(FILETREE_ROOT "/");

	for (uint32_t i = 0; i < j->tree.count; i++)
		if (!strcmp(filetree_path(&j->tree, &j->tree.rows[i]) + skip, j->manifest.entry))
			hex_encode(j->tree.rows[i].digest, DIGEST_BYTES, j->info.module);
}

static void fill_vouched(const struct loader_identity *id, struct vouched *ret)
{
	char hex[DIGEST_HEX_BYTES];

	*ret = (struct vouched){ 0 };
	for (uint32_t i = 0; i < id->signer_count; i++) {
		hex_encode(id->signers[i].fingerprint, DIGEST_BYTES, hex);
		if (id->signers[i].trusted)
			vouched_add(ret, hex, id->signers[i].threshold);
	}
}

static void fill_info(struct admit_job *j, const struct loader_signer *by)
{
	struct install_info *i = &j->info;

	hex_encode(j->identity.bundle_id, DIGEST_BYTES, i->bundle);
	hex_encode(j->done.content_id, DIGEST_BYTES, i->content);
	hex_encode(by->fingerprint, DIGEST_BYTES, i->signer);
	hex_encode(by->key_id, sizeof(by->key_id), i->key_id);
	(void)copy_str(i->label, sizeof(i->label), by->label);
	fill_vouched(&j->identity, &i->vouched);
	i->key = by->ceiling;
	i->counter = j->done.counter;
	i->installed_at = clock_wall_s();
}

static int decide_grant(struct admit_job *j, const struct loader_signer *by, struct err *e)
{
	int r;

	if (j->wish && json_is_object(j->wish)) {
		j->granted = true;
		return grants_from_wish(j->wish, &j->manifest, by->fingerprint, &j->grant, e);
	}
	r = grants_read(j->s->store.grants, j->tenant->name, j->manifest.name, &j->grant, e);
	j->granted = r > 0;
	trusted_carry_grant(j->s->store.trust, by->fingerprint, &j->grant);
	return r < 0 ? -1 : 0;
}

/* Would it start? Asked before anything is compiled, with the very function that decides at each
 * start. */
static int check_policy(const struct admit_job *j, const struct loader_signer *by, struct err *e)
{
	CLEANUP(free_p) struct policy *p = malloc(sizeof(*p));
	struct policy_inputs in = { .manifest = &j->manifest,
				    .key = &by->ceiling,
				    .tenant = j->tenant,
				    .grant = j->granted ? &j->grant : NULL,
				    .bundle_id = j->identity.bundle_id,
				    .signer = by->fingerprint,
				    .native = j->native };

	if (!p)
		return err_set(e, ERR_NOMEM, "policy");
	return policy_compile(&in, p, e) < 0 || policy_check(p, e) < 0 ? -1 : 0;
}

static int decide(struct admit_job *j, struct err *e)
{
	const struct loader_signer *by;

	if (revoked_check_install(j->s, j->identity.bundle_id, e) < 0 ||
	    check_signer(j, &by, e) < 0 || check_version(j, e) < 0)
		return -1;
	fill_info(j, by);
	find_module(j);
	if (check_release(j, e) < 0 || decide_grant(j, by, e) < 0 || check_widening(j, e) < 0 ||
	    check_policy(j, by, e) < 0)
		return -1;
	return note_write(&(struct note){ .event = "install.verify",
					  .tenant = j->tenant->name,
					  .plugin = j->manifest.name,
					  .bundle = j->info.bundle,
					  .object = j->info.signer,
					  .detail = j->info.label,
					  .soon = true },
			  e);
}

void admit_decide(struct admit_job *j)
{
	struct err e = { 0 };
	int r;

	if (j->kind != ADMIT_INSTALL) {
		admit_end(j, NULL);
		return;
	}
	/* The loader has ended: from here on nobody else writes below the staging folder. */
	r = decide(j, &e) < 0 ? -1 : build_begin(j, &e);
	if (r < 0)
		admit_end(j, &e);
	else if (r == 1)
		admit_commit(j);
}

/* ---- the effect ---- */

void admit_commit(struct admit_job *j)
{
	struct control_ref who = j->who;
	struct supervisor *s = j->s;
	struct plugin *p = NULL;
	struct err e = { 0 };
	json_t *result = NULL;

	admit_step(j, "store", 0, 0);
	if (j->waits) {
		(void)settle_pending(j, &e);
		admit_end(j, &e);
		return;
	}
	if (settle_install(j, &p, &result, &e) < 0) {
		json_decref(result);
		admit_end(j, &e);
		return;
	}
	admit_step(j, "start", 0, 0);
	settle_start(p);
	if (plugin_wait(p, who, PLUGIN_GOAL_SETTLED, result, &e) < 0)
		control_refuse(s, who, &e);
	admit_end(j, NULL);
}
