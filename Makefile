# SPDX-License-Identifier: GPL-3.0-or-later
# What to run, by name; how is in tests/tools/. `make` alone prints the list.
.DEFAULT_GOAL := help
SHELL := bash
T := tests/tools
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# a step's output shows while it runs, also when it goes to a file or a CI log
export PYTHONUNBUFFERED := 1

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{ printf "  make %-16s %s\n", $$1, $$2 }'

apt: ## install the Debian or Ubuntu packages that the tests need
	@$T/bootstrap apt

venv: ## make .venv and the link that lets ansible find the clone as edgesite.gpu
	@$T/bootstrap venv

lint: venv ## ansible-lint, yamllint, ruff, mypy, shellcheck, changelog fragments
	@$T/lint

unit: venv ## unit tests of plugins/ with coverage
	@$T/unit

.PHONY: $(shell grep -oE '^[a-z-]+:' Makefile | tr -d :)
