/* SPDX-License-Identifier: Apache-2.0 */
/* rotate.c - "this key's work goes on under that one", signed by both. */
#include "bundle/rotate.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "bundle/statement.h"

enum { ROTATE_NODES = 16, ROTATE_SIGNATURES = 2 };

static int parse(const struct statement *s, struct rotation *r, uint8_t ret_from[DIGEST_BYTES],
		 struct err *e)
{
	static const char *const keys[] = { "_type", "from", "issued", "to" };
	CLEANUP(json_decref_p) json_t *j = NULL;
	char from[DIGEST_HEX_BYTES];
	struct json_place top;
	uint64_t issued;

	if (statement_parse(s, ROTATE_TYPE, ROTATE_NODES, &j, e) < 0)
		return -1;
	top = (struct json_place){ j, "" };
	if (json_check_keys(top, keys, countof(keys), e) < 0 ||
	    json_get_str(top, "from", true, sizeof(from), from, e) < 0 ||
	    json_get_uint(top, "issued", true, INT64_MAX, &issued, e) < 0 ||
	    json_get_str(top, "to", true, sizeof(r->to_text), r->to_text, e) < 0)
		return -1;
	r->issued = (int64_t)issued;
	if (!hex_decode(from, ret_from, DIGEST_BYTES))
		return err_set(e, ERR_STATEMENT, "/from: expected a fingerprint");
	if (sign_parse_key(r->to_text, strlen(r->to_text), &r->to, e) < 0)
		return err_wrap(e, "/to");
	return 0;
}

/* The old key is the one trusted signer; the other signature must be the new key's own. */
static int check_both(const struct statement *s, const uint8_t from[DIGEST_BYTES],
		      struct rotation *r, struct err *e)
{
	bool by_new = false;

	for (size_t i = 0; i < s->count; i++) {
		const struct trust_key *k = s->signers[i];

		if (k && !memcmp(k->key.fingerprint, from, DIGEST_BYTES))
			r->from = k;
		else if (sign_holds(&s->signatures[i], &r->to, s->line.p, s->line.n))
			by_new = true;
	}
	if (!r->from)
		return err_set(e, ERR_UNTRUSTED, "the key it speaks of did not sign it");
	if (!by_new)
		return err_set(e, ERR_SIGNATURE, "the new key did not sign it");
	if (!memcmp(r->from->key.fingerprint, r->to.fingerprint, DIGEST_BYTES))
		return err_set(e, ERR_STATEMENT, "/to: the key itself");
	return 0;
}

/* One that was rotated to from this very key may come again: the first time may have been cut
 * short. */
static int check_new(const struct trust *t, const struct rotation *r, struct err *e)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct trust_key *k = &t->keys[i];

		if (memcmp(k->key.fingerprint, r->to.fingerprint, DIGEST_BYTES) != 0)
			continue;
		if (k->revoked)
			return err_set(e, ERR_KEY_REVOKED, "the new key \"%s\" was revoked (%s)",
				       k->label, revocation_reason_name(k->reason));
		if (!k->succeeds ||
		    memcmp(k->predecessor, r->from->key.fingerprint, DIGEST_BYTES) != 0)
			return err_set(
				e, ERR_EXISTS,
				"the new key \"%s\" is trusted here for itself, with bounds of "
				"its own",
				k->label);
	}
	return 0;
}

static int check_state(const struct trust_key *k, int64_t now_s, struct err *e)
{
	switch (trust_state(
		k, k->uses & TRUST_FOR_REVOCATIONS ? TRUST_FOR_REVOCATIONS : TRUST_FOR_BUNDLES,
		now_s)) {
	case TRUST_GOOD:
		return 0;
	case TRUST_EXPIRED:
		return err_set(e, ERR_KEY_EXPIRED, "the old key \"%s\" has expired", k->label);
	default:
		return err_set(e, ERR_KEY_REVOKED, "the old key \"%s\" was revoked (%s)", k->label,
			       revocation_reason_name(k->reason));
	}
}

/* Before the line is parsed: two signatures, one at least of a key in good standing. A threshold is
 * of bundles; here a key hands on its own work only. */
static int check_signed(const struct statement *s, int64_t now_s, struct err *e)
{
	bool known = false;

	if (s->count != ROTATE_SIGNATURES)
		return err_set(e, ERR_SIGNATURE,
			       "it takes two signatures, of the old key and of the new");
	for (size_t i = 0; i < s->count; i++) {
		known = known || s->signers[i];
		if (s->signers[i] && check_state(s->signers[i], now_s, e) == 0)
			return 0;
	}
	return known ? -1 : err_set(e, ERR_UNTRUSTED, "no key that is trusted here signed it");
}

int rotate_check(const char *text, size_t n, const struct trust *t, int64_t now_s,
		 struct rotation *ret, struct err *e)
{
	uint8_t from[DIGEST_BYTES];
	struct rotation r = { 0 };
	struct statement s;

	if (statement_read(text, n, t, &s, e) < 0 || check_signed(&s, now_s, e) < 0 ||
	    parse(&s, &r, from, e) < 0 || check_both(&s, from, &r, e) < 0 ||
	    check_state(r.from, now_s, e) < 0 || check_new(t, &r, e) < 0)
		return err_wrap(e, "rotation");
	*ret = r;
	return 0;
}
