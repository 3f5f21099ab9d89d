# Shared by the scripts that install clients; sourced, from the repository's root.
here=$PWD/tests/clients
cache=$PWD/.cache/clients
mkdir -p "$cache"

# current GROUP FILES...: whether GROUP holds what FILES say.
current() {
  local group=$1
  shift
  sum=$(cat "$@" | cksum)
  [ "$(cat "$cache/$group/.switchyard" 2>/dev/null)" = "$sum" ]
}

# attempt GROUP COMMAND...: runs an installation; what it says last is the reason where it fails.
attempt() {
  local group=$1 log="$cache/$1.log"
  shift
  echo "setting up .cache/clients/$group (once)" >&2
  rm -f "$cache/$group.missing"
  if "$@" >"$log" 2>&1; then
    echo "$sum" >"$cache/$group/.switchyard"
  else
    printf '%s cannot be installed: %s\n' "$group" "$(grep -v '^ *$' "$log" | tail -1)" >"$cache/$group.missing"
    cat "$cache/$group.missing" >&2
  fi
}
