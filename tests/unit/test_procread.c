/* SPDX-License-Identifier: Apache-2.0 */
/* test_procread.c - what the kernel writes is read as it is meant; anything else is refused. */
#include "sandbox/procread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define STATUS(name)                                                                        \
	"Name:\t" name "\nUmask:\t0077\nState:\tS (sleeping)\nTgid:\t812\nPid:\t812\n"      \
	"Uid:\t300001\t300001\t300001\t300001\nGid:\t300001\t300001\t300001\t300002\n"      \
	"FDSize:\t64\nGroups:\t4 27 \nNStgid:\t812\t2\nNSpid:\t812\t2\nThreads:\t3\n"       \
	"CapInh:\t0000000000000000\nCapPrm:\t00000000000000ff\nCapEff:\t0000000000000001\n" \
	"CapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n"            \
	"Seccomp:\t2\nSeccomp_filters:\t1\nSpeculation_Store_Bypass:\tvulnerable\n"

static void a_status_is_read_field_by_field(void **state)
{
	struct posture_process p = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(procread_status(STATUS("stub"), &p, &e), 0);
	assert_string_equal(p.name, "stub");
	assert_int_equal(p.pid_inside, 2);
	assert_int_equal(p.uids[0], 300001);
	assert_int_equal(p.gids[3], 300002);
	assert_int_equal(p.groups, 2);
	assert_int_equal(p.threads, 3);
	assert_true(p.caps[CAPS_PERMITTED] == 0xff);
	assert_true(p.caps[CAPS_BOUNDING] == 0x1ffffffffff);
	assert_int_equal(p.no_new_privs, 1);
	assert_int_equal(p.seccomp, 2);
	assert_int_equal(p.seccomp_filters, 1);
}

/* The kernel writes a newline in a name as backslash and n. */
static void a_name_cannot_pass_for_a_field(void **state)
{
	struct posture_process p = { 0 };

	(void)state;
	assert_int_equal(procread_status(STATUS("x\\nUid:\\t0"), &p, NULL), 0);
	assert_int_equal(p.uids[0], 300001);
	assert_int_equal(procread_status(STATUS("Uid:\t0\t0\t0\t0"), &p, NULL), 0);
	assert_int_equal(p.uids[0], 300001);
}

static void a_status_without_a_field_is_refused(void **state)
{
	static const char *const needed[] = {
		"Name:",   "Uid:",	  "Gid:",     "Groups:",  "NSpid:",	     "CapInh:",
		"CapAmb:", "NoNewPrivs:", "Seccomp:", "Threads:", "Seccomp_filters:"
	};
	char text[sizeof(STATUS("stub"))];
	struct posture_process p;
	struct err e;

	(void)state;
	for (size_t i = 0; i < countof(needed); i++) {
		char *at;

		memcpy(text, STATUS("stub"), sizeof(text));
		at = strstr(text, needed[i]);
		assert_non_null(at);
		*at = '#';
		memset(&e, 0, sizeof(e));
		assert_int_equal(procread_status(text, &p, &e), -1);
		assert_int_equal(e.code, ERR_FORMAT);
	}
}

static void a_map_is_its_rows(void **state)
{
	struct posture_map m;

	(void)state;
	assert_int_equal(procread_map("    300001     300001          1\n", &m, NULL), 0);
	assert_int_equal(m.rows, 1);
	assert_int_equal(m.inside, 300001);
	assert_int_equal(m.count, 1);
	assert_int_equal(procread_map("0 0 1\n5 5 1\n", &m, NULL), 0);
	assert_int_equal(m.rows, 2);
	assert_int_equal(procread_map("", &m, NULL), 0);
	assert_int_equal(m.rows, 0);
	assert_int_equal(procread_map("0 0\n", &m, NULL), -1);
	assert_int_equal(procread_map("0 0 1", &m, NULL), -1);
	assert_int_equal(procread_map("0 0 99999999999\n", &m, NULL), -1);
}

static const struct {
	const char *line;
	const char *target, *type;
	uint32_t flags;
} mounts[] = {
	{ "61 60 254:0 /jail/images/native / ro,nosuid,nodev,relatime - ext4 /dev/vda rw", "/",
	  "ext4", MNT_RDONLY | MNT_NOSUID | MNT_NODEV },
	{ "62 61 254:0 /v /vault/My\\040Notes ro,nosuid,nodev,noexec,relatime,idmapped - ext4 x rw",
	  "/vault/My Notes", "ext4",
	  MNT_RDONLY | MNT_NOSUID | MNT_NODEV | MNT_NOEXEC | MNT_IDMAPPED },
	{ "63 61 0:44 / /proc ro,nosuid,nodev,noexec,relatime - proc proc "
	  "rw,hidepid=invisible,subset=pid",
	  "/proc", "proc", MNT_RDONLY | MNT_NOSUID | MNT_NODEV | MNT_NOEXEC | MNT_PROC_OWN },
	{ "63 61 0:44 / /proc rw,relatime shared:12 master:1 - proc proc rw", "/proc", "proc",
	  MNT_SHARED },
	{ "64 61 0:45 / /tmp rw,nosuid unbindable - tmpfs none rw,size=4096k", "/tmp", "tmpfs",
	  MNT_NOSUID },
	{ "65 61 0:46 / /a\\134040b rw - tmpfs none rw", "/a\\040b", "tmpfs", 0 },
};

static void a_mount_is_its_target_type_and_flags(void **state)
{
	struct posture_mount m;

	(void)state;
	for (size_t i = 0; i < countof(mounts); i++) {
		assert_int_equal(procread_mount(mounts[i].line, &m, NULL), 0);
		assert_string_equal(m.target, mounts[i].target);
		assert_string_equal(m.type, mounts[i].type);
		assert_int_equal(m.flags, mounts[i].flags);
	}
	assert_int_equal(procread_mount(mounts[0].line, &m, NULL), 0);
	assert_int_equal(m.id, 61);
	assert_int_equal(m.major, 254);
}

/* Every line cut short anywhere is refused or read without going past its end. */
static void a_torn_line_is_harmless(void **state)
{
	char line[256];
	struct posture_mount m;
	struct err e;

	(void)state;
	for (size_t i = 0; i < countof(mounts); i++)
		for (size_t n = 0; n < strlen(mounts[i].line); n++) {
			memcpy(line, mounts[i].line, n);
			line[n] = '\0';
			if (!strstr(line, " - "))
				assert_int_equal(procread_mount(line, &m, &e), -1);
			else
				(void)procread_mount(line, &m, &e);
		}
}

static void a_target_that_does_not_fit_is_refused(void **state)
{
	char line[1024];
	struct posture_mount m;
	struct err e = { 0 };

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "1 1 0:1 / /", 11);
	memcpy(line + sizeof(line) - 24, " rw - tmpfs none rw", 20);
	assert_int_equal(procread_mount(line, &m, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
}

static void limits_are_numbers_or_none(void **state)
{
	uint64_t n, period;
	uint32_t id;

	(void)state;
	assert_int_equal(procread_number("67108864\n", &n, NULL), 0);
	assert_true(n == 67108864);
	assert_int_equal(procread_number("max\n", &n, NULL), 0);
	assert_true(n == POSTURE_UNLIMITED);
	assert_int_equal(procread_number("", &n, NULL), -1);
	assert_int_equal(procread_number("12x\n", &n, NULL), -1);
	assert_int_equal(procread_number("-1\n", &n, NULL), -1);
	assert_int_equal(procread_cpu_max("max 100000\n", &n, &period, NULL), 0);
	assert_true(n == POSTURE_UNLIMITED && period == 100000);
	assert_int_equal(procread_cpu_max("5000\n", &n, &period, NULL), -1);
	assert_int_equal(
		procread_mount_id("pos:\t0\nflags:\t02\nmnt_id:\t14\nino:\t1\n", &id, NULL), 0);
	assert_int_equal(id, 14);
	assert_int_equal(procread_mount_id("pos:\t0\n", &id, NULL), -1);
}

#define ROW(dev, r, w, ri, wi) dev " rbps=" r " wbps=" w " riops=" ri " wiops=" wi "\n"

static void a_disk_has_its_own_row_of_io_max(void **state)
{
	static const char text[] =
		ROW("8:0", "1", "2", "3", "4") ROW("259:12", "16777216", "max", "max", "4096");
	uint64_t max[DISK_MAX_COUNT];

	(void)state;
	assert_int_equal(procread_io_max(text, 8, 0, max, NULL), 0);
	for (uint64_t i = 0; i < DISK_MAX_COUNT; i++)
		assert_int_equal(max[i], i + 1);
	assert_int_equal(procread_io_max(text, 259, 12, max, NULL), 0);
	assert_int_equal(max[DISK_READ_BYTES], 16777216);
	assert_true(max[DISK_WRITE_BYTES] == POSTURE_UNLIMITED);
	assert_true(max[DISK_READS] == POSTURE_UNLIMITED);
	assert_int_equal(max[DISK_WRITES], 4096);
	/* a disk without one, and no row at all */
	assert_int_equal(procread_io_max(text, 8, 1, max, NULL), 0);
	assert_true(max[DISK_READ_BYTES] == POSTURE_UNLIMITED);
	assert_int_equal(procread_io_max("", 8, 0, max, NULL), 0);
	assert_true(max[DISK_WRITES] == POSTURE_UNLIMITED);
}

static void an_io_max_of_another_shape_is_refused(void **state)
{
	static const char *const texts[] = {
		"8:0\n",
		"8 rbps=1 wbps=1 riops=1 wiops=1\n",
		"8:0 rbps=1 wbps=1 riops=1\n",
		"8:0 rbps=1 wbps=1 riops=1 wiops=1",
		"8:0 wbps=1 rbps=1 riops=1 wiops=1\n",
		"8:0 rbps=1 wbps=1 riops=1 wiops=1 more=1\n",
		ROW("8:x", "1", "1", "1", "1"),
		ROW("8:0", "", "1", "1", "1"),
		"\n",
	};
	uint64_t max[DISK_MAX_COUNT];
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (procread_io_max(texts[i], 8, 0, max, &e) != -1)
			fail_msg("taken: %s", texts[i]);
		assert_int_equal(e.code, ERR_FORMAT);
	}
}

static void a_device_is_two_numbers(void **state)
{
	static const char *const bad[] = { "", "8:0", "8\n", "8:0\n\n", "8:0 \n", ":0\n", "a:b\n" };
	uint32_t maj = 7, min = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (procread_device(bad[i], &maj, &min, NULL) != -1)
			fail_msg("taken: %s", bad[i]);
	assert_true(maj == 7 && min == 7);
	assert_int_equal(procread_device("259:12\n", &maj, &min, NULL), 0);
	assert_true(maj == 259 && min == 12);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_is_read_field_by_field),
		cmocka_unit_test(a_name_cannot_pass_for_a_field),
		cmocka_unit_test(a_status_without_a_field_is_refused),
		cmocka_unit_test(a_map_is_its_rows),
		cmocka_unit_test(a_mount_is_its_target_type_and_flags),
		cmocka_unit_test(a_torn_line_is_harmless),
		cmocka_unit_test(a_target_that_does_not_fit_is_refused),
		cmocka_unit_test(limits_are_numbers_or_none),
		cmocka_unit_test(a_disk_has_its_own_row_of_io_max),
		cmocka_unit_test(an_io_max_of_another_shape_is_refused),
		cmocka_unit_test(a_device_is_two_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
