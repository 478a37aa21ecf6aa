# SPDX-License-Identifier: Apache-2.0
# The programs of tests/crash: an installation to be killed, and what kills it.
TESTS_VM += $(B)/tests-vm/store-drive $(B)/tests-vm/store-killat
$(B)/tests-vm/store-drive: $(B)/obj/tests/crash/drive.o $(call LIB,supervise policy proto base) $(B)/kennel-loader
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) -ljansson -lsodium
$(B)/tests-vm/store-killat: $(B)/obj/tests/crash/killat.o
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $^
# The plugin of tests/vm/installs.sh.
TESTS_VM += $(B)/tests-vm/quiet
$(B)/tests-vm/quiet: tests/lib/quiet.c
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -Os $(WARN) -Werror -ffreestanding -fno-builtin -fno-stack-protector -fcf-protection=none \
		-static -nostdlib -Wl,--build-id=none,-z,noexecstack,-z,noseparate-code -o $@ $<
	$(Q)strip $@
