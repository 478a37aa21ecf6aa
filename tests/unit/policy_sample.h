/* SPDX-License-Identifier: Apache-2.0 */
/* policy_sample.h - one good manifest, configuration and grant, for the tests of runner/policy.
 * Owns: samples that pass every check.  Must not know: what a test changes in them. */
#ifndef KENNEL_TESTS_UNIT_POLICY_SAMPLE_H
#define KENNEL_TESTS_UNIT_POLICY_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "policy/compile.h"
#include "policy/grantfile.h"
#include "policy/hostconf.h"
#include "policy/manifest.h"

#define SIGNER_HEX "abababababababababababababababababababababababababababababababab"

static const char sample_manifest[] =
	"{\"name\":\"linker\",\"schemaVersion\":\"1.0\",\"version\":\"1.2.3\",\"entry\":\"main.wasm\","
	"\"description\":\"Links notes\",\"author\":\"An Author\",\"license\":\"MIT\","
	"\"permissions\":[\"readNotes\",\"writeLinks\",\"useAI\"],"
	"\"recommendedPermissions\":{\"readNotes\":\"to find names\"},"
	"\"events\":[\"onNoteSave\"],\"signature\":\"\","
	"\"scopes\":{\"readNotes\":{\"allow\":[\"**\"]},"
	"\"writeLinks\":{\"allow\":[\"Projects/**\"],\"deny\":[\"Projects/private/**\"]}},"
	"\"files\":[{\"path\":\"vault:/Projects\",\"access\":\"read\"},"
	"{\"path\":\"data:/\",\"access\":\"write\"}],"
	"\"limits\":{\"memory\":\"32M\",\"runtime\":\"5s\"},"
	"\"restart\":{\"policy\":\"on-failure\",\"max\":3,\"within\":\"1m\"}}";

static const char sample_config[] =
	"{\"_type\":\"kennel.config/1\",\"state\":\"/var/lib/kennel\",\"images\":\"/usr/lib/kennel/images\","
	"\"pluginUids\":{\"base\":200000,\"count\":1000},\"accept\":[\"no-bpf-lsm\"],"
	"\"tenants\":{\"alice\":{\"uid\":1000,\"gid\":1000,\"vault\":\"/srv/alice\","
	"\"limits\":{\"memory\":\"64M\",\"runtime\":\"4s\"}},"
	"\"bob\":{\"uid\":1001,\"gid\":1001,\"vault\":\"/srv/bob\",\"permissions\":[\"readNotes\"],"
	"\"runtimes\":[\"wasm\",\"js\"],\"jit\":true}}}";

static const char sample_grants[] =
	"{\"_type\":\"kennel.grants/1\",\"tenant\":\"alice\",\"version\":3,\"plugins\":{\"linker\":{"
	"\"signer\":\"" SIGNER_HEX "\",\"permissions\":[\"readNotes\",\"writeLinks\"],"
	"\"scopes\":{\"readNotes\":{\"allow\":[\"Projects/**\",\"Inbox/**\"],\"deny\":[\"Inbox/old/**\"]},"
	"\"writeLinks\":{\"allow\":[\"**\"]}},\"files\":true,\"limits\":{\"cpu\":20}}}}";

struct sample {
	struct manifest manifest;
	struct ceiling ceiling;
	struct key_ceiling key;
	struct grant grant;
	uint8_t bundle_id[DIGEST_BYTES];
	uint8_t signer[DIGEST_BYTES];
	struct policy_inputs in;
	struct policy policy;
};

/* Fails the test when a sample is not accepted. The policy is compiled. */
static inline void sample_make(struct sample *s)
{
	struct err e = { 0 };
	size_t n = 0;

	memset(s, 0, sizeof(*s));
	if (manifest_parse(sample_manifest, strlen(sample_manifest), &s->manifest, &e) < 0 ||
	    hostconf_parse(sample_config, strlen(sample_config), &s->ceiling, &e) < 0 ||
	    grantfile_parse(sample_grants, strlen(sample_grants), &s->grant, 1, &n, &e) < 0)
		fail_msg("%s: %s", err_name(e.code), e.text);
	s->key.permissions = PERM_ALL;
	s->key.runtimes = RUNTIME_BIT(RUNTIME_WASM) | RUNTIME_BIT(RUNTIME_JS);
	memset(s->bundle_id, 1, DIGEST_BYTES);
	memset(s->signer, 0xab, DIGEST_BYTES);
	s->in = (struct policy_inputs){ &s->manifest, &s->key,	 &s->ceiling.tenants[0], &s->grant,
					s->bundle_id, s->signer, NATIVE_NOBODY, 0 };
	if (policy_compile(&s->in, &s->policy, &e) < 0)
		fail_msg("%s: %s", err_name(e.code), e.text);
}

#endif
