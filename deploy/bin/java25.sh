# shellcheck shell=bash
# Finding Java 25; sourced by livegraft here and by the launcher of a checkout, which needs a compiler too.

fail() {
    echo "livegraft: $1" >&2
    exit 2
}

# Whether folder $1 is a Java 25 with program $2.
is_java25() {
    [ -x "$1/bin/$2" ] && [ -r "$1/release" ] && grep -q '^JAVA_VERSION="25' "$1/release"
}

# Prints the first Java 25 that has program $1 (java, or javac for a JDK): JAVA_HOME, PATH, then the usual folders.
find_java25() {
    local candidate on_path
    on_path=$(command -v "$1" || true)
    if [ -n "$on_path" ]; then
        on_path=$(dirname "$(dirname "$(readlink -f "$on_path" 2>/dev/null || echo "$on_path")")")
    fi
    for candidate in "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/* /opt/* /usr/local/* \
        "${HOME:-/}"/.sdkman/candidates/java/* "${HOME:-/}"/.jdks/* /Library/Java/JavaVirtualMachines/*/Contents/Home; do
        if [ -n "$candidate" ] && is_java25 "$candidate" "$1"; then
            (cd "$candidate" && pwd -P)
            return
        fi
    done
    fail "JDK 25 not found; install Eclipse Temurin 25 (https://adoptium.net, or: sdk install java 25-tem) or set JAVA_HOME to one"
}
