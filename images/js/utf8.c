/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.c - UTF-8 and UTF-16, each from the other. */
#include "images/js/utf8.h"

#include <stdlib.h>

#define REPLACEMENT 0xfffdu

/* First bytes of a kind: how many bytes follow, and the range of the first of those. */
static const struct lead {
	uint8_t first, last, follow, low, high;
} leads[] = {
	{ 0xc2, 0xdf, 1, 0x80, 0xbf }, { 0xe0, 0xe0, 2, 0xa0, 0xbf }, { 0xe1, 0xec, 2, 0x80, 0xbf },
	{ 0xed, 0xed, 2, 0x80, 0x9f }, { 0xee, 0xef, 2, 0x80, 0xbf }, { 0xf0, 0xf0, 3, 0x90, 0xbf },
	{ 0xf1, 0xf3, 3, 0x80, 0xbf }, { 0xf4, 0xf4, 3, 0x80, 0x8f },
};

static const struct lead *find_lead(uint8_t b)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (b >= leads[i].first && b <= leads[i].last)
			return &leads[i];
	return NULL;
}

/* One character from p, of n > 0 bytes; how many it took. */
static size_t take_character(const uint8_t *p, size_t n, uint32_t *ret, bool *ret_broken)
{
	const struct lead *l = p[0] < 0x80 ? NULL : find_lead(p[0]);
	size_t i = 1;

	*ret = p[0];
	if (p[0] < 0x80)
		return 1;
	if (l) {
		*ret = p[0] & (0x3fu >> l->follow);
		for (; i <= l->follow && i < n; i++) {
			if (p[i] < (i == 1 ? l->low : 0x80) || p[i] > (i == 1 ? l->high : 0xbf))
				break;
			*ret = *ret << 6 | (p[i] & 0x3fu);
		}
	}
	if (l && i == l->follow + 1u)
		return i;
	*ret = REPLACEMENT;
	*ret_broken = true;
	return i;
}

uint16_t *utf8_to_utf16(const uint8_t *p, size_t n, size_t *ret_n, bool *ret_broken)
{
	uint16_t *out = reallocarray(NULL, n + 1, sizeof(*out)); /* never more units than bytes */
	size_t len = 0;

	for (size_t i = 0; out && i < n;) {
		uint32_t c;

		i += take_character(p + i, n - i, &c, ret_broken);
		if (c > 0xffff) {
			c -= 0x10000;
			out[len++] = (uint16_t)(0xd800 + (c >> 10));
			c = 0xdc00 + (c & 0x3ff);
		}
		out[len++] = (uint16_t)c;
	}
	*ret_n = len;
	return out;
}

static size_t put_character(uint8_t *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

uint8_t *utf8_from_utf16(const uint16_t *p, size_t n, size_t *ret_n)
{
	uint8_t *out = reallocarray(NULL, n + 1, 3);
	size_t len = 0;

	for (size_t i = 0; out && i < n; i++) {
		uint32_t c = p[i];

		if (c >= 0xd800 && c < 0xdc00 && i + 1 < n && p[i + 1] >= 0xdc00 &&
		    p[i + 1] < 0xe000) {
			i++;
			c = 0x10000 + ((c - 0xd800) << 10) + (p[i] - 0xdc00u);
		} else if (c >= 0xd800 && c < 0xe000) {
			c = REPLACEMENT;
		}
		len += put_character(out + len, c);
	}
	*ret_n = len;
	return out;
}
