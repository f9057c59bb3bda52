#!/usr/bin/env bash
# Makes docs/img/report.png, the picture of docs/report.md, from a run. Needs icsim and Chromium (or CHROMIUM=...).
# From the top of the repository: icsim run salford --out runs/picture && docs/img/report.sh runs/picture
set -euo pipefail

run=${1:?usage: docs/img/report.sh RUN}
out=${2:-docs/img/report.png}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python}" -m icsim.cli report "$run" --out "$work/report.html"
# Only the section of monthly charts, from its first heading on.
printf '%s\n' '<style>header, main > section:not(#happened) { display: none }</style>' >> "$work/report.html"
timeout 120 "${CHROMIUM:-chromium}" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
  --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
  --user-data-dir="$work/profile" --window-size=1240,1150 --virtual-time-budget=8000 \
  --screenshot="$out" "file://$work/report.html" 2>/dev/null
ls -l "$out"
