# SPDX-License-Identifier: Apache-2.0
# The programs of tests/escape: all ways out in one static program, and what puts it under the guard alone.
TESTS_VM += $(B)/tests-vm/attempts $(B)/tests-vm/escape-alone
$(B)/tests-vm/attempts: $(patsubst %.c,$(B)/obj-static/%.o,$(wildcard images/hostile/attempts/*.c))
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(STATIC_LDFLAGS) -s -o $@ $^
$(B)/tests-vm/escape-alone: $(B)/obj/tests/escape/alone.o $(B)/obj/tests/bpf/harness.o $(BPF_TEST_OBJ) $(B)/lib/base.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $^ -lbpf
