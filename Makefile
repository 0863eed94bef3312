# One command each: `make demo` opens the page, `make test` runs the tests. Both set up .venv first; see `make help`.
SHELL := /bin/bash
.DEFAULT_GOAL := help

HOST ?= 127.0.0.1
PORT ?= 7860
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)

VENV := .venv
BIN := $(VENV)/bin
# The stamps' names carry a hash of the requirements: an edited file installs again, an unchanged one costs nothing.
hash = $(shell cat $(1) requirements.lock 2>/dev/null | cksum | cut -d' ' -f1)
DEMO_STAMP := $(VENV)/.installed-$(call hash,requirements.txt)
DEV := requirements-train.txt requirements-mqtt.txt requirements-dev.txt
DEV_STAMP := $(VENV)/.installed-dev-$(call hash,requirements.txt $(DEV))
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
AFTER_EDIT := { echo "If you edited a pin, run make lock first." >&2; exit 1; }

.PHONY: help demo doctor test slow gpu lint format lock setup setup-dev pose web web-if-npm check-python check-libraries clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20
	@echo "  HOST=$(HOST) PORT=$(PORT) PYTHON=$(or $(PYTHON),none found) can be set on the command line"

demo: setup pose web-if-npm ## open the live page on http://HOST:PORT
	$(BIN)/python -m app demo --host $(HOST) --port $(PORT)

doctor: setup pose ## check what works on this machine
	$(BIN)/python -m app doctor

# With worksteal each worker begins with neighbouring tests, so what these share (exported models) is mostly made once.
test: setup-dev pose ## the fast tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow and not gpu"

slow: setup-dev pose ## the slow tests too (minutes)
	$(BIN)/python -m pytest -m "not gpu"

gpu: setup-dev pose ## what needs an NVIDIA GPU: tests, benchmark, check of the model, two minutes of training
	.ci/gpu $(CLIPS)

lint: setup-dev ## ruff check, ruff format --check and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup-dev ## let ruff put the code in order
	$(BIN)/ruff check --quiet --select I --fix .
	$(BIN)/ruff format .

# Without -c, so that an edited pin counts; what still fits is left as it is (`make clean lock` renews everything).
lock: check-python check-libraries $(BIN)/python ## write requirements.lock anew, after an edit of a pin
	@$(PIP) install -r requirements.txt $(addprefix -r ,$(DEV))
	@$(BIN)/python .ci/lock.py > requirements.lock.tmp
	@mv requirements.lock.tmp requirements.lock

setup: check-python check-libraries $(DEMO_STAMP) ## .venv with what the page needs
setup-dev: setup $(DEV_STAMP) ## .venv with what training and the tests need as well

pose: setup ## build the pose model (once; kept in the cache folder)
	@$(BIN)/python -m app pose

web: setup ## fetch what a browser needs to do the work itself (by npm, once; kept in the cache folder)
	@$(BIN)/python -m app web

# The page works without: then the server does the work, and the page says so.
web-if-npm: setup
	@$(BIN)/python -m app web || echo "going on without: the server will do the work" >&2

check-python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or newer was not found. Install it, or name one: make demo PYTHON=/path/to/python3.11" >&2; \
		exit 1; \
	fi

# MediaPipe links to these two; without them its import fails with a message that names neither the package nor a remedy.
check-libraries: check-python
	@if [ "$$(uname -s)" = Linux ]; then \
		for lib in libEGL.so.1 libGLESv2.so.2; do \
			if ! "$(PYTHON)" -c "import ctypes; ctypes.CDLL('$$lib')" 2>/dev/null; then \
				echo "The system library $$lib is missing (MediaPipe needs it). On Debian or Ubuntu:" >&2; \
				echo "    sudo apt-get install libegl1 libgles2" >&2; \
				exit 1; \
			fi; \
		done; \
	fi

$(BIN)/python:
	@echo "creating $(VENV) with $(PYTHON)"
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python could not create $(VENV). On Debian or Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }

$(DEMO_STAMP): requirements.txt requirements.lock | $(BIN)/python
	@echo "installing requirements.txt into $(VENV) (the first time it takes minutes and about 1.3 GB)"
	@$(PIP) install -r requirements.txt -c requirements.lock || $(AFTER_EDIT)
	@rm -f $(VENV)/.installed-[0-9]* && touch $@

$(DEV_STAMP): $(DEV) requirements.lock $(DEMO_STAMP)
	@echo "installing $(DEV) into $(VENV)"
	@$(PIP) install -r requirements.txt $(addprefix -r ,$(DEV)) -c requirements.lock || $(AFTER_EDIT)
	@rm -f $(VENV)/.installed-dev-* && touch $@

clean: ## remove .venv and what the tools left behind
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache build export/build *.egg-info export/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
