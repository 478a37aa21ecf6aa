/* SPDX-License-Identifier: Apache-2.0 */
/* models.c - the language models that this tenant's plugins may ask, and who waits for one. */
#include "broker/models.h"

#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"

/* What stands around a message in the model's own format. */
enum { TOKENS_AROUND = 8, BYTES_A_TOKEN = 3 };

void models_init(struct models *m)
{
	*m = (struct models){
		.tokens = { .fd = -1 },
		.calls = { .of_one_max = AI_OF_ONE_MAX, .all_max = AI_CALLS_MAX, .who = "a model" }
	};
}

static bool is_sound(const struct broker_model *m)
{
	if (!str_ends_inside(m->name, sizeof(m->name)) || !name_is_valid(m->name) ||
	    m->plugin_count > AI_PLUGINS_MAX || !m->answer_tokens || !m->timeout_ms)
		return false;
	for (uint32_t i = 0; i < m->plugin_count; i++)
		if (!str_ends_inside(m->plugins[i], NAME_MAX_BYTES))
			return false;
	return true;
}

int models_take(struct models *m, const struct broker_models *known, struct err *e)
{
	bool sound = known->count <= AI_PROFILES_MAX && m->known.count == 0;

	for (uint32_t i = 0; sound && i < known->count; i++)
		sound = is_sound(&known->list[i]);
	if (!sound)
		return err_set(e, ERR_PROTOCOL, "not a list of models");
	m->known = *known;
	return 0;
}

static bool serves(const struct broker_model *m, const char *plugin)
{
	for (uint32_t i = 0; i < m->plugin_count; i++)
		if (!strcmp(m->plugins[i], plugin))
			return true;
	return m->plugin_count == 0;
}

const struct broker_model *models_find(const struct models *m, const char *name, const char *plugin)
{
	for (uint32_t i = 0; i < m->known.count; i++)
		if (!strcmp(m->known.list[i].name, name))
			return serves(&m->known.list[i], plugin) ? &m->known.list[i] : NULL;
	return NULL;
}

uint64_t models_cost(size_t bytes, size_t items, uint64_t answer_tokens)
{
	return (bytes + BYTES_A_TOKEN - 1) / BYTES_A_TOKEN + items * TOKENS_AROUND + answer_tokens;
}
