/* SPDX-License-Identifier: Apache-2.0 */
/* test_events.c - who is told, in which order, how often, and where a loop ends. */
#include "broker/events.h"

#include "tests/lib/broker_fixture.h"

static struct event save(const char *note, const char *revision, const char *origin, uint32_t hops)
{
	struct event e = { .type = EVENT_NOTE_SAVE, .hops = hops };

	(void)snprintf(e.note, sizeof(e.note), "%s", note);
	(void)snprintf(e.revision, sizeof(e.revision), "%s", revision);
	(void)snprintf(e.origin, sizeof(e.origin), "%s", origin);
	return e;
}

static struct event_queue *attach(struct events *ev, const char *plugin)
{
	struct policy p;

	policy_make(&p, plugin, PERM_BIT(PERM_READ_NOTES));
	policy_scope(&p, PERM_READ_NOTES, "In/**", false);
	policy_scope(&p, PERM_READ_NOTES, "In/private/**", true);
	return events_attach(ev, &p);
}

static void only_those_who_may_see_the_note(void **state)
{
	static const struct {
		const char *note, *origin;
		uint32_t hops;
		enum offer expect;
	} cases[] = {
		{ "In/a.md", "", 0, OFFER_QUEUED },
		{ "In/private/a.md", "", 0, OFFER_NOT_FOR_IT },
		{ "Out/a.md", "", 0, OFFER_NOT_FOR_IT },
		{ "In/b.md", "me", 1, OFFER_NOT_FOR_IT },
		{ "In/b.md", "other", 1, OFFER_QUEUED },
		{ "In/c.md", "other", EVENT_HOPS_MAX, OFFER_QUEUED },
		{ "In/d.md", "other", EVENT_HOPS_MAX + 1, OFFER_NOT_FOR_IT },
		{ "../In/a.md", "", 0, OFFER_NOT_FOR_IT },
	};
	struct events ev;
	struct event_queue *q;

	(void)state;
	events_init(&ev, 1);
	q = attach(&ev, "me");
	for (size_t i = 0; i < countof(cases); i++) {
		struct event e = save(cases[i].note, "r", cases[i].origin, cases[i].hops);

		assert_int_equal(events_offer(&ev, q, &e), cases[i].expect);
	}
	q->taker.events = EVENT_BIT(EVENT_COMMAND_PALETTE);
	assert_int_equal(
		events_offer(&ev, q, &(struct event){ .type = EVENT_NOTE_SAVE, .note = "In/z.md" }),
		OFFER_NOT_FOR_IT);
	assert_int_equal(events_offer(&ev, q, &(struct event){ .type = EVENT_COUNT }),
			 OFFER_NOT_FOR_IT);
	assert_int_equal(
		events_offer(&ev, q,
			     &(struct event){ .type = EVENT_COMMAND_PALETTE, .command = "c" }),
		OFFER_QUEUED);
	events_free_p(&ev);
}

static void saves_of_one_note_merge(void **state)
{
	struct events ev;
	struct event_queue *q;
	struct event a = save("In/a.md", "1", "", 0), b = save("In/b.md", "1", "", 0),
		     a2 = save("In/a.md", "2", "other", 3);
	struct event *e;

	(void)state;
	events_init(&ev, 100);
	q = attach(&ev, "me");
	assert_int_equal(events_offer(&ev, q, &a), OFFER_QUEUED);
	assert_int_equal(events_offer(&ev, q, &b), OFFER_QUEUED);
	assert_int_equal(events_offer(&ev, q, &a2), OFFER_MERGED);
	assert_int_equal(q->count, 2);
	e = events_take(q);
	assert_string_equal(e->note, "In/a.md");
	assert_string_equal(e->revision, "2");
	assert_string_equal(e->origin, "");
	assert_int_equal(e->hops, 3);
	assert_int_equal(e->id, 100);
	/* one at the plugin, a newer one may wait: order of one note is kept */
	assert_int_equal(events_offer(&ev, q, &a), OFFER_QUEUED);
	e->attempt = 1;
	assert_false(events_give_back(q, e));
	assert_int_equal(q->count, 2);
	events_free_p(&ev);
}

static void an_unfinished_event_comes_first_again(void **state)
{
	struct events ev;
	struct event_queue *q;
	struct event a = save("In/a.md", "1", "", 0), b = save("In/b.md", "1", "", 0);
	struct event *e;

	(void)state;
	events_init(&ev, 1);
	q = attach(&ev, "me");
	(void)events_offer(&ev, q, &a);
	(void)events_offer(&ev, q, &b);
	for (uint32_t i = 1; i < EVENT_ATTEMPTS_MAX; i++) {
		e = events_take(q);
		assert_string_equal(e->note, "In/a.md");
		e->attempt = i;
		assert_true(events_give_back(q, e));
	}
	e = events_take(q);
	e->attempt = EVENT_ATTEMPTS_MAX;
	assert_false(events_give_back(q, e));
	e = events_take(q);
	assert_string_equal(e->note, "In/b.md");
	assert_int_equal(q->count, 0);
	assert_true(events_give_back(q, e));
	assert_ptr_equal(q->first, q->last);
	events_free_p(&ev);
}

static void a_full_queue_counts(void **state)
{
	struct events ev;
	struct event_queue *q;

	(void)state;
	events_init(&ev, 1);
	q = attach(&ev, "me");
	for (unsigned int i = 0; i < EVENT_QUEUE_MAX + 50; i++) {
		char note[32];
		struct event e;

		(void)snprintf(note, sizeof(note), "In/%u.md", i);
		e = save(note, "1", "", 0);
		assert_int_equal(events_offer(&ev, q, &e),
				 i < EVENT_QUEUE_MAX ? OFFER_QUEUED : OFFER_FULL);
	}
	assert_int_equal(q->dropped, 50);
	assert_int_equal(q->count, EVENT_QUEUE_MAX);
	events_free_p(&ev);
}

static void a_queue_outlives_its_instances(void **state)
{
	struct events ev;
	struct event_queue *q, *again;
	struct event a = save("In/a.md", "1", "", 0);

	(void)state;
	events_init(&ev, 1);
	q = attach(&ev, "me");
	(void)events_offer(&ev, q, &a);
	q->attached--;
	q->wanted = true;
	again = attach(&ev, "me");
	assert_ptr_equal(q, again);
	assert_int_equal(again->count, 1);
	assert_false(again->wanted);
	assert_ptr_not_equal(attach(&ev, "you"), q);
	assert_ptr_equal(events_find(&ev, "me"), q);
	assert_null(events_find(&ev, "nobody"));
	events_free_p(&ev);
	assert_null(ev.queues);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_those_who_may_see_the_note),
		cmocka_unit_test(saves_of_one_note_merge),
		cmocka_unit_test(an_unfinished_event_comes_first_again),
		cmocka_unit_test(a_full_queue_counts),
		cmocka_unit_test(a_queue_outlives_its_instances),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
