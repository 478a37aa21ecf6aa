/* SPDX-License-Identifier: Apache-2.0 */
/* statement.c - a signed statement: one line of canonical JSON and the signatures below. */
#include "bundle/statement.h"

#include <string.h>

#include "base/cleanup.h"

enum { SIGNATURE_LINES = 4, STATEMENT_DEPTH = 3 };

/* The bytes of the next four lines; 0: there are not as many. */
static size_t signature_bytes(const char *at, size_t n)
{
	size_t used = 0;

	for (int i = 0; i < SIGNATURE_LINES; i++) {
		const char *newline = used < n ? memchr(at + used, '\n', n - used) : NULL;

		if (!newline)
			return 0;
		used = (size_t)(newline - at) + 1;
	}
	return used;
}

/* As for a bundle: a signature that names a trusted key and does not hold is never ignored. */
static int find_signer(const struct trust *t, struct statement *s, size_t i, struct err *e)
{
	const struct signature *sig = &s->signatures[i];
	bool named = false;

	for (size_t k = 0; k < t->count; k++) {
		if (memcmp(t->keys[k].key.id, sig->id, sizeof(sig->id)) != 0)
			continue;
		named = true;
		if (!sign_holds(sig, &t->keys[k].key, s->line.p, s->line.n))
			continue;
		for (size_t j = 0; j < i; j++)
			if (s->signers[j] == &t->keys[k])
				return err_set(e, ERR_SIGNATURE_FORMAT,
					       "signatures %zu and %zu are of one key", j + 1,
					       i + 1);
		s->signers[i] = &t->keys[k];
		return 0;
	}
	if (named)
		return err_set(e, ERR_SIGNATURE,
			       "signature %zu names a trusted key and does not hold", i + 1);
	return 0;
}

int statement_read(const char *text, size_t n, const struct trust *t, struct statement *ret,
		   struct err *e)
{
	const char *newline = n && n <= STATEMENT_MAX ? memchr(text, '\n', n) : NULL;
	struct statement s = { 0 };
	size_t at;

	if (n > STATEMENT_MAX)
		return err_set(e, ERR_LIMIT, "statement larger than %u bytes", STATEMENT_MAX);
	if (!newline || newline == text)
		return err_set(e, ERR_STATEMENT, "a statement is one line, signed below");
	at = (size_t)(newline - text) + 1;
	s.line = (struct span){ (const uint8_t *)text, at };
	while (at < n) {
		size_t used = signature_bytes(text + at, n - at);

		if (s.count == BUNDLE_SIGNATURES_MAX)
			return err_set(e, ERR_LIMIT, "more than %u signatures",
				       BUNDLE_SIGNATURES_MAX);
		if (used == 0)
			return err_set(e, ERR_SIGNATURE_FORMAT, "signature %zu is not four lines",
				       s.count + 1);
		if (sign_parse(text + at, used, &s.signatures[s.count], e) < 0 ||
		    find_signer(t, &s, s.count, e) < 0)
			return -1;
		s.count++;
		at += used;
	}
	if (s.count == 0)
		return err_set(e, ERR_SIGNATURE_FORMAT, "the statement is not signed");
	*ret = s;
	return 0;
}

static int explain(const struct statement *s, enum trust_use use, int64_t now_s, struct err *e)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct trust_key *k = s->signers[i];

		if (!k)
			continue;
		switch (trust_state(k, use, now_s)) {
		case TRUST_REVOKED:
			return err_set(e, ERR_KEY_REVOKED, "key \"%s\" was revoked (%s)", k->label,
				       revocation_reason_name(k->reason));
		case TRUST_EXPIRED:
			return err_set(e, ERR_KEY_EXPIRED, "key \"%s\" has expired", k->label);
		case TRUST_OTHER_USE:
			return err_set(e, ERR_UNTRUSTED, "key \"%s\" is not trusted for this",
				       k->label);
		case TRUST_GOOD:
			break;
		}
	}
	return err_set(e, ERR_UNTRUSTED, "no key that is trusted here signed it");
}

int statement_count(const struct statement *s, enum trust_use use, int64_t now_s, struct err *e)
{
	unsigned int good = 0;

	for (size_t i = 0; i < s->count; i++)
		good += s->signers[i] && trust_state(s->signers[i], use, now_s) == TRUST_GOOD;
	if (good == 0)
		return explain(s, use, now_s, e);
	for (size_t i = 0; i < s->count; i++) {
		const struct trust_key *k = s->signers[i];

		if (k && trust_state(k, use, now_s) == TRUST_GOOD && k->threshold > good)
			return err_set(
				e, ERR_UNTRUSTED,
				"key \"%s\" counts only with %u trusted signatures, here are "
				"%u",
				k->label, k->threshold, good);
	}
	return (int)good;
}

int statement_parse(const struct statement *s, const char *type, unsigned int nodes_max,
		    json_t **ret, struct err *e)
{
	CLEANUP(json_decref_p) json_t *j = NULL;
	CLEANUP(free_p) char *again = NULL;
	const char *found;
	size_t len = 0;

	if (json_parse((const char *)s->line.p, s->line.n, STATEMENT_DEPTH, nodes_max, &j, e) < 0)
		return -1;
	again = json_print_canonical(j, &len);
	if (!again)
		return err_set(e, ERR_NOMEM, "statement");
	if (len + 1 != s->line.n || memcmp(again, s->line.p, len) != 0)
		return err_set(e, ERR_STATEMENT, "not canonical: sorted keys, no spaces, ASCII");
	found = json_string_value(json_object_get(j, "_type"));
	if (!found || strcmp(found, type) != 0)
		return err_set(e, ERR_STATEMENT, "/_type: expected \"%s\"", type);
	*ret = take_ptr(j);
	return 0;
}
