/* SPDX-License-Identifier: Apache-2.0 */
/* vouched.c - who signed what is installed, and whether that is still enough. The bundle itself is
 * not there any more: what counted when it was installed is counted again, against the trust files
 * of today. */
#include "supervise/vouched.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "supervise/trusted.h"

void vouched_add(struct vouched *v, const char *fingerprint, uint32_t threshold)
{
	if (v->threshold < threshold)
		v->threshold = threshold;
	if (v->count < BUNDLE_SIGNATURES_MAX && !vouched_names(v, fingerprint))
		(void)copy_str(v->signers[v->count++], DIGEST_HEX_BYTES, fingerprint);
}

bool vouched_names(const struct vouched *v, const char *fingerprint)
{
	for (uint32_t i = 0; i < v->count; i++)
		if (!strcmp(v->signers[i], fingerprint))
			return true;
	return false;
}

/* ---- what is left of them ---- */

struct left {
	uint32_t good;
	uint32_t asked; /* the most that one of the good ones asks for today */
};

static void count_one(int dir, const char *fingerprint, struct left *l)
{
	uint32_t asks = trusted_threshold(dir, fingerprint);

	l->good++;
	if (l->asked < asks)
		l->asked = asks;
}

static int check_number(const struct left *l, uint32_t needed, struct err *e)
{
	return l->good >= needed
		       ? 0
		       : err_set(e, ERR_UNTRUSTED,
				 "it takes %u trusted signatures, and %u of its keys are trusted "
				 "still",
				 needed, l->good);
}

int vouched_check_launch(int trust_dir, const char *by, const struct vouched *v, struct err *e)
{
	struct left l = { 0 };

	if (trusted_check_launch(trust_dir, by, e) < 0)
		return -1;
	for (uint32_t i = 0; i < v->count; i++)
		if (trusted_check_launch(trust_dir, v->signers[i], NULL) == 0)
			count_one(trust_dir, v->signers[i], &l);
	if (v->count == 0)
		return 0;
	return check_number(&l, l.asked < v->threshold ? l.asked : v->threshold, e);
}

int vouched_check_install(int trust_dir, const char *by, const struct vouched *v, int64_t now_s,
			  struct err *e)
{
	struct left l = { 0 };

	if (trusted_check_install(trust_dir, by, now_s, e) < 0)
		return -1;
	for (uint32_t i = 0; i < v->count; i++)
		if (trusted_check_install(trust_dir, v->signers[i], now_s, NULL) == 0)
			count_one(trust_dir, v->signers[i], &l);
	if (v->count == 0)
		count_one(trust_dir, by, &l);
	return check_number(&l, l.asked, e);
}

/* ---- on disk ---- */

int vouched_parse(struct json_place at, struct vouched *ret, struct err *e)
{
	struct vouched v = { .threshold = 1 };
	json_t *list = NULL;
	uint64_t threshold = 1;

	if (json_get_array(at, "signers", false, BUNDLE_SIGNATURES_MAX, &list, e) < 0 ||
	    json_get_uint(at, "threshold", false, BUNDLE_SIGNATURES_MAX, &threshold, e) < 0)
		return -1;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		uint8_t digest[DIGEST_BYTES];

		if (!text || !hex_decode(text, digest, sizeof(digest)) || vouched_names(&v, text))
			return err_set(e, ERR_JSON_VALUE,
				       "%s/signers/%zu: not a fingerprint, or twice", at.where, i);
		vouched_add(&v, text, 1);
	}
	if (threshold == 0 || threshold > (v.count ? v.count : 1))
		return err_set(e, ERR_JSON_VALUE, "%s/threshold: more than signers", at.where);
	v.threshold = (uint32_t)threshold;
	*ret = v;
	return 0;
}

json_t *vouched_signers_json(const struct vouched *v)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < v->count; i++)
		(void)json_array_append_new(list, json_string(v->signers[i]));
	return list;
}
