# SPDX-License-Identifier: Apache-2.0
# bundle.mk - the writing side of the format, for tests that need bundles, good ones and bad ones.
$(B)/asan/lib/pack.a: $(patsubst %.c,$(B)/asan/obj/%.o,$(filter-out tools/pack/main.c,$(wildcard tools/pack/*.c)))
	$(Q)mkdir -p $(@D) && rm -f $@ && ar rcsD $@ $^
$(addprefix $(B)/tests/test_,bundle bundle_order bundle_rows decode frame0 kennel_loader pack pack_encoder sign stream toc revocations rotate statement trust unpack): $(B)/asan/lib/pack.a

# It starts the executable itself.
$(B)/tests/test_kennel_loader: $(B)/kennel-loader

# The programs of tests/e2e/bundle-malice.sh: a trusted signer who means ill, and who starts the loader.
TESTS_VM += $(B)/tests-vm/malice-signer $(B)/tests-vm/malice-drive
$(B)/tests-vm/malice-signer: $(patsubst %,$(B)/obj/tests/malice/%.o,signer craft) \
		$(patsubst %.c,$(B)/obj/%.o,$(filter-out tools/pack/main.c,$(wildcard tools/pack/*.c))) $(call LIB,bundle policy proto base)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $^ -lsodium -lzstd -ljansson
$(B)/tests-vm/malice-drive: $(B)/obj/tests/malice/drive.o $(call LIB,proto policy base)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $^ -ljansson
