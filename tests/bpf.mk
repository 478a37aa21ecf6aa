# SPDX-License-Identifier: Apache-2.0
# Programs that load guard and meter; tests/run-vm runs build/tests-vm/bpf_* in the test machine.
BPF_TESTS := bpf_guard bpf_handover bpf_life bpf_meter
BPF_TEST_SHARED := $(patsubst %.c,$(B)/obj/%.o,$(filter-out tests/bpf/bpf_%.c tests/bpf/payload.c tests/bpf/handover.c,$(wildcard tests/bpf/*.c)))
BPF_TEST_OBJ := $(patsubst %,$(B)/obj/runner/sandbox/%.o,guard guard_probe labelset cgroup_id pinset pinload skeletons meter)
TESTS_VM += $(BPF_TESTS:%=$(B)/tests-vm/%) $(B)/tests-vm/payload

$(BPF_TESTS:%=$(B)/tests-vm/%): $(B)/tests-vm/%: $(B)/obj/tests/bpf/%.o $(BPF_TEST_SHARED) $(BPF_TEST_OBJ) $(B)/lib/base.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $^ -lbpf
$(B)/tests-vm/payload: tests/bpf/payload.c
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -O1 -static -nostdlib -fcf-protection=none -o $@ $<

# The next generation: the same rules in other instructions, as another compiler would make them. A loader of each, and
# a kenneld that carries them.
NEXT := $(B)/next
$(NEXT)/%.skel.h: bpf/%.bpf.c $(wildcard bpf/*.h)
	$(call say,BPF,"$< (next)")
	$(Q)mkdir -p $(@D)
	$(Q)$(BPF_CC) -mcpu=v3 -c $< -o $(NEXT)/$*.tmp.o
	$(Q)$(BPFTOOL) gen object $(NEXT)/$*.bpf.o $(NEXT)/$*.tmp.o
	$(Q)$(BPFTOOL) gen skeleton $(NEXT)/$*.bpf.o name $* > $@
$(NEXT)/skeletons.o: runner/sandbox/skeletons.c $(NEXT)/guard.skel.h $(NEXT)/meter.skel.h
	$(call say,CC,"$< (next)")
	$(Q)$(CC) -I$(NEXT) $(CPPFLAGS) $(CFLAGS) -c $< -o $@
TESTS_VM += $(B)/tests-vm/handover $(B)/tests-vm/handover-next $(B)/tests-vm/kenneld-next
$(B)/tests-vm/handover: $(B)/obj/tests/bpf/handover.o $(BPF_TEST_OBJ) $(B)/lib/base.a
$(B)/tests-vm/handover-next: $(B)/obj/tests/bpf/handover.o $(patsubst %/skeletons.o,$(NEXT)/skeletons.o,$(BPF_TEST_OBJ)) $(B)/lib/base.a
$(B)/tests-vm/handover $(B)/tests-vm/handover-next:
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $^ -lbpf
$(B)/tests-vm/kenneld-next: $(B)/obj/runner/main/launcher.o $(NEXT)/skeletons.o $(call LIB,sandbox policy proto base)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $^ -lbpf -lcap
