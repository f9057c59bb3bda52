#!/usr/bin/env bash
# Makes docs/img/salford.png, the picture of the README, from a run. Needs icsim and Chromium (or CHROMIUM=...).
# From the top of the repository: icsim run salford --out runs/picture && docs/img/make.sh runs/picture
set -euo pipefail

run=${1:?usage: docs/img/make.sh RUN}
out=${2:-docs/img/salford.png}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python}" - "$run" "$work/page.html" <<'CODE'
import sys
from pathlib import Path

import icsim

figure = icsim.open_run(sys.argv[1]).plot().update_layout(width=1000, height=960)
page = figure.to_html(include_plotlyjs=True, config={"displayModeBar": False})
Path(sys.argv[2]).write_text(page.replace("<body>", "<body style='margin:0'>"), encoding="utf-8")
CODE
timeout 120 "${CHROMIUM:-chromium}" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
  --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
  --user-data-dir="$work/profile" --window-size=1000,960 --virtual-time-budget=8000 \
  --screenshot="$out" "file://$work/page.html" 2>/dev/null
ls -l "$out"
