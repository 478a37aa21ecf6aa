# SPDX-License-Identifier: Apache-2.0
# What make bench runs beside kenneld itself.
BENCH := $(addprefix $(B)/bench/,stub wasm peers driver weigh mounts install guard_program guard_program.bpf.o guard_count)
bench_parts = $(addprefix tools/bench/,$(addsuffix .c,$(1)))
$(B)/bench/driver: $(call bench_parts,batch talk)
$(B)/bench/peers: $(call bench_parts,batch talk memory)
$(B)/bench/weigh: $(call bench_parts,memory)
$(B)/bench/guard_count: $(BPF_TEST_OBJ)
$(B)/bench/guard_count $(B)/bench/guard_program: BENCH_LIBS := -lbpf
$(B)/bench/guard_program.bpf.o: tools/bench/guard_program.bpf.c $(wildcard bpf/*.h tools/bench/*.h)
	$(Q)mkdir -p $(@D) && $(CLANG) -g -O2 -target bpf -D__TARGET_ARCH_x86 -Wall -Werror -I. \
		-idirafter /usr/include/x86_64-linux-gnu -c $< -o $@
$(B)/bench/stub: tools/bench/stub.c
	$(Q)mkdir -p $(@D) && $(CC) $(filter-out -fPIE,$(CFLAGS)) -static -o $@ $<
$(B)/bench/wasm: $(B)/toolchain/bin/kennel-compile | plugins
	$(Q)mkdir -p $(@D) && $< $(B)/plugins/word-count/main.wasm $@
$(B)/bench/%: tools/bench/%.c $(call LIB,base) $(wildcard tools/bench/*.h)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c %.o,$^) $(filter %.a,$^) $(BENCH_LIBS)
