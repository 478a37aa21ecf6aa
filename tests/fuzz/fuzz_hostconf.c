/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_hostconf.c - a host configuration of any bytes: what is accepted must pass the check that
 * the launcher makes of the record. */
#include "policy/hostconf.h"
#include "policy/wire.h"
#include "tests/fuzz/fuzz.h"

static struct ceiling ceiling;

static void try_config(const char *text, size_t n)
{
	struct err e;

	if (hostconf_parse(text, n, &ceiling, &e) == 0)
		must(ceiling_check(&ceiling, &e) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_config((const char *)data, size);
	return 0;
}
