# One command an intent, the same on a laptop and in CI. Needs git, make and Python 3.11 or newer; the rest is fetched.

UV_VERSION := 0.13.8
VENV       := .venv
BIN        := $(VENV)/bin
READY      := $(VENV)/.ready
PROJECTS   := pyproject.toml uv.lock $(wildcard libs/*/pyproject.toml services/*/pyproject.toml)

DEMO_ARGS  ?=
TEST_ARGS  ?=
BENCH_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench bench-rivals chaos trace docs clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## Start everything, run two real pipelines, show their chains (DEMO_ARGS=--exit ends by itself)
	$(BIN)/ensue demo $(DEMO_ARGS)

test: $(READY) ## Run every test against a real Kafka and a real PostgreSQL (TEST_ARGS goes to pytest)
	$(BIN)/pytest $(TEST_ARGS)

check: $(READY) ## Formatting, lint, types, layers, house rules
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy libs services tests scripts examples
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/house

format: $(READY) ## Format the code and mend what lint can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(READY) ## Measure beside the bare clients, write docs/BENCHMARKS.md
	$(BIN)/python -m tests.bench $(BENCH_ARGS)

bench-rivals: $(READY) ## Measure matching beside AWS event-ruler (needs a JDK; BENCH_ARGS goes to the bench)
	$(BIN)/python -m tests.bench.matching --rivals $(BENCH_ARGS)

chaos: $(READY) ## Kill services, Kafka and PostgreSQL while events flow, and count what is left
	$(BIN)/pytest -s tests/e2e/kills $(TEST_ARGS)

trace: $(READY) ## Show which requirement is proven by which tests, write docs/traceability.md
	$(BIN)/python scripts/trace.py

docs: $(READY) ## Write the pages that are made from the code: docs/settings.md
	$(BIN)/python scripts/settings_page.py

clean: ## Remove the environment and all caches (not .ensue: `ensue dev reset` does that)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find libs services tests scripts examples -name __pycache__ -type d -prune -exec rm -rf {} +

# The first python of this list that is new enough and can make environments.
define FIND_PYTHON
for python in python3 python3.13 python3.12 python3.11; do \
  if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
    echo $$python; exit 0; \
  fi; \
done; \
echo "Python 3.11 or newer with its venv module was not found as python3, python3.13, python3.12 or python3.11." >&2; \
echo "Install it (Debian and Ubuntu: apt install python3 python3-venv) and run make again." >&2; \
exit 1
endef

$(BIN)/uv:
	@python=$$($(FIND_PYTHON)) && echo "Making $(VENV) with $$python" && $$python -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(READY): $(PROJECTS) | $(BIN)/uv
	$(BIN)/uv sync --frozen
	@touch $@
