#!/usr/bin/env bash
# Makes anew the pages of docs that hold figures of runs: baseline.md, payment.md, and pressure.md with its pictures.
# Needs icsim and Chromium. From the top of the repository: docs/make_pages.sh
set -euo pipefail
cd "$(dirname "$0")/.."
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
"${PYTHON:-python}" docs/make_baseline.py
"${PYTHON:-python}" docs/make_payment.py
"${PYTHON:-python}" docs/make_standards.py
"${PYTHON:-python}" docs/img/pressure.py
