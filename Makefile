# Two commands are enough: `make book` renders the book, `make test` runs every test. Each installs what it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check
NBVAL := --nbval --nbval-current-env --nbval-cell-timeout 450
# CPU=1 takes PyTorch without its CUDA libraries, which saves 5 GB; the versions are the same.
# Chapters by number, CH=3 or CH=03; all without it.
CHAPTERS = notebooks$(if $(CH),/$(if $(filter 1 2 3 4 5 6 7 8 9,$(CH)),0)$(CH)_*.ipynb)
TORCH_CPU := https://download.pytorch.org/whl/cpu
# Small networks lose under two threads: the notebooks run as two workers of one thread each.
ONE := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
# A run starts a hundred processes of Python: they compile the modules once, whatever this machine's setting is.
RUN := GANBOOK_BUDGET=book GANBOOK_PROGRESS=0 PYTHONDONTWRITEBYTECODE=

.PHONY: help setup book zip pdf links messages wheel data test test-slow test-package test-lowest lab notebooks notebooks-full notebooks-grid lint \
  bench gpu clean
.DEFAULT_GOAL := help

help:
	@echo "make book             render the book to _build/html (installs about 300 MB, no torch)"
	@echo "make zip              the rendered book as one zip, to open without a server: dist/ganbook-book.zip"
	@echo "make pdf              the rendered book as one PDF, answers at the end: dist/ganbook.pdf (needs Chromium)"
	@echo "make messages         list the sentences of the exercises for translators: _build/ganbook.pot"
	@echo "make links            follow every link that leaves the book (needs the internet)"
	@echo "make test             run every test: package, notebooks, exercises, built book"
	@echo "make test-package     the package's tests alone; CPU=1 here and above: PyTorch without CUDA"
	@echo "make data             find or download MNIST and Fashion-MNIST, and verify them"
	@echo "make wheel            the package as one file: dist/ganbook-*.whl"
	@echo "make setup            install the environment for reading and working, and nothing more"
	@echo "make lab              open the chapters in JupyterLab"
	@echo "make notebooks        execute chapters again and store their outputs (all, or CH=03)"
	@echo "make notebooks-full   execute copies under the full budget, on a GPU if there is one, cell by cell"
	@echo "make notebooks-grid   compare the stored outputs under other thread counts and CPU kernels"
	@echo "make bench            how fast the engine is, against what (LONG=1: all of it, an hour)"
	@echo "make gpu              what only a GPU can show, in eight minutes; TINY=1: a rehearsal on the CPU"
	@echo "make lint             ruff: check and format; actionlint: the workflows"
	@echo "make clean            remove what was built (not the environment)"

$(STAMPS)/pip: constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q "$$(grep '^pip==' constraints.txt)"
	@mkdir -p $(STAMPS) && touch $@

# One stamp a group: a second call installs nothing.
$(STAMPS)/book: $(STAMPS)/pip pyproject.toml constraints.txt
	$(PIP) install -q -c constraints.txt --group book
	@touch $@

$(STAMPS)/test $(STAMPS)/dev: $(STAMPS)/%: $(STAMPS)/book
	$(if $(CPU),$(PIP) install -q -c constraints.txt --no-deps --index-url $(TORCH_CPU) torch torchvision)
	$(PIP) install -q -c constraints.txt --group $*
	$(PIP) install -q -c constraints.txt --no-build-isolation -e .
	@touch $@

book: $(STAMPS)/book
	$(BIN)/python scripts/build_book.py

zip: book
	$(BIN)/python scripts/zip_book.py

# A group of its own: printing needs the browser's driver and pypdf, reading does not.
$(STAMPS)/pdf: $(STAMPS)/book
	$(PIP) install -q -c constraints.txt --group pdf
	@touch $@

pdf: $(STAMPS)/pdf book
	$(BIN)/python scripts/print_book.py

# What a translator starts from: the feedback of the exercises. The pages' texts come from Sphinx's gettext builder.
messages: $(STAMPS)/book
	$(BIN)/python scripts/messages.py

links: $(STAMPS)/book
	$(BIN)/python scripts/check_links.py

wheel: $(STAMPS)/book
	$(PIP) wheel -q --no-deps --no-build-isolation --wheel-dir dist .

data: $(STAMPS)/test
	$(BIN)/python -m ganbook data
	$(BIN)/python -c "from ganbook import data; [data.fashion_mnist(split) for split in ('train', 'test')]"

# conftest.py puts the longest files first. GANBOOK_QUIET=1 fails a run in which one of them took over a minute.
test: $(STAMPS)/test
	$(RUN) $(ONE) ATEN_CPU_CAPABILITY=default $(BIN)/python -m pytest -q -n 2 --dist loadscope \
	  --no-loadscope-reorder --durations=30 -m "not slow" $(NBVAL)

test-slow: $(STAMPS)/test
	$(RUN) $(BIN)/python -m pytest -q --durations=30 -m slow

# The package (not the book): with the tested versions, and with the oldest ones that pyproject.toml admits, in an
# environment of its own.
BOOKS := $(addprefix tests/,benchmarks book claims exercises notebooks plots project support)
LOWEST := $(filter-out $(BOOKS),$(patsubst %/,%,$(wildcard tests/[a-z]*/)))

test-package: $(STAMPS)/test
	$(RUN) $(ONE) ATEN_CPU_CAPABILITY=default $(BIN)/python -m pytest -q -n 2 --dist loadscope \
	  --no-loadscope-reorder --durations=30 -m "not slow" $(LOWEST) tests/exercises tests/plots

test-lowest:
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install -q -c constraints-lowest.txt -e . pytest pot torchmetrics
	$(RUN) $(ONE) .venv-lowest/bin/python -m pytest -q -p no:cacheprovider $(LOWEST)

setup: $(STAMPS)/dev

lab: $(STAMPS)/dev
	GANBOOK_PROGRESS=1 $(BIN)/jupyter lab notebooks

notebooks: $(STAMPS)/test
	$(RUN) $(ONE) $(BIN)/python scripts/notebooks.py $(CH)

# The chapters stay as they are: copies and reports go to _build/full.
notebooks-full: $(STAMPS)/test
	GANBOOK_BUDGET=full GANBOOK_PROGRESS=0 $(BIN)/python scripts/full_budget.py $(CH)

# Stored outputs must not depend on the number of threads or on which kernels the processor offers.
notebooks-grid: $(STAMPS)/test
	@ls $(CHAPTERS) > /dev/null
	@for threads in 1 2; do for kernels in PLAIN=1 ATEN_CPU_CAPABILITY=default MKL_CBWR=COMPATIBLE; do \
	  echo "== threads $$threads, $$kernels"; \
	  env $(RUN) OMP_NUM_THREADS=$$threads MKL_NUM_THREADS=$$threads $$kernels \
	    $(BIN)/python -m pytest -q $(NBVAL) -p no:cacheprovider $(CHAPTERS) || exit 1; \
	done; done

# What each measures, and what it found: benchmarks/README.md. LONG=1 adds what takes an hour.
bench: $(STAMPS)/test
	$(RUN) $(ONE) $(BIN)/python benchmarks/training_loop.py --json _build/bench/training_loop.json $(if $(LONG),--quality)
	$(RUN) $(ONE) $(BIN)/python benchmarks/step_time.py --json _build/bench/step_time.json
	$(RUN) $(ONE) $(BIN)/python benchmarks/what_pays.py --json _build/bench/what_pays.json
	$(RUN) $(ONE) $(BIN)/python benchmarks/data_loading.py --json _build/bench/data_loading.json
	$(RUN) $(ONE) $(BIN)/python benchmarks/time_to_quality.py --json _build/bench/time_to_quality.json
	$(if $(LONG),$(RUN) $(ONE) $(BIN)/python benchmarks/time_to_quality.py --plan long --json _build/bench/time_to_quality_long.json)
	$(RUN) $(ONE) $(BIN)/python benchmarks/chapters.py --json _build/bench/chapters.json $(CH)

# Plain python, without the environment above: PYTHON=python3 has torch, and no Jupyter is needed.
gpu:
	$(PYTHON) benchmarks/gpu.py $(if $(TINY),--tiny)

# Its package fetches a program while it is installed: tried once, and without it the rest is linted all the same.
$(STAMPS)/lint: $(STAMPS)/test
	@$(PIP) install -q -c constraints.txt --group lint >/dev/null 2>&1 || true
	@touch $@

lint: $(STAMPS)/lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@if test -x $(BIN)/actionlint; then $(BIN)/actionlint; \
	  elif [ -n "$$GITHUB_ACTIONS" ]; then echo "actionlint could not be installed"; exit 1; \
	  else echo "actionlint could not be installed (rm $(STAMPS)/lint: try again): workflows are not linted"; fi

clean:
	rm -rf _build dist .pytest_cache
	find . -name .ruff_cache -not -path './.venv/*' -prune -exec rm -rf {} +
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
