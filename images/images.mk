# SPDX-License-Identifier: Apache-2.0
# The wasm runtime (linked into every compiled plugin) and the compiler job, both usable without a jail:
#   build/toolchain/bin/kennel-compile MODULE EXECUTABLE
TOOLCHAIN := $(B)/toolchain
WASM_LIB := $(TOOLCHAIN)/lib/kennel-wasm
WASM_SRC := $(wildcard images/wasm/*.c images/wire/*.c) runner/base/bytes.c runner/base/err.c runner/base/json.c
WASM_OBJ := $(patsubst %.c,$(B)/obj-static/%.o,$(WASM_SRC))
COMPILE_SRC := $(wildcard images/compile/*.c) $(addprefix runner/base/,bytes.c err.c fd.c fs.c)
COMPILE_OBJ := $(patsubst %.c,$(B)/obj-static/%.o,$(COMPILE_SRC))
STATIC_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O2 $(WARN) -Werror -fno-pie -fstack-protector-strong \
	-fstack-clash-protection -fcf-protection -ffunction-sections
STATIC_LDFLAGS := -static -no-pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,--gc-sections

$(B)/obj-static/%.o: %.c
	$(call say,CC,"$< (static)")
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(STATIC_CFLAGS) -c $< -o $@

$(WASM_LIB)/libkennel-wasm.a: $(WASM_OBJ)
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && ar rcsD $@ $^
$(WASM_LIB)/plugin.h: images/wasm/plugin.h
	$(Q)mkdir -p $(@D) && cp $< $@

$(TOOLCHAIN)/bin/kennel-compile: $(COMPILE_OBJ) | $(WASM_LIB)/libkennel-wasm.a $(WASM_LIB)/plugin.h
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(STATIC_LDFLAGS) -o $@ $^

# The JavaScript runtime. Its prelude is JavaScript, and is compiled in as bytes.
JS_PRELUDE := $(patsubst %,images/js/prelude/%.js,errors console text timers abort clone url modules host)
JS_SRC := $(wildcard images/js/*.c) images/wire/rpc.c
JS_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(JS_SRC))
JS_FLAGS := $(shell pkg-config --cflags javascriptcoregtk-4.1 | sed 's/-I/-isystem /g')
$(B)/gen/js_prelude.h: $(JS_PRELUDE) images/images.mk
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && { echo '/* Made from images/js/prelude. */'; for f in $(JS_PRELUDE); do \
		n=$$(basename $$f .js); echo "static const unsigned char prelude_$$n[] = {"; \
		od -An -v -tx1 $$f | sed 's/ \(..\)/0x\1,/g'; echo '0 };'; done; \
		echo 'static const struct prelude { const char *name, *text; } preludes[] = {'; \
		for f in $(JS_PRELUDE); do n=$$(basename $$f .js); echo "{ \"kennel:$$n.js\", (const char *)prelude_$$n },"; done; \
		echo '};'; } >$@
$(filter $(B)/obj/images/js/%,$(JS_OBJ)): CPPFLAGS += $(JS_FLAGS)
$(filter $(B)/obj/images/js/%,$(JS_OBJ)): $(B)/gen/js_prelude.h
$(B)/kennel-js: $(JS_OBJ) $(B)/lib/base.a
	$(call say,LD,kennel-js)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -ljavascriptcoregtk-4.1 -ljansson
all: $(B)/kennel-js

.PHONY: toolchain
toolchain: $(TOOLCHAIN)/bin/kennel-compile $(WASM_LIB)/libkennel-wasm.a $(WASM_LIB)/plugin.h

# Roots of jails: build/images/{wasm,native,js,compile}. A tree is rebuilt whole; its list is the target.
IMAGES := $(B)/images/wasm.list $(B)/images/native.list $(B)/images/js.list $(B)/images/compile.list

$(B)/images/wasm.list $(B)/images/native.list: $(B)/images/%.list: images/base/make-tree $(B)/kennel-init
	$(call say,IMAGE,$*)
	$(Q)mkdir -p $(@D) && KENNEL_BUILD=$(B) images/base/make-tree $* $(B)/images/$*
$(B)/images/js.list: images/base/make-tree $(B)/kennel-init $(B)/kennel-js
	$(call say,IMAGE,js)
	$(Q)mkdir -p $(@D) && KENNEL_BUILD=$(B) images/base/make-tree js $(B)/images/js
$(B)/images/compile.list: images/base/make-tree $(B)/kennel-init $(TOOLCHAIN)/bin/kennel-compile \
		$(WASM_LIB)/libkennel-wasm.a $(WASM_LIB)/plugin.h
	$(call say,IMAGE,compile)
	$(Q)mkdir -p $(@D) && KENNEL_BUILD=$(B) images/base/make-tree compile $(B)/images/compile

images: $(IMAGES)

# Example and hostile plugins: build/plugins/NAME/, ready for kennel bundle pack: manifest.json and main.wasm,
# or (pack --native) manifest.json and bin/NAME.
# Reactors (the host calls their handlers), with a stack of their own that ends before their data.
JS_PLUGINS := images/plugins/daily-digest
NATIVE_PLUGINS := images/plugins/note-stats images/hostile/escape-artist-native
PLUGIN_DIRS := $(filter-out $(NATIVE_PLUGINS) $(JS_PLUGINS),$(patsubst %/manifest.json,%,$(wildcard images/plugins/*/manifest.json \
	images/hostile/*/manifest.json)))
PLUGINS := $(foreach d,$(PLUGIN_DIRS),$(B)/plugins/$(notdir $(d))/main.wasm) \
	$(foreach d,$(NATIVE_PLUGINS),$(B)/plugins/$(notdir $(d))/bin/$(notdir $(d))) \
	$(foreach d,$(JS_PLUGINS),$(B)/plugins/$(notdir $(d))/main.js)
WASM_CC := $(CLANG) --target=wasm32-wasi -std=gnu11 -O2 -Wall -Wextra -Wshadow -Wstrict-prototypes -Werror \
	-mexec-model=reactor -Wl,--strip-all -Wl,--stack-first -Wl,-z,stack-size=262144 -Itools/sdk/c

define plugin_rule
$(B)/plugins/$(notdir $(1))/main.wasm: $(wildcard $(1)/*.[ch]) $(1)/manifest.json $(addprefix tools/sdk/c/,kennel.c kennel_json.c kennel.h kennel_api.h)
	$$(call say,WASM,$(notdir $(1)))
	$$(Q)mkdir -p $$(@D) && cp $(1)/manifest.json $$(@D)/ && $(WASM_CC) -o $$@ $$(filter %.c,$$^) && chmod 0644 $$@
endef
$(foreach d,$(PLUGIN_DIRS),$(eval $(call plugin_rule,$(d))))

# A static program that speaks the wire; the SDK's own, or (hostile) one that breaks its rules.
note-stats_OBJ := $(patsubst %.c,$(B)/obj-sdk/%.o,images/plugins/note-stats/main.c tools/sdk/c/kennel_wire.c \
	tools/sdk/c/kennel_json.c)
escape-artist-native_OBJ := $(patsubst %.c,$(B)/obj-static/%.o,$(wildcard images/hostile/escape-artist-native/*.c))
escape-artist-native_LIB := -l:libjansson.a
$(B)/obj-sdk/%.o: %.c
	$(call say,CC,"$< (sdk)")
	$(Q)mkdir -p $(@D) && $(CC) -Itools/sdk/c -MMD -MP $(STATIC_CFLAGS) -c $< -o $@

define native_rule
$(B)/plugins/$(notdir $(1))/bin/$(notdir $(1)): $($(notdir $(1))_OBJ) $(1)/manifest.json
	$$(call say,NATIVE,$(notdir $(1)))
	$$(Q)mkdir -p $$(@D) && cp $(1)/manifest.json $(B)/plugins/$(notdir $(1))/ && \
		$$(CC) $$(STATIC_LDFLAGS) -s -o $$@ $$(filter %.o,$$^) $($(notdir $(1))_LIB) && chmod 0755 $$@
endef
$(foreach d,$(NATIVE_PLUGINS),$(eval $(call native_rule,$(d))))

# JavaScript is packed as it is written, once its modules were seen to fit together.
define js_rule
$(B)/plugins/$(notdir $(1))/main.js: $(wildcard $(1)/*.js) $(1)/manifest.json $(B)/kennel-js
	$$(call say,JS,$(notdir $(1)))
	$$(Q)mkdir -p $$(@D) && $(B)/kennel-js --check $(1) main.js && cp $(wildcard $(1)/*.js) $(1)/manifest.json $$(@D)/ && touch $$@
endef
$(foreach d,$(JS_PLUGINS),$(eval $(call js_rule,$(d))))

plugins: $(PLUGINS)

# ---- for tests: a host in a table, and the native plugin that tries to break out ----
$(B)/tests-vm/wiredrive: $(B)/obj/tests/lib/wiredrive.o $(B)/lib/base.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $^ -ljansson
$(B)/tests-vm/escape-artist-native: $(B)/plugins/escape-artist-native/bin/escape-artist-native
	$(Q)mkdir -p $(@D) && cp $< $@
TESTS_VM += $(B)/tests-vm/wiredrive $(B)/tests-vm/escape-artist-native $(B)/toolchain/bin/kennel-compile
