/* SPDX-License-Identifier: Apache-2.0 */
/* methods_plugin.c - ps, install, start, stop, remove. */
#include <string.h>

#include "base/fd.h"
#include "supervise/feed.h"
#include "supervise/methods.h"
#include "supervise/note.h"
#include "supervise/scan.h"
#include "supervise/supervisor.h"

static json_t *describe_host(const struct supervisor *s)
{
	json_t *accept = json_array();

	for (unsigned int i = 0; i < ACCEPT_COUNT; i++)
		if (s->ceiling.accept & (1u << i))
			(void)json_array_append_new(accept, json_string(degradation_name(i)));
	return json_pack("{s:o, s:I}", "accept", accept, "auditLost", (json_int_t)s->audit_lost);
}

int method_ps(struct control_request *q, struct err *e)
{
	struct control_filter f;
	json_t *list;

	if (method_filter(q, &f, e) < 0)
		return -1;
	list = json_array();
	for (size_t i = 0; i < q->s->plugin_count; i++) {
		const struct plugin *p = q->s->plugins[i];

		if (control_filter_takes(&f, p->ceiling->name, p->name))
			(void)json_array_append_new(list, plugin_describe(p));
	}
	q->result = json_pack("{s:o, s:o}", "plugins", list, "host", describe_host(q->s));
	return CONTROL_DONE;
}

int method_install(struct control_request *q, struct err *e)
{
	const struct tenant_ceiling *t;
	char file[TEXT_MAX_BYTES];
	int fd;

	if (method_tenant(q, &t, e) < 0 || method_text(q, "file", false, sizeof(file), file, e) < 0)
		return -1;
	fd = take_fd(q->fd);
	if (fd < 0 && file[0])
		fd = scan_open(q->s, file, e);
	else if (fd < 0)
		return err_set(e, ERR_USAGE, "no bundle was passed along");
	return fd < 0 ? -1 : admit_install(q->s, q, t, file[0] ? file : "a bundle", fd, e);
}

static int set_enabled(struct plugin *p, bool on, struct err *e)
{
	struct registry_entry *g = registry_find(&p->s->registry, p->ceiling->name, p->name);

	if (!g || !g->bundle[0])
		return err_set(e, ERR_NOT_FOUND, "%s is not installed", p->name);
	if (g->enabled == on)
		return 0;
	g->enabled = on;
	if (registry_save(p->s->store.registry, g, e) == 0)
		return 0;
	g->enabled = !on;
	return -1;
}

int method_start(struct control_request *q, struct err *e)
{
	struct plugin *p;

	if (method_plugin(q, &p, e) < 0 || set_enabled(p, true, e) < 0)
		return -1;
	if (instance_is_alive(p->state) && !instance_is_up(p->state) &&
	    p->state != INSTANCE_STARTING)
		return err_set(e, ERR_STATE, "%s is %s; try again in a moment", p->name,
			       instance_state_name(p->state));
	(void)plugin_start(p);
	return plugin_wait(p, q->who, PLUGIN_GOAL_UP, NULL, e);
}

int method_stop(struct control_request *q, struct err *e)
{
	struct plugin *p;

	if (method_plugin(q, &p, e) < 0 ||
	    note_write(&(struct note){ .event = "stop",
				       .tenant = p->ceiling->name,
				       .plugin = p->name,
				       .instance = p->instance },
		       e) < 0 ||
	    set_enabled(p, false, e) < 0)
		return -1;
	p->then = PLUGIN_THEN_REST;
	if (instance_is_alive(p->state) || p->state == INSTANCE_BACKOFF)
		(void)plugin_event(p, INSTANCE_EV_STOP);
	return plugin_wait(p, q->who, PLUGIN_GOAL_STOPPED, NULL, e);
}

int method_remove(struct control_request *q, struct err *e)
{
	struct plugin *p;
	int r;

	if (method_plugin(q, &p, e) < 0)
		return -1;
	if (p->state == INSTANCE_STUCK)
		return err_set(e, ERR_STATE, "%s does not end; it can be removed when it is gone",
			       p->name);
	if (note_write(&(struct note){ .event = "remove",
				       .tenant = p->ceiling->name,
				       .plugin = p->name },
		       e) < 0 ||
	    set_enabled(p, false, e) < 0)
		return -1;
	p->then = PLUGIN_THEN_RETIRE;
	if (instance_is_alive(p->state)) {
		r = plugin_wait(p, q->who, PLUGIN_GOAL_STOPPED, NULL, e);
		if (r >= 0)
			(void)plugin_event(p, INSTANCE_EV_STOP);
		return r;
	}
	q->result = plugin_describe(p);
	(void)plugin_event(
		p, INSTANCE_EV_STOP); /* from every state that is not alive: stopped, and gone */
	return CONTROL_DONE;
}
