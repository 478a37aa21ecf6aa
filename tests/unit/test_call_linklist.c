/* SPDX-License-Identifier: Apache-2.0 */
/* test_call_linklist.c - what a note links to, and what links to it: as Markdown reads it, and
 * never more than the plugin may see. */
#include "tests/lib/gate_fixture.h"

#define LINKING                                                                               \
	"---\ntitle: \"[[Topic]]\"\n---\n[[topic]], [[Topic|it]], [[Topic#Part]] and [[Nowhere]].\n" \
	"[md](Topic.md) [far](../In/Topic.md#x) [web](https://example.org/Topic.md)\n"       \
	"`[[Topic]]` \\[[Topic]]\n\n    [[Topic]]\n\n[[private/p]] [[o]]\n"

static void scan(struct fixture *x)
{
	assert_int_equal(vault_rescan(x->host.vault, NULL, NULL, NULL), 0);
}

static json_t *must_ask(struct fixture *x, const char *method, const char *params)
{
	json_t *r = NULL;
	int code = ask(x, method, params, 1000, &r);

	if (code)
		fail_msg("%s %s: %d", method, params, code);
	return r;
}

static void want_link(const json_t *links, size_t i, const char *link, const char *target)
{
	const json_t *l = json_array_get(links, i);
	const char *to = json_string_value(json_object_get(l, "target"));

	assert_string_equal(json_string_value(json_object_get(l, "link")), link);
	if (!target)
		assert_null(to);
	else
		assert_string_equal(to, target);
}

static void what_a_note_links_to(void **state)
{
	struct fixture *x = *state;
	CLEANUP(json_decref_p) json_t *r = NULL;
	const json_t *links;

	put_note(&x->f, "In/a.md", LINKING);
	scan(x);
	become(x, GRANT_IN);
	r = must_ask(x, "links.list", "{\"note\":\"In/a.md\"}");
	links = json_object_get(r, "links");
	assert_int_equal(json_array_size(links), 9);
	want_link(links, 0, "topic", "In/Topic.md");
	want_link(links, 1, "Topic", "In/Topic.md");
	want_link(links, 2, "Topic#Part", "In/Topic.md");
	want_link(links, 3, "Nowhere", NULL);
	/* there, and not for this plugin: as if it were not there */
	want_link(links, 4, "private/p", NULL);
	want_link(links, 5, "o", NULL);
	want_link(links, 6, "Topic.md", "In/Topic.md");
	want_link(links, 7, "../In/Topic.md#x", "In/Topic.md");
	want_link(links, 8, "https://example.org/Topic.md", NULL);
	assert_true(json_is_false(json_object_get(r, "more")));
	assert_int_equal(audit_count(x->audit, "cap.use", "allow"), 1);
}

static void which_notes_link_to_it(void **state)
{
	struct fixture *x = *state;
	CLEANUP(json_decref_p) json_t *r = NULL;
	CLEANUP(json_decref_p) json_t *first = NULL;
	CLEANUP(json_decref_p) json_t *second = NULL;
	CLEANUP(free_p) char *params = NULL;
	const json_t *notes;

	put_note(&x->f, "In/a.md", LINKING);
	put_note(&x->f, "In/b.md", "[x](To%70ic.md)\n");
	put_note(&x->f, "In/c.md", "Topic, and no link: `[[Topic]]`\n");
	put_note(&x->f, "In/private/p.md", "[[Topic]]\n");
	put_note(&x->f, "Out/o.md", "[[Topic]]\n");
	scan(x);
	become(x, GRANT_IN);
	r = must_ask(x, "links.backlinks", "{\"note\":\"In/Topic.md\"}");
	notes = json_object_get(r, "notes");
	assert_int_equal(json_array_size(notes), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(notes, 0), "path")),
			    "In/a.md");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(notes, 0), "links")), 5);
	assert_string_equal(json_string_value(json_object_get(json_array_get(notes, 1), "path")),
			    "In/b.md");
	assert_null(json_object_get(r, "cursor"));
	/* page by page */
	first = must_ask(x, "links.backlinks", "{\"note\":\"In/Topic.md\",\"limit\":1}");
	assert_int_equal(json_array_size(json_object_get(first, "notes")), 1);
	assert_true(asprintf(&params, "{\"note\":\"In/Topic.md\",\"limit\":1,\"cursor\":\"%s\"}",
			     json_string_value(json_object_get(first, "cursor"))) > 0);
	second = must_ask(x, "links.backlinks", params);
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(json_object_get(second, "notes"), 0), "path")),
			    "In/b.md");
}

/* Two notes of one name: a bare name means neither. */
static void an_ambiguous_name_means_none(void **state)
{
	struct fixture *x = *state;
	CLEANUP(json_decref_p) json_t *r = NULL;
	CLEANUP(json_decref_p) json_t *back = NULL;

	put_note(&x->f, "In/sub/Topic.md", "another\n");
	put_note(&x->f, "In/a.md", "[[Topic]] [[sub/Topic]]\n");
	scan(x);
	become(x, GRANT_IN);
	r = must_ask(x, "links.list", "{\"note\":\"In/a.md\"}");
	want_link(json_object_get(r, "links"), 0, "Topic", NULL);
	want_link(json_object_get(r, "links"), 1, "sub/Topic", "In/sub/Topic.md");
	back = must_ask(x, "links.backlinks", "{\"note\":\"In/Topic.md\"}");
	assert_int_equal(json_array_size(json_object_get(back, "notes")), 0);
}

static void what_is_refused(void **state)
{
	struct fixture *x = *state;

	become(x, GRANT_IN);
	assert_int_equal(ask(x, "links.list", "{\"note\":\"In/none.md\"}", 1000, NULL),
			 RPC_NOT_FOUND);
	assert_int_equal(ask(x, "links.backlinks", "{\"note\":\"In/none.md\"}", 1000, NULL),
			 RPC_NOT_FOUND);
	assert_int_equal(ask(x, "links.list", "{\"note\":\"In/a.md\",\"depth\":2}", 1000, NULL),
			 RPC_INVALID_PARAMS);
	assert_int_equal(
		ask(x, "links.backlinks", "{\"note\":\"In/a.md\",\"limit\":0}", 1000, NULL),
		RPC_INVALID_PARAMS);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_note_links_to),
		TEST(which_notes_link_to_it),
		TEST(an_ambiguous_name_means_none),
		TEST(what_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
