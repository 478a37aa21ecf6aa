/* SPDX-License-Identifier: Apache-2.0 */
/* test_grants.c - wishes become grants, and grants files. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fs.h"
#include "supervise/grants.h"

static const uint8_t signer[DIGEST_BYTES] = { 1, 2, 3 };

static void add_scope(struct manifest *m, enum permission p, bool deny, const char *glob)
{
	struct scope_rule *r = &m->scopes[m->scope_count++];

	r->permission = (uint8_t)p;
	r->deny = deny;
	(void)snprintf(r->glob, sizeof(r->glob), "%s", glob);
}

static struct manifest linker(void)
{
	struct manifest m = { .abi = POLICY_ABI, .runtime = RUNTIME_WASM };

	(void)snprintf(m.name, sizeof(m.name), "linker");
	m.permissions =
		PERM_BIT(PERM_READ_NOTES) | PERM_BIT(PERM_WRITE_LINKS) | PERM_BIT(PERM_USE_AI);
	add_scope(&m, PERM_READ_NOTES, false, "**");
	add_scope(&m, PERM_READ_NOTES, true, "Diary/**");
	add_scope(&m, PERM_WRITE_LINKS, false, "Projects/**");
	m.file_count = 1;
	return m;
}

static int wish(const char *text, struct grant *g, struct err *e)
{
	CLEANUP(json_decref_p) json_t *w = json_loads(text, 0, NULL);
	struct manifest m = linker();

	assert_non_null(w);
	return grants_from_wish(w, &m, signer, g, e);
}

static void all_that_is_asked_is_spelled_out(void **state)
{
	struct grant g;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(wish("{\"all\":true}", &g, &e), 0);
	assert_int_equal(g.permissions, linker().permissions);
	assert_int_equal(g.scope_count, 3);
	assert_int_equal(g.files, 1);
	assert_memory_equal(g.signer, signer, sizeof(signer));
}

static void own_scope_replaces_the_asked_one(void **state)
{
	struct grant g;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(
		wish("{\"permissions\":[\"readNotes\"],\"scopes\":{\"readNotes\":{\"allow\":[\"Inbox/**\"]}}}",
		     &g, &e),
		0);
	assert_int_equal(g.permissions, PERM_BIT(PERM_READ_NOTES));
	assert_int_equal(g.scope_count, 1);
	assert_string_equal(g.scopes[0].glob, "Inbox/**");
	assert_int_equal(g.files, 0);
}

static void no_scope_takes_the_asked_one(void **state)
{
	struct grant g;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(wish("{\"permissions\":[\"readNotes\"]}", &g, &e), 0);
	assert_int_equal(g.scope_count, 2);
	assert_int_equal(wish("{\"permissions\":[]}", &g, &e), 0);
	assert_int_equal(g.permissions, 0);
	assert_int_equal(g.scope_count, 0);
}

static void more_goes_beside_what_there_is(void **state)
{
	struct grant old, more;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(
		wish("{\"permissions\":[\"readNotes\"],\"scopes\":{\"readNotes\":{\"allow\":[\"Inbox/**\"]}}}",
		     &old, &e),
		0);
	assert_int_equal(
		wish("{\"permissions\":[\"readNotes\"],\"scopes\":{\"readNotes\":{\"allow\":[\"Diary/**\",\"Inbox/**\"]}}}",
		     &more, &e),
		0);
	assert_int_equal(grants_join(&more, &old, &e), 0);
	assert_int_equal(more.permissions, PERM_BIT(PERM_READ_NOTES));
	assert_int_equal(more.scope_count, 2);
	assert_string_equal(more.scopes[0].glob, "Inbox/**");
	assert_string_equal(more.scopes[1].glob, "Diary/**");
	/* no room: refused, and what was wished stays as it was */
	while (old.scope_count < SCOPE_RULES_MAX) {
		old.scopes[old.scope_count] = old.scopes[0];
		(void)snprintf(old.scopes[old.scope_count].glob, SCOPE_GLOB_MAX, "f%u/**",
			       old.scope_count);
		old.scope_count++;
	}
	assert_int_equal(grants_join(&more, &old, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_int_equal(more.scope_count, 2);
}

static void bad_wishes_are_refused(void **state)
{
	static const struct {
		const char *text;
		enum err_code code;
	} cases[] = {
		{ "{\"permissions\":[\"network\"]}", ERR_GRANT },
		{ "{\"permissions\":[\"flyToTheMoon\"]}", ERR_PERMISSION_UNKNOWN },
		{ "{\"permissions\":[7]}", ERR_PERMISSION_UNKNOWN },
		{ "{\"permissions\":\"readNotes\"}", ERR_JSON_TYPE },
		{ "{\"everything\":true}", ERR_JSON_KEY },
		{ "{\"all\":1}", ERR_JSON_TYPE },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct grant g;
		struct err e = { 0 };

		assert_int_equal(wish(cases[i].text, &g, &e), -1);
		assert_int_equal(e.code, cases[i].code);
	}
}

static void files_are_written_and_read(void **state)
{
	char name[] = "/tmp/grants-XXXXXX";
	CLEANUP_FD int dir = -1;
	struct grant g, back;
	struct err e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(name));
	dir = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(grants_read(dir, "acme", "linker", &back, &e), 0);
	assert_int_equal(wish("{\"all\":true}", &g, &e), 0);
	assert_int_equal(grants_write(dir, "acme", "linker", &g, &e), 0);
	assert_int_equal(grants_read(dir, "acme", "linker", &back, &e), 1);
	assert_memory_equal(&back, &g, sizeof(g));
	assert_int_equal(grants_read(dir, "other", "linker", &back, &e), 0);
	assert_int_equal(grants_write(dir, "acme", "linker", NULL, &e), 0);
	assert_int_equal(grants_read(dir, "acme", "linker", &back, &e), 0);
	assert_int_equal(faccessat(dir, "acme.linker.json", F_OK, 0), 0); /* its version goes on */
	assert_int_equal(grants_read(dir, "../acme", "linker", &back, &e), -1);
	assert_int_equal(grants_read(dir, "acme", "../linker", &back, &e), -1);
	/* Where another plugin's file lies, nothing is granted. */
	assert_int_equal(grants_write(dir, "acme", "linker", &g, &e), 0);
	assert_int_equal(renameat(dir, "acme.linker.json", dir, "acme.other.json"), 0);
	assert_int_equal(grants_read(dir, "acme", "other", &back, &e), -1);
	assert_int_equal(e.code, ERR_GRANT);
	assert_int_equal(renameat(dir, "acme.other.json", dir, "others.linker.json"), 0);
	assert_int_equal(grants_read(dir, "others", "linker", &back, &e), -1);
	assert_int_equal(e.code, ERR_GRANT);
	assert_int_equal(fs_write_atomic(dir, "acme.linker.json", "{}", 2, 0600, &e), 0);
	assert_int_equal(grants_read(dir, "acme", "linker", &back, &e), -1);
	assert_int_equal(fs_remove_tree(AT_FDCWD, name, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_is_asked_is_spelled_out),
		cmocka_unit_test(own_scope_replaces_the_asked_one),
		cmocka_unit_test(no_scope_takes_the_asked_one),
		cmocka_unit_test(more_goes_beside_what_there_is),
		cmocka_unit_test(bad_wishes_are_refused),
		cmocka_unit_test(files_are_written_and_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
