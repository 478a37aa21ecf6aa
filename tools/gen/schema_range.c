/* SPDX-License-Identifier: Apache-2.0 */
/* schema_range.c - the spellings of a size or a time from min to max, as a pattern.
 * Owns: decimal numbers as patterns.  Must not know: which field it is for.
 * A range of numbers is cut where the number of digits changes, and then digit by digit: 12 to 345
 * is 1[2-9], [2-9][0-9], [1-2][0-9]{2}, 3[0-3][0-9], 34[0-5]. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "tools/gen/schema.h"

enum { DIGITS = 24 };

static void put_digit(struct writer *w, char from, char to)
{
	if (from == to)
		writer_bytes(w, &from, 1);
	else
		writer_fmt(w, "[%c-%c]", from, to);
}

/* from and to differ in no digit, or in this way only: PREFIX d 0…0 to PREFIX e 9…9. */
static void put_block(struct writer *w, const char *from, const char *to)
{
	size_t n = strlen(from), free_digits = 0;

	while (free_digits < n && from[n - 1 - free_digits] == '0' &&
	       to[n - 1 - free_digits] == '9')
		free_digits++;
	for (size_t i = 0; i + free_digits < n; i++)
		put_digit(w, from[i], to[i]);
	if (free_digits == 1)
		writer_str(w, "[0-9]");
	else if (free_digits)
		writer_fmt(w, "[0-9]{%zu}", free_digits);
}

static uint64_t power_of_ten(unsigned int n)
{
	uint64_t v = 1;

	while (n-- > 0)
		v *= 10;
	return v;
}

/* The largest number that makes one block with from, and is not above to: of from's last zeros as
 * many are free as fit, and the digit before them counts up to 9 or as far as fits. */
static uint64_t block_end(uint64_t from, uint64_t to)
{
	uint64_t best = from;

	for (unsigned int n = 0; n < 16; n++) {
		uint64_t unit = power_of_ten(n), digit = from / unit % 10, end;

		if (from % unit != 0 || from < unit)
			break;
		for (end = from + unit - 1; digit < 9 && end + unit <= to; digit++)
			end += unit;
		if (end > to)
			break;
		best = end;
	}
	return best;
}

static void put_numbers(struct writer *w, uint64_t from, uint64_t to)
{
	const char *bar = "";

	while (from <= to) {
		char a[DIGITS], b[DIGITS];
		uint64_t end = block_end(from, to);

		(void)snprintf(a, sizeof(a), "%llu", (unsigned long long)from);
		(void)snprintf(b, sizeof(b), "%llu", (unsigned long long)end);
		writer_str(w, bar);
		put_block(w, a, b);
		bar = "|";
		from = end + 1;
	}
}

void range_pattern(struct span_rule s, char ret[PATTERN_MAX])
{
	const char *bar = "";
	struct writer w;

	writer_init(&w, ret, PATTERN_MAX);
	writer_str(&w, "^(");
	for (size_t i = 0; i < LIMIT_SUFFIXES; i++) {
		struct limit_suffix x;

		if (!limit_suffix(s.unit, i, &x) || x.factor > s.max)
			continue;
		writer_fmt(&w, "%s(", bar);
		put_numbers(&w, s.min <= x.factor ? 1 : (s.min + x.factor - 1) / x.factor,
			    s.max / x.factor);
		writer_fmt(&w, ")%s", x.text);
		bar = "|";
	}
	writer_str(&w, ")$");
}
