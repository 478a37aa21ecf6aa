/* SPDX-License-Identifier: Apache-2.0 */
/* asking.c - the running event's questions to a person or a model. */
#include "images/js/asking.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"

/* 0: free; more than that the host refuses */
static json_int_t open_ids[DIALOGS_OF_ONE_MAX + AI_OF_ONE_MAX];
static size_t open_count;
static int64_t since_ms;

void asking_begin(void)
{
	memset(open_ids, 0, sizeof(open_ids));
	open_count = 0;
}

static bool is_question(const char *method)
{
	static const char *const questions[] = { "ui.openDialog", "openDialog", "ai.complete",
						 "useAI", "ai.embed" };

	for (size_t i = 0; i < countof(questions); i++)
		if (!strcmp(method, questions[i]))
			return true;
	return false;
}

void asking_sent(const char *method, json_int_t id, int64_t now_ms)
{
	if (!is_question(method))
		return;
	for (size_t i = 0; i < countof(open_ids); i++)
		if (!open_ids[i]) {
			open_ids[i] = id;
			if (open_count++ == 0)
				since_ms = now_ms;
			return;
		}
}

int64_t asking_answered(json_int_t id, int64_t now_ms)
{
	for (size_t i = 0; i < countof(open_ids); i++)
		if (open_ids[i] && open_ids[i] == id) {
			open_ids[i] = 0;
			return --open_count == 0 ? now_ms - since_ms : 0;
		}
	return 0;
}

bool asking_now(void)
{
	return open_count > 0;
}
