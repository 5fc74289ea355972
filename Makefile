# make run: install and serve. make test: install and run the tests. See README.md and CONTRIBUTING.md.
# `make run PYTHON=python3.13` creates .venv with that Python; the default is the first on PATH that is new enough.
VENV := .venv
BIN := $(VENV)/bin
INSTALL = PYTHON='$(PYTHON)' scripts/install.sh $< $(@F)

# What `donebase serve` reads from the environment; `make run PORT=9000` works as `PORT=9000 make run` does.
export HOST PORT WORKERS
# Empty counts as unset: bytecode is cached, so that each process of the tests need not compile the same files.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run install test test-databases screenshots fuzz soak check format migrate bench bench-short bench-instructions bench-growth bench-lists bench-sign-ins lock clean

run: $(VENV)/installed
	@exec $(BIN)/donebase serve

migrate: $(VENV)/installed
	@exec $(BIN)/donebase migrate

install: $(VENV)/installed

# COVERAGE=on also measures coverage, including the processes that the tests start, and prints it at the end.
test: $(VENV)/installed-dev
	$(BIN)/pytest $(AT_ONCE) $(if $(filter on,$(COVERAGE)),--cov --cov-report=term) $(TESTS)

# Run the tests that depend on the database again, on the operating system's PostgreSQL and behind PgBouncer.
test-databases: $(VENV)/installed-dev
	$(BIN)/python -m tests.databases $(AT_ONCE)

# Twice as many processes as cores, because many tests mostly wait; at most 9, because they share one PostgreSQL.
# PROCESSES=3 sets another number.
AT_ONCE = -n $${PROCESSES:-$$($(BIN)/python -c "import os; print(min(9, 2 * os.cpu_count()))")} --dist worksteal

# Take the pictures of the page that the README shows, in the fonts of this machine.
screenshots: $(VENV)/installed-dev
	$(BIN)/python -m tests.screenshots

# Run the property tests and Schemathesis with new random values for FUZZ_SECONDS (600).
fuzz: $(VENV)/installed-dev
	FUZZ_SECONDS=$${FUZZ_SECONDS:-600} $(BIN)/pytest -n 2 --dist worksteal -rP tests/properties

# Run a long load of writes through one fault after another for SOAK_MINUTES (10).
soak: $(VENV)/installed-dev
	STALLED_READERS=50 $(BIN)/pytest -q tests/routes/test_slow_readers.py
	$(BIN)/python -m tests.outages.soak

check: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/audit.py

format: $(VENV)/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m tests.support.page_sources

# Measure what a request costs, and how that grows; docs/development/benchmarks.md explains the results.
bench: $(VENV)/installed-bench
	$(BIN)/python -m bench.run

bench-short: $(VENV)/installed-bench
	$(BIN)/python -m bench.run --short

# Count the instructions of a request, which are the same on a busy machine; needs valgrind. KEEP=on keeps the results,
# CHECK=on fails if an operation has grown since they were kept.
bench-instructions: $(VENV)/installed-dev
	$(BIN)/python -m bench.instructions $(if $(filter on,$(KEEP)),--keep) $(if $(filter on,$(CHECK)),--check)

bench-growth: $(VENV)/installed-bench
	$(BIN)/python -m bench.growth

# Measure what each filter and each order of a list costs, and several tasks in one request.
bench-lists: $(VENV)/installed-bench
	$(BIN)/python -m bench.lists

# Measure what 10,000 sign-ins at once cost others.
bench-sign-ins: $(VENV)/installed-bench
	$(BIN)/python -m bench.sign_ins

# Pin the newest versions that pyproject.toml allows, with hashes, for all platforms.
lock: $(VENV)/installed-dev
	$(BIN)/uv pip compile -q --upgrade $(LOCK) pyproject.toml --extra embedded --extra telemetry --group build -o requirements.txt
	$(BIN)/uv pip compile -q --upgrade $(LOCK) pyproject.toml --extra telemetry --group build -c requirements.txt -o requirements-deploy.txt
	$(BIN)/uv pip compile -q --upgrade $(LOCK) pyproject.toml --extra embedded --extra telemetry --group dev -c requirements.txt -o requirements-dev.txt
	$(BIN)/uv pip compile -q --upgrade $(LOCK) pyproject.toml --extra embedded --extra telemetry --group bench -c requirements.txt -o requirements-bench.txt
LOCK := --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

clean:
	rm -rf $(VENV)

# The script runs each time: file times do not show that Python was replaced or the folder was moved.
.PHONY: $(VENV)/installed $(VENV)/installed-dev $(VENV)/installed-bench

$(VENV)/installed: requirements.txt
	@$(INSTALL)

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	@$(INSTALL)

$(VENV)/installed-bench: requirements-bench.txt $(VENV)/installed
	@$(INSTALL)
