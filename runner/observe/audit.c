/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - one append-only, hash-chained log of JSON lines, and its signed checkpoints. */
#include "observe/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/fs.h"

enum { FIELD_ESCAPED_MAX = 1024, FIELD_HEAD = 128 };

void audit_leaf_hash(const char *line, size_t n, uint8_t ret[DIGEST_BYTES])
{
	crypto_hash_sha256_state s;
	const uint8_t leaf_prefix = 0;

	(void)crypto_hash_sha256_init(&s);
	(void)crypto_hash_sha256_update(&s, &leaf_prefix, 1);
	(void)crypto_hash_sha256_update(&s, (const uint8_t *)line, n);
	(void)crypto_hash_sha256_final(&s, ret);
}

void audit_hash_text(const uint8_t hash[DIGEST_BYTES], char ret[AUDIT_HASH_TEXT])
{
	(void)sodium_bin2base64(ret, AUDIT_HASH_TEXT, hash, DIGEST_BYTES,
				sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

const char *audit_line_field(const char *line, const char *key)
{
	char pattern[NAME_MAX_BYTES + 4];
	const char *at;

	(void)snprintf(pattern, sizeof(pattern), "\"%s\":", key);
	at = strstr(line, pattern);
	return at ? at + strlen(pattern) : NULL;
}

int audit_key_load(int dirfd, struct audit_key *ret, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	char hex[2 * sizeof(ret->public) + 1];
	struct err probe;

	if (fs_read_file(dirfd, AUDIT_KEY_FILE, sizeof(ret->secret), &b, &probe) == 0) {
		if (b.len != sizeof(ret->secret))
			return err_set(e, ERR_AUDIT, "%s is %zu bytes, expected 64", AUDIT_KEY_FILE,
				       b.len);
		memcpy(ret->secret, b.p, sizeof(ret->secret));
		memcpy(ret->public, b.p + 32,
		       sizeof(ret->public)); /* the second half, by definition */
		sodium_memzero(b.p, b.len);
		return 0;
	}
	if (probe.sys != ENOENT)
		return err_set(e, ERR_AUDIT, "%s", probe.text);
	(void)crypto_sign_keypair(ret->public, ret->secret);
	hex_encode(ret->public, sizeof(ret->public), hex);
	if (fs_write_atomic(dirfd, AUDIT_PUBKEY_FILE, hex, strlen(hex), 0444, e) < 0)
		return -1;
	return fs_write_atomic(dirfd, AUDIT_KEY_FILE, ret->secret, sizeof(ret->secret), 0600, e);
}

/* ---- opening ---- */

static int find_last_segment(int dir, char ret_name[64], struct err *e)
{
	CLEANUP(closedir_p) DIR *d = fs_opendir(dir, ".", e);
	struct dirent *de;
	int r;

	if (!d)
		return err_wrap(e, "the log folder");
	ret_name[0] = '\0';
	while ((r = fs_next(d, &de, e)) > 0)
		if (strlen(de->d_name) == 26 && !strcmp(de->d_name + 20, ".jsonl") &&
		    strcmp(de->d_name, ret_name) > 0)
			(void)copy_str(ret_name, 64, de->d_name);
	return r;
}

static int open_segment(struct audit_log *l, uint64_t first_seq, struct err *e)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%020llu.jsonl", (unsigned long long)first_seq);
	fd_close_p(&l->fd);
	l->fd = openat(l->dir, name, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (l->fd < 0)
		return err_sys(e, "open %s", name);
	l->size_bytes = 0;
	return fsync(l->dir) < 0 ? err_sys(e, "sync the log folder") : 0;
}

static int keep_torn(struct audit_log *l, const struct buffer *b, size_t whole, struct err *e)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "torn-%020llu", (unsigned long long)l->seq + 1);
	if (fs_write_atomic(l->dir, name, b->p + whole, b->len - whole, 0440, e) < 0)
		return -1;
	if (ftruncate(l->fd, (off_t)whole) < 0 || fsync(l->fd) < 0)
		return err_sys(e, "cut the torn line");
	return 0;
}

static int read_tail(struct audit_log *l, const char *name, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer b = { 0 };
	unsigned long long first = strtoull(name, NULL, 10);
	size_t whole, start;
	const char *seq;

	if (fs_read_file(l->dir, name, AUDIT_SEGMENT_MAX + AUDIT_LINE_MAX, &b, e) < 0)
		return -1;
	if (open_segment(l, first, e) < 0)
		return -1;
	for (whole = b.len; whole > 0 && b.p[whole - 1] != '\n';)
		whole--;
	l->size_bytes = (int64_t)whole;
	l->seq = first - 1;
	if (whole > 0) {
		for (start = whole - 1; start > 0 && b.p[start - 1] != '\n';)
			start--;
		b.p[whole - 1] = '\0';
		seq = audit_line_field((char *)b.p + start, "seq");
		if (!seq)
			return err_set(e, ERR_AUDIT, "%s: the last line is no record", name);
		l->seq = strtoull(seq, NULL, 10);
		audit_leaf_hash((char *)b.p + start, whole - 1 - start, l->last_hash);
	} else if (l->seq > 0) {
		return err_set(e, ERR_AUDIT, "%s is empty and earlier records exist", name);
	}
	return whole < b.len ? keep_torn(l, &b, whole, e) + 1 : 0;
}

static int record_recovery(struct audit_log *l, struct err *e)
{
	struct audit_record r = { .abi = AUDIT_ABI, .class = AUDIT_DURABLE };

	(void)copy_str(r.event, sizeof(r.event), "log.recovered");
	(void)snprintf(r.detail, sizeof(r.detail), "a torn line was moved to torn-%020llu",
		       (unsigned long long)l->seq + 1);
	if (audit_log_append(l, &r, NULL, e) < 0)
		return -1;
	return audit_log_sync(l, e);
}

int audit_log_open(int dirfd, const char *name, struct audit_log *ret, struct err *e)
{
	struct audit_log l = { .dir = -1, .fd = -1 };
	char last[64];
	int torn = 0;

	if (!name_is_valid(name) || !copy_str(l.name, sizeof(l.name), name))
		return err_set(e, ERR_AUDIT, "log name is not valid");
	l.dir = fs_open_dir(dirfd, name, true, 0750, e);
	if (l.dir < 0)
		return -1;
	if (find_last_segment(l.dir, last, e) < 0)
		goto fail;
	if (last[0])
		torn = read_tail(&l, last, e);
	else if (open_segment(&l, 1, e) < 0)
		goto fail;
	if (torn < 0 || (torn > 0 && record_recovery(&l, e) < 0))
		goto fail;
	*ret = l;
	return 0;
fail:
	audit_log_close(&l);
	return err_wrap(e, "audit log %s", name);
}

void audit_log_close(struct audit_log *l)
{
	fd_close_p(&l->fd);
	fd_close_p(&l->dir);
}

/* ---- writing ---- */

static void put_long_text(struct writer *w, const char *text)
{
	uint8_t digest[DIGEST_BYTES];
	char hex[DIGEST_HEX_BYTES];

	(void)crypto_hash_sha256(digest, (const uint8_t *)text, strlen(text));
	hex_encode(digest, sizeof(digest), hex);
	writer_str(w, "{\"head\":");
	writer_json_str(w, text, strnlen(text, FIELD_HEAD));
	writer_fmt(w, ",\"len\":%zu,\"sha256\":\"%s\"}", strlen(text), hex);
}

static void put_text(struct writer *w, const char *key, const char *text)
{
	char escaped[FIELD_ESCAPED_MAX];
	struct writer probe;

	if (!text[0])
		return;
	writer_fmt(w, "\"%s\":", key);
	writer_init(&probe, escaped, sizeof(escaped));
	writer_json_str(&probe, text, strlen(text));
	if (probe.full)
		put_long_text(w, text);
	else
		writer_bytes(w, escaped, probe.len);
	writer_str(w, ",");
}

/* Keys in byte order, so that a canonical re-dump gives the same line. */
static int format_line(const struct audit_log *l, const struct audit_record *r, struct writer *w,
		       struct err *e)
{
	char hash[AUDIT_HASH_TEXT], t[CLOCK_TEXT_BYTES];

	audit_hash_text(l->last_hash, hash);
	clock_format_utc(clock_wall_ns(), t);
	writer_str(w, "{\"_type\":\"kennel.log/1\",");
	put_text(w, "bundle", r->bundle);
	put_text(w, "cap", r->cap);
	if (r->count > 1)
		writer_fmt(w, "\"count\":%llu,", (unsigned long long)r->count);
	put_text(w, "detail", r->detail);
	put_text(w, "ev", r->event);
	put_text(w, "inst", r->instance);
	put_text(w, "method", r->method);
	put_text(w, "object", r->object);
	writer_fmt(w, "\"p\":\"%s\",", hash);
	put_text(w, "plugin", r->plugin);
	put_text(w, "res", r->result);
	writer_fmt(w, "\"seq\":%llu,\"t\":\"%s\"", (unsigned long long)l->seq + 1, t);
	if (r->tenant[0]) {
		writer_str(w, ",\"tenant\":");
		writer_json_str(w, r->tenant, strlen(r->tenant));
	}
	writer_str(w, "}\n");
	if (w->full)
		return err_set(e, ERR_AUDIT, "a record longer than %u bytes", AUDIT_LINE_MAX);
	return 0;
}

static int write_line(struct audit_log *l, const struct writer *w, struct err *e)
{
	if (fd_write_all(l->fd, w->p, w->len) == 0)
		return 0;
	l->failed = true;
	(void)err_sys(e, "write the audit log %s", l->name);
	/* A part of the line may be there; without it the log ends in a whole record. */
	if (ftruncate(l->fd, l->size_bytes) < 0)
		return err_wrap(e, "and its torn line could not be cut");
	if (e)
		e->code = ERR_AUDIT;
	return -1;
}

int audit_log_append(struct audit_log *l, const struct audit_record *r, uint64_t *ret_seq,
		     struct err *e)
{
	char line[AUDIT_LINE_MAX];
	struct writer w;

	if (l->failed)
		return err_set(e, ERR_AUDIT, "the log %s failed earlier; restart kenneld", l->name);
	if (l->size_bytes >= AUDIT_SEGMENT_MAX &&
	    (audit_log_sync(l, e) < 0 || open_segment(l, l->seq + 1, e) < 0)) {
		l->failed = true;
		return -1;
	}
	writer_init(&w, line, sizeof(line));
	if (format_line(l, r, &w, e) < 0 || write_line(l, &w, e) < 0)
		return -1;
	l->size_bytes += (int64_t)w.len;
	l->seq++;
	l->unsynced = true;
	audit_leaf_hash(line, w.len - 1, l->last_hash);
	if (ret_seq)
		*ret_seq = l->seq;
	return 0;
}

int audit_log_sync(struct audit_log *l, struct err *e)
{
	if (l->failed)
		return err_set(e, ERR_AUDIT, "the log %s failed earlier", l->name);
	if (!l->unsynced)
		return 0;
	if (fdatasync(l->fd) < 0) {
		/* The kernel may have dropped the dirty pages: a retry could report success for
		 * lost data. */
		l->failed = true;
		return err_sys(e, "sync the audit log %s", l->name);
	}
	l->unsynced = false;
	return 0;
}

int audit_log_checkpoint(struct audit_log *l, const struct audit_key *k, struct err *e)
{
	char line[512], hex[DIGEST_HEX_BYTES], sig_text[96];
	uint8_t sig[crypto_sign_BYTES];
	CLEANUP_FD int fd = -1;
	struct writer w;

	if (l->checkpointed == l->seq || l->seq == 0)
		return 0;
	if (audit_log_sync(l, e) < 0)
		return -1;
	hex_encode(l->last_hash, sizeof(l->last_hash), hex);
	writer_init(&w, line, sizeof(line));
	writer_fmt(&w, "kennel.checkpoint/1 %s %llu %s", l->name, (unsigned long long)l->seq, hex);
	(void)crypto_sign_detached(sig, NULL, (const uint8_t *)line, w.len, k->secret);
	(void)sodium_bin2base64(sig_text, sizeof(sig_text), sig, sizeof(sig),
				sodium_base64_VARIANT_ORIGINAL);
	writer_fmt(&w, " %s\n", sig_text);
	fd = openat(l->dir, AUDIT_CHECKPOINTS,
		    O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0 || w.full || fd_write_all(fd, line, w.len) < 0 || fdatasync(fd) < 0) {
		l->failed = true;
		return err_sys(e, "write a checkpoint of %s", l->name);
	}
	l->checkpointed = l->seq;
	return 0;
}
