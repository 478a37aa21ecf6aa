/* SPDX-License-Identifier: Apache-2.0 */
/* cli.c - options by table, help, errors. */
#include "cli/cli.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "proto/control.h"

enum { OPTIONS_MAX = 24, HELP_COLUMN = 26 };

/* "kennel trust add" of "kennel trust add KEY.pub [OPTION]...": the words in small letters. */
static int command_length(const char *usage)
{
	size_t n = 0;

	while (usage[n] >= 'a' && usage[n] <= 'z') {
		n += strcspn(usage + n, " ");
		n += usage[n] == ' ';
	}
	return (int)n;
}

static int usage_error(const struct cli_spec *s, const char *what, const char *word)
{
	char safe[TEXT_MAX_BYTES];

	(void)fprintf(stderr, "kennel: E_USAGE: %s%s%s\nusage: %s\n(%.*s--help explains)\n",
		      word ? cli_safe(word, safe, sizeof(safe)) : "", word ? ": " : "", what,
		      s->usage, command_length(s->usage), s->usage);
	return err_exit_status(ERR_USAGE);
}

static void print_option(const struct cli_option *o)
{
	char left[96];

	(void)snprintf(left, sizeof(left), "  %s%s%s%s%s", o->alias ? o->alias : "",
		       o->alias ? ", " : "", o->name, o->value ? " " : "",
		       o->value ? o->value : "");
	if (strlen(left) > HELP_COLUMN - 2)
		(void)printf("%s\n%*s%s\n", left, HELP_COLUMN, "", o->help);
	else
		(void)printf("%-*s%s\n", HELP_COLUMN, left, o->help);
}

static void print_help(const struct cli_spec *s)
{
	static const struct cli_option common[] = {
		{ .name = "--json", .help = "machine-readable output" },
		{ .name = "--run",
		  .value = "DIR",
		  .help = "run folder of kenneld (default $KENNEL_RUN, else " CONTROL_RUN_DIR ")" },
		{ .name = "--help", .help = "this text" },
	};

	(void)printf("usage: %s\n\n%s\n\nOptions:\n", s->usage, s->about);
	for (size_t i = 0; i < s->option_count; i++)
		print_option(&s->options[i]);
	for (size_t i = 0; i < countof(common); i++)
		print_option(&common[i]);
	if (s->more)
		(void)printf("\n%s\n", s->more);
}

static const struct cli_option *find_option(const struct cli_option *o, size_t n, const char *word,
					    size_t len)
{
	for (size_t i = 0; i < n; i++)
		if ((strlen(o[i].name) == len && !memcmp(o[i].name, word, len)) ||
		    (o[i].alias && strlen(o[i].alias) == len && !memcmp(o[i].alias, word, len)))
			return &o[i];
	return NULL;
}

json_t *cli_params(struct cli_args *a)
{
	if (!a->params)
		a->params = json_object();
	return a->params;
}

void cli_args_free(struct cli_args *a)
{
	json_decref(a->params);
	a->params = NULL;
}

static json_t *words_of(const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t n = strcspn(text, ",");

		if (n)
			(void)json_array_append_new(list, json_stringn(text, n));
		text += n + (text[n] == ',');
	}
	return list;
}

static json_t *number_of(const struct cli_option *o, const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < o->min || n > o->max)
		return NULL;
	return json_integer((json_int_t)n * (o->unit ? o->unit : 1));
}

static const char *store_param(const struct cli_option *o, const char *value, struct cli_args *a)
{
	static char range[48]; /* one complaint, and the program ends */
	json_t *params = cli_params(a), *v;

	if (json_object_get(params, o->param))
		return "given twice";
	v = !o->value		    ? json_true()
	    : o->kind == CLI_NUMBER ? number_of(o, value)
	    : o->kind == CLI_WORDS  ? words_of(value)
				    : json_string(value);
	if (!v && o->kind == CLI_NUMBER) {
		(void)snprintf(range, sizeof(range), "takes %u to %u", o->min, o->max);
		return range;
	}
	if (!v)
		return "takes UTF-8 text";
	return json_object_set_new(params, o->param, v) < 0 ? "no memory for it" : NULL;
}

static const char *store_option(const struct cli_option *o, const char *value, struct cli_args *a)
{
	if (o->param)
		return store_param(o, value, a);
	if (o->list) {
		if (o->list->count == CLI_WORDS_MAX)
			return "given too often";
		o->list->value[o->list->count++] = value;
		return NULL;
	}
	if (o->flag ? *o->flag : *o->text != NULL)
		return "given twice";
	if (o->flag)
		*o->flag = true;
	else
		*o->text = value;
	return NULL;
}

/* "--name=value" and "--name value" are the same. Returns NULL or what is wrong. */
static const char *take_option(const struct cli_option *o, const char *joined, int *i, int argc,
			       char **argv, struct cli_args *a)
{
	const char *value = joined;

	if (!o->value)
		return joined ? "takes no value" : store_option(o, NULL, a);
	if (!value) {
		if (*i + 1 >= argc)
			return "needs a value";
		value = argv[++*i];
	}
	return store_option(o, value, a);
}

static int take_words(const struct cli_spec *s, const struct cli_option *all, size_t n, int argc,
		      char **argv, struct cli_args *ret)
{
	bool options_end = false;

	for (int i = 1; i < argc; i++) {
		const char *w = argv[i];
		const char *equals = strchr(w, '=');
		const struct cli_option *o;
		const char *wrong;

		if (options_end || w[0] != '-' || !w[1]) {
			if (ret->words.count == s->words_max || ret->words.count == CLI_WORDS_MAX)
				return usage_error(s, "one word too many", w);
			ret->words.value[ret->words.count++] = w;
			continue;
		}
		if (!strcmp(w, "--")) {
			options_end = true;
			continue;
		}
		o = find_option(all, n, w, equals ? (size_t)(equals - w) : strlen(w));
		if (!o)
			return usage_error(s, "no such option", w);
		wrong = take_option(o, equals ? equals + 1 : NULL, &i, argc, argv, ret);
		if (wrong)
			return usage_error(s, wrong, w);
	}
	return CLI_GO;
}

int cli_parse(const struct cli_spec *s, int argc, char **argv, struct cli_args *ret)
{
	bool help = false;
	const struct cli_option common[] = {
		{ .name = "--json", .flag = &ret->json },
		{ .name = "--run", .value = "DIR", .text = &ret->run_dir },
		{ .name = "--help", .alias = "-h", .flag = &help },
	};
	struct cli_option all[OPTIONS_MAX];
	size_t n = 0;
	int r;

	*ret = (struct cli_args){ 0 };
	for (size_t i = 0; i < s->option_count && n < OPTIONS_MAX - countof(common); i++)
		all[n++] = s->options[i];
	for (size_t i = 0; i < countof(common); i++)
		all[n++] = common[i];
	r = take_words(s, all, n, argc, argv, ret);
	if (r != CLI_GO)
		return r;
	if (help) {
		print_help(s);
		return 0;
	}
	if (ret->words.count < s->words_min)
		return usage_error(s, "something is missing", NULL);
	if (s->word && ret->words.count > 0)
		(void)json_object_set_new(cli_params(ret), s->word,
					  json_string(ret->words.value[0]));
	if (!ret->run_dir)
		ret->run_dir = getenv("KENNEL_RUN");
	if (!ret->run_dir || !*ret->run_dir)
		ret->run_dir = CONTROL_RUN_DIR;
	return CLI_GO;
}

int cli_group(const char *usage, const char *about, const struct cli_part *parts, size_t n,
	      int argc, char **argv)
{
	bool asked = argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"));
	FILE *out = asked ? stdout : stderr;

	for (size_t i = 0; argc > 1 && i < n; i++)
		if (!strcmp(parts[i].name, argv[1]))
			return parts[i].run(argc - 1, argv + 1);
	if (argc > 1 && !asked)
		(void)fprintf(out, "kennel: E_USAGE: no \"kennel %s %s\"\n", argv[0],
			      cli_safe(argv[1], (char[NAME_MAX_BYTES]){ 0 }, NAME_MAX_BYTES));
	(void)fprintf(out, "usage: %s\n\n%s\n\n", usage, about);
	for (size_t i = 0; i < n; i++)
		(void)fprintf(out, "  %-16s %s\n", parts[i].name, parts[i].help);
	(void)fprintf(out, "\n\"kennel %s COMMAND --help\" explains each.\n", argv[0]);
	return asked ? 0 : err_exit_status(ERR_USAGE);
}

int cli_fail(const struct err *e)
{
	char safe[sizeof(e->text)];

	(void)fflush(stdout);
	(void)fprintf(stderr, "kennel: %s: %s\n", err_name(e->code),
		      cli_safe(e->text, safe, sizeof(safe)));
	return err_exit_status(e->code);
}

int cli_print_json(const json_t *j)
{
	if (json_dumpf(j, stdout, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY) < 0 ||
	    putchar('\n') == EOF || fflush(stdout) == EOF)
		return err_exit_status(ERR_IO);
	return 0;
}

static size_t utf8_length(unsigned char c)
{
	return c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
}

const char *cli_safe(const char *text, char *buf, size_t cap)
{
	size_t left = strlen(text), used = 0;

	while (left > 0) {
		size_t n = utf8_length((unsigned char)*text);

		if (n > left || !text_is_printable(text, n)) {
			n = 1;
			if (used + 1 >= cap)
				break;
			buf[used++] = '?';
		} else {
			if (used + n >= cap)
				break;
			memcpy(buf + used, text, n);
			used += n;
		}
		text += n;
		left -= n;
	}
	buf[used] = '\0';
	return buf;
}
