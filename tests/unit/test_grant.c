/* SPDX-License-Identifier: Apache-2.0 */
/* test_grant.c - the vocabulary is complete, unique and closed. */
#include "tests/unit/policy_sample.h"

static void every_permission_has_one_name(void **state)
{
	(void)state;
	for (unsigned int p = 0; p < PERM_COUNT; p++) {
		assert_non_null(permission_name(p));
		assert_int_equal(permission_from_name(permission_name(p)), p);
	}
	assert_null(permission_name(PERM_COUNT));
	assert_null(permission_name(UINT32_MAX));
}

static void strange_permissions_are_unknown(void **state)
{
	static const char *const names[] = { "",  "readnotes", "READNOTES", "readNotes ", "all",
					     "*", "ALL",       "readNote",  "readNotesX" };

	(void)state;
	for (size_t i = 0; i < countof(names); i++)
		assert_int_equal(permission_from_name(names[i]), -1);
}

static void classes_and_scopes_are_the_tables(void **state)
{
	(void)state;
	assert_int_equal(permission_class(PERM_READ_METADATA), CLASS_OBSERVE);
	assert_int_equal(permission_class(PERM_READ_NOTES), CLASS_READ);
	assert_int_equal(permission_class(PERM_WRITE_LINKS), CLASS_WRITE);
	assert_int_equal(permission_class(PERM_NETWORK), CLASS_EGRESS);
	assert_true(permission_needs_scope(PERM_READ_NOTES));
	assert_true(permission_needs_scope(PERM_WRITE_LINKS));
	assert_false(permission_needs_scope(PERM_USE_AI));
	assert_true(permission_needs_scope((enum permission)PERM_COUNT));
}

static void runtimes_have_names(void **state)
{
	(void)state;
	assert_null(runtime_name(RUNTIME_NONE));
	assert_null(runtime_name(RUNTIME_COUNT));
	for (unsigned int r = RUNTIME_WASM; r < RUNTIME_COUNT; r++)
		assert_int_equal(runtime_from_name(runtime_name(r)), r);
	assert_int_equal(runtime_from_name(""), -1);
	assert_int_equal(runtime_from_name("WASM"), -1);
}

static void events_have_names(void **state)
{
	(void)state;
	for (unsigned int ev = 0; ev < EVENT_COUNT; ev++)
		assert_int_equal(event_from_name(event_name(ev)), ev);
	assert_null(event_name(EVENT_COUNT));
	assert_int_equal(event_from_name("onNoteRead"), -1);
}

static void reading_and_sending_together_leak(void **state)
{
	const permission_set read = PERM_BIT(PERM_READ_NOTES), ai = PERM_BIT(PERM_USE_AI);

	(void)state;
	assert_int_equal(permissions_that_leak(0), 0);
	assert_int_equal(permissions_that_leak(read | PERM_BIT(PERM_WRITE_NOTES)), 0);
	assert_int_equal(permissions_that_leak(ai | PERM_BIT(PERM_STORAGE)), 0);
	assert_int_equal(permissions_that_leak(read | ai | PERM_BIT(PERM_STORAGE)), read | ai);
	assert_int_equal(permissions_that_leak(PERM_ALL) & PERM_BIT(PERM_NETWORK),
			 PERM_BIT(PERM_NETWORK));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_and_sending_together_leak),
		cmocka_unit_test(every_permission_has_one_name),
		cmocka_unit_test(strange_permissions_are_unknown),
		cmocka_unit_test(classes_and_scopes_are_the_tables),
		cmocka_unit_test(runtimes_have_names),
		cmocka_unit_test(events_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
