/* SPDX-License-Identifier: Apache-2.0 */
/* dialogform.h - a plugin's dialog at a terminal: shown, and filled in by words or by typing.
 * Owns: how it looks; every text of the plugin is shown as text.  Must not know: who asks whom. */
#ifndef KENNEL_CLI_DIALOGFORM_H
#define KENNEL_CLI_DIALOGFORM_H

#include "cli/cli.h"

/* shown: of "dialogs" {id, plugin, tenant, untilMs, dialog}. */
void dialog_print(const json_t *shown);
/* NAME=VALUE words; "true" and "false" where a field is a check. The caller owns *ret. */
int dialog_of_words(const json_t *shown, const char *const *words, size_t n, json_t **ret,
		    struct err *e);
/* Field by field from standard input; ERR_IO when it ends before the last field. */
int dialog_by_typing(const json_t *shown, json_t **ret, struct err *e);

#endif
