# shellcheck shell=sh
# Sourced by the scripts beside it: where the checkout is, which Python to use, and a virtual
# environment with exactly what a lock names. Nothing here needs more than a POSIX shell and
# Python 3.11 or later. What is said goes to stderr; stdout belongs to the script.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
unset PYTHONHOME PYTHONPATH
# Python is isolated (-I): what is at work may be somebody's pull request, of which a `venv.py` would
# take the place of Python's own.
unset PYTHONDONTWRITEBYTECODE # each of hundreds of processes would compile the same modules anew

say() { printf '%s\n' "$*" >&2; }
fail() { say "${0##*/}: $*"; exit 1; }

# use_python: sets $python to the first Python that runs, is new enough and can make a virtual
# environment. $PYTHON names one, and then no other will do.
use_python() {
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3.14 python3.13 python3.12 python3.11 python3
    fi
    for candidate; do
        # Being on the PATH is not enough: a version manager's shim is, and then may not run.
        # The base executable, because a virtual environment may be the one we are to make anew.
        python=$("$candidate" -Ic '
import sys
if sys.version_info < (3, 11):
    sys.exit(1)
print(getattr(sys, "_base_executable", sys.executable))' 2>/dev/null) || continue
        "$python" -Ic 'import ensurepip, venv' >/dev/null 2>&1 && return
        incomplete=$candidate
    done
    if [ -n "${incomplete:-}" ]; then
        fail "$incomplete cannot make virtual environments: its modules venv and ensurepip are" \
            "missing (on Debian and Ubuntu: apt-get install python3-venv)"
    elif [ -n "${PYTHON:-}" ]; then
        fail "PYTHON=$PYTHON does not run, or is older than Python 3.11"
    else
        fail "needs Python 3.11 or later, and finds none; install one, or say where it is:" \
            "PYTHON=/path/to/python3 $0"
    fi
}

# use_environment NAME LOCK: sets $bin to the programs of .venv-NAME, which holds what
# script/locks/LOCK.txt names, and the project itself. Made anew when any of these changes: the
# lock, what pyproject.toml says of dependencies and building, the Python, the checkout's place.
use_environment() {
    use_python
    environment=$root/.venv-$1
    bin=$environment/bin
    lock=$root/script/locks/$2.txt
    wanted=$("$python" -I - "$root" "$lock" <<'PYTHON'
import hashlib, json, pathlib, sys, tomllib
root, lock = map(pathlib.Path, sys.argv[1:])
pyproject = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
parts = [pyproject["build-system"], pyproject["project"], pyproject["tool"]["hatch"]]
said = [str(root), sys.base_prefix, sys.version, lock.read_text("utf-8"), json.dumps(parts)]
print(hashlib.sha256("\0".join(said).encode()).hexdigest())
PYTHON
    ) || fail "cannot read pyproject.toml or ${lock#"$root"/}"
    up_to_date && return
    [ -w "$root" ] || fail "cannot write to $root"
    # One at a time: two scripts that start together must not build on top of each other.
    until mkdir "$environment.lock" 2>/dev/null; do
        holder=$(cat "$environment.lock/pid" 2>/dev/null)
        if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
            rm -rf "$environment.lock"
        elif [ -z "${waiting:-}" ]; then
            waiting=yes
            say "waiting for another script that makes .venv-$1 (if there is none:" \
                "rm -r $environment.lock)"
        else
            sleep 1
        fi
    done
    (
        trap 'rm -rf "$environment.lock"' EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM
        echo $$ >"$environment.lock/pid"
        up_to_date || make_environment
    ) || exit
}

up_to_date() { [ -x "$bin/python" ] && [ "$(cat "$environment/stamp" 2>/dev/null)" = "$wanted" ]; }

make_environment() {
    say "making ${environment#"$root"/} with $("$python" -V) from ${lock#"$root"/} (once; a minute or less)"
    rm -rf "$environment"
    "$python" -Im venv "$environment" >&2 || fail "cannot make $environment"
    # Only what the lock names, which is complete: pip itself would look for newer versions of
    # what the lock pins without an extra. Only wheels: building somebody's source would fetch
    # tools that no lock names.
    if pip_install --require-hashes --no-deps --only-binary :all: -r "$lock" &&
        pip_install --no-deps --no-build-isolation --editable "$root"; then
        echo "$wanted" >"$environment/stamp"
    else
        fail "the installation failed; see above, put it right, and run this again"
    fi
}

pip_install() {
    "$bin/python" -Im pip install -qq --disable-pip-version-check --no-input "$@" >&2
}
