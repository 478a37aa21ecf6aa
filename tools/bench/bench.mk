# SPDX-License-Identifier: Apache-2.0
# What make bench runs beside kenneld itself.
BENCH := $(addprefix $(B)/bench/,stub wasm peers driver install)
$(B)/bench/stub: tools/bench/stub.c
	$(Q)mkdir -p $(@D) && $(CC) $(filter-out -fPIE,$(CFLAGS)) -static -o $@ $<
$(B)/bench/wasm: $(B)/toolchain/bin/kennel-compile | plugins
	$(Q)mkdir -p $(@D) && $< $(B)/plugins/word-count/main.wasm $@
$(B)/bench/%: tools/bench/%.c $(call LIB,base)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c %.a,$^)
