# Everything here is a short way to say something that works without make too.

PYTHON ?= python3
ARGS ?=
SCALE ?= default

# HOST, PORT, NAME, ROOM and CHAPTER count only if they are given to make. Shells, conda and WSL have variables
# of these names for purposes of their own: HOST=0.0.0.0 opened a server to the world.
$(foreach name,HOST PORT NAME ROOM CHAPTER,$(if $(filter command,$(origin $(name))),,\
	$(eval override $(name) :=)))

# One environment per Python, so that changing PYTHON needs no cleaning up.
VENV = .venv-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
# The only package, and its version, stand in pyproject.toml.
TEST_PACKAGES = import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["test"])

# By way of the environment, so that no quote in a value can confuse the shell.
export HOST PORT NAME ROOM SCALE

.PHONY: help run-server run-client lesson certificate test bench clean

help:
	@echo "make run-server   serve               HOST=localhost PORT=56040 ARGS='--quiet …'"
	@echo "make run-client   talk                HOST=… PORT=56040 NAME=… ROOM=… ARGS='…'"
	@echo "make lesson       see the loop turn   CHAPTER=1"
	@echo "make certificate  for TLS             HOST=chat.example.org"
	@echo "make test         run all tests       PYTHON=python3.13"
	@echo "make bench        measure             SCALE=smoke|default|full"
	@echo "make clean        remove what the above has made"

run-server:
	@exec $(PYTHON) -m reactor_chat server $(if $(HOST),--host "$$HOST") \
		$(if $(PORT),--port "$$PORT") $(ARGS)

run-client:
	@exec $(PYTHON) -m reactor_chat client $(if $(HOST),"$$HOST") \
		$(if $(PORT),--port "$$PORT") $(if $(NAME),--name "$$NAME") $(if $(ROOM),--room "$$ROOM") $(ARGS)

lesson:
	@exec $(PYTHON) -m reactor_chat lesson $(CHAPTER)

test: $(VENV)/ready
	$(VENV)/bin/python -X dev -W error -m tests $(ARGS)

$(VENV)/ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check $$($(PYTHON) -c '$(TEST_PACKAGES)')
	@touch $@

bench:
	@exec $(PYTHON) -m benchmarks --scale "$$SCALE" $(ARGS)

# An address goes into a certificate as IP, a name as DNS. One that is there is left alone: whoever
# has come to trust it would be warned of the next.
certificate: certificate/cert.pem
	@openssl x509 -in $< -noout -ext subjectAltName | sed -n '/,/s/^ */It is for /p'
	@openssl x509 -in $< -noout -fingerprint -sha256 | sed 's/.*=/The fingerprint is SHA256:/'

certificate/cert.pem:
	@mkdir -p -m 700 $(@D)
	@name="$${HOST:-localhost}"; case "$$name" in (*:*|*[0-9].[0-9]*.[0-9]*.*[0-9]) kind=IP;; (*) kind=DNS;; esac; \
	umask 077; said=$$(openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 3650 \
		-subj "/CN=$$name" -addext "subjectAltName=$$kind:$$name,DNS:localhost,IP:127.0.0.1,IP:::1" \
		-keyout $(@D)/key.pem -out $@ 2>&1) || { echo "$$said" >&2; exit 1; }
	@echo "--cert $@ --key $(@D)/key.pem"

clean:
	rm -rf .venv-* .hypothesis build dist *.egg-info
	find reactor_chat tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
