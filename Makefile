# make run     sets everything up and shows a talking avatar: a window, or with no display a video
# make test    sets everything up and runs the everyday tests (minutes)
# make help    the rest

PYTHON ?= python3.11
export PYTHON
HERE := .venv/bin/python
SPEECH := $(if $(filter zh%,$(LC_ALL) $(LC_MESSAGES) $(LANG)),hello_zh,hello_en)

.PHONY: help run demo setup setup-dev test test-all lint format images clean

help:
	@echo "make run       set everything up, then open the window; with no display, make a talking video"
	@echo "make demo      set everything up, then make a talking video: output/hello.mp4"
	@echo "make test      set everything up, then run the everyday tests"
	@echo "make test-all  … and the slow ones"
	@echo "make lint      ruff and mypy"
	@echo "make format    bring the code into shape with ruff"
	@echo "make images    make the pictures of the README again"
	@echo "make setup     only set up the program; make setup-dev: tests and training too"
	@echo "make clean     remove .venv and everything that was made, but not characters"
	@echo "A Python of your choice: make run PYTHON=/path/to/python3.12"

setup:
	@bash .ci/setup run

setup-dev:
	@bash .ci/setup dev

run: setup
	@if [ "$$(uname -s)" != Linux ] || [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		$(HERE) app.py; \
	else \
		echo "There is no display here, so here comes a video instead of the window."; \
		$(MAKE) --no-print-directory demo; \
	fi

demo: setup
	@mkdir -p output
	@$(HERE) app.py speak --audio assets/speech/$(SPEECH).flac --output output/hello.mp4
	@echo "The talking avatar is in $(CURDIR)/output/hello.mp4"

test: setup-dev
	@OMP_NUM_THREADS=1 $(HERE) -m pytest -m "not slow" -n 2 --dist loadgroup

test-all: setup-dev
	@OMP_NUM_THREADS=1 $(HERE) -m pytest

lint: setup-dev
	@failed=0; \
	$(HERE) -m ruff check . || failed=1; \
	$(HERE) -m ruff format --check --quiet . || { failed=1; echo "make format would bring these into shape:"; \
		$(HERE) -m ruff format --check . 2>&1 | grep -oE '^ *--> [^:]+' | sort -u; }; \
	$(HERE) -m mypy || failed=1; \
	exit $$failed

format: setup-dev
	@$(HERE) -m ruff check --fix .
	@$(HERE) -m ruff format .

images: setup
	@$(HERE) -m docs.images.make_images

clean:
	rm -rf .venv output runs .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
