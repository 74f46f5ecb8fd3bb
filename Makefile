# Everything here is a short way to say something that works without make too.

PYTHON ?= python3
HOST ?=
PORT ?= 56040
NAME ?=
ROOM ?=
ARGS ?=
SCALE ?= default

# One environment per Python, so that changing PYTHON needs no cleaning up.
VENV = .venv-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
# The only package, and its version, stand in pyproject.toml.
TEST_PACKAGES = import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["test"])

# By way of the environment, so that no quote in a value can confuse the shell.
export HOST PORT NAME ROOM SCALE

.PHONY: help run-server run-client test bench clean

help:
	@echo "make run-server   serve               HOST=localhost PORT=56040 ARGS='--quiet …'"
	@echo "make run-client   talk                HOST=… PORT=56040 NAME=… ROOM=… ARGS='…'"
	@echo "make test         run all tests       PYTHON=python3.13"
	@echo "make bench        measure             SCALE=smoke|default|full"
	@echo "make clean        remove what the above has made"

run-server:
	@exec $(PYTHON) -m reactor_chat server $(if $(HOST),--host "$$HOST") --port "$$PORT" $(ARGS)

run-client:
	@exec $(PYTHON) -m reactor_chat client $(if $(HOST),"$$HOST") --port "$$PORT" \
		$(if $(NAME),--name "$$NAME") $(if $(ROOM),--room "$$ROOM") $(ARGS)

test: $(VENV)/ready
	$(VENV)/bin/python -X dev -W error -m tests $(ARGS)

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check $$($(PYTHON) -c '$(TEST_PACKAGES)')
	@touch $@

bench:
	@exec $(PYTHON) -m benchmarks --scale "$$SCALE" $(ARGS)

clean:
	rm -rf .venv-* .hypothesis build dist *.egg-info
	find reactor_chat tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
