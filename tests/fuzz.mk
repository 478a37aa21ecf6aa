# SPDX-License-Identifier: Apache-2.0
# fuzz.mk - libFuzzer targets: tests/fuzz/fuzz_X.c becomes build/fuzz/fuzz_X, with the address and
# undefined-behaviour sanitizers. "make fuzz SECONDS=60 [TARGET=toc]" gives each so long; what is new
# in its corpus, and what it found, lies in build/fuzz/X.
SECONDS ?= 60
TARGET ?=
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_FLAGS := -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_FOLDERS := base bundle policy proto broker fetch
FUZZ_PACK := $(filter-out tools/pack/main.c tools/pack/ask.c,$(wildcard tools/pack/*.c))

$(B)/fuzz/obj/%.o: %.c | $(GEN)
	$(call say,FUZZ,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) $(CPPFLAGS) $(FUZZ_FLAGS) -c $< -o $@
$(B)/fuzz/fuzz.a: $(patsubst %.c,$(B)/fuzz/obj/%.o,$(FUZZ_PACK) $(foreach f,$(FUZZ_FOLDERS),$(call SRC,$(f))))
	$(Q)mkdir -p $(@D) && rm -f $@ && ar rcsD $@ $^
$(FUZZERS): $(B)/fuzz/%: $(B)/fuzz/obj/tests/fuzz/%.o $(B)/fuzz/fuzz.a
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined -o $@ $^ -lsodium -lzstd -ljansson -lmd4c -lyaml

tests-build: $(FUZZERS)
fuzz: $(FUZZERS)
	$(Q)tests/fuzz/run $(SECONDS) $(TARGET)
