# Two commands for a fresh machine with Python ≥ 3.11: `make serve` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONFORMANCE := build/conformance
OUT ?= cdk.out
SEED ?= $(shell date +%s)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile --quiet --no-annotate --no-header --no-emit-index-url --generate-hashes

.PHONY: help serve test unit fix test-long conformance mutants install lint lock docs synth clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | column -t -s '|'

serve: $(VENV)/serve.done ## the whole API on this machine; options in ARGS
	@exec $(BIN)/threadkeep serve $(ARGS)

test: lint ## everything that CI runs
	$(BIN)/pytest -n 2 --dist loadgroup

unit: $(VENV)/dev.done ## the quick tests: one module at a time
	$(BIN)/pytest -n 2 tests/unit

fix: $(VENV)/dev.done ## what ruff can mend, and the format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The same properties with many more examples, and the SDK's own suite. A failure of a property
# prints how to repeat it.
test-long: conformance ## properties with many more examples, and the SDK's own suite (an hour)
	@echo "seed $(SEED)"
	$(BIN)/pytest -m hypothesis --hypothesis-profile=long --hypothesis-seed=$(SEED) \
		--hypothesis-show-statistics --durations=0

# The SDK's own suite for this API, from its source archive, against `threadkeep serve`.
conformance: $(VENV)/dev.done $(CONFORMANCE)/done ## the SDK's own suite for this API
	$(BIN)/python -m tests.conformance $(CONFORMANCE)/venv/bin/python $(CONFORMANCE)/suite

# Breaks each guard of the run's core once and names what no test notices. Takes some hours on two cores.
mutants: $(VENV)/dev.done ## break each guard of the core once (some hours)
	$(BIN)/python -m tests.mutation.hunt

install: $(VENV)/dev.done ## the environment of the tests, in .venv
lint: $(VENV)/dev.done ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

docs: $(VENV)/dev.done ## the pages of docs/ that are made of the code
	$(BIN)/python -m infra.docs

synth: $(VENV)/dev.done ## the CloudFormation template, into OUT
	$(BIN)/python -m infra.aws.synth $(OUT)

lock: $(VENV)/dev.done ## the locked requirements anew
	$(COMPILE) --universal --python-version 3.11 --extra build pyproject.toml -o requirements/serve.txt
	$(COMPILE) --universal --python-version 3.11 --all-extras pyproject.toml -o requirements/dev.txt
	$(COMPILE) --universal --python-version 3.11 -c requirements/dev.txt \
		requirements/conformance.in -o requirements/conformance.txt
	$(COMPILE) --python-version 3.13 --python-platform aarch64-manylinux_2_28 \
		layers/deps/requirements.in -o layers/deps/requirements.txt

clean: ## remove what was made
	rm -rf $(VENV) $(CONFORMANCE) cdk.out .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Only what serving needs. The project itself goes in last, editable and built without network.
$(VENV)/serve.done: requirements/serve.txt pyproject.toml
	@test -x $(BIN)/python || { echo "Making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing what serving needs"
	@$(PIP) --require-hashes -r requirements/serve.txt
	@$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/dev.done: requirements/dev.txt pyproject.toml tests/sdk/node/package-lock.json
	@test -x $(BIN)/python || { echo "Making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "Installing what the tests need (about a minute)"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@$(PIP) --no-build-isolation --no-deps --editable .
	@cd tests/sdk/node && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --no-audit --no-fund
	@touch $@ $(VENV)/serve.done

# The archive is checked by its hash as everything else is; pip reads its metadata, hence hatchling.
$(CONFORMANCE)/done: requirements/conformance.txt
	@rm -rf $(CONFORMANCE)
	@echo "Fetching the SDK's own suite and what it needs"
	@$(BIN)/python -m venv $(CONFORMANCE)/venv
	@$(subst $(BIN),$(CONFORMANCE)/venv/bin,$(PIP)) --require-hashes -r requirements/conformance.txt
	@mkdir $(CONFORMANCE)/suite
	@sed -n '/^openai/,/[^\]$$/p' requirements/conformance.txt > $(CONFORMANCE)/openai.txt
	@$(CONFORMANCE)/venv/bin/python -m pip download --quiet --disable-pip-version-check \
		--no-deps --no-binary openai --no-build-isolation --require-hashes \
		-r $(CONFORMANCE)/openai.txt -d $(CONFORMANCE)
	@tar -xzf $(CONFORMANCE)/openai-*.tar.gz -C $(CONFORMANCE)/suite --strip-components 1
	@touch $@
