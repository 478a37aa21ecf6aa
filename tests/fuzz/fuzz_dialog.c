/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_dialog.c - a dialog of any JSON, and the same bytes as the answer to it. What is let through
 * shows printable text alone, fits its record, and can be declined; what it answers with fits
 * again. */
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "broker/dialog.h"
#include "tests/fuzz/fuzz.h"

static void must_be_shown(const json_t *j)
{
	const char *key;
	json_t *v;
	size_t i;

	if (json_is_string(j))
		for (const char *s = json_string_value(j), *end; s; s = end ? end + 1 : NULL) {
			end = strchr(s, '\n');
			must(text_is_printable(s, end ? (size_t)(end - s) : strlen(s)));
		}
	json_array_foreach(j, i, v)
		must_be_shown(v);
	json_object_foreach((json_t *)j, key, v)
		must_be_shown(v);
}

static void check_answer(const json_t *dialog, const json_t *given)
{
	CLEANUP(json_decref_p) json_t *result = NULL;
	CLEANUP(json_decref_p) json_t *again = NULL;

	if (dialog_answer(dialog, given, &result, NULL) < 0)
		return;
	must_be_shown(result);
	must(dialog_answer(dialog, result, &again, NULL) == 0 && json_equal(result, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(json_decref_p) json_t *params = NULL;
	CLEANUP(json_decref_p) json_t *dialog = NULL;
	CLEANUP(json_decref_p) json_t *no = json_pack("{s:s}", "action", "decline");
	CLEANUP(json_decref_p) json_t *yes = NULL;
	CLEANUP(free_p) char *text = NULL;
	uint64_t ms;
	size_t n;

	if (size > DIALOG_BYTES_MAX || json_parse((const char *)data, size, JSON_DEPTH_WIRE,
						  JSON_NODES_MAX, &params, NULL) < 0)
		return 0;
	if (!json_is_object(params) || dialog_read(params, &dialog, &ms, NULL) < 0)
		return 0;
	must(ms <= DIALOG_MS_MAX);
	must_be_shown(dialog);
	text = json_print(dialog, &n);
	must(text && n < 2 * (size_t)DIALOG_BYTES_MAX);
	check_answer(dialog, no);
	yes = json_pack("{s:s, s:O}", "action", "accept", "values", params);
	check_answer(dialog, yes);
	return 0;
}
