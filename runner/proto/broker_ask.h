/* SPDX-License-Identifier: Apache-2.0 */
/* broker_ask.h - records between supervisor and broker that carry what people ask of plugins'
 * doings, and plugins of people and of models: undo, dialogs, AI. Owns: their layout.  Must not
 * know: who asks. */
#ifndef KENNEL_PROTO_BROKER_ASK_H
#define KENNEL_PROTO_BROKER_ASK_H

#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"

/* The revision of a note that is not there, in records of what made or removed it. */
#define NOTE_NONE "0000000000000000000000000000000000000000000000000000000000000000"

/* Puts the text that a plugin replaced back, if the note still has the text it wrote. */
struct broker_undo {
	uint64_t serial;
	uint32_t look_only; /* says whether it could be done; nothing changes */
	uint32_t reserved;
	char plugin[NAME_MAX_BYTES]; /* whose change it was; it is not told of this one */
	char note[VAULT_PATH_MAX];
	char expect[DIGEST_HEX_BYTES];	/* the revision that the note must have now */
	char restore[DIGEST_HEX_BYTES]; /* the one it gets */
};

/* A plugin's question to a person; ids are the broker's. */
struct broker_dialog {
	uint64_t id;
	uint64_t instance;
	uint64_t timeout_ms;
	char text[2 * DIALOG_BYTES_MAX]; /* JSON, as broker/dialog.h has it, defaults filled in */
};

struct broker_dialog_answer {
	uint64_t serial;
	uint64_t id;
	char text[DIALOG_BYTES_MAX]; /* JSON: {action, values} */
};

/* What a plugin may know of a language model, and is held to. */
struct broker_model {
	char name[NAME_MAX_BYTES];
	uint32_t answer_tokens; /* the most of one answer */
	uint32_t timeout_ms;	/* the most of one question */
	uint64_t tokens_per_day; /* of one plugin */
	uint32_t plugin_count;	 /* 0: whoever has useAI */
	uint32_t reserved;
	char plugins[AI_PLUGINS_MAX][NAME_MAX_BYTES];
};

struct broker_models {
	uint32_t count;
	uint32_t reserved;
	struct broker_model list[AI_PROFILES_MAX];
};

/* With it comes the socket (proto/fetch_link.h), or the error. */
struct broker_model_way {
	struct err error;
};

/* The answer to a question that only can be done or not. */
struct broker_done {
	uint64_t serial;
	struct err error; /* of BROKER_UNDO, ERR_EXISTS: the note has another revision */
};

#endif
