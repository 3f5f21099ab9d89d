#!/usr/bin/env bash
# Prints rustflags, as items of a TOML list, that keep the paths of the machine that builds out of the filter: panics name
# the files that they come from. So the filter is the same wherever it is built. (`trim-paths` of Cargo's profiles would
# do, once it is stable.)
set -euo pipefail

target=wasm32-unknown-unknown
# The folder of crates is named after the registry that they came from, so it has to be there to be found.
cargo fetch --quiet --locked --target "$target"
for crates in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
  printf '"--remap-path-prefix=%s=crates",' "$crates"
done
# Where the sources of the standard library are installed, the compiler names these instead of its own virtual path.
commit=$(rustc --version --verbose | sed -n 's/^commit-hash: //p')
printf '"--remap-path-prefix=%s/lib/rustlib/src/rust=/rustc/%s"\n' "$(rustc --print sysroot)" "$commit"
