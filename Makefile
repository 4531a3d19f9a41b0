# make demo   set up everything, simulated exchanges, serve on port 8000
# make run    the same against the real exchanges
# make cluster  the demo as several processes: a bus, two ingests, API workers
# make test   tests with branch coverage        make check   everything else CI runs
# make bench  measurements, docs/FANOUT.md and docs/QUERY.md (its client is wrk)
# make conformance  other people's clients, docs/CONFORMANCE.md    make lock  renew the pins
#
# Everything lands in .venv and api/static; stamps there make a second start instant.
# Paths are relative throughout, so the folder's own path may hold spaces.

SHELL = /bin/sh
.SHELLFLAGS = -euc
.DELETE_ON_ERROR:
.DEFAULT_GOAL := demo

# Set PYTHON to choose the interpreter of a new .venv, UV= to do without uv.
PYTHON ?=
ifeq ($(origin UV),undefined)
UV := $(shell command -v uv 2>/dev/null)
endif

BIN := .venv/bin
PY  := $(BIN)/python
COVERAGE := $(PY) -m coverage

# The first interpreter that really runs, is new enough and can make an environment.
# A version manager's launcher may have the name of a version that is switched off.
CAN_SERVE := import sys; sys.exit(sys.version_info < (3, 11))
CAN_VENV := import ensurepip, sys; sys.exit(sys.version_info < (3, 11))

ifeq ($(UV),)
PROBE := $(CAN_VENV)
PIP := $(PY) -m pip --disable-pip-version-check
# An environment that uv made has no pip yet.
INSTALL := { $(PY) -c 'import pip' 2>/dev/null || $(PY) -m ensurepip >/dev/null; } && \
	$(PIP) install -qq --no-compile --progress-bar off
else
PROBE := $(CAN_SERVE)
INSTALL := '$(UV)' pip install --quiet --python $(PY)
endif

.PHONY: demo run setup web dev test check lint type layer container leak schema bench \
	conformance soak cluster lock clean

demo: setup
	@exec $(BIN)/kimp demo

run: setup
	@exec $(BIN)/kimp serve

# The web files wait for npm, the Python packages for pip: fetched side by side.
setup: $(PY)
	@$(MAKE) -s --no-print-directory -j2 .venv/compiled.stamp api/static/web.stamp

web: api/static/web.stamp

dev: setup .venv/dev.stamp

$(PY):
	@for python in "$(PYTHON)" python3.14 python3.13 python3.12 python3.11 python3; do \
	    if "$$python" -c '$(PROBE)' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
	    echo "No Python 3.11 or newer with the venv module here: install one" \
	        "(Debian and Ubuntu: python3 and python3-venv)." >&2; exit 1; \
	fi; \
	echo "setup: .venv with $$("$$found" --version)"; \
	if [ -n '$(UV)' ]; then \
	    '$(UV)' venv --quiet --allow-existing --no-project \
	        --python "$$("$$found" -c 'import sys; print(sys.executable)')" .venv; \
	else "$$found" -m venv --clear .venv; fi

.venv/runtime.stamp: requirements.lock | $(PY)
	@echo 'setup: packages of requirements.lock'
	@$(INSTALL) --require-hashes --no-deps -r requirements.lock
	@touch $@

.venv/project.stamp: pyproject.toml .venv/runtime.stamp
	@$(INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@

# Compiled once here, or every start would pay seconds for it where byte code is not
# kept (PYTHONDONTWRITEBYTECODE, a folder that the server's user may not write). A
# package's file that this Python cannot compile is its own affair.
.venv/compiled.stamp: .venv/project.stamp
	@$(PY) -m compileall -qq -j 0 -x '/site-packages/(pip|setuptools|hatchling)/' \
	    .venv/lib $(wildcard app api domain adapters migrations) || :
	@touch $@

.venv/dev.stamp: requirements-dev.lock .venv/runtime.stamp
	@echo 'setup: packages of requirements-dev.lock'
	@$(INSTALL) --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

api/static/web.stamp: web/install.py web/asset.json web/package-lock.json | $(PY)
	@echo 'setup: GraphiQL and icons'
	@$(PY) web/install.py
	@touch $@

# Three workers: many tests wait for sockets and other processes. A module stays with
# one of them, or its servers would be started by each.
# pytest prints its own last line; the two reports below it carry the limits.
test: dev
	@$(COVERAGE) erase
	@$(COVERAGE) run -m pytest -n 3 --dist loadscope
	@$(COVERAGE) combine --quiet
	@$(COVERAGE) report --fail-under=90
	@echo 'domain:'
	@$(COVERAGE) report --include='domain/*' --fail-under=100

# The tables are compared with the migrations where a database is: among the tests.
check: lint type layer container leak schema

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: dev
	$(PY) -m mypy
	$(PY) -m mypy web/install.py

layer: dev
	$(BIN)/lint-imports

container: dev
	$(BIN)/hadolint Dockerfile

# schema.graphql is what the code serves, and takes nothing away that CHANGELOG.md does
# not name (docs/SCHEMA.md).
schema: dev
	@$(PY) -m app.schema_check

# No registry's address and no machine's own path may stand in a tracked file.
LEAK := pypi[.]org|pythonhosted[.]org|npmjs[.](com|org)|npmmirro[r]|(unpkg|jsdelivr)[.](com|net)
LEAK := $(LEAK)|[/]opt/pypi|[/]root/|[/]Users/|[/]home/[a-z]+/|[/]work/(main|shared)
leak:
	@if [ -e .git ]; then set -- git grep --untracked -nIE; \
	else set -- grep -rnIE --exclude-dir='.[!cg]*' --exclude-dir=static; fi; \
	status=0; "$$@" -e '$(LEAK)' -- . || status=$$?; \
	if [ $$status -ne 1 ]; then \
	    echo 'check: a registry address or a machine path, see above' >&2; exit 1; \
	fi

bench: dev
	@exec $(PY) -m bench

# Other people's clients and suites: docs/CONFORMANCE.md. Needs Node.js with npm.
conformance: dev
	@exec $(PY) -m conformance

# Random faults by seed for KIMP_SOAK_MINUTES (5); KIMP_SOAK_SEED repeats a story.
soak: dev
	@exec $(PY) -m bench.soak

# The roles of `kimp serve` side by side: docs/OPERATIONS.md.
cluster: dev
	@exec $(PY) -m bench.cluster

# No index address gets into a lock file; hashes decide what may be installed.
COMPILE := pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--no-header --python-version 3.11
lock: dev
	@set -- '$(UV)'; if [ -z '$(UV)' ]; then set -- $(BIN)/uv; \
	    test -x $(BIN)/uv || $(INSTALL) uv; fi; \
	"$$@" $(COMPILE) pyproject.toml --group build -o requirements.lock; \
	"$$@" $(COMPILE) pyproject.toml --group dev -c requirements.lock \
	    -o requirements-dev.lock; \
	"$$@" $(COMPILE) web/requirements.in -o web/requirements.lock; \
	for peer in strawberry broadcast plot; do \
	    "$$@" $(COMPILE) bench/environment/$$peer.in \
	        -o bench/environment/$$peer.txt; done; \
	for client in gql schemathesis clairvoyance; do \
	    "$$@" $(COMPILE) conformance/environment/$$client.in \
	        -o conformance/environment/$$client.txt; done
	@for peer in bench/fanout/peer bench/query/peer conformance; do (cd $$peer/node && \
	    npm install --package-lock-only --ignore-scripts --loglevel=error); done
	@cd web && npm install --package-lock-only --ignore-scripts --loglevel=error
	@$(PY) web/install.py --record && touch api/static/web.stamp

clean:
	rm -rf .venv api/static web/node_modules bench/.build conformance/.build dist build htmlcov \
	    .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
