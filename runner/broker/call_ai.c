/* SPDX-License-Identifier: Apache-2.0 */
/* call_ai.c - ai.complete, ai.embed: a language model is asked, and the answer comes when it has
 * one. What was asked stays out of the log; its digest and its size are there. */
#include "broker/calls.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "broker/aiask.h"
#include "broker/note.h"
#include "policy/aiprofile.h"

struct plan {
	struct models *models;
	const char *plugin;
	const struct broker_model *model;
	struct ai_ask ask;
	bool embed;
	bool kept; /* what was set aside belongs to the question now */
	uint64_t cost;
	int64_t day;
};

static void plan_free(void *arg)
{
	struct plan *p = arg;

	if (!p)
		return;
	if (p->cost && !p->kept)
		tokens_settle(&p->models->tokens, p->plugin, p->model->name, p->cost, 0, p->day);
	json_decref(p->ask.body);
	free(p);
}

static int choose_model(struct call *c, struct plan *p)
{
	p->model = models_find(p->models, p->ask.profile, p->plugin);
	if (!p->model)
		return call_refuse(c, RPC_SCOPE_DENIED, "scope_denied", "E_SCOPE",
				   "%s: there is no model \"%s\" for this plugin; the operator "
				   "names them under \"ai\" in kennel.json",
				   c->row->name, p->ask.profile);
	if (p->ask.max_tokens > p->model->answer_tokens)
		return call_refuse(c, RPC_QUOTA, "quota", "E_LIMIT",
				   "%s: an answer of \"%s\" has %u tokens at most", c->row->name,
				   p->model->name, p->model->answer_tokens);
	if (!p->ask.max_tokens)
		p->ask.max_tokens = p->model->answer_tokens;
	return 0;
}

static int set_aside(struct call *c, struct plan *p)
{
	int64_t now_s = clock_wall_s();
	uint64_t cost = models_cost(p->ask.bytes, p->ask.items, p->embed ? 0 : p->ask.max_tokens);
	struct err e;

	if (p->models->no_tokens.code != ERR_OK)
		return call_refuse(c, RPC_UNAVAILABLE, "unavailable",
				   err_name(p->models->no_tokens.code), "%s: %s", c->row->name,
				   p->models->no_tokens.text);
	if (tokens_reserve(&p->models->tokens, p->plugin, p->model, cost, now_s, &e) < 0) {
		if (e.code != ERR_FULL)
			return call_refuse(c, RPC_UNAVAILABLE, "unavailable", err_name(e.code),
					   "%s: %s", c->row->name, e.text);
		c->refusal.retry_after_ms = tokens_wait_s(&p->models->tokens, now_s) * 1000;
		return call_refuse(c, RPC_QUOTA, "quota", "E_QUOTA", "%s: %s", c->row->name,
				   e.text);
	}
	p->cost = cost;
	p->day = p->models->tokens.day;
	return 0;
}

static void say_what(struct call *c, const struct plan *p)
{
	CLEANUP(free_p) char *text = json_print_canonical(p->ask.body, NULL);
	char digest[DIGEST_HEX_BYTES] = "";

	if (text)
		note_revision(text, strlen(text), digest);
	(void)snprintf(c->detail, sizeof(c->detail), "%s: %zu bytes in %zu texts, %.16s",
		       p->model->name, p->ask.bytes, p->ask.items, digest);
}

static int prepare(struct call *c, bool embed)
{
	struct plan *p = call_new_plan(c, sizeof(*p), plan_free);
	struct err e;

	if (!p)
		return -1;
	*p = (struct plan){ .models = &c->host->models,
			    .plugin = c->who->policy.plugin,
			    .embed = embed };
	if (c->id.kind == RPC_ID_NONE)
		return call_bad_params(c, "a question has an id, for the answer");
	if ((embed ? ai_read_embed : ai_read_complete)(c->params, &p->ask, &e) < 0)
		return e.code == ERR_NOMEM ? call_no_memory(c) : call_bad_params(c, e.text);
	if (choose_model(c, p) < 0)
		return -1;
	if (waits_check_room(&p->models->calls, c->who->id, &e) < 0)
		return call_refuse(c, RPC_QUOTA, "quota", "E_FULL", "%s: %s", c->row->name, e.text);
	if (set_aside(c, p) < 0)
		return -1;
	if (!embed && json_object_set_new(p->ask.body, "maxTokens",
					  json_integer((json_int_t)p->ask.max_tokens)) < 0)
		return call_no_memory(c);
	say_what(c, p);
	c->changes = true;
	return 0;
}

int call_ai_complete(struct call *c)
{
	return prepare(c, false);
}

int call_ai_embed(struct call *c)
{
	return prepare(c, true);
}

int call_ai_commit(struct call *c)
{
	struct plan *p = c->plan;
	const struct wait as = { .instance = c->who->id,
				 .call = c->id,
				 .what = p->ask.body,
				 .timeout_ms = p->model->timeout_ms + AI_GRACE_MS,
				 .cost = p->cost,
				 .day = p->day,
				 .kind = (uint32_t)(p->model - p->models->known.list),
				 .embed = p->embed,
				 .stream = p->ask.stream };

	if (waits_open(&p->models->calls, &as, c->now_ms) < 0)
		return call_no_memory(c);
	p->kept = true;
	c->later = true;
	return 0;
}
