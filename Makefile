# Every target does its own set-up; all that is needed is Python 3.11 or newer.
PYTHON ?= python3
BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)
INSTALLED := .venv/installed
READY := .venv/ready

.PHONY: demo test lint types wheel torture bench mutants picture clean

demo: $(INSTALLED)        ## the sample workbook through everything, against the sandbox
	$(BIN)/campaign-batch demo

test: $(READY)            ## the whole suite, on two cores
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

wheel: $(READY)           ## build the wheel
	$(BIN)/python -m build --wheel

torture: $(READY)         ## the same proofs with large numbers: half an hour and more
	CAMPAIGN_TORTURE=1 $(BIN)/python -m pytest -n 2 --dist worksteal -m torture

mutants: $(READY)         ## break the deciding rooms in every small way; an hour and more
	$(BIN)/python tests/mutants.py

bench: $(READY)           ## the measurements of benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

picture: $(READY)         ## make the example report and its picture anew
	$(BIN)/python reports/make_example.py

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	$(BIN)/python -m compileall -q batch
	$(PYTHON) -c "open('$(INSTALLED)', 'w').close()"

$(READY): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev
	$(PYTHON) -c "open('$(READY)', 'w').close()"
