/* SPDX-License-Identifier: Apache-2.0 */
/* revocations.c - a list of what is not to be trusted any more. */
#include "bundle/revocations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "bundle/statement.h"

enum { NODES_MAX = REVOCATIONS_MAX * 6 + 16, WHERE_MAX = 32 };

static int parse_entry(struct json_place p, struct revoked *r, struct err *e)
{
	static const char *const keys[] = { "bundle", "key", "reason" };
	char hex[DIGEST_HEX_BYTES] = "", reason[NAME_MAX_BYTES];
	int found, bundle, key;

	if (json_check_keys(p, keys, countof(keys), e) < 0)
		return -1;
	bundle = json_get_str(p, "bundle", false, sizeof(hex), hex, e);
	key = bundle < 0 ? -1 : json_get_str(p, "key", false, sizeof(hex), hex, e);
	if (key < 0 || json_get_str(p, "reason", true, sizeof(reason), reason, e) < 0)
		return -1;
	if (bundle + key != 1 || !hex_decode(hex, r->digest, DIGEST_BYTES))
		return err_set(e, ERR_STATEMENT,
			       "%s: expected either bundle or key, 64 lower-case hex digits",
			       p.where);
	found = revocation_reason_from_name(reason);
	if (found < 0)
		return err_set(e, ERR_STATEMENT,
			       "%s/reason: expected compromise, superseded or retired", p.where);
	r->kind = bundle ? REVOKED_BUNDLE : REVOKED_KEY;
	r->reason = (enum revocation_reason)found;
	return 0;
}

static int compare(const struct revoked *a, const struct revoked *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return memcmp(a->digest, b->digest, DIGEST_BYTES);
}

static int parse_entries(const json_t *array, struct revocation_list *l, struct err *e)
{
	char where[WHERE_MAX];

	l->entries = calloc(json_array_size(array) + 1, sizeof(*l->entries));
	if (!l->entries)
		return err_set(e, ERR_NOMEM, "revocations");
	for (size_t i = 0; i < json_array_size(array); i++) {
		(void)snprintf(where, sizeof(where), "/entries/%zu", i);
		if (parse_entry((struct json_place){ json_array_get(array, i), where },
				&l->entries[i], e) < 0)
			return -1;
		if (i > 0 && compare(&l->entries[i - 1], &l->entries[i]) >= 0)
			return err_set(e, ERR_STATEMENT, "%s: does not come after the one before",
				       where);
		l->count = i + 1;
	}
	return 0;
}

static int parse(const struct statement *s, struct revocation_list *l, struct err *e)
{
	static const char *const keys[] = { "_type", "entries", "expires", "issued", "serial" };
	CLEANUP(json_decref_p) json_t *j = NULL;
	json_t *entries = NULL;
	uint64_t issued, expires;
	struct json_place top;

	if (statement_parse(s, REVOCATIONS_TYPE, NODES_MAX, &j, e) < 0)
		return -1;
	top = (struct json_place){ j, "" };
	if (json_check_keys(top, keys, countof(keys), e) < 0 ||
	    json_get_uint(top, "serial", true, REVOCATIONS_SERIAL_MAX, &l->serial, e) < 0 ||
	    json_get_uint(top, "issued", true, INT64_MAX, &issued, e) < 0 ||
	    json_get_uint(top, "expires", true, INT64_MAX, &expires, e) < 0 ||
	    json_get_array(top, "entries", true, REVOCATIONS_MAX, &entries, e) < 0)
		return -1;
	if (l->serial == 0 || expires <= issued)
		return err_set(e, ERR_STATEMENT,
			       "/serial is at least 1, and /expires comes after /issued");
	l->issued = (int64_t)issued;
	l->expires = (int64_t)expires;
	return parse_entries(entries, l, e);
}

int revocations_check(const char *text, size_t n, const struct trust *t, int64_t now_s,
		      struct revocation_list *ret, struct err *e)
{
	CLEANUP(revocation_list_free_p) struct revocation_list l = { 0 };
	struct statement s;

	if (statement_read(text, n, t, &s, e) < 0 ||
	    statement_count(&s, TRUST_FOR_REVOCATIONS, now_s, e) < 0 || parse(&s, &l, e) < 0)
		return err_wrap(e, "revocation list");
	for (size_t i = 0; i < s.count; i++)
		if (s.signers[i] &&
		    trust_state(s.signers[i], TRUST_FOR_REVOCATIONS, now_s) == TRUST_GOOD)
			l.signer = s.signers[i];
	digest_of(s.line.p, s.line.n, l.id);
	*ret = l;
	l.entries = NULL;
	return 0;
}

void revocation_list_free_p(struct revocation_list *l)
{
	free(l->entries);
	*l = (struct revocation_list){ 0 };
}
