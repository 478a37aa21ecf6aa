/* SPDX-License-Identifier: Apache-2.0 */
/* revoked_look.c - looks for a newer revocation list, on the supervisor's own clock, and lets it
 * act. What it takes away is on record first; the serial is remembered last, so that a list that
 * was cut short acts again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "supervise/distrust.h"
#include "supervise/feed.h"
#include "supervise/note.h"
#include "supervise/supervisor.h"
#include "supervise/trusted.h"

#define LIST_FOLDER "fetch"
#define LIST_NAME "revocations"

/* Absent in the configuration: STATE/fetch, where kennel-fetch puts it. */
static int open_folder(const struct supervisor *s, struct err *e)
{
	char path[2 * HOST_PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", s->ceiling.state, LIST_FOLDER);
	if (s->ceiling.revocations.folder[0])
		(void)snprintf(path, sizeof(path), "%s", s->ceiling.revocations.folder);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "the folder of the revocation list, %.160s", path) : fd;
}

int revoked_open(struct supervisor *s, struct err *e)
{
	struct revoked_state *r = &s->revoked;

	r->folder = -1;
	if (revoked_load(s->store.state, &r->now, e) < 0)
		return -1;
	if (!s->ceiling.revocations.configured)
		return 0;
	r->folder = open_folder(s, &r->why);
	r->deadline_ms = clock_mono_ms() + 1;
	return 0;
}

void revoked_close(struct supervisor *s)
{
	revoked_free_p(&s->revoked.now);
	revoked_free_p(&s->revoked.next);
	fd_close_p(&s->revoked.folder);
}

/* ---- what it means ---- */

static bool is_stale(const struct supervisor *s)
{
	return s->ceiling.revocations.configured &&
	       (s->revoked.now.head.serial == 0 ||
		s->revoked.now.head.expires <= supervisor_now_s(s));
}

static void tell_stale(struct supervisor *s)
{
	const char *what = s->revoked.now.head.serial == 0 ? "there is no revocation list yet"
							   : "the revocation list has expired";

	if (!is_stale(s) || s->revoked.told_stale) {
		s->revoked.told_stale = is_stale(s);
		return;
	}
	s->revoked.told_stale = true;
	note_tell(s, &(struct note){ .event = "trust.revocations.stale",
				     .result = err_name(ERR_REVOCATIONS_STALE),
				     .detail = what });
	feed_host(s, "revocations", NULL, what);
}

int revoked_check_install(struct supervisor *s, const uint8_t bundle_id[DIGEST_BYTES],
			  struct err *e)
{
	const char *reason = revoked_find(&s->revoked.now, LOADER_REVOKED_BUNDLE, bundle_id);

	if (reason)
		return err_set(e, ERR_BUNDLE_REVOKED, "this bundle was revoked (%s)", reason);
	tell_stale(s);
	if (!is_stale(s) || s->ceiling.revocations.stale_warns)
		return 0;
	return err_set(e, ERR_REVOCATIONS_STALE, "%s; kennel trust fetch, or wait for its signer",
		       s->revoked.now.head.serial ? "the revocation list has expired"
						  : "there is no revocation list yet");
}

int revoked_check_launch(const struct supervisor *s, const uint8_t bundle_id[DIGEST_BYTES],
			 struct err *e)
{
	const char *reason = revoked_find(&s->revoked.now, LOADER_REVOKED_BUNDLE, bundle_id);

	if (reason && !strcmp(reason, "compromise"))
		return err_set(e, ERR_BUNDLE_REVOKED, "this bundle was revoked (%s)", reason);
	return 0;
}

json_t *revoked_describe(const struct supervisor *s)
{
	const struct revoked_state *r = &s->revoked;
	json_t *o = json_pack(
		"{s:b, s:I, s:I, s:I, s:I, s:b}", "configured", s->ceiling.revocations.configured,
		"serial", (json_int_t)r->now.head.serial, "issued", (json_int_t)r->now.head.issued,
		"expires", (json_int_t)r->now.head.expires, "entries",
		(json_int_t)r->now.head.count, "stale", is_stale(s));

	if (o && r->why.code != ERR_OK) {
		(void)json_object_set_new(o, "error", json_string(err_name(r->why.code)));
		(void)json_object_set_new(o, "text", feed_text(r->why.text));
	}
	return o;
}

/* ---- a new list ---- */

static int take_record(struct admit_job *j, const struct loader_msg *m, struct err *e)
{
	struct revoked_state *r = &j->s->revoked;
	const struct loader_revoked *one = &m->u.revoked;

	if (m->kind == LOADER_REVOCATIONS && !r->next.entries) {
		if (m->u.revocations.count > REVOCATIONS_MAX || m->u.revocations.serial == 0)
			return err_set(e, ERR_PROTOCOL, "the loader counts wrongly");
		r->next.head = m->u.revocations;
		r->next.entries = calloc(r->next.head.count + 1, sizeof(*r->next.entries));
		return r->next.entries ? 0 : err_set(e, ERR_NOMEM, "revocations");
	}
	if (m->kind != LOADER_REVOKED || r->received >= r->next.head.count ||
	    (one->kind != LOADER_REVOKED_BUNDLE && one->kind != LOADER_REVOKED_KEY) ||
	    one->reason < LOADER_REASON_COMPROMISE || one->reason >= LOADER_REASON_COUNT)
		return err_set(e, ERR_PROTOCOL, "the loader sent what is no revocation");
	r->next.entries[r->received++] = *one;
	return 0;
}

static int act_on(struct supervisor *s, const struct loader_revoked *one, const char *by,
		  struct err *e)
{
	struct distrust d = { .reason = revoked_find(&s->revoked.next, one->kind, one->digest),
			      .by = by };

	hex_encode(one->digest, DIGEST_BYTES, d.digest);
	return one->kind == LOADER_REVOKED_KEY ? distrust_key(s, &d, e) : distrust_bundle(s, &d, e);
}

static int take_effect(struct supervisor *s, struct err *e)
{
	struct revoked_state *r = &s->revoked;
	struct revoked_list before = r->now;
	char by[64], id[DIGEST_HEX_BYTES];

	(void)snprintf(by, sizeof(by), "revocation list %llu",
		       (unsigned long long)r->next.head.serial);
	hex_encode(r->next.head.id, DIGEST_BYTES, id);
	if (note_write(&(struct note){ .event = "trust.revocations",
				       .object = id,
				       .detail = by,
				       .count = r->next.head.count },
		       e) < 0)
		return -1;
	for (uint32_t i = 0; i < r->next.head.count; i++)
		if (act_on(s, &r->next.entries[i], by, e) < 0)
			return -1;
	if (revoked_save(s->store.state, &r->next, e) < 0)
		return -1;
	r->now = r->next;
	r->next = (struct revoked_list){ 0 };
	revoked_free_p(&before);
	r->told_stale = false;
	feed_host(s, "revocations", NULL, by);
	return 0;
}

static void answer(struct supervisor *s, const struct err *why)
{
	struct control_ref who = s->revoked.asked;

	s->revoked.asked = (struct control_ref){ 0 };
	if (!who.client)
		return;
	if (why && why->code != ERR_OK)
		control_refuse(s, who, why);
	else
		control_answer(s, who, revoked_describe(s));
}

/* The file is looked at again when it changes. */
static void finish(struct supervisor *s, const struct err *refused)
{
	struct revoked_state *r = &s->revoked;

	r->why = refused ? *refused : (struct err){ 0 };
	if (refused) {
		note_tell(s, &(struct note){ .event = "trust.revocations.refused",
					     .result = err_name(refused->code),
					     .detail = refused->text });
		feed_host(s, "revocations", NULL, refused->text);
	}
	revoked_free_p(&r->next);
	r->received = 0;
	r->busy = false;
	tell_stale(s);
	answer(s, refused);
}

static void on_read(struct admit_job *j, const struct err *refused)
{
	struct supervisor *s = j->s;
	struct revoked_state *r = &s->revoked;
	struct err e = { 0 };
	int newer = 1;

	if (refused)
		e = *refused;
	else if (!r->next.entries || r->received != r->next.head.count)
		(void)err_set(&e, ERR_PROTOCOL, "the loader's list is not whole");
	else
		newer = revoked_compare(&r->now, &r->next, &e);
	if (newer == 0 && take_effect(s, &e) < 0)
		memset(r->seen, 0, sizeof(r->seen)); /* once more, next time */
	finish(s, e.code == ERR_OK ? NULL : &e);
}

static int open_list(struct revoked_state *r, bool *ret_new, struct err *e)
{
	CLEANUP_FD int fd = -1;
	struct stat st;
	int64_t seen[4];

	if (r->folder < 0) {
		*e = r->why;
		return -1;
	}
	fd = openat(r->folder, LIST_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "the file of the revocation list");
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)STATEMENT_MAX)
		return err_set(e, ERR_LIMIT, "the revocation list is no file up to %u bytes",
			       STATEMENT_MAX);
	seen[0] = (int64_t)st.st_ino;
	seen[1] = st.st_size;
	seen[2] = st.st_ctim.tv_sec;
	seen[3] = st.st_ctim.tv_nsec;
	*ret_new = memcmp(seen, r->seen, sizeof(seen)) != 0;
	memcpy(r->seen, seen, sizeof(seen));
	return take_fd(fd);
}

static int look(struct supervisor *s, bool always, struct err *e)
{
	struct revoked_state *r = &s->revoked;
	struct admit_check c = { .kind = ADMIT_REVOCATIONS,
				 .what = "revocation list",
				 .staging_fd = -1,
				 .on_end = on_read,
				 .on_record = take_record };
	bool is_new = false;
	int fd = open_list(r, &is_new, e);

	if (fd < 0)
		return -1;
	if (!is_new && !always) {
		(void)close(fd);
		return 0;
	}
	c.fd = fd;
	r->busy = true;
	if (admit_check(s, &c, e) >= 0)
		return 1;
	r->busy = false;
	memset(r->seen, 0, sizeof(r->seen));
	return -1;
}

void revoked_on_time(struct supervisor *s, int64_t now_ms)
{
	struct revoked_state *r = &s->revoked;
	struct err e = { 0 };
	int found;

	if (!r->deadline_ms || r->deadline_ms > now_ms)
		return;
	r->deadline_ms = now_ms + (int64_t)s->ceiling.revocations.every_ms;
	if (r->busy)
		return;
	found = look(s, false, &e);
	if (found < 0)
		r->why = e;
	if (found <= 0)
		tell_stale(s);
}

int revoked_look(struct supervisor *s, struct control_ref who, struct err *e)
{
	if (!s->ceiling.revocations.configured)
		return err_set(e, ERR_CONFIG,
			       "the configuration names no revocation list: kennel.json(5), "
			       "\"revocations\"");
	if (s->revoked.asked.client)
		return err_set(e, ERR_STATE, "the list is being read; ask again in a moment");
	s->revoked.asked = who;
	if (s->revoked.busy) /* the answer is that look's */
		return CONTROL_LATER;
	if (look(s, true, e) > 0)
		return CONTROL_LATER;
	s->revoked.asked = (struct control_ref){ 0 };
	return -1;
}
