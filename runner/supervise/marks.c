/* SPDX-License-Identifier: Apache-2.0 */
/* marks.c - the highest counter that each key signed of one plugin. A thief may sign the highest
 * number there is; when that key is revoked, what the others signed counts again. */
#include "supervise/marks.h"

#include <string.h>

#include "base/bytes.h"

void marks_note(struct marks *m, const uint8_t signer[DIGEST_BYTES], uint64_t counter)
{
	struct mark *lowest = &m->list[0];

	for (uint32_t i = 0; i < m->count; i++) {
		struct mark *at = &m->list[i];

		if (!memcmp(at->signer, signer, DIGEST_BYTES)) {
			if (at->counter < counter)
				at->counter = counter;
			return;
		}
		if (at->counter < lowest->counter)
			lowest = at;
	}
	if (m->count < MARKS_MAX)
		lowest = &m->list[m->count++];
	memcpy(lowest->signer, signer, DIGEST_BYTES);
	lowest->counter = counter;
}

uint64_t marks_highest(const struct marks *m,
		       bool (*survives)(const void *arg, const uint8_t signer[DIGEST_BYTES]),
		       const void *arg)
{
	uint64_t highest = 0;

	for (uint32_t i = 0; i < m->count; i++)
		if (m->list[i].counter > highest && survives(arg, m->list[i].signer))
			highest = m->list[i].counter;
	return highest;
}

int marks_parse(struct json_place at, struct marks *ret, struct err *e)
{
	json_t *o = NULL, *value;
	const char *key;

	if (json_get_obj(at, "marks", false, &o, e) < 0)
		return -1;
	if (json_object_size(o) > MARKS_MAX)
		return err_set(e, ERR_JSON_VALUE, "%s/marks: more than %u", at.where, MARKS_MAX);
	json_object_foreach(o, key, value) {
		struct mark *m = &ret->list[ret->count];
		uint64_t counter = 0;

		if (!hex_decode(key, m->signer, DIGEST_BYTES))
			return err_set(e, ERR_JSON_VALUE, "%s/marks: no fingerprint", at.where);
		if (json_get_uint((struct json_place){ o, at.where }, key, true, BUNDLE_COUNTER_MAX,
				  &counter, e) < 0)
			return -1;
		m->counter = counter;
		ret->count++;
	}
	return 0;
}

void marks_print(const struct marks *m, struct writer *w)
{
	char hex[DIGEST_HEX_BYTES];

	writer_str(w, ", \"marks\": {");
	for (uint32_t i = 0; i < m->count; i++) {
		hex_encode(m->list[i].signer, DIGEST_BYTES, hex);
		writer_fmt(w, "%s\"%s\": %llu", i ? ", " : "", hex,
			   (unsigned long long)m->list[i].counter);
	}
	writer_str(w, "}");
}
