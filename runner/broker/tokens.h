/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.h - how many tokens each plugin had of each model today (UTC): STATE/ai-tokens.json.
 * Owns: that file; a day ends by the clock and never begins again.  Must not know: what was asked.
 *
 * What a question may cost is set aside, on disk, before it is asked, and becomes what it did cost
 * when it is answered: whoever is killed in between has spent the whole of it. */
#ifndef KENNEL_BROKER_TOKENS_H
#define KENNEL_BROKER_TOKENS_H

#include "base/json.h"
#include "proto/broker_ask.h"

#define TOKENS_ROWS_MAX 8192u /* plugins times models in one day */

struct tokens {
	int fd;	     /* of the state folder, the caller's; -1: there is no account */
	int64_t day; /* since 1970 */
	json_t *used; /* {"plugin/model": number} */
};

/* A file that is none is an error, never an empty account. */
int tokens_open(int state_fd, int64_t now_s, struct tokens *ret, struct err *e);
void tokens_close_p(struct tokens *t);

/* ERR_FULL: so many are not left today; tokens_wait_s until tomorrow. */
int tokens_reserve(struct tokens *t, const char *plugin, const struct broker_model *model,
		   uint64_t n, int64_t now_s, struct err *e);
uint32_t tokens_wait_s(const struct tokens *t, int64_t now_s);
/* n were set aside on that day, and used are gone. What cannot be written stays set aside. */
void tokens_settle(struct tokens *t, const char *plugin, const char *model, uint64_t n,
		   uint64_t used, int64_t day);
uint64_t tokens_used(const struct tokens *t, const char *plugin, const char *model);

#endif
