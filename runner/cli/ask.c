/* SPDX-License-Identifier: Apache-2.0 */
/* ask.c - one question to the supervisor, and how answers look. */
#include "cli/ask.h"

#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "policy/grant.h"

enum { COLUMNS_MAX = 16 };

const struct cli_option cli_tenant_of_plugin[1] = { CLI_TENANT_OF_PLUGIN };

int cli_ask(const struct ask *a, json_t **ret_result, struct err *e)
{
	CLEANUP(json_decref_p)
	json_t *params = a->params	   ? a->params
			 : a->args->params ? json_incref(a->args->params)
					   : json_object();
	struct control_call c = { .run_dir = a->args->run_dir,
				  .method = a->method,
				  .params = params,
				  .fd = a->fd,
				  .on_progress = a->on_progress,
				  .arg = a->arg };

	return control_call(&c, ret_result, e);
}

int cli_answer(const struct ask *a, json_t **ret_result)
{
	struct err e = { 0 };

	if (cli_ask(a, ret_result, &e) < 0)
		return cli_fail(&e);
	return a->args->json ? cli_print_json(*ret_result) : CLI_GO;
}

int cli_command(const struct cli_command *c, int argc, char **argv)
{
	CLEANUP(cli_args_free) struct cli_args a = { 0 };
	CLEANUP(json_decref_p) json_t *result = NULL;
	int r = cli_parse(&c->spec, argc, argv, &a);

	if (r == CLI_GO)
		r = cli_answer(&(struct ask){ .args = &a, .method = c->method, .fd = -1 }, &result);
	return r == CLI_GO ? c->print(result) : r;
}

void cli_put(json_t *params, const char *key, const char *text)
{
	if (text)
		(void)json_object_set_new(params, key, json_string(text));
}

const char *cli_text(const json_t *o, const char *key, char buf[CLI_CELL_MAX])
{
	const char *s = json_string_value(json_object_get(o, key));

	return cli_safe(s && *s ? s : "-", buf, CLI_CELL_MAX);
}

long long cli_number(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

void cli_print_words(const char *title, const json_t *list, const char *none)
{
	char buf[CLI_CELL_MAX];
	json_t *v;
	size_t i;

	(void)printf("  %s %s", title, json_array_size(list) ? "" : none);
	json_array_foreach(list, i, v)
		(void)printf("%s%s", i ? ", " : "",
			     cli_safe(json_string_value(v) ? json_string_value(v) : "?", buf,
				      sizeof(buf)));
	(void)printf("\n");
}

void cli_print_leaks(const char *title, const json_t *granted)
{
	permission_set have = 0, leak;
	const char *between = "";
	json_t *v;
	size_t i;

	json_array_foreach(granted, i, v) {
		int p = json_is_string(v) ? permission_from_name(json_string_value(v)) : -1;

		have |= p >= 0 ? PERM_BIT(p) : 0;
	}
	leak = permissions_that_leak(have);
	if (!leak)
		return;
	(void)printf("  %s what it reads may be sent on: ", title);
	for (unsigned int p = 0; p < PERM_COUNT; p++) {
		if (!(leak & PERM_BIT(p)))
			continue;
		(void)printf("%s%s", between, permission_name(p));
		between = ", ";
	}
	(void)printf("\n");
}

/* ---- tables ---- */

/* Columns on the terminal: characters, not bytes. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void print_cell(const char *text, size_t width, bool right, bool last)
{
	size_t own = width_of(text);
	int pad = own < width ? (int)(width - own) : 0;

	if (right)
		(void)printf("%*s%s%s", pad, "", text, last ? "" : "  ");
	else
		(void)printf("%s%*s", text, last ? 0 : pad + 2, "");
}

static bool is_right(const struct cli_column *c)
{
	return !c->write && c->cell != CELL_TEXT && c->cell != CELL_TIME;
}

static void write_cell(const struct cli_column *c, const json_t *row, char buf[CLI_CELL_MAX])
{
	if (c->write)
		c->write(row, buf);
	else if (c->cell == CELL_TEXT || !json_is_integer(json_object_get(row, c->key)))
		(void)cli_text(row, c->key, buf);
	else if (c->cell == CELL_NUMBER)
		(void)snprintf(buf, CLI_CELL_MAX, "%lld", cli_number(row, c->key));
	else if (c->cell == CELL_BYTES)
		cli_format_bytes(cli_number(row, c->key), buf);
	else if (c->cell == CELL_MS)
		cli_format_ms(cli_number(row, c->key), buf);
	else
		(void)cli_format_time(cli_number(row, c->key), buf);
}

void cli_print_table(const struct cli_column *columns, size_t n, const json_t *rows)
{
	size_t width[COLUMNS_MAX] = { 0 }, i;
	char buf[CLI_CELL_MAX];
	json_t *row;

	if (n > COLUMNS_MAX)
		n = COLUMNS_MAX;
	for (size_t c = 0; c < n; c++) {
		width[c] = width_of(columns[c].title);
		json_array_foreach(rows, i, row) {
			write_cell(&columns[c], row, buf);
			if (width_of(buf) > width[c])
				width[c] = width_of(buf);
		}
	}
	for (size_t c = 0; c < n; c++)
		print_cell(columns[c].title, width[c], is_right(&columns[c]), c + 1 == n);
	(void)printf("\n");
	json_array_foreach(rows, i, row) {
		for (size_t c = 0; c < n; c++) {
			write_cell(&columns[c], row, buf);
			print_cell(buf, width[c], is_right(&columns[c]), c + 1 == n);
		}
		(void)printf("\n");
	}
}

void cli_format_bytes(long long bytes, char buf[CLI_CELL_MAX])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double v = (double)bytes;
	size_t u = 0;

	while (v >= 1024 && u + 1 < countof(units)) {
		v /= 1024;
		u++;
	}
	(void)snprintf(buf, CLI_CELL_MAX, u && v < 100 ? "%.1f %s" : "%.0f %s", v, units[u]);
}

void cli_format_ms(long long ms, char buf[CLI_CELL_MAX])
{
	if (ms < 1000)
		(void)snprintf(buf, CLI_CELL_MAX, "%lld ms", ms);
	else if (ms < 120000)
		(void)snprintf(buf, CLI_CELL_MAX, "%.1f s", (double)ms / 1000);
	else if (ms < 7200000)
		(void)snprintf(buf, CLI_CELL_MAX, "%lld min", ms / 60000);
	else
		(void)snprintf(buf, CLI_CELL_MAX, "%lld h", ms / 3600000);
}

const char *cli_format_time(long long epoch_s, char buf[CLI_CELL_MAX])
{
	time_t t = (time_t)epoch_s;
	struct tm tm;

	if (epoch_s <= 0 || !gmtime_r(&t, &tm) ||
	    strftime(buf, CLI_CELL_MAX, "%Y-%m-%d %H:%M", &tm) == 0)
		(void)snprintf(buf, CLI_CELL_MAX, "-");
	return buf;
}

/* ---- grants ---- */

static json_t *list_of(json_t *scopes, const char *permission, const char *key)
{
	json_t *scope = json_object_get(scopes, permission), *list;

	if (!scope) {
		scope = json_object();
		(void)json_object_set_new(scopes, permission, scope);
	}
	list = json_object_get(scope, key);
	if (!list) {
		list = json_array();
		(void)json_object_set_new(scope, key, list);
	}
	return list;
}

static int take_globs(json_t *scopes, const char *permission, const char *globs, struct err *e)
{
	while (*globs) {
		size_t n = strcspn(globs, ",");
		bool deny = globs[0] == '!';

		if (n == deny)
			return err_set(e, ERR_USAGE, "--grant %s: an empty glob", permission);
		(void)json_array_append_new(list_of(scopes, permission, deny ? "deny" : "allow"),
					    json_stringn(globs + deny, n - deny));
		globs += n;
		if (*globs == ',' && !*++globs)
			return err_set(e, ERR_USAGE, "--grant %s: an empty glob", permission);
	}
	return 0;
}

static int take_one(json_t *permissions, json_t *scopes, const char *word, struct err *e)
{
	char name[NAME_MAX_BYTES];
	size_t n = strcspn(word, "=");

	if (n == 0 || n >= sizeof(name))
		return err_set(e, ERR_USAGE, "--grant takes PERMISSION or PERMISSION=GLOB,...");
	memcpy(name, word, n);
	name[n] = '\0';
	(void)json_array_append_new(permissions, json_string(name));
	if (word[n] == '=' && !word[n + 1])
		return err_set(e, ERR_USAGE, "--grant %s=: say which notes, or leave out \"=\"",
			       name);
	return word[n] ? take_globs(scopes, name, word + n + 1, e) : 0;
}

int cli_grant_wish(const struct grant_words *w, json_t **ret, struct err *e)
{
	CLEANUP(json_decref_p) json_t *permissions = json_array();
	CLEANUP(json_decref_p) json_t *scopes = json_object();
	CLEANUP(json_decref_p) json_t *wish = NULL;

	if (!w->all && !w->files && !w->perms.count) {
		*ret = NULL;
		return 0;
	}
	if (w->all && w->perms.count)
		return err_set(e, ERR_USAGE, "--grant-all-asked already contains every --grant");
	for (size_t i = 0; i < w->perms.count; i++)
		if (take_one(permissions, scopes, w->perms.value[i], e) < 0)
			return -1;
	wish = json_pack("{s:b, s:b, s:O, s:O}", "all", w->all, "files", w->files, "permissions",
			 permissions, "scopes", scopes);
	if (!wish)
		return err_set(e, ERR_NOMEM, "grant");
	*ret = take_ptr(wish);
	return 0;
}

int cli_put_grant(struct cli_args *a, const struct grant_words *w, struct err *e)
{
	json_t *wish = NULL;

	if (cli_grant_wish(w, &wish, e) < 0)
		return -1;
	if (wish)
		(void)json_object_set_new(cli_params(a), "grant", wish);
	return 0;
}
