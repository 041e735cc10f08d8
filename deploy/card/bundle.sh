#!/usr/bin/env bash
# Packs what an NVIDIA machine without Java needs to run `prove`: a runtime, the engine with its tests, kernels, the bundled base.
#
#   deploy/card/bundle.sh [FILE]       (default: deploy/target/livegraft-card.tar.gz; less than 64 MiB)
#
# On the card's machine: tar xzf livegraft-card.tar.gz && livegraft-card/prove
set -euo pipefail

home=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd -P)
archive=${1:-$home/deploy/target/livegraft-card.tar.gz}
# shellcheck source=deploy/bin/java25.sh
. "$home/deploy/bin/java25.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bundle=$work/livegraft-card
mkdir -p "$bundle/lib" "$bundle/gpu" "$bundle/deploy/base" "$(dirname "$archive")"

jdk=$(find_java25 jlink)
junit=$(sed -n 's/.*<junit.version>\(.*\)<\/junit.version>.*/\1/p' "$home/pom.xml")
maven() { (cd "$home" && JAVA_HOME=$jdk mvn --batch-mode --quiet "$@" </dev/null); }

maven -pl proto,gpu test-compile
[ -s "$home/gpu/target/classes/io/livegraft/gpu/cuda/module/index" ] || {
    echo "the build has no kernels: nvcc is needed" >&2
    exit 1
}
maven -pl gpu dependency:copy-dependencies -DoutputDirectory="$bundle/lib" -DexcludeArtifactIds=dnnl,archunit,archunit-junit5,jmh-core,javassist
maven -pl gpu dependency:copy -Dartifact="org.junit.platform:junit-platform-console-standalone:$junit" -DoutputDirectory="$bundle/lib"
rm -f "$bundle"/lib/junit-jupiter* "$bundle"/lib/junit-platform-{engine,commons,launcher}* "$bundle"/lib/archunit* "$bundle"/lib/jmh*

# Of the natives only what the driver API and this platform's tokenizer need.
strip_jar() { # jar, pattern of what stays
    python3 - "$1" "$2" <<'PYTHON'
import re, shutil, sys, zipfile
path, keep = sys.argv[1], re.compile(sys.argv[2])
with zipfile.ZipFile(path) as old, zipfile.ZipFile(path + ".new", "w", zipfile.ZIP_DEFLATED) as new:
    for entry in old.infolist():
        native = re.search(r"\.(so|dll|dylib|jnilib)(\.\d+)*$", entry.filename)
        if not native or keep.search(entry.filename):
            new.writestr(entry, old.read(entry.filename))
shutil.move(path + ".new", path)
PYTHON
}
strip_jar "$bundle"/lib/jcuda-natives-*.jar JCudaDriver
strip_jar "$bundle"/lib/tokenizers-*.jar linux-x86_64/cpu

cp -r "$home/gpu/target/classes" "$home/gpu/target/test-classes" "$bundle"
cp -r "$home/deploy/base/livegraft-tiny" "$bundle/deploy/base"
for expected in models/stories260k vectors/bitsandbytes; do # tests say when they skip
    if [ -d "$home/../shared/$expected" ]; then
        mkdir -p "$bundle/shared/$(dirname "$expected")"
        cp -r "$home/../shared/$expected" "$bundle/shared/$expected"
    fi
done
cp "$home/deploy/card/prove" "$home/deploy/card/floors" "$bundle"
"$jdk/bin/jlink" --output "$bundle/runtime" --strip-debug --no-header-files --no-man-pages --compress zip-0 \
    --add-modules java.base,java.desktop,java.logging,java.management,java.naming,java.net.http,java.xml,jdk.incubator.vector,jdk.jfr,jdk.management,jdk.unsupported

tar -C "$work" -czf "$archive" livegraft-card
bytes=$(stat -c %s "$archive")
echo "$archive: $((bytes >> 20)) MiB"
[ "$bytes" -lt $((64 << 20)) ] || {
    echo "it must be smaller than 64 MiB" >&2
    exit 1
}
