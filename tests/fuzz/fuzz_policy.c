/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_policy.c - the flat records as another process could send them, and the globs in them. A
 * check that passes promises that the questions below are safe. The first byte of the input
 * chooses. */
#include "policy/compile.h"
#include "policy/wire.h"
#include "tests/fuzz/fuzz.h"

static struct policy policy;

/* Bytes over a record of zeros. */
static void try_policy(const char *bytes, size_t n)
{
	struct err e;

	memset(&policy, 0, sizeof(policy));
	memcpy(&policy, bytes, n < sizeof(policy) ? n : sizeof(policy));
	if (policy_check(&policy, &e) == 0)
		(void)policy_permits_path(&policy, PERM_READ_METADATA, "a/b.md");
}

static void try_glob(const char *bytes, size_t n)
{
	char glob[SCOPE_GLOB_MAX] = { 0 }, path[VAULT_PATH_MAX] = { 0 };
	size_t half = n / 2;

	memcpy(glob, bytes, half < sizeof(glob) - 1 ? half : sizeof(glob) - 1);
	memcpy(path, bytes + half, n - half < sizeof(path) - 1 ? n - half : sizeof(path) - 1);
	if (!scope_glob_is_valid(glob) || !relative_path_is_valid(path))
		return;
	/* "covers" and "meets" never promise what the matcher does not keep. */
	for (size_t i = strlen(path); i-- > 1;) {
		char folder[VAULT_PATH_MAX] = { 0 };

		if (path[i] != '/')
			continue;
		memcpy(folder, path, i);
		if (scope_glob_covers_folder(glob, folder))
			must(scope_glob_matches(glob, path));
		if (scope_glob_matches(glob, path))
			must(scope_glob_meets_folder(glob, folder));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] & 1)
		try_policy((const char *)data + 1, size - 1);
	else
		try_glob((const char *)data + 1, size - 1);
	return 0;
}
