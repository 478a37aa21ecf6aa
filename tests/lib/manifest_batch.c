/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_batch.c - the real validator for many manifests: one JSON text a line in, one verdict a
 * line out. "ok": accepted; "beyond E_X": accepted but for a rule that no schema says; "E_X TEXT":
 * refused. With the word "times" it lists the times of the table, which a schema only says as a
 * pattern: POINTER MIN MAX, in ms. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/field.h"
#include "policy/manifest.h"
#include "policy/wire.h"

static void verdict(const char *text, size_t n)
{
	static struct manifest m;
	struct err e = { 0 };

	if (manifest_parse_form(text, n, &m, &e) < 0)
		(void)printf("%s %s\n", err_name(e.code), e.text);
	else if (manifest_parse(text, n, &m, &e) < 0)
		(void)printf("beyond %s\n", err_name(e.code));
	else if (manifest_check(&m, &e) < 0)
		(void)printf("E_INTERNAL accepted, but %s\n", e.text);
	else
		(void)puts("ok");
}

static void print_times(const struct field_table *t, const char *where)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct field *f = &t->rows[i];
		char place[FIELD_WHERE_MAX];

		field_where(place, where, f->key);
		if (f->type == FIELD_TIME)
			(void)printf("%s %llu %llu\n", place, (unsigned long long)f->min,
				     (unsigned long long)f->max);
		if (f->type == FIELD_OBJECT)
			print_times(f->members, place);
	}
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (argc == 2 && !strcmp(argv[1], "times")) {
		print_times(manifest_fields(), "");
		return fflush(stdout) == EOF;
	}
	while ((n = getline(&line, &cap, stdin)) > 0) {
		char *exact = malloc((size_t)n); /* not one byte more: a sanitizer watches */

		if (!exact)
			return 1;
		memcpy(exact, line, (size_t)n);
		verdict(exact, (size_t)n - (line[n - 1] == '\n'));
		free(exact);
	}
	free(line);
	return ferror(stdin) || fflush(stdout) == EOF;
}
