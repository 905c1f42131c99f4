# SPDX-License-Identifier: GPL-2.0-only
#
# For people. What the kernel's build system reads is Kbuild; "make help" says
# what there is.

MAKEFLAGS += --no-print-directory

TOP := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))

# Release to build for: the running kernel if its headers are here, else the
# newest installed ones. A series, such as 7.2, is its newest release here.
KVER ?= $(shell sh $(TOP)/scripts/kver)
ifneq ($(KVER),)
  override KVER := $(shell sh $(TOP)/scripts/kver --release '$(KVER)')
endif
# A kernel that scripts/fetch brought is built for with its own compiler, in its root.
ifeq ($(origin KDIR),undefined)
  kroot := $(shell sh $(TOP)/scripts/kver --root '$(KVER)')
endif
KDIR ?= $(kroot)/lib/modules/$(KVER)/build
BUILD ?= $(TOP)/build/$(KVER)

include $(TOP)/kernels.conf

PYTHON ?= python3
DEPMOD ?= depmod

goals := $(or $(MAKECMDGOALS),modules)
kernel-goals := modules install sparse compile_commands.json

ifneq ($(filter $(kernel-goals),$(goals)),)
  ifeq ($(KVER),)
    $(error no kernel headers are installed: run scripts/setup, or name a release with KVER=)
  endif
  ifeq ($(wildcard $(KDIR)/Makefile),)
    $(error no kernel headers for '$(KVER)' in $(KDIR); here are: $(or $(shell sh $(TOP)/scripts/kver --list),none); scripts/fetch brings others)
  endif
  ifneq ($(and $(kroot),$(filter install,$(goals))),)
    $(error $(KVER) is of scripts/fetch: to build and to test with, there is nothing to install it into)
  endif
  # One clear line here; Kbuild asks again for those who come without us.
  range-error := $(shell sh $(TOP)/scripts/kver --refuse $(KDIR) $(FORCE))
  ifneq ($(range-error),)
    $(error $(range-error))
  endif
endif

# The kernel's build system writes objects beside their sources. So each kernel
# has a directory of links to the sources, and only that one is written to.
SOURCES := $(shell cd $(TOP) && find Kbuild kernels.conf dkms.conf compat drivers $(if $(wildcard $(TOP)/kunit),kunit) \
	     -name '.*' -prune -o -path kunit/configs -prune -o -path kunit/mutants -prune -o -type f \( -name '*.[chS]' -o -name '*.sym' \
	     -o -name 'Kbuild*' -o -name '*.conf' \) -print)
LINKS := $(addprefix $(BUILD)/,$(SOURCES))

# Two builds at once in one directory would spoil each other.
kbuild = flock $(BUILD)/.lock $(if $(kroot),$(TOP)/scripts/inside $(kroot) '$(TOP) $(BUILD)' make,$(MAKE)) \
	 -C $(KDIR:$(kroot)%=%) M=$(BUILD) KBUILD_MODPOST_WARN= \
	 $(if $(FORCE),FORCE=$(FORCE)) $(if $(MODULES),MODULES="$(MODULES)")

.PHONY: all modules install sparse compile_commands.json clean help
.PHONY: setup check check-install demo soak bench links kunit fuzz mutants coverage

all: modules

links: $(LINKS)
	@cd $(BUILD) && find . -xtype l -delete

$(LINKS): $(BUILD)/%:
	@mkdir -p $(dir $@)
	@ln -sfn $(TOP)/$* $@

modules: links
	+@$(kbuild) modules

sparse: links
	+@$(kbuild) C=2 CF="-Wsparse-error" modules

install: modules
	+@$(kbuild) INSTALL_MOD_DIR=updates modules_install
	$(DEPMOD) $(if $(INSTALL_MOD_PATH),-b $(INSTALL_MOD_PATH)) $(KVER)

compile_commands.json: modules
	$(PYTHON) $(TOP)/scripts/compile-commands $(BUILD) $(TOP) >$(TOP)/build/$@.tmp
	mv $(TOP)/build/$@.tmp $(TOP)/build/$@

clean:
	rm -rf $(TOP)/build

setup:
	$(TOP)/scripts/setup

check: setup
	$(PYTHON) $(TOP)/scripts/check

# What is taken away and brought back under load, for hours.
soak: setup
	$(PYTHON) $(TOP)/scripts/check --all --rounds $(or $(ROUNDS),30) 'fetch/?.?' 'fetch/?.??' 'build/modules/?.?' \
		'build/modules/?.??' 'boot/*-loops/*' \
		'boot/*-unbind/*' 'boot/*-hotplug/*' 'boot/*-unload/*' 'boot/*-sleep/*'
	$(PYTHON) $(TOP)/scripts/check --soak

# The packages in a Debian of their own.
check-install: setup
	$(PYTHON) $(TOP)/scripts/check-install

kunit: setup
	$(PYTHON) $(TOP)/scripts/kunit --kernel $(or $(KERNEL),6.12) $(if $(DEBUG),--debug) \
		$(if $(SUITE),--suite '$(SUITE)') $(MODULES)

fuzz: setup
	$(PYTHON) $(TOP)/scripts/fuzz --kernel $(or $(KERNEL),6.12) $(if $(SECONDS),--seconds $(SECONDS)) \
		$(if $(SEED),--seed $(SEED)) $(MODULES)

mutants: setup
	$(PYTHON) $(TOP)/scripts/mutants $(if $(ONLY),--only '$(ONLY)') $(MODULES)

coverage: setup
	$(PYTHON) $(TOP)/scripts/coverage --kernel $(or $(KERNEL),6.12) $(MODULES)

demo: setup
	$(PYTHON) $(TOP)/scripts/demo

bench: setup
	$(PYTHON) $(TOP)/scripts/bench

help:
	@echo 'kvm-guest-drivers-linux, kernels $(KERNEL_MIN) to $(KERNEL_MAX)'
	@echo
	@echo 'To see it work (both install what they need first, which takes root):'
	@echo '  make demo                   a guest runs on the four modules, under a real KVM'
	@echo '  make check                  every test'
	@echo '  make soak [ROUNDS=30]       those that take things away under load, for hours; KUnit on 6.1'
	@echo '  make check-install          the packages in a Debian guest: secure boot, rescue, removal'
	@echo
	@echo 'To build and install:'
	@echo '  make modules [KVER=release] build/<release>/*.ko; default: $(or $(KVER),no headers found);'
	@echo '                              KVER=6.1 is the newest of that series here'
	@echo '  make install [KVER=release] into /lib/modules/<release>/updates, and depmod;'
	@echo '                              INSTALL_MOD_PATH= for another root'
	@echo '  make clean                  remove build/'
	@echo
	@echo 'To work on it:'
	@echo '  make sparse                 static analysis; a warning is an error'
	@echo '  make compile_commands.json  build/compile_commands.json, for clangd'
	@echo '  make kunit [DEBUG=1] [KERNEL=6.1] [SUITE=glob]'
	@echo '                              the KUnit suites, on a kernel made for them'
	@echo '  make fuzz [SECONDS=n] [SEED=s]  a device that misbehaves at random'
	@echo '  make mutants [ONLY=pattern] break the drivers on purpose: does a test notice?'
	@echo '  make coverage               which lines of the drivers the tests run'
	@echo '  make bench                  ours against the in-tree drivers, in numbers'
	@echo '  scripts/vm --help           boot a guest and run something in it'
	@echo '  scripts/fetch SERIES...     kernels of other Debian releases, for KVER= and scripts/vm'
	@echo
	@echo 'Variables: KVER= KDIR= BUILD= W=1 LLVM=1 V=1, MODULES="virtio_blk ..." for some of them,'
	@echo '           FORCE=1 for a kernel outside the range'
