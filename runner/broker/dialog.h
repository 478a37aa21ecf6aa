/* SPDX-License-Identifier: Apache-2.0 */
/* dialog.h - a question of a plugin to a person, as declarative fields, and which answer fits it.
 * Owns: what a dialog may say. Every string is plain text, for whoever shows it: never markup, a
 * script or an address.  Must not know: plugins, queues, sockets.
 *
 *   {title, message?, fields?: [{name, label, kind?, value?, choices?, required?}], accept?,
 * decline?, timeoutMs?} kind is line (normal), text (several lines), choice (one of choices) or
 * check (true or false). The answer: {action: accept|decline, values?: {NAME: text, or true or
 * false}}. */
#ifndef KENNEL_BROKER_DIALOG_H
#define KENNEL_BROKER_DIALOG_H

#include "base/json.h"

/* The same with every field's kind and value, accept and decline filled in, and without timeoutMs;
 * the caller owns it. ERR_JSON_KEY, ERR_JSON_TYPE, ERR_JSON_VALUE, ERR_LIMIT, ERR_NOMEM. */
int dialog_read(const json_t *params, json_t **ret, uint64_t *ret_timeout_ms, struct err *e);
/* What the plugin gets: {action, values}, with the value of each field; the caller owns it. dialog
 * is from dialog_read. */
int dialog_answer(const json_t *dialog, const json_t *answer, json_t **ret, struct err *e);

#endif
