/* SPDX-License-Identifier: Apache-2.0 */
/* loader.c - kennel-loader: reads a bundle or the configuration, confined, and says what is in it.
 * Owns: descriptors, confinement, the order of records (proto/loader.h), a key's ceiling against a
 * manifest.  Must not know: paths, the network, who asked. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/confine.h"
#include "base/fd.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/record.h"
#include "bundle/bundle.h"
#include "bundle/revocations.h"
#include "bundle/rotate.h"
#include "bundle/unpack.h"
#include "policy/grant.h"
#include "policy/hostconf.h"
#include "policy/manifest.h"
#include "proto/loader.h"

enum loader_fd { FD_RECORDS = 3, FD_INPUT, FD_TRUST, FD_STAGING };
enum job { JOB_VERIFY, JOB_SHOW, JOB_UNPACK, JOB_CONFIG, JOB_ROTATE, JOB_REVOCATIONS, JOB_COUNT };
static const char *const job_names[JOB_COUNT] = { "verify", "show",   "unpack",
						  "config", "rotate", "revocations" };

_Static_assert((int)REVOKED_BUNDLE == LOADER_REVOKED_BUNDLE &&
		       (int)REVOKED_KEY == LOADER_REVOKED_KEY &&
		       (int)REVOKED_COMPROMISE == LOADER_REASON_COMPROMISE &&
		       (int)REVOKED_SUPERSEDED == LOADER_REASON_SUPERSEDED &&
		       (int)REVOKED_COUNT == LOADER_REASON_COUNT,
	       "the record's numbers are the file's");

struct loader {
	enum job job;
	int64_t now_s;
	struct bundle_bounds bounds;
	struct bundle_identity identity; /* of the bundle at hand; points into trust */
	struct unpack unpack;
	struct loader_done done;
	struct loader_msg msg; /* the record being made */
};

static int say(struct loader *l, uint32_t kind, struct err *e)
{
	l->msg.abi = LOADER_ABI;
	l->msg.kind = kind;
	return record_send(FD_RECORDS, &l->msg, loader_msg_size(kind), NULL, 0, e);
}

/* Producers zero a record first: no byte of an earlier one is left in it. */
static struct loader_msg *new_record(struct loader *l)
{
	memset(&l->msg, 0, sizeof(l->msg));
	return &l->msg;
}

/* ---- identity ---- */

/* "network": false takes the network away, whatever the list of permissions says. */
static permission_set key_permissions(const struct trust_key *k)
{
	permission_set p = k->ceiling.permissions & PERM_ALL;

	return k->ceiling.network ? p : p & ~(permission_set)PERM_BIT(PERM_NETWORK);
}

static void fill_signer(const struct bundle_signer *s, bool counted, struct loader_signer *ret)
{
	const struct trust_key *k = s->known;
	uint32_t runtimes = RUNTIME_BIT(RUNTIME_WASM) | RUNTIME_BIT(RUNTIME_JS);

	memcpy(ret->key_id, s->id, sizeof(ret->key_id));
	if (!k)
		return;
	memcpy(ret->fingerprint, k->key.fingerprint, DIGEST_BYTES);
	(void)copy_str(ret->label, sizeof(ret->label), k->label);
	ret->trusted = counted && s->state == TRUST_GOOD;
	if (!ret->trusted)
		return;
	ret->threshold = (uint8_t)k->threshold; /* at most BUNDLE_SIGNATURES_MAX */
	if (k->ceiling.native)
		runtimes |= RUNTIME_BIT(RUNTIME_NATIVE);
	ret->ceiling.permissions = key_permissions(k);
	ret->ceiling.runtimes = k->ceiling.runtimes & runtimes;
	ret->ceiling.native = k->ceiling.native;
	ret->ceiling.jit = k->ceiling.jit;
	ret->ceiling.memory_bytes = k->ceiling.memory_bytes;
}

static int on_identity(void *arg, const struct bundle_identity *id, struct err *e)
{
	struct loader *l = arg;
	struct loader_identity *r = &new_record(l)->u.identity;

	l->identity = *id;
	memcpy(r->bundle_id, id->id, DIGEST_BYTES);
	r->signer_count = (uint32_t)id->signer_count;
	r->trusted_count = (uint32_t)id->trusted_count;
	for (size_t i = 0; i < id->signer_count; i++)
		fill_signer(&id->signers[i], id->trusted_count > 0, &r->signers[i]);
	return say(l, LOADER_IDENTITY, e);
}

/* ---- a key's ceiling ---- */

static int check_permissions(const struct trust_key *k, permission_set asked, struct err *e)
{
	permission_set over = asked & ~key_permissions(k);
	char names[160];
	struct writer w;

	if (!over)
		return 0;
	writer_init(&w, names, sizeof(names));
	for (unsigned int p = 0; p < PERM_COUNT; p++)
		if (over & PERM_BIT(p))
			writer_fmt(&w, "%s%s", w.len ? ", " : "", permission_name(p));
	return err_set(e, ERR_CEILING, "asks for %s%s: beyond the ceiling of its key \"%s\"", names,
		       w.full ? " and more" : "", k->label);
}

static int check_ceiling(const struct trust_key *k, const struct manifest *m, struct err *e)
{
	if (!trust_covers(k, m->name))
		return err_set(e, ERR_CEILING, "key \"%s\" may not sign a plugin of the name %s",
			       k->label, m->name);
	if (check_permissions(k, m->permissions, e) < 0)
		return -1;
	if (!(k->ceiling.runtimes & RUNTIME_BIT(m->runtime)))
		return err_set(e, ERR_CEILING, "runtime %s: beyond the ceiling of its key \"%s\"",
			       runtime_name(m->runtime), k->label);
	if (m->native && !k->ceiling.native)
		return err_set(e, ERR_CEILING,
			       "native code: beyond the ceiling of its key \"%s\"; "
			       "kennel trust add with --native gives it",
			       k->label);
	if (m->jit && !k->ceiling.jit)
		return err_set(e, ERR_CEILING, "asks for jit: beyond the ceiling of its key \"%s\"",
			       k->label);
	if (k->ceiling.memory_bytes && m->limits.memory_bytes > k->ceiling.memory_bytes)
		return err_set(e, ERR_CEILING,
			       "asks for %llu MiB: the ceiling of its key \"%s\" is %llu MiB",
			       (unsigned long long)(m->limits.memory_bytes >> 20), k->label,
			       (unsigned long long)(k->ceiling.memory_bytes >> 20));
	return 0;
}

/* Every signer that counts must allow it: a second signature never widens what the first one may.
 */
static int check_ceilings(const struct loader *l, const struct manifest *m, struct err *e)
{
	for (size_t i = 0; i < l->identity.signer_count; i++) {
		const struct bundle_signer *s = &l->identity.signers[i];

		if (s->known && s->state == TRUST_GOOD && check_ceiling(s->known, m, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- contents ---- */

static int list_files(struct loader *l, const struct toc *t, struct err *e)
{
	for (size_t i = 0; i < t->file_count; i++) {
		struct loader_file *r = &new_record(l)->u.file;

		r->size_bytes = t->files[i].size;
		memcpy(r->digest, t->files[i].digest, DIGEST_BYTES);
		r->executable = t->files[i].executable;
		(void)copy_str(r->path, sizeof(r->path), t->files[i].path);
		if (say(l, LOADER_FILE, e) < 0)
			return -1;
	}
	return 0;
}

static int check_entry(const struct toc *t, const struct manifest *m, struct err *e)
{
	const struct toc_file *entry = NULL;

	for (size_t i = 1; i < t->file_count && !entry; i++)
		if (!strcmp(t->files[i].path, m->entry))
			entry = &t->files[i];
	if (!entry)
		return err_set(e, ERR_MANIFEST,
			       "manifest.json: /entry: the bundle holds no file %.150s", m->entry);
	if (m->runtime != RUNTIME_NATIVE)
		return 0;
	if (!t->native)
		return err_set(
			e, ERR_NATIVE,
			"its entry %.150s is native code, and the contents do not say native",
			m->entry);
	return entry->executable
		       ? 0
		       : err_set(e, ERR_MANIFEST, "manifest.json: /entry: %.150s is not executable",
				 m->entry);
}

static int on_manifest(void *arg, const struct toc *t, const char *text, size_t n, struct err *e)
{
	struct loader *l = arg;
	struct manifest *m = &new_record(l)->u.manifest;

	if (manifest_parse(text, n, m, e) < 0)
		return err_wrap(e, "manifest.json");
	m->native = t->native;
	if (check_entry(t, m, e) < 0 || (l->job != JOB_SHOW && check_ceilings(l, m, e) < 0))
		return -1;
	memcpy(l->done.content_id, t->content_id, DIGEST_BYTES);
	l->done.counter = t->counter;
	l->done.unpacked_bytes = t->unpacked_bytes;
	l->done.files = (uint32_t)t->file_count;
	l->done.frames = (uint32_t)t->frame_count;
	if (say(l, LOADER_MANIFEST, e) < 0 || list_files(l, t, e) < 0)
		return -1;
	if (l->job != JOB_UNPACK)
		return 0;
	if (unpack_start(&l->unpack, FD_STAGING, e) < 0)
		return -1;
	return unpack_file(&l->unpack, &t->files[0], text, n, e);
}

static int on_progress(void *arg, uint64_t done_bytes, uint64_t total_bytes, struct err *e)
{
	struct loader *l = arg;

	new_record(l)->u.progress = (struct loader_progress){ done_bytes, total_bytes };
	return say(l, LOADER_PROGRESS, e);
}

static int on_checked(void *arg, const struct toc *t, struct err *e)
{
	struct loader *l = arg;

	return l->job == JOB_UNPACK ? unpack_finish(&l->unpack, t, e) : 0;
}

/* ---- jobs ---- */

/* Descriptor 5 is a folder of trust files, one public key file, or (show only) absent. */
static int load_trust(const struct loader *l, struct trust *ret, struct err *e)
{
	static const struct trust_words words = { permission_from_name, runtime_from_name };
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	struct public_key key;
	struct stat st;

	if (fstat(FD_TRUST, &st) < 0)
		return l->job == JOB_SHOW
			       ? 0
			       : err_set(e, ERR_USAGE, "no trust folder on descriptor 5");
	if (S_ISDIR(st.st_mode))
		return trust_load(FD_TRUST, &words, ret, e);
	if (fs_read_fd(FD_TRUST, TRUST_FILE_MAX, &text, e) < 0 ||
	    sign_parse_key_file((const char *)text.p, text.len, &key, e) < 0)
		return err_wrap(e, "public key file");
	return trust_from_key(&key, ret, e);
}

static int run_bundle(struct loader *l, struct decode_child *child, struct err *e)
{
	CLEANUP(trust_free_p) struct trust trust = { 0 };
	int input = FD_INPUT;
	bool checked;
	struct bundle_job job = {
		.source = { source_read_fd, &input },
		.trust = &trust,
		.now_s = l->now_s,
		.decoder = decode_child_decoder(child),
		.hooks = { on_identity, on_manifest, on_progress, on_checked, l },
		.inspect = l->job == JOB_SHOW,
		.native_ok = true, /* by the keys' ceilings, in on_manifest */
		.bounds = &l->bounds,
	};
	int r;

	if (load_trust(l, &trust, e) < 0)
		return -1;
	l->unpack = (struct unpack){ .staging = FD_STAGING, .root = -1, .folder = -1, .file = -1 };
	if (l->job == JOB_UNPACK)
		job.sink = unpack_sink(&l->unpack);
	r = bundle_check(&job, &checked, e);
	unpack_free_p(&l->unpack);
	return r;
}

/* ---- statements ---- */

static int run_rotate(struct loader *l, struct err *e)
{
	CLEANUP(trust_free_p) struct trust trust = { 0 };
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	struct loader_rotation *m;
	struct rotation r;

	if (load_trust(l, &trust, e) < 0 || fs_read_fd(FD_INPUT, STATEMENT_MAX, &text, e) < 0 ||
	    rotate_check((const char *)text.p, text.len, &trust, l->now_s, &r, e) < 0)
		return -1;
	m = &new_record(l)->u.rotation;
	memcpy(m->from, r.from->key.fingerprint, DIGEST_BYTES);
	memcpy(m->to, r.to.fingerprint, DIGEST_BYTES);
	(void)copy_str(m->to_key, sizeof(m->to_key), r.to_text);
	m->issued = r.issued;
	return say(l, LOADER_ROTATION, e);
}

static int say_revoked(struct loader *l, const struct revoked *r, struct err *e)
{
	struct loader_revoked *m = &new_record(l)->u.revoked;

	m->kind = r->kind;
	m->reason = r->reason;
	memcpy(m->digest, r->digest, DIGEST_BYTES);
	return say(l, LOADER_REVOKED, e);
}

static int run_revocations(struct loader *l, struct err *e)
{
	CLEANUP(trust_free_p) struct trust trust = { 0 };
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	CLEANUP(revocation_list_free_p) struct revocation_list list = { 0 };
	struct loader_revocations *m;

	if (load_trust(l, &trust, e) < 0 || fs_read_fd(FD_INPUT, STATEMENT_MAX, &text, e) < 0 ||
	    revocations_check((const char *)text.p, text.len, &trust, l->now_s, &list, e) < 0)
		return -1;
	m = &new_record(l)->u.revocations;
	m->serial = list.serial;
	m->issued = list.issued;
	m->expires = list.expires;
	memcpy(m->id, list.id, DIGEST_BYTES);
	memcpy(m->signer, list.signer->key.fingerprint, DIGEST_BYTES);
	m->count = (uint32_t)list.count;
	if (say(l, LOADER_REVOCATIONS, e) < 0)
		return -1;
	for (size_t i = 0; i < list.count; i++)
		if (say_revoked(l, &list.entries[i], e) < 0)
			return -1;
	return 0;
}

static int run_config(struct loader *l, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer text = { 0 };

	if (fs_read_fd(FD_INPUT, CONFIG_FILE_MAX, &text, e) < 0 ||
	    hostconf_parse((const char *)text.p, text.len, &new_record(l)->u.ceiling, e) < 0)
		return err_wrap(e, "configuration");
	return say(l, LOADER_CEILING, e);
}

static int confine(const struct loader *l, struct err *e)
{
	struct landlock_rule rules[2];
	struct stat st;
	size_t n = 0;

	/* A key file is open already; only in a folder is there something to open. */
	if (l->job != JOB_CONFIG && fstat(FD_TRUST, &st) == 0 && S_ISDIR(st.st_mode))
		rules[n++] = (struct landlock_rule){ FD_TRUST, LANDLOCK_READ };
	if (l->job == JOB_UNPACK)
		rules[n++] = (struct landlock_rule){ FD_STAGING, LANDLOCK_READ | LANDLOCK_WRITE };
	return confine_enter(SECCOMP_LOADER, rules, n, e);
}

/* Those that need no decoder. */
static int (*const jobs[JOB_COUNT])(struct loader *l, struct err *e) = {
	[JOB_CONFIG] = run_config,
	[JOB_ROTATE] = run_rotate,
	[JOB_REVOCATIONS] = run_revocations,
};

/* The decoder is forked first: it seals itself before there is a byte to read, and inherits none.
 */
static int run(struct loader *l, struct err *e)
{
	CLEANUP(decode_child_stop_p) struct decode_child child = { .request = -1, .answer = -1 };
	int r;

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || sodium_init() < 0)
		return err_set(e, ERR_INTERNAL, "start");
	(void)umask(0); /* the modes of bundle/unpack.c are exact */
	if (!jobs[l->job] && decode_child_start(&child, e) < 0)
		return -1;
	if (confine(l, e) < 0)
		return -1;
	r = jobs[l->job] ? jobs[l->job](l, e) : run_bundle(l, &child, e);
	if (r < 0)
		return -1;
	new_record(l)->u.done = l->done;
	return say(l, LOADER_DONE, e);
}

/* A refusal quotes hostile text; whoever shows it gets ASCII. */
static void make_plain(char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
}

/* The later of the clock and of what the host has seen before. */
static int take_time(const char *not_before, struct loader *l)
{
	char *end;
	long long v = strtoll(not_before, &end, 10);

	if (*not_before < '0' || *not_before > '9' || *end)
		return -1;
	l->now_s = clock_wall_s();
	if (l->now_s < v)
		l->now_s = v;
	return 0;
}

static int take_bounds(const char *text, struct loader *l)
{
	struct bundle_bounds b = { 0 };
	uint64_t *const rows[] = { &b.packed_bytes, &b.unpacked_bytes, &b.file_bytes };
	char *end;

	for (size_t i = 0; i < countof(rows); i++) {
		*rows[i] = strtoull(text, &end, 10);
		if (*text < '0' || *text > '9' || *end != ',')
			return -1;
		text = end + 1;
	}
	b.files = (uint32_t)strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || !bundle_bounds_are_valid(&b))
		return -1;
	l->bounds = b;
	return 0;
}

int main(int argc, char **argv)
{
	static struct loader loader;
	struct err e = { 0 };
	int job = 0;

	log_init("loader", LOG_INFO);
	while (job < JOB_COUNT && (argc < 2 || strcmp(argv[1], job_names[job]) != 0))
		job++;
	loader.bounds = bundle_bounds_default();
	if (job == JOB_COUNT || argc > 4 || take_time(argc > 2 ? argv[2] : "0", &loader) < 0 ||
	    (argc > 3 && take_bounds(argv[3], &loader) < 0)) {
		(void)err_set(&e, ERR_USAGE,
			      "other kennel programs start it: "
			      "verify|show|unpack|config|rotate|revocations [NOT-BEFORE "
			      "[BOUNDS]]");
		log_err(LOG_ERROR, "no such job", &e);
		return err_exit_status(e.code);
	}
	loader.job = (enum job)job;
	if (run(&loader, &e) == 0)
		return 0;
	make_plain(e.text);
	new_record(&loader)->u.refused = e;
	if (say(&loader, LOADER_REFUSED, NULL) < 0)
		log_err(LOG_ERROR, "refused, and nobody listens", &e);
	return err_exit_status(e.code);
}
