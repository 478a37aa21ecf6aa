/* SPDX-License-Identifier: Apache-2.0 */
/* work.h - a module in the making: its new text, its lists.
 * Owns: how they grow, and their bounds.  Must not know: which declarations there are. */
#ifndef KENNEL_JS_WORK_H
#define KENNEL_JS_WORK_H

#include "base/bytes.h"
#include "base/json.h"
#include "images/js/scan.h"

struct work {
	struct scan scan;
	struct word w; /* the word looked at */
	const char *copied; /* the source up to here is in out */
	struct buffer out;
	char prefix[16];
	json_t *requests, *imports, *exports, *indirect, *stars;
	json_t *fixed;	  /* names declared by const, function, class outside brackets: kind */
	json_t *assigned; /* names that an assignment was seen to */
	size_t names;
	bool declares; /* inside export const, let or var, outside brackets */
	bool ends_default; /* an anonymous function or class is open: ";" after its "}" */
};

int work_refuse(const struct work *m, const char *what, struct err *e); /* ERR_JS_MODULE */
int work_no_memory(struct err *e);
int work_advance(struct work *m, struct err *e); /* to the next word */

int work_put(struct work *m, const char *p, size_t n, struct err *e);
int work_put_text(struct work *m, const char *text, struct err *e);
int work_copy_until(struct work *m, const char *at, struct err *e);
/* Leaves out everything up to at, but for its line ends. */
int work_drop_until(struct work *m, const char *at, struct err *e);

int work_add(struct work *m, json_t *list, json_t *row, struct err *e); /* takes row */
void work_remember(json_t *set, const struct word *w, const char *kind); /* a name; others not */

#endif
