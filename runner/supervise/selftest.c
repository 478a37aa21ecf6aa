/* SPDX-License-Identifier: Apache-2.0 */
/* selftest.c - the self-test, asked of the launcher for a person; its outcome on record. */
#include "supervise/selftest.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/selftest.h"
#include "supervise/note.h"
#include "supervise/supervisor.h"

#define ROW_(id, name, always) [id] = (name),
static const char *const names[SELFTEST_TRIES] = { SELFTEST_TABLE(ROW_) };
#undef ROW_

static json_t *tries_to_json(const struct selftest_jail *jail)
{
	json_t *out = json_array();

	for (size_t i = 0; i < SELFTEST_TRIES; i++) {
		const char *error = strerrorname_np(jail->result[i].error);

		(void)json_array_append_new(
			out, json_pack("{s:s, s:b, s:s}", "try", names[i], "refused",
				       jail->result[i].outcome == SELFTEST_REFUSED, "error",
				       jail->result[i].error && error ? error : ""));
	}
	return out;
}

static json_t *report_to_json(const struct selftest_report *r)
{
	json_t *jails = json_array();
	uint32_t count = r->jails < SELFTEST_JAILS_MAX ? r->jails : SELFTEST_JAILS_MAX;

	for (uint32_t i = 0; i < count; i++)
		(void)json_array_append_new(
			jails,
			json_pack("{s:s, s:b, s:o}", "image",
				  r->jail[i].image == IMAGE_WASM ? "wasm" : "native", "guarded",
				  r->jail[i].guarded != 0, "tries", tries_to_json(&r->jail[i])));
	return json_pack("{s:o, s:I, s:I, s:I}", "jails", jails, "tries",
			 (json_int_t)count * SELFTEST_TRIES, "through", (json_int_t)r->through,
			 "accepted", (json_int_t)r->accepted);
}

static void on_report(struct supervisor *s, void *arg, const struct launch_msg *m,
		      struct record_fds *fds)
{
	struct control_ref *who = arg;
	bool bad = m->result < 0 || m->u.selftest.through > 0;

	(void)fds;
	note_tell(s, &(struct note){
			     .event = "selftest",
			     .result = bad ? err_name(ERR_SELFTEST) : NULL,
			     .detail = m->result < 0 ? m->u.error.text : NULL,
			     .count = m->result < 0 ? 0 : m->u.selftest.through,
		     });
	if (m->result < 0)
		control_refuse(s, *who, &m->u.error);
	else
		control_answer(s, *who, report_to_json(&m->u.selftest));
	free(who);
}

int selftest_ask(struct supervisor *s, struct control_ref who, struct err *e)
{
	CLEANUP(free_p) struct control_ref *copy = malloc(sizeof(*copy));
	struct launch_msg m;

	if (!copy)
		return err_set(e, ERR_NOMEM, "selftest");
	*copy = who;
	memset(&m, 0, sizeof(m));
	m.kind = LAUNCH_SELFTEST;
	if (launcher_ask(s, &m, NULL, on_report, copy, e) < 0)
		return -1;
	(void)take_ptr(copy);
	return CONTROL_LATER;
}
