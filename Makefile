# SPDX-License-Identifier: GPL-2.0-only
#
# The verbs; "make help" lists them. What kbuild needs for the module is in Kbuild.

K        ?= 6.1
KERNELS  := 6.1 6.12 7 debug
KDIR     ?= /lib/modules/$(shell uname -r)/build
CFLAGS   ?= -O2 -g
override CFLAGS += -std=gnu11 -Wall -Wextra -Werror -fPIC
CPPFLAGS += -D_FILE_OFFSET_BITS=64 -Iuapi -Ilibvmq -MMD -MP
vm       := selftests/vm

# A program bin/NAME is tools/NAME.c with tools/NAME/*.c, a test selftests/test_NAME.c;
# what they share is in tools/common, tools/stage (for experiments) and
# selftests/lib. Pure C that the module has too is in module/shared. User space
# objects go to obj/, as kbuild's lie by the sources.
PROGRAMS := vq vmq showphys
object    = $(patsubst %.c,obj/%.o,$(wildcard $(1)))
library  := $(call object,libvmq/*.c module/shared/*.c)
common   := $(call object,tools/common/*.c tools/stage/*.c) obj/tools/stage/sample_bytes.o
oracle   := $(call object,selftests/lib/*.c)
programs := $(PROGRAMS:%=bin/%)
tests    := $(patsubst %.c,%,$(wildcard selftests/test_*.c))
tests_32 := selftests/test_abi_32
objects  := $(library) $(common) $(oracle) $(PROGRAMS:%=obj/tools/%.o) $(tests:%=obj/%.o) \
	$(call object,$(PROGRAMS:%=tools/%/*.c))

all: libvmq/libvmq.a libvmq/libvmq.so $(programs) module-if-headers

module-if-headers:
	@if [ -e $(KDIR)/Makefile ]; then \
		$(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR) modules; \
	else \
		echo "vmq.ko is not built, $(KDIR) is missing: apt-get install linux-headers-$$(uname -r)"; \
	fi

libvmq/libvmq.a: $(library)
	rm -f $@
	$(AR) rcs $@ $^

# The number of the soname goes up when a program built earlier would break.
libvmq/libvmq.so.0: $(library) libvmq/libvmq.map
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(@F) -Wl,-z,defs \
		-Wl,--version-script=libvmq/libvmq.map -o $@ $(library)

libvmq/libvmq.so: libvmq/libvmq.so.0
	ln -sf $(<F) $@

# Said here, before the compiler says it in more words.
obj/tools/common/json.o: | json-c
json-c:
	@echo '#include <json-c/json.h>' | $(CC) -E - >/dev/null 2>&1 || \
		{ echo 'vq needs json-c: apt-get install libjson-c-dev' >&2; exit 1; }

# Statically, so that the tools run where only their binaries were copied.
$(programs): LDLIBS += -l:libjson-c.a

.SECONDEXPANSION:
$(programs): bin/%: obj/tools/%.o $$(call object,tools/%/*.c) obj/tools.a libvmq/libvmq.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

obj/tools.a: $(common)
	rm -f $@
	$(AR) rcs $@ $^

# The library of the experiments: not relocatable without writing to its code, which
# is what they are about, and linked for an address that is free as a rule.
obj/tools/sample.so: tools/sample/sample.c
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra -Werror -ffreestanding -fno-pic -fno-pie -mcmodel=large -fno-toplevel-reorder \
		-fcf-protection=none -fno-stack-protector -fno-asynchronous-unwind-tables -shared -nostdlib \
		-Wl,-z,notext,-z,norelro,-z,separate-code,--hash-style=sysv,--build-id=none \
		-Wl,-Ttext-segment=0x20000000,-soname,sample -o $@ $<

obj/tools/stage/sample_bytes.o: tools/stage/sample_bytes.S obj/tools/sample.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<

$(tests): selftests/%: obj/selftests/%.o $(oracle) libvmq/libvmq.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The contract is the same for 32-bit callers; what they need of 32-bit libraries
# the guest has not.
$(tests_32): %_32: %.c $(patsubst %,selftests/lib/%,device.c oracle.c setup.c device.h oracle.h setup.h) \
		uapi/linux/vmq.h
	$(CC) $(filter-out -MMD -MP,$(CPPFLAGS)) -Iselftests \
		-isystem $$($(vm)/fetch source-6.1)/tree/tools/testing/selftests \
		$(filter-out -fPIC,$(CFLAGS)) -m32 -static -o $@ $(filter %.c,$^)

# The kernel's own test harness, from the cache.
obj/selftests/%.o: selftests/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Iselftests -Imodule -isystem $$($(vm)/fetch source-6.1)/tree/tools/testing/selftests \
		$(CFLAGS) -c -o $@ $<

obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# STEP=1 waits for Enter after each step, on a terminal. The device is there for
# frames that are no memory.
machine := -d pci-testdev,membar=16M
run: deps $(programs)
	$(vm)/run -k $(K) $(machine) -f $(vm)/guest/stories \
		$(if $(filter-out 0,$(STEP)),-i) -- env STEP=$(STEP) ./stories

demo: deps $(programs)
	$(vm)/run -k $(K) $(machine) -f $(vm)/guest/stories -f $(vm)/guest/welcome -i ./welcome

test: deps $(programs) $(tests) $(tests_32)
	$(vm)/suite $(K)

test-all: deps $(programs) $(tests) $(tests_32)
	$(vm)/suite $(KERNELS)

# For Secure Boot: what the kernel's own build signs its modules with. The kernel
# must know the certificate, as a machine owner key for instance.
SIGN = $(KDIR)/scripts/sign-file
sign:
	@test -n "$(KEY)" -a -n "$(CERT)" || { echo 'usage: make sign KEY=key.pem CERT=cert.der' >&2; exit 2; }
	@for file in "$(KEY)" "$(CERT)"; do \
		test -r "$$file" || { echo "$$file: cannot be read" >&2; exit 1; }; \
	done
	@test -x $(SIGN) || { echo "$(SIGN) is missing: apt-get install linux-headers-$$(uname -r)" >&2; exit 1; }
	@test -e vmq.ko || { echo 'vmq.ko is not built: make' >&2; exit 1; }
	$(SIGN) sha512 "$(KEY)" "$(CERT)" vmq.ko

check:
	@$(vm)/deps check
	selftests/check

# The verbs that need a virtual machine install what is missing, before all else.
deps:
	@$(vm)/deps $(if $(filter debug,$(if $(filter test-all,$(MAKECMDGOALS)),$(KERNELS),$(K))),build)
$(objects) $(tests_32): | $(if $(filter run demo test test-all,$(MAKECMDGOALS)),deps)

PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
VERSION := $(shell sed -n 's/^\#define VMQ_VERSION "\(.*\)"/\1/p' tools/common/options.h)
bin      = $(DESTDIR)$(PREFIX)/bin
lib      = $(DESTDIR)$(LIBDIR)
include  = $(DESTDIR)$(PREFIX)/include
man      = $(DESTDIR)$(PREFIX)/share/man
manuals := $(wildcard man/*.[1-8])
manual   = $(foreach page,$(manuals),$(man)/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))

# Library, tools and manuals; the module is installed by modules_install.
install: libvmq/libvmq.a libvmq/libvmq.so.0 $(programs)
	install -d $(bin) $(lib)/pkgconfig $(include)/linux
	install $(programs) $(bin)
	install -m 644 libvmq/libvmq.a libvmq/libvmq.so.0 $(lib)
	ln -sf libvmq.so.0 $(lib)/libvmq.so
	install -m 644 libvmq/vmq.h $(include)
	install -m 644 uapi/linux/vmq.h $(include)/linux
	sed 's,@prefix@,$(PREFIX),; s,@libdir@,$(LIBDIR),; s,@includedir@,$(PREFIX)/include,; s,@version@,$(VERSION),' \
		dist/libvmq.pc.in >$(lib)/pkgconfig/libvmq.pc
	for page in $(manuals); do install -D -m 644 $$page $(man)/man$${page##*.}/$${page##*/} || exit; done

uninstall:
	rm -f $(PROGRAMS:%=$(bin)/%) $(lib)/libvmq.a $(lib)/libvmq.so $(lib)/libvmq.so.0 \
		$(lib)/pkgconfig/libvmq.pc $(include)/vmq.h $(include)/linux/vmq.h $(manual)

# INSTALL_MOD_PATH stands before the folder, as for kbuild, whose own depmod does
# nothing with the headers of most distributions: there is no System.map with them.
modules_install: module-if-headers
	$(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR) modules_install
	PATH=$$PATH:/sbin depmod $(if $(INSTALL_MOD_PATH),-b $(INSTALL_MOD_PATH)) \
		$$(sed -n 's/^#define UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h)

clean:
	rm -rf obj bin libvmq/libvmq.a libvmq/libvmq.so libvmq/libvmq.so.0 $(tests) $(tests_32)
	rm -f *.ko *.mod *.mod.c *.o .*.cmd modules.order Module.symvers
	find module \( -name '*.o' -o -name '.*.cmd' \) -delete

help:
	@echo 'make            library and tools; vmq.ko when the running kernel has its headers here'
	@echo 'make run        three classic experiments in a virtual machine with vmq loaded, each claim'
	@echo '                checked (STEP=1 waits for Enter after each step)'
	@echo 'make demo       a shell in that machine, with all tools'
	@echo 'make test       the tests in a virtual machine (K=$(K), or one of: $(KERNELS))'
	@echo 'make test-all   the tests on all of them; debug is built for it once'
	@echo 'make sign       sign vmq.ko for Secure Boot: KEY=key.pem CERT=cert.der'
	@echo 'make check      style, the contract, the installed library: what needs no machine'
	@echo 'make install    library, tools and manuals below PREFIX=$(PREFIX) (DESTDIR, LIBDIR); make uninstall'
	@echo 'make modules_install'
	@echo '                vmq.ko, where modprobe finds it (KDIR, INSTALL_MOD_PATH)'
	@echo 'make clean      remove what was built'


.PHONY: all module-if-headers json-c install modules_install uninstall run demo test test-all sign check deps clean help
.SECONDARY:

-include $(objects:.o=.d)
