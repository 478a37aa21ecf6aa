/* SPDX-License-Identifier: Apache-2.0 */
/* feed.c - what happens, for people who watch. */
#include "supervise/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "supervise/supervisor.h"

static size_t character_length(unsigned char first)
{
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

json_t *feed_text_cut(const char *untrusted, size_t max_bytes)
{
	size_t n = strnlen(untrusted, max_bytes), used = 0;
	char *safe = text_is_printable(untrusted, n) ? NULL : malloc(n + 1);
	json_t *s;

	if (!safe) /* whole and printable, or memory is out: then Jansson says no as well */
		return json_stringn(untrusted, n);
	for (size_t i = 0; i < n;) {
		size_t len = character_length((unsigned char)untrusted[i]);

		if (len > n - i || !text_is_printable(untrusted + i, len)) {
			safe[used++] = '?';
			i++;
			continue;
		}
		memcpy(safe + used, untrusted + i, len);
		used += len;
		i += len;
	}
	s = json_stringn(safe, used);
	free(safe);
	return s;
}

json_t *feed_text(const char *untrusted)
{
	return feed_text_cut(untrusted, LOG_LINE_MAX);
}

static json_t *new_line(const char *kind)
{
	char t[CLOCK_TEXT_BYTES];

	clock_format_utc(clock_wall_ns(), t);
	return json_pack("{s:s, s:s}", "time", t, "kind", kind);
}

static json_t *new_plugin_line(const struct plugin *p, const char *kind)
{
	json_t *line = new_line(kind);

	(void)json_object_set_new(line, "tenant", json_string(p->ceiling->name));
	(void)json_object_set_new(line, "plugin", json_string(p->name));
	if (p->instance)
		(void)json_object_set_new(line, "instance", json_integer((json_int_t)p->instance));
	return line;
}

static void publish(struct supervisor *s, json_t *line)
{
	if (!line)
		return;
	control_publish(s, FOLLOW_EVENTS, line);
	ring_push(&s->events, line);
}

void feed_plugin(struct plugin *p, const char *kind, const char *text, json_t *extra)
{
	json_t *line = new_plugin_line(p, kind);

	if (extra)
		(void)json_object_update(line, extra);
	json_decref(extra);
	(void)json_object_set_new(line, "text", feed_text(text));
	publish(p->s, line);
}

void feed_host(struct supervisor *s, const char *kind, const char *tenant, const char *text)
{
	json_t *line = new_line(kind);

	if (tenant)
		(void)json_object_set_new(line, "tenant", json_string(tenant));
	(void)json_object_set_new(line, "text", feed_text(text));
	publish(s, line);
}

void feed_log(struct plugin *p, const struct broker_log *l)
{
	static const char *const streams[] = { "?", "stdout", "stderr", "log" };
	static const char *const levels[] = { "error", "warn", "info", "debug" };
	json_t *line = new_plugin_line(p, "log");

	(void)json_object_set_new(line, "stream",
				  json_string(streams[l->stream < 4 ? l->stream : 0]));
	if (l->stream == 3)
		(void)json_object_set_new(line, "level",
					  json_string(levels[l->level < 4 ? l->level : 2]));
	(void)json_object_set_new(line, "text", feed_text(l->line));
	if (!line)
		return;
	control_publish(p->s, FOLLOW_LOGS, line);
	control_publish(p->s, FOLLOW_EVENTS, line);
	ring_push(&p->logs, line);
}

const char *feed_hook_name(uint32_t hook)
{
#define HOOK_NAME_(id, name) [id] = name,
	static const char *const names[] = { [HOOK_NONE] = "?", GUARD_HOOK_TABLE(HOOK_NAME_) };
#undef HOOK_NAME_

	return hook < sizeof(names) / sizeof(names[0]) ? names[hook] : "?";
}

const char *feed_refusal_text(const struct launch_refusal *r, char ret[REFUSAL_TEXT_MAX])
{
	static const struct {
		uint32_t right;
		const char *name;
	} rights[] = { { MAY_READ, "read" }, { MAY_WRITE, "write" }, { MAY_EXEC, "execute" } };
	char want[32] = "";
	size_t n = 0;

	for (size_t i = 0; i < countof(rights); i++)
		if (r->refusal.want & rights[i].right)
			n += (size_t)snprintf(want + n, sizeof(want) - n, "%s%s",
					      n ? ", " : " for ", rights[i].name);
	if (r->place_len > 0 && r->place_len < sizeof(r->path))
		(void)snprintf(ret, REFUSAL_TEXT_MAX, "%s%s; the rule of %.*s",
			       feed_hook_name(r->refusal.hook), want, (int)r->place_len, r->path);
	else
		(void)snprintf(ret, REFUSAL_TEXT_MAX, "%s%s; no rule",
			       feed_hook_name(r->refusal.hook), want);
	return ret;
}

void feed_refusal(struct plugin *p, const struct launch_refusal *r)
{
	json_t *line = new_plugin_line(p, "refusal");
	char comm[sizeof(r->refusal.comm) + 1], text[REFUSAL_TEXT_MAX];

	memcpy(comm, r->refusal.comm, sizeof(r->refusal.comm));
	comm[sizeof(comm) - 1] = '\0';
	(void)json_object_set_new(line, "hook", json_string(feed_hook_name(r->refusal.hook)));
	(void)json_object_set_new(line, "path", feed_text(r->path));
	(void)json_object_set_new(line, "text", feed_text(feed_refusal_text(r, text)));
	(void)json_object_set_new(line, "error", json_integer(r->refusal.error));
	(void)json_object_set_new(line, "want", json_integer(r->refusal.want));
	(void)json_object_set_new(line, "comm", feed_text(comm));
	(void)json_object_set_new(line, "seq", json_integer((json_int_t)r->refusal.seq));
	if (!line)
		return;
	control_publish(p->s, FOLLOW_EVENTS, line);
	ring_push(&p->refusals, line);
}

void feed_delivery(struct supervisor *s, const char *tenant, const struct broker_event *ev)
{
	json_t *line = new_line(ev->result == 0 ? "delivered" : "failed");
	const char *name = event_name(ev->event);

	(void)json_object_set_new(line, "tenant", json_string(tenant));
	(void)json_object_set_new(line, "plugin", feed_text(ev->plugin));
	(void)json_object_set_new(line, "event", json_string(name ? name : "?"));
	(void)json_object_set_new(line, "note", feed_text(ev->note));
	(void)json_object_set_new(line, "durationUs", json_integer(ev->duration_us));
	(void)json_object_set_new(line, "text", feed_text(ev->text));
	publish(s, line);
}
