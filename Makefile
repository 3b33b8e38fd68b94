# `make demo` and `make test` set up all that they need; nothing is installed outside .venv.
PYTHON ?= python3
VENV := .venv
NEWEST := .venv-newest
# What another version of DuckDB can break: each kind of statement once, and what is asked of its client. Reading files and the
# project file, and the words of the commands, ask no warehouse; what else the engine's tests try stands on the same statements.
OF_DUCKDB := $(addprefix tests/,conformance exporters star stories warehouses postgres/test_streams.py) \
	$(patsubst %,tests/engine/test_%.py,crash kinds rebuild readers selects undo why)
# What is asked of the doubles of services; that of BigQuery has a DuckDB behind it, and a file of tests shows that any will do.
OF_DOUBLES := $(patsubst %,--ignore-glob=tests/warehouses/test_%.py,redshift* snowflake* bigquery bigquery_faults bigquery_lake) \
	$(patsubst %,--deselect=tests/warehouses/test_expressions.py::test_%,redshift_gives_no_other_result snowflake_means_the_same_or_refuses)
PIP := -m pip --disable-pip-version-check --quiet

# Commands are started again and again, by people and by tests: what Python compiles of them is kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check unit thorough newest bench clean

# `make demo NAME=music-redshift` shows another example, on the doubles of the sandbox.
NAME ?= music
demo: $(VENV)/$(if $(filter music,$(NAME)),.runtime,.sandbox)
	@$(VENV)/bin/starlode demo $(NAME)

test: check unit

check: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

unit: $(VENV)/.dev
	$(VENV)/bin/python -m pytest

# All moments at which a run is killed, all stories on each ground: three times as long.
thorough: $(VENV)/.dev
	STARLODE_TEST_THOROUGH=1 $(VENV)/bin/python -m pytest

newest: $(NEWEST)/.dev
	STARLODE_TEST_WAREHOUSES=duckdb $(NEWEST)/bin/python -m pytest -m 'not slow' $(OF_DOUBLES) $(OF_DUCKDB)

bench: $(VENV)/.dev
	$(VENV)/bin/python bench/music.py
	$(VENV)/bin/python bench/postgres.py
	$(VENV)/bin/python bench/star.py
	$(VENV)/bin/python bench/beside.py
	$(VENV)/bin/python bench/lake.py

$(VENV)/.runtime: pyproject.toml constraints.txt
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python $(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.sandbox: pyproject.toml constraints.txt
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python $(PIP) install --constraint constraints.txt --editable '.[sandbox]'
	@touch $@ $(VENV)/.runtime

$(VENV)/.dev: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python $(PIP) install --constraint constraints.txt --editable '.[dev,postgres,s3]'
	@touch $@ $(VENV)/.runtime

# The same tests on the newest DuckDB that a user may have, as the warehouse; PostgreSQL as one does not depend on it.
$(NEWEST)/.dev: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(NEWEST)
	grep -v '^duckdb==' constraints.txt > $(NEWEST)/constraints.txt
	$(NEWEST)/bin/python $(PIP) install --constraint $(NEWEST)/constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) $(NEWEST) .venv-localstack* .venv-moto* .venv-fakesnow* .venv-zetasql* build *.egg-info src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
