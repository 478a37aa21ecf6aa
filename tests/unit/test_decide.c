/* SPDX-License-Identifier: Apache-2.0 */
/* test_decide.c - every decision of the guard as a table, without a kernel.
 * tests: bpf/decide.bpf.h, bpf/decide_memory.bpf.h */
#include "bpf/decide.bpf.h"
#include "bpf/decide_memory.bpf.h"
#include "bpf/decide_open.bpf.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define R MAY_READ
#define W MAY_WRITE
#define X MAY_EXEC

/* The names of the kernel's bits are what user space knows them as. */
static void test_names(void **state)
{
	(void)state;
	assert_int_equal(KERNEL_O_TRUNC, O_TRUNC);
	assert_int_equal(KERNEL_PROT_WRITE, PROT_WRITE);
	assert_int_equal(KERNEL_PROT_EXEC, PROT_EXEC);
	assert_int_equal(KERNEL_MAP_TYPE, MAP_TYPE);
	assert_int_equal(KERNEL_MAP_PRIVATE, MAP_PRIVATE);
	assert_int_equal(KERNEL_S_IFMT, S_IFMT);
	assert_int_equal(KERNEL_S_IFCHR, S_IFCHR);
	assert_int_equal(KERNEL_S_IFBLK, S_IFBLK);
}

static void test_passage(void **state)
{
	static const struct {
		struct guard_policy p;
		u32_t hook;
		enum passage expect;
	} cases[] = {
		{ { .abi = KENNEL_BPF_ABI, .phase = PHASE_SETUP }, HOOK_OPEN, PASS_LET },
		{ { .abi = KENNEL_BPF_ABI, .phase = PHASE_SETUP }, HOOK_MOUNT, PASS_LET },
		{ { .abi = KENNEL_BPF_ABI, .phase = PHASE_SETUP }, HOOK_EXEC, PASS_REFUSE },
		{ { .abi = KENNEL_BPF_ABI, .phase = PHASE_ENFORCE }, HOOK_OPEN, PASS_CHECK },
		{ { .abi = KENNEL_BPF_ABI, .phase = PHASE_ENFORCE }, HOOK_EXEC, PASS_CHECK },
		{ { .abi = KENNEL_BPF_ABI, .phase = 0 }, HOOK_OPEN, PASS_REFUSE },
		{ { .abi = KENNEL_BPF_ABI, .phase = 3 }, HOOK_OPEN, PASS_REFUSE },
		{ { .abi = KENNEL_BPF_ABI + 1, .phase = PHASE_SETUP }, HOOK_OPEN, PASS_REFUSE },
		{ { .abi = 0, .phase = PHASE_ENFORCE }, HOOK_OPEN, PASS_REFUSE },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		assert_int_equal(decide_passage(&cases[i].p, cases[i].hook), cases[i].expect);
	assert_int_equal(decide_passage(NULL, HOOK_OPEN), PASS_REFUSE);
}

static void test_rights(void **state)
{
	(void)state;
	for (u32_t have = 0; have < 8; have++)
		for (u32_t want = 0; want < 8; want++)
			assert_int_equal(decide_rights(have, want),
					 (have & want) == want ? 0 : -EACCES);
	assert_int_equal(decide_any_right(0), -EACCES);
	for (u32_t have = 1; have < 8; have++)
		assert_int_equal(decide_any_right(have), 0);
}

static void test_open(void **state)
{
	static const struct {
		u32_t mode, flags, expect;
	} cases[] = {
		{ KERNEL_FMODE_READ, 0, R },
		{ KERNEL_FMODE_WRITE, 0, W },
		{ KERNEL_FMODE_READ | KERNEL_FMODE_WRITE, 0, R | W },
		{ KERNEL_FMODE_READ, O_TRUNC, R | W },
		{ KERNEL_FMODE_READ | KERNEL_FMODE_EXEC, 0, R | X },
		{ KERNEL_FMODE_READ, KERNEL_FMODE_EXEC, R | X },
		{ 0, 0, R }, /* O_PATH */
		{ 0x4000, O_PATH, R },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		assert_int_equal(want_of_open(cases[i].mode, cases[i].flags), cases[i].expect);
}

static void test_mmap(void **state)
{
	static const struct {
		struct map_ask ask;
		int expect;
	} cases[] = {
		{ { PROT_READ | PROT_WRITE, MAP_PRIVATE, true, false }, 0 },
		{ { PROT_READ | PROT_EXEC, MAP_PRIVATE, true, false }, -EACCES },
		{ { PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, true, false }, -EACCES },
		{ { PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, true, true }, 0 },
		{ { PROT_READ, MAP_PRIVATE, false, false }, R },
		{ { PROT_NONE, MAP_PRIVATE, false, false }, R },
		{ { PROT_READ | PROT_WRITE, MAP_PRIVATE, false, false }, R },
		{ { PROT_READ | PROT_WRITE, MAP_SHARED, false, false }, R | W },
		{ { PROT_READ | PROT_WRITE, MAP_SHARED_VALIDATE, false, false }, R | W },
		{ { PROT_READ | PROT_EXEC, MAP_PRIVATE, false, false }, R | X },
		{ { PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, false, false }, -EACCES },
		{ { PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, false, true }, -EACCES },
		{ { PROT_WRITE | PROT_EXEC, MAP_PRIVATE, false, true }, -EACCES },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		assert_int_equal(want_of_mmap(&cases[i].ask), cases[i].expect);
}

static void test_mprotect(void **state)
{
	static const unsigned long rx = PROT_READ | PROT_EXEC,
				   rwx = PROT_READ | PROT_WRITE | PROT_EXEC;
	const struct {
		struct protect_ask ask; /* prot, vm_flags, anonymous, dirtied, jit */
		int expect;
	} cases[] = {
		{ { PROT_READ | PROT_WRITE, 0, true, true, false }, 0 },
		{ { rx, 0, true, true, false }, -EACCES },
		{ { rx, 0, true, true, true }, 0 },
		{ { rwx, 0, true, true, true }, 0 },
		{ { rwx, KERNEL_VM_EXEC, true, false, false }, -EACCES },
		{ { rx, KERNEL_VM_EXEC, true, false, false }, 0 },
		{ { rx, 0, false, false, false }, X },
		{ { rx, 0, false, true, false }, -EACCES },
		{ { rx, 0, false, true, true }, -EACCES },
		{ { rwx, 0, false, false, false }, -EACCES },
		{ { rwx, KERNEL_VM_EXEC, false, false, false }, -EACCES },
		{ { rwx, KERNEL_VM_EXEC, false, false, true }, -EACCES },
		{ { rx, KERNEL_VM_EXEC, false, false, false }, 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		assert_int_equal(want_of_mprotect(&cases[i].ask), cases[i].expect);
}

/* label_ino, label_dev, rights, rule, labelled */
static const struct place in_rw = { 1, 5, R | W, 0, 0 }, in_rw2 = { 2, 5, R | W, 0, 0 },
			  other_dev = { 1, 6, R | W, 0, 0 }, root_rw = { 1, 5, R | W, 0, 1 },
			  in_ro = { 3, 5, R | X, 0, 0 }, nowhere = { 0, 0, 0, 0, 0 };

static void test_move(void **state)
{
	static const struct {
		const struct place *object, *parent;
		int expect;
	} cases[] = {
		{ &in_rw, &in_rw, 0 },		 { &in_rw, &root_rw, 0 },
		{ &root_rw, &in_rw, -EACCES },	 { &in_rw, &in_rw2, -EXDEV },
		{ &in_rw, &other_dev, -EXDEV },	 { &in_ro, &in_rw, -EACCES },
		{ &in_rw, &in_ro, -EACCES },	 { &in_ro, &in_ro, -EACCES },
		{ &nowhere, &nowhere, -EACCES }, { &nowhere, &in_rw, -EACCES },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		assert_int_equal(decide_move(cases[i].object, cases[i].parent), cases[i].expect);
}

static void test_remove(void **state)
{
	(void)state;
	assert_int_equal(decide_remove(&in_rw, R | W), 0);
	assert_int_equal(decide_remove(&in_rw, R), -EACCES);
	assert_int_equal(decide_remove(&root_rw, R | W), -EACCES);
	assert_int_equal(decide_remove(&nowhere, 0), -EACCES);
}

static void test_devices(void **state)
{
	(void)state;
	assert_true(mode_is_device(S_IFCHR | 0600));
	assert_true(mode_is_device(S_IFBLK | 0600));
	assert_false(mode_is_device(S_IFREG | 0600));
	assert_false(mode_is_device(S_IFIFO));
	assert_false(mode_is_device(S_IFSOCK));
	assert_false(mode_is_device(S_IFDIR));
	assert_false(mode_is_device(0));
}

static void test_ioctl(void **state)
{
	static const u32_t allowed[] = { 0x5401, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451, 0x5460 };
	unsigned int n = 0;

	(void)state;
	for (size_t i = 0; i < countof(allowed); i++)
		assert_int_equal(decide_ioctl(allowed[i]), 0);
	for (u32_t cmd = 0; cmd < 0x10000; cmd++)
		n += decide_ioctl(cmd) == 0;
	assert_int_equal(n, countof(allowed));
	assert_int_equal(decide_ioctl(0x40086602), -EACCES); /* FS_IOC_SETFLAGS */
	assert_int_equal(decide_ioctl(0x5412), -EACCES);     /* TIOCSTI */
}

static void test_sockets_and_peers(void **state)
{
	(void)state;
	for (int family = 0; family < 64; family++) {
		assert_int_equal(decide_socket(family, 0), family == 1 ? 0 : -EPERM);
		assert_int_equal(decide_socket(family, 1), 0);
	}
	assert_int_equal(decide_peer(7, 7), 0);
	assert_int_equal(decide_peer(7, 8), -EPERM);
	assert_int_equal(decide_peer(7, 0), -EPERM);
	assert_int_equal(decide_peer(0, 0), -EPERM);
}

static void test_errno(void **state)
{
	(void)state;
	for (u32_t hook = HOOK_OPEN; hook <= HOOK_IOCTL; hook++)
		assert_int_equal(refusal_errno(hook), EACCES);
	for (u32_t hook = HOOK_MOUNT; hook < HOOK_COUNT; hook++)
		assert_int_equal(refusal_errno(hook), EPERM);
	assert_int_equal(refusal_errno(HOOK_NONE), EPERM);
}

/* A burst, then one each interval; after a pause a burst again. */
static void test_pace(void **state)
{
	u64_t at = 0, now = 5 * DESCRIBE_INTERVAL_NS, n = 0;

	(void)state;
	while (describe_permits(now, at, &at))
		n++;
	assert_int_equal(n, DESCRIBE_BURST);
	assert_false(describe_permits(now, at, &at));
	now += DESCRIBE_INTERVAL_NS;
	assert_true(describe_permits(now, at, &at));
	assert_false(describe_permits(now, at, &at));
	now += 10 * DESCRIBE_BURST * DESCRIBE_INTERVAL_NS;
	for (n = 0; describe_permits(now, at, &at);)
		n++;
	assert_int_equal(n, DESCRIBE_BURST);
}

static void what_lost_its_name_is_looked_up_again(void **state)
{
	static const struct {
		uint32_t rights, labelled, nameless;
		int expect;
	} cases[] = {
		{ MAY_READ, 0, 0, 0 },
		{ MAY_READ, 0, 1, -ESTALE },
		{ MAY_READ | MAY_EXEC, 0, 1, -ESTALE },
		{ MAY_READ, 1, 1, 0 },		   /* the held folder itself */
		{ MAY_READ | MAY_WRITE, 0, 1, 0 }, /* nameless files of one's own */
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		assert_int_equal(
			decide_named(cases[i].rights, cases[i].labelled, cases[i].nameless),
			cases[i].expect);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_passage),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_mmap),
		cmocka_unit_test(test_mprotect),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_ioctl),
		cmocka_unit_test(test_errno),
		cmocka_unit_test(test_sockets_and_peers),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(what_lost_its_name_is_looked_up_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
