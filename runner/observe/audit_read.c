/* SPDX-License-Identifier: Apache-2.0 */
/* audit_read.c - verify a log without trusting its writer.
 * A record is known good when the next one carries its hash, or a signed checkpoint does. So a bad
 * link between two records accuses the first one only if the second is vouched for itself. */
#include "observe/audit_read.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "observe/audit.h"

struct checkpoint {
	uint64_t size;
	uint8_t hash[DIGEST_BYTES];
};

struct walk {
	struct checkpoint *points;
	size_t point_count;
	size_t next_point;
	uint8_t last_hash[DIGEST_BYTES];
	uint64_t last_offset;
	uint64_t suspect; /* the record before a bad link, until the next line decides; 0: none */
	uint64_t suspect_offset;
	struct audit_verdict v;
};

/* ---- checkpoints ---- */

static int parse_checkpoint(const char *line, const char *name, const uint8_t public_key[32],
			    struct checkpoint *ret, struct err *e)
{
	const char *last_space = strrchr(line, ' ');
	char head[128], expect[NAME_MAX_BYTES + 32];
	uint8_t sig[crypto_sign_BYTES];
	size_t n = 0;
	char *end;

	(void)snprintf(expect, sizeof(expect), "kennel.checkpoint/1 %s ", name);
	if (!last_space || (size_t)(last_space - line) >= sizeof(head) + NAME_MAX_BYTES ||
	    strncmp(line, expect, strlen(expect)) != 0)
		return err_set(e, ERR_AUDIT_TAMPERED, "a checkpoint of another form or log");
	if (sodium_base642bin(sig, sizeof(sig), last_space + 1, strlen(last_space + 1), NULL, &n,
			      NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    n != sizeof(sig) ||
	    crypto_sign_verify_detached(sig, (const uint8_t *)line, (size_t)(last_space - line),
					public_key) != 0)
		return err_set(e, ERR_AUDIT_TAMPERED, "a checkpoint whose signature does not hold");
	ret->size = strtoull(line + strlen(expect), &end, 10);
	if (*end != ' ' || last_space - end != 65)
		return err_set(e, ERR_AUDIT_TAMPERED, "a checkpoint of another form");
	memcpy(head, end + 1, 64);
	head[64] = '\0';
	if (!hex_decode(head, ret->hash, DIGEST_BYTES))
		return err_set(e, ERR_AUDIT_TAMPERED, "a checkpoint of another form");
	return 0;
}

static int load_checkpoints(int logdir, const char *name, const uint8_t public_key[32],
			    struct walk *w, struct err *e)
{
	CLEANUP(fclose_p) FILE *f = NULL;
	char line[512];
	int fd = openat(logdir, AUDIT_CHECKPOINTS, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return 0; /* none yet; the caller reports how many records no checkpoint covers */
	f = fdopen(fd, "r");
	if (!f)
		return err_sys(e, "read checkpoints");
	while (fgets(line, sizeof(line), f)) {
		struct checkpoint *grown;
		char *nl = strchr(line, '\n');

		if (!nl)
			return err_set(e, ERR_AUDIT_TORN, "the last checkpoint is cut");
		*nl = '\0';
		grown = reallocarray(w->points, w->point_count + 1, sizeof(*grown));
		if (!grown)
			return err_set(e, ERR_NOMEM, "checkpoints");
		w->points = grown;
		if (parse_checkpoint(line, name, public_key, &grown[w->point_count], e) < 0)
			return err_wrap(e, "checkpoint %zu", w->point_count + 1);
		if (w->point_count && grown[w->point_count].size <= grown[w->point_count - 1].size)
			return err_set(e, ERR_AUDIT_TAMPERED, "checkpoint %zu goes back",
				       w->point_count + 1);
		w->point_count++;
	}
	w->v.checkpoints = w->point_count;
	return 0;
}

/* ---- records ---- */

static int accuse(struct walk *w, uint64_t record, uint64_t offset, const char *why, struct err *e)
{
	w->v.bad_record = record;
	w->v.bad_offset = offset;
	return err_set(e, ERR_AUDIT_TAMPERED, "record %llu, at byte %llu of its segment: %s",
		       (unsigned long long)record, (unsigned long long)offset, why);
}

static bool carries(const char *line, const uint8_t hash[DIGEST_BYTES])
{
	const char *p = audit_line_field(line, "p");
	char text[AUDIT_HASH_TEXT];

	audit_hash_text(hash, text);
	return p && p[0] == '"' && !strncmp(p + 1, text, AUDIT_HASH_TEXT - 1) &&
	       p[AUDIT_HASH_TEXT] == '"';
}

/* Records are printable ASCII: anything else, such as two lines that lost the newline between them,
 * is no record. */
static bool is_plain(const char *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (line[i] < 0x20 || line[i] > 0x7e)
			return false;
	return true;
}

/* n is the line's length without its newline. */
static int take_line(struct walk *w, const char *line, size_t n, uint64_t offset, struct err *e)
{
	uint64_t record = w->v.records + 1;
	bool link = carries(line, w->last_hash);
	const char *seq = audit_line_field(line, "seq");

	if (w->suspect)
		return link ? accuse(w, w->suspect, w->suspect_offset,
				     "the next record carries another hash", e)
			    : accuse(w, record - 1, w->last_offset,
				     "its link to the record before is wrong", e);
	if (!link && record == 1)
		return accuse(w, 1, offset, "the first record does not start a chain", e);
	if (!link) {
		w->suspect = record - 1;
		w->suspect_offset = w->last_offset;
	} else if (!is_plain(line, n) || !seq || strtoull(seq, NULL, 10) != record) {
		return accuse(w, record, offset, "it is not a record of that number", e);
	}
	audit_leaf_hash(line, n, w->last_hash);
	w->last_offset = offset;
	w->v.records = record;
	if (w->next_point < w->point_count && w->points[w->next_point].size == record) {
		bool good = !memcmp(w->points[w->next_point].hash, w->last_hash, DIGEST_BYTES);

		if (w->suspect && good)
			return accuse(w, w->suspect, w->suspect_offset,
				      "the next record carries another hash", e);
		if (!good)
			return accuse(w, record, offset,
				      "the signed checkpoint pins another record", e);
		w->v.covered = record;
		w->next_point++;
	}
	return 0;
}

static int walk_segment(struct walk *w, int logdir, const char *name, struct err *e)
{
	CLEANUP(fclose_p) FILE *f = NULL;
	CLEANUP(free_p) char *line = NULL;
	size_t cap = 0;
	uint64_t offset = 0;
	ssize_t n;
	int fd = openat(logdir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (!f) {
		fd_close_p(&fd);
		return err_set(e, ERR_AUDIT_UNVERIFIABLE, "cannot read %s", name);
	}
	while ((n = getline(&line, &cap, f)) > 0) {
		if (n > (ssize_t)AUDIT_LINE_MAX)
			return accuse(w, w->v.records + 1, offset, "longer than any record", e);
		if (line[n - 1] != '\n') {
			w->v.torn_bytes = (uint64_t)n;
			break;
		}
		line[n - 1] = '\0';
		if (take_line(w, line, (size_t)n - 1, offset, e) < 0)
			return -1;
		offset += (uint64_t)n;
	}
	return ferror(f) ? err_set(e, ERR_AUDIT_UNVERIFIABLE, "cannot read %s", name) : 0;
}

static int next_segment(int logdir, uint64_t first, char name[64])
{
	(void)snprintf(name, 64, "%020llu.jsonl", (unsigned long long)first);
	return faccessat(logdir, name, F_OK, 0);
}

static int walk_all(struct walk *w, int logdir, struct err *e)
{
	char name[64];

	while (next_segment(logdir, w->v.records + 1, name) == 0) {
		uint64_t before = w->v.records;

		if (w->v.torn_bytes)
			return accuse(w, before + 1, 0,
				      "a segment before the last one ends in the middle of a line",
				      e);
		if (walk_segment(w, logdir, name, e) < 0)
			return -1;
		if (w->v.records == before)
			break;
	}
	if (w->suspect)
		return accuse(w, w->suspect, w->suspect_offset,
			      "the last record carries another hash", e);
	if (w->next_point < w->point_count)
		return accuse(w, w->v.records + 1, 0,
			      "a signed checkpoint covers records that are gone", e);
	if (w->v.torn_bytes)
		return err_set(e, ERR_AUDIT_TORN, "%llu bytes after record %llu are no whole line",
			       (unsigned long long)w->v.torn_bytes,
			       (unsigned long long)w->v.records);
	return 0;
}

int audit_verify(int logdir, const char *name, const uint8_t public_key[32],
		 struct audit_verdict *ret, struct err *e)
{
	struct walk w = { 0 };
	int r = load_checkpoints(logdir, name, public_key, &w, e);

	if (r == 0)
		r = walk_all(&w, logdir, e);
	free(w.points);
	*ret = w.v;
	return r;
}
