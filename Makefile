# SPDX-License-Identifier: GPL-3.0-or-later
# What to run, by name; how is in tests/tools/. `make` alone prints the list.
.DEFAULT_GOAL := help
SHELL := bash
T := tests/tools
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.build/collections
# output shows while a step runs, also when it goes to a file or a CI log
export PYTHONUNBUFFERED := 1

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{ printf "  make %-18s %s\n", $$1, $$2 }'

# --- set-up; every target below does what it needs of it

apt: ## install the Debian or Ubuntu packages that the tests need
	@$T/bootstrap apt

venv: ## make .venv, and the link that lets ansible find the clone as edgesite.gpu
	@$T/bootstrap venv

# --- tests

# long ones first
STAGES := integration-site molecule-identity molecule-site molecule-jetpack molecule-driver unit sanity lint \
    integration-nvml lab-test unit-oldest integration-ca check-artifact

test: apt venv ## all of the following tests, with a table of results at the end
	@$T/stages $(STAGES)

lint: venv ## ansible-lint, yamllint, ruff, mypy, shellcheck, changelog fragments
	@$T/lint

unit: apt venv ## unit tests, with coverage of what is pure enforced
	@$T/unit

unit-oldest: apt venv ## unit tests of what runs on hosts, with the oldest Python that a host may have
	@$T/unit-oldest

sanity: apt venv ## ansible-test sanity on the newest ansible-core, but for pylint and what lint has; all, and units, with SERIES=2.19
	@$T/sanity $(SERIES)

check-artifact: venv ## build the collection, install it elsewhere without tests and docs, and use it
	@$T/check-artifact

integration-nvml: apt venv ## the NVML simulator with foreign clients, and mig_layout interrupted at every call
	@$T/integration-nvml

integration-site: apt venv ## modules and playbooks on an emulated site
	@pytest tests/integration/site

integration-ca: apt venv ## the site's CA, on the controller alone
	@pytest tests/integration/controller

lab-test: apt venv ## tests of the emulated site itself
	@pytest tests/lab

# the scenarios whose names begin so
molecule-%: apt venv
	@$T/molecule-all '$**'

molecule: apt venv ## Molecule scenarios, but those that have to be named: one with SCENARIO=name
	@$T/molecule-all $(SCENARIO)

test-deep: apt venv ## what takes too long for each change, with PART=name; alone, the list of parts
	@$T/deep $(PART)

test-gpu: apt venv ## the scenario for a machine with a real GPU: read-only unless EDGESITE_GPU_RUNNER_WRITE=1
	@$T/molecule-all gpu_runner

test-vm: apt venv ## encrypted volumes in a virtual machine with a TPM: reboots, another TPM (half an hour)
	@$T/bootstrap vm
	@tests/vm/image
	@tests/vm/sm4
	@$T/heartbeat "tests in a virtual machine" pytest -s tests/vm

bench: apt venv ## how long a converge takes, idle and not
	@tests/bench/bench

bench-mig: apt venv ## MIG re-layouts beside nvidia-mig-parted: MIG_PARTED=path of its binary
	@MIG_PARTED="$(MIG_PARTED)" tests/bench/mig/bench-mig

bench-mig-planner: apt venv ## CPU time of the MIG planner, from every state of every model to every layout
	@python tests/bench/mig_planner.py

# --- use

demo: apt venv ## bring the emulated site up and converge it
	@tests/lab/demo

demo-down: apt venv ## take the emulated site down, with every trace of it
	@tests/lab/demo down

build: venv ## the collection as a tarball
	@ansible-galaxy collection build --force

docs: venv ## the page of each role, roles/ROLE/README.md, from its argument specs
	@PYTHONPATH=.build/collections python -m ansible_collections.edgesite.gpu.tests.tools.role_pages

changelog: venv ## turn changelogs/fragments into CHANGELOG.md, for the version in galaxy.yml
	@antsibull-changelog release

clean: ## remove everything that make made
	rm -rf .venv .build .ansible .cache .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis edgesite-gpu-*.tar.gz

.PHONY: $(shell grep -oE '^[a-z-]+:' Makefile | tr -d :)
