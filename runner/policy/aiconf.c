/* SPDX-License-Identifier: Apache-2.0 */
/* aiconf.c - the language models that the operator's configuration names. */
#include "policy/aiconf.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "policy/aiprofile.h"
#include "policy/rules.h"

static const struct field plugin_row = {
	.key = "plugin",
	.help = "A plugin's name.",
	.type = FIELD_TEXT,
	.ours = true,
	.ok = name_is_valid,
	.max = NAME_MAX_BYTES - 1,
};

static int take_plugins(struct json_place at, void *base, struct err *e)
{
	struct ai_profile *p = base;
	json_t *value;
	size_t i;

	json_array_foreach(at.obj, i, value) {
		const char *name = json_string_value(value);
		char where[FIELD_WHERE_MAX];

		field_where_index(where, at.where, i);
		if (!name || !name_is_valid(name))
			return err_set(e, ERR_CONFIG, "%s: expected the name of a plugin", where);
		(void)copy_str(p->plugins[p->plugin_count++], NAME_MAX_BYTES, name);
	}
	return 0;
}

static const struct field rows[] = {
	{ .key = "url",
	  .help = "The server's address, up to what stands before /chat/completions.",
	  .expect = "https://HOST/PATH, or http:// on this very host, without user, ? and #",
	  .type = FIELD_TEXT,
	  .required = true,
	  .ours = true,
	  .refusal = ERR_CONFIG,
	  .ok = ai_url_is_valid,
	  FIELD_TEXT_PLACE(struct ai_profile, url) },
	{ .key = "socket",
	  .help = "The unix socket at which it listens; absent: TCP, to the host of url.",
	  .expect = "an absolute path without . and ..",
	  .type = FIELD_TEXT,
	  .ours = true,
	  .ok = host_path_is_valid,
	  FIELD_TEXT_PLACE(struct ai_profile, socket) },
	{ .key = "model",
	  .help = "Which model the server is asked for.",
	  .type = FIELD_TEXT,
	  .required = true,
	  .ours = true,
	  .ok = ai_model_is_valid,
	  FIELD_TEXT_PLACE(struct ai_profile, model) },
	{ .key = "key",
	  .help = "A file of root, mode 0600, with the token that the server wants; absent: none.",
	  .expect = "an absolute path without . and ..",
	  .type = FIELD_TEXT,
	  .ours = true,
	  .ok = host_path_is_valid,
	  FIELD_TEXT_PLACE(struct ai_profile, key) },
	{ .key = "plainHttp",
	  .help = "Allow http:// to another host, where notes and key can be read on the way.",
	  .type = FIELD_FLAG,
	  .ours = true,
	  FIELD_PLACE(struct ai_profile, plain_http) },
	{ .key = "answerTokens",
	  .help = "The most tokens of one answer; absent: 1024.",
	  .type = FIELD_NUMBER,
	  .ours = true,
	  .min = 1,
	  .max = AI_TOKENS_MAX,
	  FIELD_PLACE(struct ai_profile, answer_tokens) },
	{ .key = "tokensPerDay",
	  .help = "The most tokens, of questions and answers, that one plugin uses in a day (UTC); absent: 200000.",
	  .type = FIELD_NUMBER,
	  .ours = true,
	  .min = 1,
	  .max = UINT32_MAX,
	  FIELD_PLACE(struct ai_profile, tokens_per_day) },
	{ .key = "timeout",
	  .help = "The longest one question may take, further tries included; absent: \"1m\".",
	  .type = FIELD_TIME,
	  .ours = true,
	  .min = 1000,
	  .max = AI_MS_MAX,
	  FIELD_PLACE(struct ai_profile, timeout_ms) },
	{ .key = "plugins",
	  .help = "The plugins that may use it; absent: every one that is granted useAI.",
	  .type = FIELD_LIST,
	  .ours = true,
	  .min = 1,
	  .max = AI_PLUGINS_MAX,
	  .entry = &plugin_row,
	  .distinct = true,
	  .take = take_plugins },
};
const struct field_table aiconf_fields = { rows, countof(rows) };

static int take_profile(struct json_place at, const char *name, struct ai_profile *p, struct err *e)
{
	if (!name_is_valid(name) || !copy_str(p->name, sizeof(p->name), name))
		return err_set(e, ERR_CONFIG, "%s: expected a name of letters, digits, '-' and '_'",
			       at.where);
	p->answer_tokens = AI_TOKENS_NORMAL;
	p->tokens_per_day = AI_TOKENS_A_DAY_NORMAL;
	p->timeout_ms = AI_MS_NORMAL;
	if (fields_take(&aiconf_fields, at, p, e) < 0)
		return -1;
	if (!ai_way_is_safe(p))
		return err_set(
			e, ERR_CONFIG,
			"%s/url: notes would cross the network readable; use https://, or say "
			"\"plainHttp\": true",
			at.where);
	return 0;
}

int aiconf_take(struct json_place at, void *base, struct err *e)
{
	struct ceiling *c = base;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)at.obj, name, value) {
		char where[FIELD_WHERE_MAX];

		field_where(where, at.where, name);
		if (take_profile((struct json_place){ value, where }, name, &c->ai[c->ai_count],
				 e) < 0)
			return -1;
		c->ai_count++;
	}
	return 0;
}
