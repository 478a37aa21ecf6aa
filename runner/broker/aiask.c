/* SPDX-License-Identifier: Apache-2.0 */
/* aiask.c - a plugin's question to a language model, as the method's params say it. */
#include "broker/aiask.h"

#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "policy/aiprofile.h"

#define TEMPERATURE_MAX 2.0

static int start(struct json_place at, const char *const *keys, size_t n, struct ai_ask *ret,
		 struct err *e)
{
	*ret = (struct ai_ask){ .profile = AI_PROFILE_NORMAL };
	if (!json_is_object(at.obj))
		return err_set(e, ERR_JSON_TYPE, "%s: expected an object", at.where);
	if (json_check_keys(at, keys, n, e) < 0 ||
	    json_get_str(at, "profile", false, sizeof(ret->profile), ret->profile, e) < 0)
		return -1;
	if (!name_is_valid(ret->profile))
		return err_set(e, ERR_JSON_VALUE, "%s/profile is no name", at.where);
	return 0;
}

static bool is_role(const char *s)
{
	return s && (!strcmp(s, "system") || !strcmp(s, "user") || !strcmp(s, "assistant"));
}

static int check_message(const json_t *m, size_t i, struct ai_ask *ret, struct err *e)
{
	static const char *const keys[] = { "role", "content" };
	const json_t *content = json_object_get(m, "content");
	char where[64];

	(void)snprintf(where, sizeof(where), "params/messages/%zu", i);
	if (!json_is_object(m))
		return err_set(e, ERR_JSON_TYPE, "%s: expected {role, content}", where);
	if (json_check_keys((struct json_place){ m, where }, keys, countof(keys), e) < 0)
		return -1;
	if (!is_role(json_string_value(json_object_get(m, "role"))))
		return err_set(e, ERR_JSON_VALUE,
			       "%s/role: expected \"system\", \"user\" or \"assistant\"", where);
	if (!json_is_string(content))
		return err_set(e, ERR_JSON_TYPE, "%s/content: expected text", where);
	ret->bytes += json_string_length(content);
	return 0;
}

static int check_messages(struct json_place at, struct ai_ask *ret, json_t **ret_messages,
			  struct err *e)
{
	json_t *m;
	size_t i;

	if (json_get_array(at, "messages", true, AI_MESSAGES_MAX, ret_messages, e) < 0)
		return -1;
	ret->items = json_array_size(*ret_messages);
	if (!ret->items)
		return err_set(e, ERR_JSON_VALUE, "params/messages is empty");
	json_array_foreach(*ret_messages, i, m)
		if (check_message(m, i, ret, e) < 0)
			return -1;
	return ret->bytes ? 0 : err_set(e, ERR_JSON_VALUE, "params/messages say nothing");
}

static int check_stop(struct json_place at, const json_t **ret_stop, struct err *e)
{
	json_t *stop = NULL, *s;
	size_t i;

	if (json_get_array(at, "stop", false, AI_STOPS_MAX, &stop, e) < 0)
		return -1;
	json_array_foreach(stop, i, s)
		if (!json_is_string(s) || !json_string_length(s) ||
		    json_string_length(s) > AI_STOP_BYTES_MAX)
			return err_set(e, ERR_JSON_VALUE,
				       "params/stop/%zu: expected text of 1 to %u bytes", i,
				       AI_STOP_BYTES_MAX);
	*ret_stop = stop;
	return 0;
}

static int check_temperature(const json_t *t, struct err *e)
{
	if (t && !(json_is_number(t) && json_number_value(t) >= 0 &&
		   json_number_value(t) <= TEMPERATURE_MAX))
		return err_set(e, ERR_JSON_VALUE, "params/temperature: expected 0 to 2");
	return 0;
}

int ai_read_complete(const json_t *params, struct ai_ask *ret, struct err *e)
{
	static const char *const keys[] = { "profile",	   "messages", "maxTokens",
					    "temperature", "stop",     "stream" };
	const struct json_place at = { params, "params" };
	const json_t *stop = NULL;
	json_t *messages, *body, *temperature;

	if (start(at, keys, countof(keys), ret, e) < 0 ||
	    check_messages(at, ret, &messages, e) < 0 || check_stop(at, &stop, e) < 0 ||
	    json_get_uint(at, "maxTokens", false, AI_TOKENS_MAX, &ret->max_tokens, e) < 0 ||
	    json_get_bool(at, "stream", &ret->stream, e) < 0)
		return -1;
	temperature = json_object_get(params, "temperature");
	if (check_temperature(temperature, e) < 0)
		return -1;
	if (json_object_get(params, "maxTokens") && !ret->max_tokens)
		return err_set(e, ERR_JSON_VALUE, "params/maxTokens: expected 1 or more");
	body = json_pack("{s:O, s:b, s:O*, s:O*}", "messages", messages, "stream", ret->stream,
			 "temperature", temperature, "stop", stop);
	if (!body)
		return err_set(e, ERR_NOMEM, "question");
	ret->body = body;
	return 0;
}

int ai_read_embed(const json_t *params, struct ai_ask *ret, struct err *e)
{
	static const char *const keys[] = { "profile", "input" };
	const struct json_place at = { params, "params" };
	json_t *input, *s;
	size_t i;

	if (start(at, keys, countof(keys), ret, e) < 0 ||
	    json_get_array(at, "input", true, AI_INPUTS_MAX, &input, e) < 0)
		return -1;
	ret->items = json_array_size(input);
	if (!ret->items)
		return err_set(e, ERR_JSON_VALUE, "params/input is empty");
	json_array_foreach(input, i, s) {
		if (!json_is_string(s) || !json_string_length(s))
			return err_set(e, ERR_JSON_VALUE, "params/input/%zu: expected text", i);
		ret->bytes += json_string_length(s);
	}
	ret->body = json_pack("{s:O}", "input", input);
	return ret->body ? 0 : err_set(e, ERR_NOMEM, "question");
}
