/* SPDX-License-Identifier: Apache-2.0 */
/* admit_loader.c - what the loader says, in the order it must say it. It read hostile bytes, so
 * each record is checked as hostile. */
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/loop.h"
#include "policy/wire.h"
#include "supervise/admit.h"
#include "supervise/feed.h"
#include "supervise/supervisor.h"

enum { TELL_EVERY_MS = 200, TURN_MAX = 512 };

void loader_close(struct admit_job *j)
{
	loop_remove(&j->loader);
	fd_close_p(&j->loader_fd);
}

static int take_identity(struct admit_job *j, const struct loader_msg *m, struct err *e)
{
	const struct loader_identity *id = &m->u.identity;

	if (j->has_identity || j->has_manifest || id->signer_count > BUNDLE_SIGNATURES_MAX ||
	    id->trusted_count > id->signer_count)
		return err_set(e, ERR_PROTOCOL, "the loader named the bundle twice or wrongly");
	for (uint32_t i = 0; i < id->signer_count; i++) {
		const struct loader_signer *s = &id->signers[i];

		if (!str_ends_inside(s->label, sizeof(s->label)) || s->threshold > id->signer_count)
			return err_set(e, ERR_PROTOCOL, "the loader sent a signer that is none");
	}
	j->identity = *id;
	j->has_identity = true;
	admit_step(j, "verify", 0, 0);
	return 0;
}

static int take_manifest(struct admit_job *j, const struct loader_msg *m, struct err *e)
{
	if (!j->has_identity || j->has_manifest)
		return err_set(e, ERR_PROTOCOL, "the loader sent a manifest out of order");
	if (manifest_check(&m->u.manifest, e) < 0)
		return err_wrap(e, "manifest from the loader");
	j->manifest = m->u.manifest;
	j->has_manifest = true;
	admit_step(j, "manifest", 0, 0);
	return j->kind == ADMIT_INSTALL ? admit_check_native(j, e) : 0;
}

static int take_file(struct admit_job *j, const struct loader_msg *m, struct err *e)
{
	const struct loader_file *f = &m->u.file;
	char path[FILETREE_PATH_BYTES] = FILETREE_ROOT "/";
	size_t n = strnlen(f->path, sizeof(f->path));

	if (!j->has_manifest)
		return err_set(e, ERR_PROTOCOL, "the loader listed files out of order");
	if (j->kind != ADMIT_INSTALL)
		return 0;
	if (n == 0 || n > BUNDLE_PATH_MAX)
		return err_set(e, ERR_PROTOCOL, "the loader sent a path without an end");
	for (size_t i = 0; i < n; i++)
		if (f->path[i] <= ' ' || f->path[i] > '~') /* a line of the index */
			return err_set(e, ERR_PROTOCOL, "the loader sent a path that is none");
	memcpy(path + strlen(path), f->path, n + 1);
	return filetree_add(&j->tree, path, f->size_bytes, f->digest, e);
}

static int take_progress(struct admit_job *j, const struct loader_msg *m, struct err *e)
{
	int64_t now = clock_mono_ms();

	if (!j->has_manifest)
		return err_set(e, ERR_PROTOCOL, "the loader made progress out of order");
	if (now - j->told_ms >= TELL_EVERY_MS) {
		j->told_ms = now;
		admit_step(j, "unpack", m->u.progress.done_bytes, m->u.progress.total_bytes);
	}
	return 0;
}

/* 1: the job goes on without the loader. */
static int take_done(struct admit_job *j, const struct loader_msg *m, struct err *e)
{
	if (!j->has_manifest && (j->kind == ADMIT_INSTALL || j->kind == ADMIT_VERIFY))
		return err_set(e, ERR_PROTOCOL, "the loader was done before it had begun");
	if (m->u.done.counter > BUNDLE_COUNTER_MAX)
		return err_set(e, ERR_PROTOCOL, "the loader sent a counter out of range");
	j->done = m->u.done;
	return 1;
}

static int take_statement(struct admit_job *j, const struct loader_msg *m, struct err *e)
{
	if (!j->on_record)
		return err_set(e, ERR_PROTOCOL, "the loader sent a statement nobody asked for");
	return j->on_record(j, m, e);
}

static int take_refused(struct admit_job *j, const struct loader_msg *m, struct err *e)
{
	const struct err *r = &m->u.refused;

	(void)j;
	if (r->code <= ERR_OK || r->code >= ERR_COUNT || !str_ends_inside(r->text, sizeof(r->text)))
		return err_set(e, ERR_PROTOCOL, "the loader refused without a reason");
	*e = *r;
	return -1;
}

static const struct {
	uint32_t kind;
	int (*take)(struct admit_job *j, const struct loader_msg *m, struct err *e);
} records[] = {
	{ LOADER_IDENTITY, take_identity },  { LOADER_MANIFEST, take_manifest },
	{ LOADER_FILE, take_file },	     { LOADER_PROGRESS, take_progress },
	{ LOADER_DONE, take_done },	     { LOADER_REFUSED, take_refused },
	{ LOADER_ROTATION, take_statement }, { LOADER_REVOCATIONS, take_statement },
	{ LOADER_REVOKED, take_statement },
};

static int take_record(struct admit_job *j, const struct loader_msg *m, long n, struct err *e)
{
	if (n == 0)
		return err_set(e, ERR_IO, "the loader ended without a word");
	if (n < 0 || m->abi != LOADER_ABI || n != (long)loader_msg_size(m->kind))
		return err_set(e, ERR_PROTOCOL, "the loader sent a record that is none");
	for (size_t i = 0; i < countof(records); i++)
		if (records[i].kind == m->kind)
			return records[i].take(j, m, e);
	return err_set(e, ERR_PROTOCOL, "the loader sent a record of kind %u", m->kind);
}

static void on_readable(void *arg, uint32_t events)
{
	static struct loader_msg m; /* large; one at a time */
	struct admit_job *j = arg;

	(void)events;
	for (unsigned int turn = 0; turn < TURN_MAX; turn++) {
		struct err e = { 0 };
		long n;
		int r;

		memset(&m, 0, offsetof(struct loader_msg, u));
		n = record_recv(j->loader_fd, &m, sizeof(m), NULL, MSG_DONTWAIT, NULL);
		if (n == RECORD_AGAIN)
			return;
		r = take_record(j, &m, n, &e);
		if (r == 0)
			continue;
		loader_close(j);
		if (r < 0)
			admit_end(j, &e);
		else
			admit_decide(j);
		return;
	}
}

static void on_answer(struct supervisor *s, void *arg, const struct launch_msg *answer,
		      struct record_fds *fds)
{
	struct admit_job *j = arg;
	struct err e = { 0 };

	if (answer->result < 0 || fds->count < 1) {
		e = answer->u.error;
		if (answer->result >= 0)
			(void)err_set(&e, ERR_PROTOCOL, "the loader came without its link");
		admit_end(j, &e);
		return;
	}
	j->loader_fd = take_fd(fds->fd[0]);
	if (loop_add_fd(s->loop, &(struct loop_watch){ j->loader_fd, EPOLLIN, on_readable, j },
			&j->loader, &e) < 0)
		admit_end(j, &e);
}

static const uint32_t loader_jobs[] = {
	[ADMIT_INSTALL] = LAUNCH_JOB_UNPACK,
	[ADMIT_VERIFY] = LAUNCH_JOB_VERIFY,
	[ADMIT_TRUST] = LAUNCH_JOB_VERIFY,
	[ADMIT_ROTATE] = LAUNCH_JOB_ROTATE,
	[ADMIT_REVOCATIONS] = LAUNCH_JOB_REVOCATIONS,
};

int loader_begin(struct admit_job *j, struct err *e)
{
	struct record_fds fds = { .fd = { j->bundle_fd }, .count = 1 };
	struct launch_msg m;

	if (supervisor_keep_time(j->s, e) < 0)
		return -1;
	memset(&m, 0, sizeof(m));
	m.kind = LAUNCH_LOADER;
	m.u.loader.job = loader_jobs[j->kind];
	m.u.loader.not_before_s = supervisor_now_s(j->s);
	if (j->kind == ADMIT_INSTALL)
		fds.fd[fds.count++] = j->staging_fd;
	fds.fd[fds.count++] = j->kind == ADMIT_TRUST ? j->staging_fd : j->s->store.trust;
	j->deadline_ms = clock_mono_ms() + ADMIT_LOADER_MS;
	supervisor_rearm(j->s);
	return launcher_ask(j->s, &m, &fds, on_answer, j, e);
}
