# SPDX-License-Identifier: Apache-2.0
# The programs of tests/jail: the driver in the supervisor's place, and the plugin it starts.
TESTS_VM += $(B)/tests-vm/jail-drive $(B)/tests-vm/jail-stub $(B)/tests-vm/jail-failat
$(B)/tests-vm/jail-drive: $(B)/obj/tests/jail/drive.o $(call LIB,proto policy base)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $^
$(B)/tests-vm/jail-stub: tests/jail/stub.c
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -D_GNU_SOURCE -Os -Wall -Wextra -Werror -static -o $@ $<
$(B)/tests-vm/jail-failat: $(B)/obj/tests/jail/failat.o
	$(call say,LD,$(@F))
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $<
