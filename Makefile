# make run: set everything up and serve. make test: set everything up and test. See README.md.
# `make run PYTHON=python3.13` makes .venv with that Python; else the first on PATH that is new enough is taken.
VENV := .venv
BIN := $(VENV)/bin
INSTALL = PYTHON='$(PYTHON)' scripts/install.sh $< $(@F)

# What `donebase serve` reads from the environment; `make run PORT=9000` works as `PORT=9000 make run` does.
export HOST PORT WORKERS
# Set to nothing it is not set: a hundred processes of the tests need not compile the same files each.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run install test test-databases fuzz soak check format migrate bench bench-short bench-growth lock clean

run: $(VENV)/installed
	@exec $(BIN)/donebase serve

migrate: $(VENV)/installed
	@exec $(BIN)/donebase migrate

install: $(VENV)/installed

# COVERAGE=on measures what the tests reach, the processes that they start included, and prints it at the end.
test: $(VENV)/installed-dev
	$(BIN)/pytest $(AT_ONCE) $(if $(filter on,$(COVERAGE)),--cov --cov-report=term) $(TESTS)

# The tests that meet a PostgreSQL once more, on that of the operating system and behind PgBouncer.
test-databases: $(VENV)/installed-dev
	$(BIN)/python -m tests.databases $(AT_ONCE)

# Half as many processes again as cores, because some tests wait for most of their time. Each has connections of the one
# PostgreSQL, which has 100; PROCESSES=3 says another number.
AT_ONCE = -n $${PROCESSES:-$$($(BIN)/python -c "import os; print(min(9, (3 * os.cpu_count() + 1) // 2))")} --dist worksteal

# What nobody thought of: the property tests and Schemathesis with other values each time, for FUZZ_SECONDS.
fuzz: $(VENV)/installed-dev
	FUZZ_SECONDS=$${FUZZ_SECONDS:-600} $(BIN)/pytest -n 2 --dist worksteal -rP tests/properties

# One long storm of writes through one fault after the other: SOAK_MINUTES of it, 10 unless said otherwise.
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

# What a request costs, and what growth does to it; docs/development/benchmarks.md says how to read it.
bench: $(VENV)/installed-bench
	$(BIN)/python -m bench.run

bench-short: $(VENV)/installed-bench
	$(BIN)/python -m bench.run --short

bench-growth: $(VENV)/installed-bench
	$(BIN)/python -m bench.growth

# Pin anew, with hashes and for every platform, what pyproject.toml asks for.
lock: $(VENV)/installed-dev
	$(BIN)/uv pip compile -q --upgrade $(LOCK) pyproject.toml --extra embedded --extra telemetry --group build -o requirements.txt
	$(BIN)/uv pip compile -q --upgrade $(LOCK) pyproject.toml --extra telemetry --group build -c requirements.txt -o requirements-deploy.txt
	$(BIN)/uv pip compile -q --upgrade $(LOCK) pyproject.toml --extra embedded --extra telemetry --group dev -c requirements.txt -o requirements-dev.txt
	$(BIN)/uv pip compile -q --upgrade $(LOCK) pyproject.toml --extra embedded --extra telemetry --group bench -c requirements.txt -o requirements-bench.txt
LOCK := --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

clean:
	rm -rf $(VENV)

# The script looks each time: no file's age tells that a Python was replaced or the folder moved.
.PHONY: $(VENV)/installed $(VENV)/installed-dev $(VENV)/installed-bench

$(VENV)/installed: requirements.txt
	@$(INSTALL)

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	@$(INSTALL)

$(VENV)/installed-bench: requirements-bench.txt $(VENV)/installed
	@$(INSTALL)
