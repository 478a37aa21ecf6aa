/* SPDX-License-Identifier: Apache-2.0 */
/* broker_link.c - sizes of the broker's records. */
#include "proto/broker_link.h"

#include <stddef.h>

uint32_t broker_msg_size(uint32_t kind)
{
	static const uint32_t body[] = {
		[BROKER_ATTACH] = sizeof(struct broker_attach),
		[BROKER_DETACH] = sizeof(struct broker_instance),
		[BROKER_EMIT] = sizeof(struct broker_emit),
		[BROKER_STATS] = sizeof(struct broker_instance),
		[BROKER_UNDO] = sizeof(struct broker_undo),
		[BROKER_DIALOG_ANSWER] = sizeof(struct broker_dialog_answer),
		[BROKER_MODELS] = sizeof(struct broker_models),
		[BROKER_MODEL_WAY] = sizeof(struct broker_model_way),
		[BROKER_PROMOTE] = sizeof(struct broker_instance),
		[BROKER_READY] = sizeof(struct broker_instance),
		[BROKER_UP] = sizeof(struct broker_instance),
		[BROKER_VIOLATION] = sizeof(struct broker_fault),
		[BROKER_EVENT_DONE] = sizeof(struct broker_event),
		[BROKER_EVENT_LATE] = sizeof(struct broker_event),
		[BROKER_EMITTED] = sizeof(struct broker_emitted),
		[BROKER_PLUGIN_STATS] = sizeof(struct broker_stats),
		[BROKER_LOG] = sizeof(struct broker_log),
		[BROKER_WANTED] = sizeof(struct broker_event),
		[BROKER_DONE] = sizeof(struct broker_done),
		[BROKER_DIALOG] = sizeof(struct broker_dialog),
		[BROKER_DIALOG_END] = sizeof(struct broker_instance),
		[BROKER_MODEL_WANTED] = sizeof(struct broker_instance),
		[BROKER_QUIET] = sizeof(struct broker_instance),
		[BROKER_WORK] = sizeof(struct broker_instance),
	};

	if (kind >= sizeof(body) / sizeof(body[0]) || !body[kind])
		return 0;
	return (uint32_t)offsetof(struct broker_msg, u) + body[kind];
}
