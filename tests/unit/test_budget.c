/* SPDX-License-Identifier: Apache-2.0 */
/* test_budget.c - when the budget of an instance is set anew. */
#include "supervise/budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/cleanup.h"

static const struct {
	const char *name;
	int64_t elapsed_ms;
	uint32_t cpu_percent;
	uint64_t budget_ms;
	bool due;
} cases[] = {
	{ "nothing can be used yet", 0, 100, 8000, false },
	{ "less than an eighth", 999, 100, 8000, false },
	{ "an eighth", 1000, 100, 8000, true },
	{ "half a core takes twice as long", 1999, 50, 8000, false },
	{ "half a core, an eighth", 2000, 50, 8000, true },
	{ "four cores are quicker", 250, 400, 8000, true },
	{ "the smallest budget", 0, 100, 1, true },
	{ "a clock that stands", -5, 100, 8000, false },
	{ "an hour of a thousand cores", 3600000, 102400, 3600000, true },
};

static void it_is_set_when_an_eighth_may_be_gone(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		if (budget_is_due(cases[i].elapsed_ms, cases[i].cpu_percent, cases[i].budget_ms) !=
		    cases[i].due)
			fail_msg("%s", cases[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_set_when_an_eighth_may_be_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
