/* SPDX-License-Identifier: Apache-2.0 */
/* env.h - what one event brings in and takes out through the Extism functions.
 * Owns: input, output, error, variables and configuration of the instance.
 * Must not know: the wire's messages, which event it is. */
#ifndef KENNEL_WASM_ENV_H
#define KENNEL_WASM_ENV_H

#include <stdbool.h>

#include "base/json.h"

/* What config_get answers: "kennel" is the text of initialize's params, other keys are its
 * "config". */
void env_configure(json_t *initialize); /* borrowed */

/* Clears what the last event left and hands over the input. false: it does not fit. */
bool env_begin(const char *input, size_t n);
/* Views into blocks, valid until env_begin; NULL: not set. */
const char *env_output(size_t *ret_len);
const char *env_error(size_t *ret_len);

void env_forget(void); /* variables, with the instance they belong to */

#endif
