/* SPDX-License-Identifier: Apache-2.0 */
/* models.c - a broker learns which language models there are, and gets its way to them. */
#include "supervise/models.h"

#include <string.h>

#include "base/bytes.h"
#include "supervise/link_broker.h"
#include "supervise/supervisor.h"

void models_on_ready(struct broker *b)
{
	const struct ceiling *c = &b->s->ceiling;
	struct broker_msg m = { .kind = BROKER_MODELS };

	if (!(b->tenant->permissions & PERM_BIT(PERM_USE_AI)))
		return;
	m.u.models.count = c->ai_count;
	for (uint32_t i = 0; i < c->ai_count; i++) {
		const struct ai_profile *from = &c->ai[i];
		struct broker_model *to = &m.u.models.list[i];

		(void)copy_str(to->name, sizeof(to->name), from->name);
		to->answer_tokens = from->answer_tokens;
		to->timeout_ms = from->timeout_ms;
		to->tokens_per_day = from->tokens_per_day;
		to->plugin_count = from->plugin_count;
		memcpy(to->plugins, from->plugins, sizeof(to->plugins));
	}
	(void)broker_tell(b, &m, NULL, NULL);
}

/* A broker that does not read loses its plugins by other ways; here it only stays without models.
 */
static void on_answer(struct supervisor *s, void *arg, const struct launch_msg *answer,
		      struct record_fds *fds)
{
	struct broker *b = arg;
	struct broker_msg m = { .kind = BROKER_MODEL_WAY };

	(void)s;
	if (answer->result < 0)
		m.u.model_way.error = answer->u.error;
	else if (fds->count != 1)
		(void)err_set(&m.u.model_way.error, ERR_PROTOCOL, "it came without its socket");
	(void)broker_tell(b, &m, answer->result < 0 ? NULL : fds, NULL);
}

void models_on_wanted(struct broker *b)
{
	struct launch_msg m = { .kind = LAUNCH_FETCH };
	struct broker_msg no = { .kind = BROKER_MODEL_WAY };

	(void)copy_str(m.u.broker.tenant, sizeof(m.u.broker.tenant), b->tenant->name);
	if (launcher_ask(b->s, &m, NULL, on_answer, b, &no.u.model_way.error) < 0)
		(void)broker_tell(b, &no, NULL, NULL);
}
