# SPDX-License-Identifier: Apache-2.0
# gen.mk - what is published of the manifest's table: the JSON Schema, the same for C, the manual page.
SCHEMA := $(B)/gen/kennel-manifest.schema.json $(B)/doc/kennel-manifest.5
all: $(SCHEMA)
$(B)/gen/schema-gen: $(patsubst %.c,$(B)/obj/%.o,$(wildcard tools/gen/schema*.c)) $(call LIB,policy base)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -ljansson
$(B)/gen/kennel-manifest.schema.json: $(B)/gen/schema-gen
	$(call say,GEN,$@)
	$(Q)$< schema > $@
$(B)/gen/manifest_schema.h: $(B)/gen/schema-gen
	$(Q)$< header > $@
$(B)/doc/kennel-manifest.5: runner/doc/kennel-manifest.5.in $(B)/gen/schema-gen
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && $(B)/gen/schema-gen page $< > $@
$(foreach d,obj asan/obj fuzz/obj,$(B)/$(d)/tools/pack/manifest.o): $(B)/gen/manifest_schema.h
