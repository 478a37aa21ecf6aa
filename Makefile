# SPDX-License-Identifier: Apache-2.0
# One non-recursive Makefile. Every executable names the folders it links: what is not in its row
# cannot be reached from it (tools/lint/links.sh reads the result back).
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDARY:
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' $(1) $(2))

B := build
CC := gcc
CLANG := clang
BPFTOOL := $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
PREFIX ?= /usr
WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
HARDEN := -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2 -fcf-protection
CFLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -g $(WARN) $(HARDEN) -Werror
CPPFLAGS := -Irunner -I. -I$(B)/gen -MMD -MP
LDFLAGS := -pie -Wl,-z,relro,-z,now,--as-needed
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

FOLDERS := base bundle policy proto observe sandbox supervise broker fetch cli
SRC = $(wildcard runner/$(1)/*.c)
OBJ = $(patsubst %.c,$(B)/obj/%.o,$(call SRC,$(1)))
LIB = $(foreach f,$(1),$(B)/lib/$(f).a)

# executable := its main file, the folders it may reach, its libraries
EXES := kennel kenneld kennel-supervisor kennel-loader kennel-broker kennel-audit kennel-pack kennel-fetch
kennel_LINK := runner/main/kennel.c | cli observe policy proto base | -ljansson
kenneld_LINK := runner/main/launcher.c | sandbox policy proto base | -lbpf -lcap
kennel-supervisor_LINK := runner/main/supervisor.c | supervise policy proto base | -ljansson -lsodium
kennel-loader_LINK := runner/main/loader.c | bundle policy proto base | -lsodium -lzstd -ljansson
kennel-broker_LINK := runner/main/broker.c | broker policy proto base | -ljansson -lmd4c -lyaml -lsodium
kennel-audit_LINK := runner/main/audit.c | observe proto base | -lsodium
kennel-fetch_LINK := runner/main/fetch.c | fetch policy proto base | -lcurl -ljansson
kennel-pack_LINK := tools/pack/*.c | bundle policy proto base | -lsodium -lzstd -ljansson
part = $(word $(2),$(subst |, ,$(subst $(space),_SP_,$($(1)_LINK))))
space := $(subst ,, )
main_of = $(wildcard $(subst _SP_, ,$(call part,$(1),1)))
libs_of = $(call LIB,$(subst _SP_, ,$(call part,$(1),2)))
flags_of = $(subst _SP_, ,$(call part,$(1),3))

PROGRAMS := $(addprefix $(B)/,$(EXES) kennel-init)
BPF := $(patsubst bpf/%.bpf.c,$(B)/gen/%.skel.h,$(wildcard bpf/*.bpf.c))
GEN := $(if $(wildcard tools/gen/seccomp.c),$(B)/gen/seccomp.h $(B)/gen/seccomp_text.h) $(BPF)

.PHONY: tests-build all deps demo test test-unit soak lint asan bench install fuzz clean images plugins
all: $(PROGRAMS) images plugins

# ---- objects, archives, executables ----
$(B)/obj/%.o: %.c | $(GEN)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

define archive_rule
$(B)/lib/$(1).a: $(call OBJ,$(1))
	$$(Q)mkdir -p $$(@D) && rm -f $$@ && ar rcsD $$@ $$^
$(B)/asan/lib/$(1).a: $(patsubst %.c,$(B)/asan/obj/%.o,$(call SRC,$(1)))
	$$(Q)mkdir -p $$(@D) && rm -f $$@ && ar rcsD $$@ $$^
endef
$(foreach f,$(FOLDERS),$(eval $(call archive_rule,$(f))))

define exe_rule
$(B)/$(1): $(patsubst %.c,$(B)/obj/%.o,$(call main_of,$(1))) $(call libs_of,$(1))
	$(call say,LD,$(1))
	$$(Q)$(CC) $(LDFLAGS) -o $$@ $$^ $(call flags_of,$(1))
endef
$(foreach x,$(EXES),$(eval $(call exe_rule,$(x))))

$(B)/kennel-init: $(wildcard runner/init/*.c)
	$(call say,LD,kennel-init)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) -MF $(B)/kennel-init.d -std=gnu11 -D_GNU_SOURCE -Os $(WARN) -Werror -static \
		-nostdlib -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables \
		-Wl,-z,relro,-z,now,-z,noexecstack -o $@ $(filter %.c,$^)

# ---- generated: seccomp filters (libseccomp, here and nowhere else), BPF skeletons ----
$(B)/gen/seccomp.h: $(wildcard tools/gen/seccomp*.c)
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -D_GNU_SOURCE -O1 $(WARN) -Irunner -o $(B)/gen/seccomp-gen $^ -lseccomp && \
		$(B)/gen/seccomp-gen > $@
$(B)/gen/seccomp_text.h: $(B)/gen/seccomp.h
	$(Q)$(B)/gen/seccomp-gen text > $@

BPF_CC := $(CLANG) -g -O2 -target bpf -D__TARGET_ARCH_x86 -Wall -Werror -I. -idirafter /usr/include/x86_64-linux-gnu
$(B)/gen/%.skel.h: bpf/%.bpf.c $(wildcard bpf/*.h)
	$(call say,BPF,$<)
	$(Q)mkdir -p $(B)/bpf $(@D)
	$(Q)$(BPF_CC) -c $< -o $(B)/bpf/$*.tmp.o
	$(Q)$(BPFTOOL) gen object $(B)/bpf/$*.bpf.o $(B)/bpf/$*.tmp.o
	$(Q)$(BPFTOOL) gen skeleton $(B)/bpf/$*.bpf.o name $* > $@

# ---- unit tests: always with the address and undefined-behaviour sanitizers ----
UNIT := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))
ALL_LIBS := -lcmocka -lsodium -lzstd -ljansson -lmd4c -lyaml -lbpf -lcap
$(B)/asan/obj/%.o: %.c | $(GEN)
	$(call say,CC,"$< (asan)")
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(filter-out -D_FORTIFY_SOURCE=2,$(CFLAGS)) -O1 $(ASAN) -c $< -o $@
# A test links what its module may reach; one that mirrors no module (test_bundle_x) links everything.
below_base := base
below_bundle := bundle base
below_policy := policy base
below_proto := proto policy base
below_observe := observe proto policy base
folder_of = $(notdir $(patsubst %/,%,$(dir $(firstword $(wildcard runner/*/$(patsubst test_%,%,$(1)).c)))))
define unit_rule
$(B)/tests/$(1): $(B)/asan/obj/tests/unit/$(1).o $(patsubst %,$(B)/asan/lib/%.a,$(or $(below_$(call folder_of,$(1))),$(FOLDERS)))
	$$(Q)mkdir -p $$(@D) && $(CC) $(ASAN) -pie -Wl,--as-needed -o $$@ $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $(ALL_LIBS)
endef
$(foreach t,$(notdir $(UNIT)),$(eval $(call unit_rule,$(t))))

include $(wildcard images/*.mk tests/*.mk tools/*/*.mk)

tests-build: $(TESTS_VM)
test-unit: $(UNIT)
	$(Q)tests/run-unit $(UNIT)
asan: test-unit
test: deps
	$(Q)$(MAKE) -s -j$$(nproc) all $(UNIT) tests-build
	$(Q)tests/run
soak: all
	$(Q)KENNEL_SOAK=1 tests/run
lint: deps
	$(Q)$(MAKE) -s -j$$(nproc) all
	$(Q)tools/lint/all
deps:
	$(Q)tools/deps
demo: deps
	$(Q)$(MAKE) -s -j$$(nproc) all tests-build
	$(Q)tools/demo $(if $(VAULT),'$(VAULT)')
bench: deps
	$(Q)$(MAKE) -s -j$$(nproc) all $(BENCH)
	$(Q)tools/bench/run
install: all
	$(Q)tools/packaging/install '$(DESTDIR)' '$(PREFIX)'
clean:
	$(Q)rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
