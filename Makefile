# Everything a person does here. Plain `make` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.requirements
AZURITE := build/azurite/.installed
DCLINT := build/dclint/.installed
UV_VERSION := 0.13.9
# Files of tests that run side by side
JOBS ?= 2
export PYTHONPATH := $(CURDIR)

.DEFAULT_GOAL := help
.PHONY: help setup demo start stop stack-native campaign test test-faults test-stack acceptance lint format env lock clean

help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv and install everything into it

$(STAMP): requirements.txt requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(not (3, 11) <= v <= (3, 13) and "Python 3.11, 3.12 or 3.13 is needed, this is %d.%d: make PYTHON=python3.12 ..." % v)'
	@echo "Setting up $(VENV) (once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode -r requirements.txt -r requirements-dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

# Without npm the tests that need it are skipped, and say so.
$(AZURITE): tests/support/azurite/package-lock.json | $(STAMP)
	@$(BIN)/python -m tests.support.azurite_server

$(DCLINT): tests/support/dclint/package-lock.json | $(STAMP)
	@$(BIN)/python -m tests.support.compose_file

demo: setup ## Run the campaign `demo` from files to scores, locally, and show the scores
	@$(BIN)/python -m include.demo

start: setup ## Leave the demo's world running, with Airflow's UI on http://127.0.0.1:8080
	@$(BIN)/python -m include.demo.ui start

stop: ## Stop what `make start` started
	@test ! -x $(BIN)/python || $(BIN)/python -m include.demo.ui stop

stack-native: setup ## Run the demo on PostgreSQL, Redis and two Celery workers, without containers (KEEP=1: leave the UI up)
	@$(BIN)/python -m include.native_stack $(if $(KEEP),--keep)

campaign: setup ## Begin a campaign of yours: make campaign NAME=road_signs
	@$(BIN)/python -m include.benchmark_qa.new_campaign "$(NAME)"

test: setup $(AZURITE) $(DCLINT) ## Run all tests but those of the stack
	@$(BIN)/python -m pytest --numprocesses=$(JOBS) --dist=loadfile

test-faults: setup ## Try every fault on every task of both Dags, and kill what can be killed
	@$(BIN)/python -m pytest tests/faults --faults=full

test-stack: setup ## Run the campaign on two Celery workers, and kill parts of the stack
	@$(BIN)/python -m pytest tests/stack

acceptance: setup ## Run the tests of Encord's own agents library against the local Encord
	@$(BIN)/python -m tests.acceptance.encord_agents --if-reachable

lint: setup ## Check style, types, who may import whom, the Dockerfile and shell scripts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/shellcheck .ci/run

format: setup ## Put the code into its format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

env: ## Write .env and airflow.env for docker-compose.yaml, with strong secrets; make env DEMO=1 for the demo
	@$(PYTHON) -m include.deployment.env_file $(if $(DEMO),--demo)

lock: setup ## Resolve requirements*.in anew into requirements*.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --custom-compile-command "make lock" requirements.in -o requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --custom-compile-command "make lock" requirements-demo.in -o requirements-demo.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --custom-compile-command "make lock" requirements-kubernetes.in -o requirements-kubernetes.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --custom-compile-command "make lock" requirements-dev.in -o requirements-dev.txt

clean: stop ## Remove what the demo made (not .venv)
	@rm -rf build .airflow
