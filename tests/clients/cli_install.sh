#!/usr/bin/env bash
# Installs the command-line clients, each with its exact versions, into .cache/clients/ (and again when a lock has changed).
# Each has a folder of its own in tests/clients/cli/. Their binaries are npm's optional packages, one a platform: no script
# of theirs is run. n8n is 1.6 GB and is installed only with N8N=1.
set -eu
cd "$(dirname "$0")/../.."
. tests/clients/install_lib.sh

# packages GROUP COMMAND: what the lock of GROUP says. COMMAND is `ci`, or `install` where the lock lacks packages of other
# platforms, which npm must then be allowed to add.
packages() {
  local group=$1 command=${2:-ci}
  command -v npm >/dev/null || { echo "npm is missing"; return 1; }
  rm -rf "${cache:?}/$group" && mkdir -p "$cache/$group" &&
    cp "$here/cli/$group"/package*.json "$cache/$group/" && cp "$here/node/.npmrc" "$cache/$group/" &&
    (cd "$cache/$group" && npm "$command" --no-save --no-progress)
}

# n8n keeps its state in SQLite, whose addon is compiled here: the ready-made one would be fetched from elsewhere.
n8n() {
  local headers
  headers=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  [ -e "$headers/include/node/node_api.h" ] || { echo "the headers of Node are not in $headers/include/node"; return 1; }
  packages n8n && (cd "$cache/n8n/node_modules/sqlite3" && npx --no-install node-gyp rebuild --nodedir="$headers")
}

for group in claude-code codex; do
  current "$group" "$here/cli/$group"/package*.json || attempt "$group" packages "$group"
done
current cline "$here/cli/cline"/package*.json || attempt cline packages cline install
[ -z "${N8N:-}" ] || current n8n "$here/cli/n8n"/package*.json || attempt n8n n8n
