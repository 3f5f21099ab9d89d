#!/usr/bin/env bash
# Installs the SDKs, each group with its exact versions, into .cache/clients/ (and again when a lock has changed).
# A group that cannot be installed leaves its reason in .cache/clients/GROUP.missing; its tests are skipped with it.
set -eu
cd "$(dirname "$0")/../.."
. tests/clients/install_lib.sh

uv() {
  rm -rf "$cache/uv" && python3 -m venv "$cache/uv" && "$cache/uv/bin/pip" install --quiet --disable-pip-version-check -r "$here/python/uv.txt"
}

python() {
  "$cache/uv/bin/uv" venv --quiet --clear --python "$PWD/.venv/bin/python" "$cache/$1" &&
    VIRTUAL_ENV="$cache/$1" "$cache/uv/bin/uv" pip sync --quiet "$here/python/$1.lock"
}

# The SDKs want Node 22; an older one in PATH gets the official binary, which npm has as a package.
new_enough() { node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 22)' 2>/dev/null; }

node_packages() {
  command -v npm >/dev/null || { echo "npm is missing"; return 1; }
  mkdir -p "$cache/node" && cp "$here"/node/{package.json,package-lock.json,.npmrc} "$cache/node/" &&
    (cd "$cache/node" && npm ci --no-progress $(! new_enough || echo --omit=optional))
}

current uv "$here/python/uv.txt" || attempt uv uv
for lock in "$here"/python/*.lock; do
  group=$(basename "$lock" .lock)
  current "$group" "$lock" || attempt "$group" python "$group"
done
current node "$here"/node/{package.json,package-lock.json} || attempt node node_packages
