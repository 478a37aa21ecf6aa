/* SPDX-License-Identifier: Apache-2.0 */
/* call_log.c - log.write {level, message}. */
#include "broker/calls.h"

#include <string.h>

#include "base/cleanup.h"
#include "broker/logs.h"

int call_log_write(struct call *c)
{
	static const char *const levels[] = { "error", "warn", "info", "debug" };
	static const char *const keys[] = { "level", "message", "_meta" };
	const json_t *message = json_object_get(c->params, "message");
	const char *level = json_string_value(json_object_get(c->params, "level"));
	unsigned int number = countof(levels);

	if (call_check_keys(c, keys, countof(keys)) < 0)
		return -1;
	for (unsigned int i = 0; i < countof(levels); i++)
		if (!strcmp(level ? level : "info", levels[i]))
			number = i;
	if (number == countof(levels) || !json_is_string(message))
		return call_bad_params(c,
				       "level is error, warn, info or debug; message is a string");
	if (c->who->log && !logs_write(c->who->log, number, json_string_value(message),
				       json_string_length(message), c->now_ms))
		return call_refuse(c, RPC_RATE_LIMITED, "rate_limited", "E_RATE",
				   "log.write: more than %u bytes a second", LOG_BYTES_PER_SECOND);
	return 0;
}
