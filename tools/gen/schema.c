/* SPDX-License-Identifier: Apache-2.0 */
/* schema.c - writes what is published of the manifest, at build time, from the table the validator
 * walks: "schema" is the JSON Schema (draft 2020-12), "header" the same for C, "page IN" the manual
 * page IN with its @NAME@ lines filled in.  Owns: the choice.  Must not know: any key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "tools/gen/schema.h"

static int print_schema(void)
{
	json_t *schema = schema_make();
	int r = schema ? json_dumpf(schema, stdout, JSON_INDENT(2)) : -1;

	json_decref(schema);
	return r < 0 || putchar('\n') == EOF ? 1 : 0;
}

/* Lines of at most 80 bytes: a compiler takes no endless ones. */
static int print_header(void)
{
	json_t *schema = schema_make();
	char *text = schema ? json_dumps(schema, JSON_INDENT(2)) : NULL;
	size_t n = text ? strlen(text) : 0;

	(void)printf("/* Made by tools/gen/schema.c. */\nstatic const char manifest_schema[] = {");
	for (size_t i = 0; i < n; i++)
		(void)printf("%s%d,", i % 16 ? "" : "\n\t", text[i]);
	(void)printf("\n\t'\\n', 0\n};\n");
	free(text);
	json_decref(schema);
	return !n;
}

static const struct {
	const char *line;
	void (*print)(void);
} parts[] = {
	{ "@FIELDS@\n", page_print_fields }, { "@PERMISSIONS@\n", page_print_permissions },
	{ "@RULES@\n", page_print_rules },   { "@BEYOND@\n", page_print_beyond },
	{ "@ERRORS@\n", page_print_errors },
};

static int print_page(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[1024];

	if (!f)
		return 1;
	while (fgets(line, sizeof(line), f)) {
		size_t i = 0;

		while (i < sizeof(parts) / sizeof(*parts) && strcmp(line, parts[i].line) != 0)
			i++;
		if (i < sizeof(parts) / sizeof(*parts))
			parts[i].print();
		else
			(void)fputs(line, stdout);
	}
	return fclose(f) != 0;
}

int main(int argc, char **argv)
{
	int r = 2;

	if (argc == 2 && !strcmp(argv[1], "schema"))
		r = print_schema();
	else if (argc == 2 && !strcmp(argv[1], "header"))
		r = print_header();
	else if (argc == 3 && !strcmp(argv[1], "page"))
		r = print_page(argv[2]);
	return fflush(stdout) == EOF ? 1 : r;
}
