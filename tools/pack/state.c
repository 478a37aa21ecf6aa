/* SPDX-License-Identifier: Apache-2.0 */
/* state.c - signed statements about keys: rotations and revocation lists. */
#include "tools/pack/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "bundle/revocations.h"
#include "bundle/rotate.h"

/* The canonical line of j (taken), with its newline. */
static int put_line(json_t *j, struct buffer *out, struct err *e)
{
	size_t n = 0;
	CLEANUP(free_p) char *text = j ? json_print_canonical(j, &n) : NULL;

	json_decref(j);
	if (!text || buffer_append(out, text, n, STATEMENT_MAX) < 0 ||
	    buffer_append(out, "\n", 1, STATEMENT_MAX) < 0)
		return err_set(e, ERR_LIMIT, "statement larger than %u bytes", STATEMENT_MAX);
	return 0;
}

static int put_signature(const struct secret_key *k, size_t line_bytes, struct buffer *out,
			 struct err *e)
{
	char text[SIGNATURE_FILE_MAX];

	secret_sign(k, out->p, line_bytes, text);
	if (buffer_append(out, text, strlen(text), STATEMENT_MAX) < 0)
		return err_set(e, ERR_LIMIT, "statement larger than %u bytes", STATEMENT_MAX);
	return 0;
}

/* A host that trusts exactly this key. */
static int trust_only(const struct secret_key *k, uint32_t uses, struct trust *ret, struct err *e)
{
	struct public_key public;

	secret_public(k, &public);
	if (trust_from_key(&public, ret, e) < 0)
		return -1;
	ret->keys[0].uses = uses;
	return 0;
}

int state_rotate(const struct secret_key *from, const struct secret_key *to, int64_t issued,
		 struct buffer *ret, struct err *e)
{
	CLEANUP(trust_free_p) struct trust trust = { 0 };
	CLEANUP(buffer_free_p) struct buffer out = { 0 };
	char file[SECRET_FILE_MAX], hex[DIGEST_HEX_BYTES];
	struct public_key old;
	struct rotation r;
	const char *line;
	size_t n;

	secret_public(from, &old);
	hex_encode(old.fingerprint, DIGEST_BYTES, hex);
	secret_print_public(to, file);
	line = strchr(file, '\n');
	if (!line)
		return err_set(e, ERR_INTERNAL, "public key");
	line++;
	if (put_line(json_pack("{s:s, s:s, s:I, s:s%}", "_type", ROTATE_TYPE, "from", hex, "issued",
			       (json_int_t)issued, "to", line, strcspn(line, "\n")),
		     &out, e) < 0)
		return -1;
	n = out.len;
	if (put_signature(from, n, &out, e) < 0 || put_signature(to, n, &out, e) < 0 ||
	    trust_only(from, TRUST_FOR_BUNDLES, &trust, e) < 0 ||
	    rotate_check((const char *)out.p, out.len, &trust, issued, &r, e) < 0)
		return -1;
	*ret = out;
	out = (struct buffer){ 0 };
	return 0;
}

/* ---- revocation lists ---- */

/* "key 0123… compromise" */
static int take_line(const char *line, size_t number, json_t *entries, struct err *e)
{
	char kind[8], hex[DIGEST_HEX_BYTES], reason[16], rest[2];
	uint8_t digest[DIGEST_BYTES];
	int n = sscanf(line, "%7s %64s %15s %1s", kind, hex, reason, rest);

	if (n <= 0 || kind[0] == '#')
		return 0;
	if (n != 3 || (strcmp(kind, "key") != 0 && strcmp(kind, "bundle") != 0) ||
	    !hex_decode(hex, digest, sizeof(digest)) || revocation_reason_from_name(reason) < 0)
		return err_set(
			e, ERR_STATEMENT,
			"line %zu: expected \"key FINGERPRINT REASON\" or \"bundle ID REASON\"; "
			"a reason is compromise, superseded or retired",
			number);
	if (json_array_append_new(entries, json_pack("{s:s, s:s}", kind, hex, "reason", reason)) <
	    0)
		return err_set(e, ERR_NOMEM, "revocation list");
	return 0;
}

static int take_lines(const struct state_list *l, json_t *entries, struct err *e)
{
	CLEANUP(free_p) char *text = strndup(l->text, l->n);
	size_t number = 1;

	if (!text)
		return err_set(e, ERR_NOMEM, "revocation list");
	for (char *at = text; *at; number++) {
		char *end = at + strcspn(at, "\n");
		bool last = !*end;

		*end = '\0';
		if (take_line(at, number, entries, e) < 0)
			return -1;
		at = last ? end : end + 1;
	}
	return 0;
}

/* By the text of an entry: "bundle" sorts before "key", and digests are of one length. */
static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int sort(json_t *entries, struct err *e)
{
	size_t n = json_array_size(entries);
	CLEANUP(free_p) const char **texts = calloc(n + 1, sizeof(*texts));
	CLEANUP(json_decref_p) json_t *sorted = json_array();
	size_t made = 0;
	int bad = !texts || !sorted;

	for (; !bad && made < n; made++) {
		texts[made] = json_print_canonical(json_array_get(entries, made), NULL);
		bad = !texts[made];
	}
	if (!bad)
		qsort(texts, n, sizeof(*texts), compare);
	for (size_t i = 0; !bad && i < n; i++)
		bad = json_array_append_new(sorted, json_loads(texts[i], 0, NULL)) < 0;
	if (!bad)
		bad = json_array_clear(entries) < 0 || json_array_extend(entries, sorted) < 0;
	for (size_t i = 0; i < made && texts; i++)
		free((void *)(uintptr_t)texts[i]);
	return bad ? err_set(e, ERR_NOMEM, "revocation list") : 0;
}

int state_revocations(const struct state_list *l, const struct secret_key *k, struct buffer *ret,
		      struct err *e)
{
	CLEANUP(revocation_list_free_p) struct revocation_list again = { 0 };
	CLEANUP(json_decref_p) json_t *entries = json_array();
	CLEANUP(trust_free_p) struct trust trust = { 0 };
	CLEANUP(buffer_free_p) struct buffer out = { 0 };

	if (!entries)
		return err_set(e, ERR_NOMEM, "revocation list");
	if (take_lines(l, entries, e) < 0 || sort(entries, e) < 0 ||
	    put_line(json_pack("{s:s, s:O, s:I, s:I, s:I}", "_type", REVOCATIONS_TYPE, "entries",
			       entries, "expires", (json_int_t)l->expires, "issued",
			       (json_int_t)l->issued, "serial", (json_int_t)l->serial),
		     &out, e) < 0 ||
	    put_signature(k, out.len, &out, e) < 0 ||
	    trust_only(k, TRUST_FOR_REVOCATIONS, &trust, e) < 0 ||
	    revocations_check((const char *)out.p, out.len, &trust, l->issued, &again, e) < 0)
		return -1;
	*ret = out;
	out = (struct buffer){ 0 };
	return 0;
}

int state_add_signature(const struct buffer *statement, const struct secret_key *k,
			struct buffer *ret, struct err *e)
{
	const uint8_t *newline = statement->len ? memchr(statement->p, '\n', statement->len) : NULL;
	CLEANUP(revocation_list_free_p) struct revocation_list again = { 0 };
	CLEANUP(trust_free_p) struct trust trust = { 0 };
	CLEANUP(buffer_free_p) struct buffer out = { 0 };

	if (!newline)
		return err_set(e, ERR_STATEMENT, "a statement is one line, signed below");
	if (buffer_append(&out, statement->p, statement->len, STATEMENT_MAX) < 0)
		return err_set(e, ERR_LIMIT, "statement larger than %u bytes", STATEMENT_MAX);
	if (put_signature(k, (size_t)(newline - statement->p) + 1, &out, e) < 0 ||
	    trust_only(k, TRUST_FOR_REVOCATIONS, &trust, e) < 0 ||
	    revocations_check((const char *)out.p, out.len, &trust, 0, &again, e) < 0)
		return -1;
	*ret = out;
	out = (struct buffer){ 0 };
	return 0;
}
