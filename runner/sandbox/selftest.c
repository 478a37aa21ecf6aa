/* SPDX-License-Identifier: Apache-2.0 */
/* selftest.c - judges the tries of a jail's own process 1. */
#include "sandbox/selftest.h"

#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "proto/launch_start.h"

#define ROW_(id, name, always) [id] = { (name), (always) },
static const struct {
	const char *name;
	bool always;
} tries[SELFTEST_TRIES] = { SELFTEST_TABLE(ROW_) };
#undef ROW_

const char *selftest_name(unsigned int number)
{
	return number < SELFTEST_TRIES ? tries[number].name : "unknown";
}

/* Through, and may not be. */
static bool is_hole(const struct selftest_jail *jail, unsigned int number)
{
	return jail->result[number].outcome == SELFTEST_THROUGH &&
	       (jail->guarded || tries[number].always);
}

int selftest_judge(struct selftest_report *r, struct selftest_jail *jail, const void *bytes,
		   size_t n, struct err *e)
{
	if (n != sizeof(jail->result))
		return err_set(e, ERR_SELFTEST, "process 1 told of %zu tries, not %d",
			       n / sizeof(jail->result[0]), (int)SELFTEST_TRIES);
	memcpy(jail->result, bytes, n);
	for (unsigned int i = 0; i < SELFTEST_TRIES; i++) {
		const struct selftest_result *one = &jail->result[i];

		if (one->number != i ||
		    (one->outcome != SELFTEST_REFUSED && one->outcome != SELFTEST_THROUGH))
			return err_set(e, ERR_SELFTEST, "process 1 tells nonsense of \"%s\"",
				       tries[i].name);
		if (is_hole(jail, i))
			r->through++;
		else if (one->outcome == SELFTEST_THROUGH)
			r->accepted++;
	}
	return 0;
}

int selftest_verdict(const struct selftest_report *r, struct err *e)
{
	if (r->jails == 0)
		return err_set(e, ERR_SELFTEST, "no image to try a jail with");
	for (uint32_t j = 0; j < r->jails && j < SELFTEST_JAILS_MAX; j++)
		for (unsigned int i = 0; i < SELFTEST_TRIES; i++)
			if (is_hole(&r->jail[j], i))
				return err_set(
					e, ERR_SELFTEST,
					"\"%s\" is not refused in a %s jail (errno %d), and %u "
					"tries got through in all",
					tries[i].name,
					r->jail[j].image == IMAGE_WASM ? "wasm" : "native",
					r->jail[j].result[i].error, r->through);
	return 0;
}
