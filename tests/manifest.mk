# SPDX-License-Identifier: Apache-2.0
# manifest.mk - our validator for many manifests at once, with the sanitizers, for tests/e2e/manifest-ajv.sh.
TESTS_VM += $(B)/tests-vm/manifest-batch
$(B)/tests-vm/manifest-batch: $(B)/asan/obj/tests/lib/manifest_batch.o $(B)/asan/lib/policy.a $(B)/asan/lib/base.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ASAN) -pie -o $@ $^ -ljansson
