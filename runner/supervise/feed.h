/* SPDX-License-Identifier: Apache-2.0 */
/* feed.h - what happens, for people who watch: kept for a while, sent to followers.
 * Owns: the shape of a line.  Must not know: decisions (those are audited). */
#ifndef KENNEL_SUPERVISE_FEED_H
#define KENNEL_SUPERVISE_FEED_H

#include "proto/broker_link.h"
#include "supervise/plugin.h"

/* kind: "start" "up" "end" "state" "kill" "refusal" ...; text is for people. extra (may be NULL) is
 * taken and merged in. */
void feed_plugin(struct plugin *p, const char *kind, const char *text, json_t *extra);
void feed_host(struct supervisor *s, const char *kind, const char *tenant, const char *text);
void feed_log(struct plugin *p, const struct broker_log *l);
void feed_refusal(struct plugin *p, const struct launch_refusal *r);
/* What was wanted, and which rule decided: "open for write; the rule of /vault/Projects". */
#define REFUSAL_TEXT_MAX 384u
const char *feed_refusal_text(const struct launch_refusal *r, char ret[REFUSAL_TEXT_MAX]);
void feed_delivery(struct supervisor *s, const char *tenant, const struct broker_event *ev);
/* Printable UTF-8 of untrusted text; anything else becomes '?'. A new string; NULL when memory is
 * out. */
json_t *feed_text(const char *untrusted); /* at most LOG_LINE_MAX */
json_t *feed_text_cut(const char *untrusted, size_t max_bytes);
const char *feed_hook_name(uint32_t hook); /* enum guard_hook */

#endif
