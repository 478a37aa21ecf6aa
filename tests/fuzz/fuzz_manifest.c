/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_manifest.c - a manifest of any bytes. What is accepted must pass the record check; a policy
 * that compiles must lie inside its tenant, with a ceiling and a grant that allow everything. */
#include "policy/compile.h"
#include "policy/manifest.h"
#include "policy/wire.h"
#include "tests/fuzz/fuzz.h"

static struct manifest manifest;
static struct policy policy;

static void compile(void)
{
	static const uint8_t id[DIGEST_BYTES] = { 1 };
	static struct tenant_ceiling tenant = { .name = "t",
						.uid = 1000,
						.gid = 1000,
						.vault = "/v",
						.permissions = PERM_ALL,
						.runtimes = 14,
						.limits = { .memory_bytes = 256u << 20,
							    .cpu_time_ms = 30000,
							    .cpu_percent = 100,
							    .tasks = 64,
							    .event_timeout_ms = 30000,
							    .calls_per_second = 1000,
							    .data_bytes = 64u << 20,
							    .io_bytes = 64u << 20,
							    .freeze_after_ms = 3600000,
							    .stop_after_ms = 3600000,
							    .instances = 3 } };
	static const struct key_ceiling key = { .permissions = PERM_ALL,
						.runtimes = 14,
						.native = 1 };
	struct grant grant = { .permissions = PERM_ALL, .files = 1 };
	struct policy_inputs in = { &manifest, &key, &tenant, &grant, id, id, NATIVE_BY_KEY, 0 };
	struct err e;

	memcpy(grant.plugin, manifest.name, sizeof(grant.plugin));
	grant.signer[0] = 1;
	grant.scope_count = manifest.scope_count;
	memcpy(grant.scopes, manifest.scopes, sizeof(grant.scopes));
	if (policy_compile(&in, &policy, &e) < 0)
		return;
	must(policy_check(&policy, &e) == 0);
	must(policy_within_tenant(&policy, &tenant, &e) == 0);
	for (uint32_t i = 0; i < policy.asked_scope_count; i++)
		for (unsigned int p = 0; p < PERM_COUNT; p++)
			(void)policy_permits_path(&policy, p, policy.asked_scopes[i].glob);
}

static void try_manifest(const char *text, size_t n)
{
	struct err e;

	if (manifest_parse(text, n, &manifest, &e) < 0)
		return;
	must(manifest_check(&manifest, &e) == 0);
	compile();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_manifest((const char *)data, size);
	return 0;
}
