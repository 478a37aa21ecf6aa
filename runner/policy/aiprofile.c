/* SPDX-License-Identifier: Apache-2.0 */
/* aiprofile.c - what a good profile of a language model is, without JSON. */
#include "policy/aiprofile.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "policy/rules.h"

static bool is_one_of(const char *s, const char *const *starts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(starts[i]);

		if (!strncmp(s, starts[i], len) && (!s[len] || strchr(":/", s[len])))
			return true;
	}
	return false;
}

/* What never leaves this host needs no TLS. */
static bool is_this_host(const char *url)
{
	static const char *const hosts[] = { "http://127.0.0.1", "http://localhost",
					     "http://[::1]" };

	return is_one_of(url, hosts, countof(hosts));
}

/* A user's name or password in an address would be in every log; a query or fragment cannot have
 * a path behind it. */
bool ai_url_is_valid(const char *s)
{
	const char *host = !strncmp(s, "https://", 8)  ? s + 8
			   : !strncmp(s, "http://", 7) ? s + 7
						       : NULL;

	return host && *host && *host != '/' && !strpbrk(host, " \"<>\\^`{|}@?#") &&
	       text_is_printable(s, strlen(s));
}

bool ai_model_is_valid(const char *s)
{
	return *s && text_is_printable(s, strlen(s));
}

bool ai_way_is_safe(const struct ai_profile *p)
{
	return !strncmp(p->url, "https://", 8) || p->plain_http || p->socket[0] ||
	       is_this_host(p->url);
}

static bool text_is(const char *field, size_t cap, bool (*ok)(const char *s), bool may_be_empty)
{
	size_t n = strnlen(field, cap);

	for (size_t i = n; i < cap; i++)
		if (field[i])
			return false; /* equal records have equal bytes */
	return n < cap && (n ? ok(field) : may_be_empty);
}

static bool texts_are_sound(const struct ai_profile *p)
{
	const struct {
		const char *field;
		size_t cap;
		bool (*ok)(const char *s);
		bool may_be_empty;
	} texts[] = {
		{ p->name, sizeof(p->name), name_is_valid, false },
		{ p->url, sizeof(p->url), ai_url_is_valid, false },
		{ p->socket, sizeof(p->socket), host_path_is_valid, true },
		{ p->model, sizeof(p->model), ai_model_is_valid, false },
		{ p->key, sizeof(p->key), host_path_is_valid, true },
	};

	for (size_t i = 0; i < countof(texts); i++)
		if (!text_is(texts[i].field, texts[i].cap, texts[i].ok, texts[i].may_be_empty))
			return false;
	return true;
}

static bool plugins_are_sound(const struct ai_profile *p)
{
	for (uint32_t i = 0; i < AI_PLUGINS_MAX; i++) {
		bool unused = i >= p->plugin_count;

		if (!text_is(p->plugins[i], NAME_MAX_BYTES, name_is_valid, unused) ||
		    (unused && p->plugins[i][0]))
			return false;
	}
	return p->plugin_count <= AI_PLUGINS_MAX;
}

static bool in_range(uint64_t n, uint64_t most)
{
	return n > 0 && n <= most;
}

static bool profile_is_sound(const struct ai_profile *p)
{
	static const struct ai_profile none;

	return texts_are_sound(p) && plugins_are_sound(p) && p->plain_http <= 1 &&
	       !memcmp(p->reserved, none.reserved, sizeof(p->reserved)) && ai_way_is_safe(p) &&
	       in_range(p->answer_tokens, AI_TOKENS_MAX) &&
	       in_range(p->tokens_per_day, UINT32_MAX) && in_range(p->timeout_ms, AI_MS_MAX);
}

bool ai_profiles_are_sound(const struct ceiling *c)
{
	static const struct ai_profile none;

	if (c->ai_count > AI_PROFILES_MAX || c->reserved)
		return false;
	for (uint32_t i = 0; i < AI_PROFILES_MAX; i++) {
		if (i >= c->ai_count ? memcmp(&c->ai[i], &none, sizeof(none)) != 0
				     : !profile_is_sound(&c->ai[i]))
			return false;
		for (uint32_t k = 0; k < i && i < c->ai_count; k++)
			if (!strcmp(c->ai[i].name, c->ai[k].name))
				return false;
	}
	return true;
}

const struct ai_profile *ai_profile_find(const struct ceiling *c, const char *name)
{
	for (uint32_t i = 0; i < c->ai_count; i++)
		if (!strcmp(c->ai[i].name, name))
			return &c->ai[i];
	return NULL;
}
