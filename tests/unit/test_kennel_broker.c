/* SPDX-License-Identifier: Apache-2.0 */
/* test_kennel_broker.c - the executable itself: confined, as a user who owns nothing but the vault.
 * A system call outside its list would kill it here. */
#include <grp.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/confine.h"
#include "tests/lib/broker_play.h"

enum { SOME_UID = 64999, FIRST_FD = 50 };

static int program_fd;

static void become_broker(const struct fixture *x)
{
	static char name[] = "kennel-broker", option[] = "--tenant", tenant[] = "default";
	char *const argv[] = { name, option, tenant, NULL };
	char *const envp[] = { NULL };
	const int from[] = { x->link[1], x->audit->ends[1], x->f.vault, x->f.state };
	int high[countof(from)], program = fcntl(program_fd, F_DUPFD_CLOEXEC, FIRST_FD);

	for (size_t i = 0; i < countof(from); i++)
		high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FIRST_FD);
	for (size_t i = 0; i < countof(from); i++)
		(void)dup2(high[i], BROKER_LINK_FD + (int)i);
	(void)fexecve(program, argv, envp);
	_exit(99);
}

struct run {
	struct fixture x; /* first: the tests take it */
	pid_t pid;
};

static int setup(void **state)
{
	struct run *r = calloc(1, sizeof(*r));
	struct fixture *x = &r->x;

	folders_make(&x->f);
	put_note(&x->f, "In/a.md", "A note about Topic.\n");
	put_note(&x->f, "In/Topic.md", "# Topic\n");
	put_note(&x->f, "Out/o.md", "out\n");
	x->audit = audit_start();
	assert_int_equal(record_pair(x->link, NULL), 0);
	r->pid = fork();
	assert_true(r->pid >= 0);
	if (r->pid == 0)
		become_broker(x);
	fd_close_p(&x->link[1]);
	(void)want(x, BROKER_READY);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct run *r = *state;
	int status;

	fd_close_p(&r->x.link[0]);
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	audit_stop(r->x.audit);
	folders_remove(&r->x.f);
	free(r);
	return 0;
}

static json_t *read_note(struct plugin *pl, const char *note)
{
	char params[VAULT_PATH_MAX + 32];

	(void)snprintf(params, sizeof(params), "{\"note\":\"%s\"}", note);
	return call(pl, "notes.read", params);
}

static void write_link(struct plugin *pl, const char *note)
{
	json_t *j = read_note(pl, note);
	char write[1024];

	(void)snprintf(
		write, sizeof(write),
		"{\"note\":\"%s\",\"baseRevision\":\"%s\",\"add\":[{\"target\":\"In/Topic.md\"}]}",
		note, str(json_object_get(j, "result"), "revision"));
	json_decref(j);
	j = call(pl, "links.write", write);
	assert_true(json_is_true(json_object_get(json_object_get(j, "result"), "changed")));
	json_decref(j);
}

static void the_whole_way_of_an_event(void **state)
{
	struct fixture *x = *state;
	struct policy policy;
	struct plugin pl;
	CLEANUP(free_p) char *now = NULL;
	json_int_t id;

	policy_in(&policy, "linker");
	pl = greet(x, 7, &policy);
	put_note(&x->f, "In/new/n.md", "new\n");
	id = want_request(&pl, "onNoteSave", NULL);
	write_link(&pl, "In/new/n.md");
	answer(&pl, id, "{}");
	assert_int_equal(want(x, BROKER_EVENT_DONE).u.event.result, 0);
	now = get_note(&x->f, "In/new/n.md");
	assert_non_null(strstr(now, "- [[Topic]]"));
	assert_int_equal(audit_count(x->audit, "cap.done", "allow"), 1);
	assert_int_equal(write(pl.out, "said\n", 5), 5);
	assert_string_equal(want(x, BROKER_LOG).u.log.line, "said");
	detach(x, &pl);
}

/* Big texts and many notes take other ways through the allocator and the kernel. */
static void large_and_many(void **state)
{
	struct fixture *x = *state;
	CLEANUP(free_p) char *big = malloc(NOTE_MAX);
	struct policy policy;
	struct plugin pl;
	json_t *j;

	memset(big, 'x', NOTE_MAX);
	for (size_t i = 99; i < NOTE_MAX; i += 100)
		big[i] = '\n';
	policy_in(&policy, "linker");
	policy.events = 0;
	put_note_n(&x->f, "In/big.md", big, NOTE_MAX - 40000);
	put_note_n(&x->f, "In/mid.md", big, 200000);
	for (int i = 0; i < 500; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "In/many/f%d/n%d.md", i % 9, i);
		put_note(&x->f, path, path);
	}
	assert_int_equal(renameat(x->f.vault, "In/many", x->f.vault, "In/moved"), 0);
	pl = greet(x, 7, &policy);
	j = read_note(&pl, "In/big.md");
	assert_int_equal(json_string_length(json_object_get(json_object_get(j, "result"), "text")),
			 NOTE_MAX - 40000);
	json_decref(j);
	write_link(&pl, "In/mid.md");
	assert_int_equal(fs_remove_tree(x->f.vault, "In/moved", NULL), 0);
	j = call(&pl, "notes.list", "{\"limit\":500}");
	json_decref(j);
	/* the end of a plugin that breaks the protocol */
	assert_int_equal(write(pl.wire, "\xff\xff\xff\xff", 4), 4);
	{
		struct broker_msg m;

		assert_true(recv_msg(x, &m, WAIT_MS));
		assert_int_equal(m.kind, BROKER_VIOLATION);
	}
	detach(x, &pl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_whole_way_of_an_event, setup, teardown),
		cmocka_unit_test_setup_teardown(large_and_many, setup, teardown),
	};
	struct err e;
	pid_t probe;
	int status;

	program_fd = open("build/kennel-broker", O_RDONLY | O_CLOEXEC);
	if (program_fd < 0) {
		(void)printf("build/kennel-broker is not there: run make build/kennel-broker\n");
		return 77;
	}
	probe = fork();
	if (probe == 0)
		_exit(confine_enter(SECCOMP_BROKER, NULL, 0, &e) < 0 && e.code == ERR_NO_LANDLOCK
			      ? 77
			      : 0);
	if (waitpid(probe, &status, 0) == probe && WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		(void)printf("this kernel has no Landlock\n");
		return 77;
	}
	/* It refuses to be root. */
	if (getuid() == 0 &&
	    (setgroups(0, NULL) < 0 || setgid(SOME_UID) < 0 || setuid(SOME_UID) < 0))
		return 1;
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
