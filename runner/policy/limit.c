/* SPDX-License-Identifier: Apache-2.0 */
/* limit.c - the vocabulary of limits.
 * Owns: the numbers, and their spelling as text.  Must not know: JSON, who enforces them. */
#include "policy/limit.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define DIGITS_MAX 15u /* keeps every product below 2^64 */

#define ROW_(id, key, member, unit, least, most, normal, ceiling, help) \
	[id] = { key, LIMIT_UNIT_##unit, least, most, normal, ceiling },
static const struct limit_info rows[LIMIT_COUNT] = { LIMIT_TABLE(ROW_) };
#undef ROW_

#define PLACE_(id, key, member, unit, least, most, normal, ceiling, help) \
	[id] = { offsetof(struct limits, member), sizeof(((struct limits *)0)->member) },
static const struct {
	size_t offset;
	size_t size;
} places[LIMIT_COUNT] = { LIMIT_TABLE(PLACE_) };
#undef PLACE_

/* Largest first: printing takes the largest that divides. */
static const struct limit_suffix byte_suffixes[] = { { "G", GIB }, { "M", MIB }, { "K", KIB } };
static const struct limit_suffix time_suffixes[] = {
	{ "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 }
};

bool limit_suffix(enum limit_unit unit, size_t i, struct limit_suffix *ret)
{
	const struct limit_suffix *all = unit == LIMIT_UNIT_BYTES ? byte_suffixes : time_suffixes;
	size_t n = unit == LIMIT_UNIT_BYTES  ? countof(byte_suffixes)
		   : unit == LIMIT_UNIT_TIME ? countof(time_suffixes)
					     : 0;

	if (i >= n)
		return false;
	*ret = all[i];
	return true;
}

const struct limit_info *limit_info(enum limit_id id)
{
	return &rows[id];
}

uint64_t limit_get(const struct limits *l, enum limit_id id)
{
	uint64_t wide = 0;
	uint32_t narrow = 0;

	if (places[id].size == sizeof(wide)) {
		memcpy(&wide, (const char *)l + places[id].offset, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, (const char *)l + places[id].offset, sizeof(narrow));
	return narrow;
}

void limit_set(struct limits *l, enum limit_id id, uint64_t value)
{
	uint32_t narrow = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;

	if (places[id].size == sizeof(value))
		memcpy((char *)l + places[id].offset, &value, sizeof(value));
	else
		memcpy((char *)l + places[id].offset, &narrow, sizeof(narrow));
}

static bool from_text(const char *s, const struct limit_suffix *suffixes, size_t n, uint64_t *ret)
{
	uint64_t v = 0;
	size_t digits = 0;

	for (; s[digits] >= '0' && s[digits] <= '9' && digits < DIGITS_MAX; digits++)
		v = v * 10 + (uint64_t)(s[digits] - '0');
	if (digits == 0 || s[0] == '0')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(s + digits, suffixes[i].text) != 0)
			continue;
		if (__builtin_mul_overflow(v, suffixes[i].factor, ret))
			*ret = UINT64_MAX; /* a number all the same: above every limit */
		return true;
	}
	return false;
}

bool limit_bytes_from_text(const char *s, uint64_t *ret_bytes)
{
	return from_text(s, byte_suffixes, countof(byte_suffixes), ret_bytes);
}

bool limit_time_from_text(const char *s, uint64_t *ret_ms)
{
	return from_text(s, time_suffixes, countof(time_suffixes), ret_ms);
}

static void print_with(const struct limit_suffix *suffixes, size_t n, uint64_t value,
		       char *ret_text)
{
	struct limit_suffix best = { "", 1 };

	for (size_t i = n; value && i-- > 0;)
		if (value % suffixes[i].factor == 0)
			best = suffixes[i];
	(void)snprintf(ret_text, LIMIT_TEXT_MAX, "%llu%s",
		       (unsigned long long)(value / best.factor), best.text);
}

void limit_print(enum limit_unit unit, uint64_t value, char ret_text[LIMIT_TEXT_MAX])
{
	if (unit == LIMIT_UNIT_BYTES)
		print_with(byte_suffixes, countof(byte_suffixes), value, ret_text);
	else if (unit == LIMIT_UNIT_TIME)
		print_with(time_suffixes, countof(time_suffixes), value, ret_text);
	else
		print_with(byte_suffixes, 0, value, ret_text);
}

int limit_check_all(const struct limits *l, uint32_t zero_ok, const char *what, struct err *e)
{
	for (unsigned int i = 0; i < LIMIT_COUNT; i++) {
		uint64_t v = limit_get(l, i);

		if (v == 0 && zero_ok & 1u << i)
			continue;
		if (v < rows[i].least || v > rows[i].most)
			return err_set(e, ERR_PROTOCOL, "%s: limit %s is %llu, out of range", what,
				       rows[i].key, (unsigned long long)v);
	}
	return 0;
}
