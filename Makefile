# Every target makes .venv first, so a fresh machine needs git, make and Python 3.11 and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
INPUT ?= README.md ARCHITECTURE.md CHANGELOG.md shared/PROTOCOL.md
MEMORIES ?= 10000
HISTORIES ?= 10000
FALLS ?= 100

.DEFAULT_GOAL := help
.PHONY: help demo test check bench bench-retrieval contract static-table format soak-kill soak-live soak-delivery soak-steward soak-actors soak-optimiser clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 17

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "PJai needs Python 3.11 or newer: make PYTHON=python3.11 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[daemon,cli,onnx,export]" --group dev
	@touch $(READY)

demo: $(READY) ## The main job on real input (INPUT="files" to choose others)
	@$(BIN)/python -m tests.demo $(INPUT)

test: $(READY) ## Every test, as many at a time as there are processors, four at most
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist worksteal

check: $(READY) ## Lint, strict types, the architecture's arrows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/architecture

bench: $(READY) ## The workload against a live daemon, each figure beside its floor (MEMORIES=10000)
	$(BIN)/python -m tests.workload --memories $(MEMORIES)

bench-retrieval: $(READY) ## What searches find of real conversations, beside its targets (ONNX=folder of a model)
	$(BIN)/python -m tests.workload.retrieval $(if $(ONNX),--onnx $(ONNX))

soak-kill: $(READY) ## 300 times kill -9 under concurrent commits (a few minutes)
	PJAI_TEST_KILLS=300 $(BIN)/python -m pytest -q tests/system/test_crash.py

soak-delivery: $(READY) ## A subscriber stopped for a minute, 5,000 watched and left, 500 clients killed (minutes)
	PJAI_TEST_SOAK=1 $(BIN)/python -m pytest -q tests/system/test_delivery.py

soak-steward: $(READY) ## The memory steward over 100,000 memories, and what others notice of it (minutes)
	PJAI_TEST_SOAK=1 $(BIN)/python -m pytest -q -s tests/system/test_tiering.py

soak-actors: $(READY) ## Each actor killed and stopped a hundred times under load (an hour; FALLS=n for others)
	PJAI_TEST_FALLS=$(FALLS) $(BIN)/python -m pytest -q tests/system/test_falls.py

soak-live: $(READY) ## 10,000 histories of live queries, 1,000 of searches, against fresh ones (PJAI_TEST_SEED=n plays one)
	PJAI_TEST_HISTORIES=$(HISTORIES) $(BIN)/python -m pytest -q tests/differential/test_histories.py tests/differential/test_search_histories.py

soak-optimiser: $(READY) ## The optimiser finds, makes and measures a missing index on 100,000 memories (a minute)
	PJAI_TEST_SOAK=1 $(BIN)/python -m pytest -q -s tests/system/test_query_optimiser.py -k missing

contract: $(READY) ## Write shared/asyncapi.json and shared/vectors.json anew from the contract
	$(BIN)/python -m pjai_wire.document shared/asyncapi.json
	$(BIN)/python -m pjai_wire.vectors shared/vectors.json

static-table: $(READY) ## Make the embedder's static table anew (WEIGHTS=folder of all-MiniLM-L6-v2)
	$(BIN)/python -m pjaid.actors.embedder.static.distil $(WEIGHTS)

format: $(READY) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
