#!/usr/bin/env bash
# Builds the filter a second time, from a copy of the sources in another folder, with a Cargo home of its own and nothing
# built before, and compares it with dist/switchyard.wasm. The last line is the verdict.
set -euo pipefail
cd "$(dirname "$0")/.."

first=dist/switchyard.wasm
[ -s "$first" ] || { echo "reproducible: $first is missing: run \`make wasm\`" >&2; exit 1; }
sum() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi <"$1" | cut -c1-64; }

elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT
sources="$elsewhere/a folder/switchyard" home="$elsewhere/cargo home"
mkdir -p "$sources" "$home/registry"
tar -cf - --exclude=./target --exclude=./dist --exclude=./.git --exclude='./.venv*' --exclude=./.cache . | tar -xf - -C "$sources"
# What was downloaded is not downloaded again, but unpacked again, into a folder of another name.
was=${CARGO_HOME:-$HOME/.cargo}
for part in config.toml config registry/index registry/cache; do
  [ ! -e "$was/$part" ] || cp -R "$was/$part" "$home/$part"
done

env -u CARGO_TARGET_DIR -u CARGO_BUILD_TARGET_DIR CARGO_HOME="$home" make -C "$sources" wasm >"$elsewhere/log" 2>&1 ||
  { cat "$elsewhere/log"; echo "reproducible: the second build failed"; exit 1; }
second="$sources/$first"

# Not only equal: a path that both builds share would be equal, too.
if names=$(grep -aoE '(/root|/home|/Users|/tmp|/var/folders|/work|[.]cargo|registry/src)[ -~]{0,60}' "$first" | head -5) && [ -n "$names" ]; then
  echo "$names"
  echo "reproducible: $first names folders of the machine that built it"
  exit 1
fi
if ! cmp "$first" "$second"; then
  echo "reproducible: two builds differ: $(sum "$first") and $(sum "$second")"
  exit 1
fi
echo "reproducible: two builds, one sha256: $(sum "$first")"
