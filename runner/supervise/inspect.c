/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.c - asks the launcher, collects the parts, compares, records, answers. */
#include "supervise/inspect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "supervise/feed.h"
#include "supervise/note.h"
#include "supervise/supervisor.h"

struct inspection {
	struct control_ref who;
	uint64_t instance;
	struct posture posture;
	struct posture_report report;
};

static void end(struct supervisor *s, struct inspection *i, const struct err *why)
{
	if (why)
		control_refuse(s, i->who, why);
	free(i);
}

/* The launcher is trusted, its records are not believed to be in bounds all the same. */
static int take_part(struct posture *p, const struct launch_posture *m, struct err *e)
{
	switch (m->part) {
	case POSTURE_HEAD:
		p->head = m->u.head;
		return 0;
	case POSTURE_PROCESS:
		if (p->processes == POSTURE_PROCESSES_MAX)
			break;
		p->process[p->processes] = m->u.process;
		p->process[p->processes++].name[sizeof(m->u.process.name) - 1] = '\0';
		return 0;
	case POSTURE_MOUNT:
		if (p->mounts == POSTURE_MOUNTS_MAX)
			break;
		p->mount[p->mounts] = m->u.mount;
		p->mount[p->mounts].type[sizeof(m->u.mount.type) - 1] = '\0';
		p->mount[p->mounts++].target[sizeof(m->u.mount.target) - 1] = '\0';
		return 0;
	case POSTURE_LABEL:
		if (p->labels == POSTURE_LABELS_MAX)
			break;
		p->label[p->labels] = m->u.label;
		p->label[p->labels++].target[sizeof(m->u.label.target) - 1] = '\0';
		return 0;
	default:
		break;
	}
	return err_set(e, ERR_PROTOCOL, "the launcher sent part %u once too often", m->part);
}

/* The first row stands for all in the record; the answer has every one. */
static void record(struct plugin *p, const struct inspection *i)
{
	const struct posture_difference *first = &i->report.row[0];
	char detail[sizeof(first->what) + sizeof(first->expected) + sizeof(first->found) + 32];

	(void)snprintf(detail, sizeof(detail), "%s: expected %s, found %s", first->what,
		       first->expected, first->found);
	note_tell(p->s, &(struct note){ .event = "inspect",
					.tenant = p->ceiling->name,
					.plugin = p->name,
					.instance = i->instance,
					.result = err_name(ERR_POSTURE),
					.count = i->report.count,
					.detail = detail });
	feed_plugin(p, "posture", detail, NULL);
}

static void finish(struct supervisor *s, struct inspection *i)
{
	struct plugin *p = plugin_find_instance(s, i->instance);
	const struct registry_entry *g =
		p ? registry_find(&s->registry, p->ceiling->name, p->name) : NULL;
	struct posture_want want;
	struct err why = { 0 };
	json_t *result;

	if (!p || !g || !p->policy) {
		(void)err_set(&why, ERR_STATE, "it ended meanwhile");
		end(s, i, &why);
		return;
	}
	want = (struct posture_want){ .policy = p->policy,
				      .uid = s->ceiling.plugin_uid_base + g->uid_index,
				      .accepted = s->ceiling.accept };
	posture_compare(&want, &i->posture, &i->report);
	if (i->report.count)
		record(p, i);
	result = inspect_to_json(&i->posture, &i->report, p->policy);
	(void)json_object_set_new(result, "plugin", json_string(p->name));
	(void)json_object_set_new(result, "tenant", json_string(p->ceiling->name));
	(void)json_object_set_new(result, "instance", json_integer((json_int_t)i->instance));
	control_answer(s, i->who, result);
	end(s, i, NULL);
}

static void on_part(struct supervisor *s, void *arg, const struct launch_msg *m,
		    struct record_fds *fds)
{
	struct inspection *i = arg;
	struct err e = { 0 };

	(void)fds;
	if (m->result < 0) {
		end(s, i, &m->u.error);
		return;
	}
	if (take_part(&i->posture, &m->u.posture, &e) < 0) {
		launcher_forget(s, i);
		end(s, i, &e);
		return;
	}
	if (!m->u.posture.more)
		finish(s, i);
}

int inspect_ask(struct plugin *p, struct control_ref who, struct err *e)
{
	CLEANUP(free_p) struct inspection *i = calloc(1, sizeof(*i));
	struct launch_msg m;

	if (!i)
		return err_set(e, ERR_NOMEM, "inspection");
	if (!p->instance || !p->policy)
		return err_set(e, ERR_STATE,
			       "%s is %s, there is nothing to look at; kennel start %s", p->name,
			       instance_state_name(p->state), p->name);
	i->who = who;
	i->instance = p->instance;
	memset(&m, 0, sizeof(m));
	m.kind = LAUNCH_INSPECT;
	m.u.instance.id = p->instance;
	if (launcher_ask(p->s, &m, NULL, on_part, i, e) < 0)
		return -1;
	(void)take_ptr(i);
	return CONTROL_LATER;
}
