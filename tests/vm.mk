# SPDX-License-Identifier: Apache-2.0
# The native plugin of tests/vm/kills.sh and stuck.sh.
TESTS_VM += $(B)/tests-vm/moody
$(B)/tests-vm/moody: $(patsubst %.c,$(B)/obj-sdk/%.o,tests/vm/moody.c tools/sdk/c/kennel_wire.c tools/sdk/c/kennel_json.c)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(STATIC_LDFLAGS) -s -o $@ $^
