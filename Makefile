# Every target does its own set-up; all that is needed is Python 3.11 or newer.
PYTHON ?= python3
BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)
INSTALLED := .venv/installed
READY := .venv/ready

.PHONY: demo cluster-demo test proofs postgres postgres-all quick lint types wheel torture bench smoke mutants picture pictures lock bom clean

demo: $(INSTALLED)        ## the sample workbook through everything, against the sandbox
	$(BIN)/campaign-batch demo

cluster-demo: $(READY)    ## two workers and a watch on a PostgreSQL of their own take in 40 files; ends with the report
	$(BIN)/python tests/cluster_demo.py dist/cluster-demo

test: $(READY)            ## every room's tests, on two cores, some minutes
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "not proof"

proofs: $(READY)          ## the rest of the suite: whole weeks, kills, lying lists, hostile files, a real browser's long tests
	$(BIN)/python -m pytest -n 4 --dist worksteal -m proof

postgres: $(READY)        ## what decides and submits again, with the ledger on a PostgreSQL of the tests' own
	CAMPAIGN_TEST_LEDGER=postgresql $(BIN)/python -m pytest -n 3 --dist worksteal -q tests/workflows/test_submit.py \
		tests/workflows/test_resolve.py tests/workflows/test_cancel.py tests/workflows/test_find.py \
		tests/workflows/test_accounts.py tests/whole/test_kill.py tests/whole/test_lying_lists.py

postgres-all: $(READY)    ## every test of the commands with the ledger on PostgreSQL but those about files; long
	CAMPAIGN_TEST_LEDGER=postgresql $(BIN)/python -m pytest -n 2 --dist worksteal -q tests/workflows tests/cli tests/whole

quick: $(READY)           ## the core's and the model's tests, in some seconds
	CAMPAIGN_QUICK=1 $(BIN)/python -m pytest -q tests/core tests/model

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

wheel: $(READY)           ## build the wheel
	$(BIN)/python -m build --wheel --no-isolation

torture: $(READY)         ## the same proofs with large numbers: half an hour and more
	CAMPAIGN_TORTURE=1 $(BIN)/python -m pytest -n 2 --dist worksteal -m torture

mutants: $(READY)         ## break the deciding rooms in every small way; an hour and more
	$(BIN)/python tests/mutants.py

bench: $(READY)           ## the measurements of benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

smoke: $(READY)           ## some of the measurements with small sizes, in seconds: they run, whatever they say
	$(BIN)/python -m benchmarks --quick b d h k

picture: $(READY)         ## make the example report and its picture anew
	$(BIN)/python reports/make_example.py

pictures: $(READY)        ## every page and workbook in ten worlds as pictures, to be looked at: dist/pictures
	$(BIN)/python tests/pictures.py dist/pictures

lock: $(READY)            ## look the pins and hashes up anew: the three constraints files
	$(BIN)/python -m tools.lock

bom: $(INSTALLED)         ## the software bill of materials, with licenses: dist/bom.cdx.json
	$(BIN)/python -m tools.bom

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache

# What is installed comes by its hash, and nothing is fetched to build the project: what builds it is on the list, too.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement constraints.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q batch
	$(PYTHON) -c "open('$(INSTALLED)', 'w').close()"

$(READY): $(INSTALLED) constraints-workers.txt constraints-dev.txt
	$(BIN)/python -m pip install --quiet --require-hashes --requirement constraints.txt \
		--requirement constraints-workers.txt --requirement constraints-dev.txt
	$(PYTHON) -c "open('$(READY)', 'w').close()"
