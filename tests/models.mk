# SPDX-License-Identifier: Apache-2.0
# The launcher's record of a configuration, for tests/e2e/models.sh, which starts kennel-fetch by hand.
TESTS_VM += $(B)/tests-vm/ceiling-of
$(B)/tests-vm/ceiling-of: $(B)/obj/tests/lib/ceiling_of.o $(call LIB,policy base)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $^ -ljansson
