# SPDX-License-Identifier: Apache-2.0
# Programs that load guard and meter; tests/run-vm runs build/tests-vm/bpf_* in the test machine.
BPF_TESTS := bpf_guard bpf_life bpf_meter
BPF_TEST_SHARED := $(patsubst %.c,$(B)/obj/%.o,$(filter-out tests/bpf/bpf_%.c tests/bpf/payload.c,$(wildcard tests/bpf/*.c)))
BPF_TEST_OBJ := $(patsubst %,$(B)/obj/runner/sandbox/%.o,guard guard_probe labelset cgroup_id pinset pinload skeletons meter)
TESTS_VM += $(BPF_TESTS:%=$(B)/tests-vm/%) $(B)/tests-vm/payload

$(BPF_TESTS:%=$(B)/tests-vm/%): $(B)/tests-vm/%: $(B)/obj/tests/bpf/%.o $(BPF_TEST_SHARED) $(BPF_TEST_OBJ) $(B)/lib/base.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $^ -lbpf
$(B)/tests-vm/payload: tests/bpf/payload.c
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -O1 -static -nostdlib -fcf-protection=none -o $@ $<
