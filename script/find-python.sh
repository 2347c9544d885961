# Sourced by the scripts beside it: sets $python to a Python that is new enough, or says what is missing and stops.
find_python() {
    seen=""
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        found=$("$candidate" -c 'import sys; v = sys.version_info[:3]; print("%d.%d.%d" % v, v >= (3, 11))' 2>/dev/null) || continue
        if [ "${found#* }" = True ]; then
            python=$candidate
            return
        fi
        seen="$seen, $candidate is ${found% *}"
    done
    if [ -n "$seen" ]; then
        echo "Python 3.11 or newer is needed${seen}. Install a newer one, or name it: PYTHON=/path/to/python3 $0" >&2
    else
        echo "Python 3.11 or newer is needed, and none was found. Install it (Debian: apt install python3 python3-venv), or name it: PYTHON=/path/to/python3 $0" >&2
    fi
    exit 1
}
