/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c - how many tokens each plugin had of each model today. */
#include "broker/tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fs.h"
#include "base/limits.h"

#define FILE_NAME "ai-tokens.json"
#define FILE_TYPE "kennel.ai-tokens/1"

enum { FILE_MAX = 2 << 20, DAY_S = 24 * 3600, DEPTH = 3, KEY_BYTES = 2 * NAME_MAX_BYTES };

static bool rows_are_sound(const json_t *used)
{
	const char *key;
	json_t *v;

	if (!json_is_object(used) || json_object_size(used) > TOKENS_ROWS_MAX)
		return false;
	json_object_foreach((json_t *)(uintptr_t)used, key, v)
		if (!json_is_integer(v) || json_integer_value(v) < 0)
			return false;
	return true;
}

static int read_account(const struct buffer *text, struct tokens *ret, struct err *e)
{
	CLEANUP(json_decref_p) json_t *j = NULL;
	const json_t *type, *day;

	if (json_parse((const char *)text->p, text->len, DEPTH, JSON_NODES_MAX, &j, e) < 0)
		return err_wrap(e, FILE_NAME);
	type = json_object_get(j, "_type");
	day = json_object_get(j, "day");
	ret->used = json_object_get(j, "used");
	if (!json_is_string(type) || strcmp(json_string_value(type), FILE_TYPE) != 0 ||
	    !json_is_integer(day) || json_integer_value(day) < 0 || !rows_are_sound(ret->used))
		return err_set(e, ERR_FORMAT, FILE_NAME " is no account of tokens");
	ret->day = json_integer_value(day);
	(void)json_incref(ret->used);
	return 0;
}

int tokens_open(int state_fd, int64_t now_s, struct tokens *ret, struct err *e)
{
	CLEANUP(buffer_free_p) struct buffer text = { 0 };
	struct tokens t = { .fd = state_fd, .day = now_s / DAY_S };

	ret->fd = -1;
	if (faccessat(state_fd, FILE_NAME, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return err_sys(e, FILE_NAME);
		t.used = json_object();
		if (!t.used)
			return err_set(e, ERR_NOMEM, "account of tokens");
	} else if (fs_read_file(state_fd, FILE_NAME, FILE_MAX, &text, e) < 0 ||
		   read_account(&text, &t, e) < 0) {
		return -1;
	}
	*ret = t;
	return 0;
}

void tokens_close_p(struct tokens *t)
{
	json_decref_p(&t->used);
	t->fd = -1;
}

/* A clock that goes back makes no new day. */
static void turn_page(struct tokens *t, int64_t now_s)
{
	if (now_s / DAY_S <= t->day)
		return;
	t->day = now_s / DAY_S;
	(void)json_object_clear(t->used);
}

static void key_of(char ret[KEY_BYTES], const char *plugin, const char *model)
{
	(void)snprintf(ret, KEY_BYTES, "%s/%s", plugin, model);
}

static int save(const struct tokens *t, struct err *e)
{
	CLEANUP(json_decref_p)
	json_t *j = json_pack("{s:s, s:I, s:O}", "_type", FILE_TYPE, "day", (json_int_t)t->day,
			      "used", t->used);
	CLEANUP(free_p) char *text = NULL;
	size_t n = 0;

	text = j ? json_print(j, &n) : NULL;
	if (!text)
		return err_set(e, ERR_NOMEM, "account of tokens");
	return fs_write_atomic(t->fd, FILE_NAME, text, n, 0600, e);
}

/* As it was, when it cannot be written. */
static int set_used(struct tokens *t, const char *key, uint64_t before, uint64_t now, struct err *e)
{
	if (json_object_set_new(t->used, key, json_integer((json_int_t)now)) < 0)
		return err_set(e, ERR_NOMEM, "account of tokens");
	if (save(t, e) == 0)
		return 0;
	(void)json_object_set_new(t->used, key, json_integer((json_int_t)before));
	return -1;
}

uint64_t tokens_used(const struct tokens *t, const char *plugin, const char *model)
{
	char key[KEY_BYTES];

	key_of(key, plugin, model);
	return (uint64_t)json_integer_value(json_object_get(t->used, key));
}

int tokens_reserve(struct tokens *t, const char *plugin, const struct broker_model *model,
		   uint64_t n, int64_t now_s, struct err *e)
{
	char key[KEY_BYTES];
	uint64_t used;

	if (t->fd < 0)
		return err_set(e, ERR_STATE, "there is no account of tokens");
	turn_page(t, now_s);
	used = tokens_used(t, plugin, model->name);
	if (used > model->tokens_per_day || n > model->tokens_per_day - used)
		return err_set(e, ERR_FULL,
			       "%llu of %llu tokens of today are used, and this may take %llu",
			       (unsigned long long)used, (unsigned long long)model->tokens_per_day,
			       (unsigned long long)n);
	key_of(key, plugin, model->name);
	if (!json_object_get(t->used, key) && json_object_size(t->used) >= TOKENS_ROWS_MAX)
		return err_set(e, ERR_FULL, "%u plugins use models today", TOKENS_ROWS_MAX);
	return set_used(t, key, used, used + n, e);
}

uint32_t tokens_wait_s(const struct tokens *t, int64_t now_s)
{
	return (uint32_t)((t->day + 1) * DAY_S - now_s);
}

void tokens_settle(struct tokens *t, const char *plugin, const char *model, uint64_t n,
		   uint64_t used, int64_t day)
{
	uint64_t before = t->fd < 0 ? 0 : tokens_used(t, plugin, model);
	char key[KEY_BYTES];

	if (t->fd < 0 || t->day != day)
		return; /* that day is over */
	key_of(key, plugin, model);
	(void)set_used(t, key, before, (before > n ? before - n : 0) + used, NULL);
}
