#!/usr/bin/env bash
# Builds the CUDA kernels where nvcc is at hand: machine code for three generations of cards, PTX for those to come.
#
#   kernels.sh SOURCES WORK OUT
#
# SOURCES  *.cu and the *.cuh that they include
# WORK     what was built, by the SHA-256 of its sources and options; with it what ptxas says of each kernel (.txt)
# OUT      NAME.ARCHITECTURE.cubin and NAME.ptx of each source, and `index`: a line with name and SHA-256 for each
#
# Without nvcc the index is empty: everything else of Livegraft builds, and `auto` takes the CPU.
set -euo pipefail
export LC_ALL=C

sources=$1 work=$2 out=$3
architectures=(80 89 90a)
# No product is contracted unless the source says so: the host's build of the same kernels must round alike.
options=(-std=c++17 -O3 -fmad=false -Werror all-warnings -Xptxas -warn-spills)
# PTX of CUDA 13 is for drivers of CUDA 13; nothing here needs more than this version has.
ptx_version=7.4

find_nvcc() {
    local candidate
    for candidate in "${CUDA_HOME:+$CUDA_HOME/bin/nvcc}" "$(command -v nvcc || true)" /usr/local/cuda/bin/nvcc; do
        if [ -n "$candidate" ] && [ -x "$candidate" ]; then
            echo "$candidate"
            return
        fi
    done
}

# Of a source, everything that it may include, the options and the compiler.
key() {
    { cat "$1" "$sources"/*.cuh; echo "${options[@]} $ptx_version $version"; } | sha256sum | cut -c -64
}

compile() { # source, key
    local name architecture
    name=$(basename "$1" .cu)
    for architecture in "${architectures[@]}"; do
        "$nvcc" "${options[@]}" -Xptxas -v -cubin -arch="sm_$architecture" -o "$work/$2.sm_$architecture.cubin" "$1" \
            >"$work/$2.sm_$architecture.txt" 2>&1 || { cat "$work/$2.sm_$architecture.txt" >&2; return 1; }
    done
    "$nvcc" "${options[@]}" -ptx -arch=compute_80 -o "$work/$2.part" "$1"
    sed "s/^\.version .*/.version $ptx_version/" "$work/$2.part" >"$work/$2.ptx"
    "$(dirname "$nvcc")/ptxas" -arch=sm_90 -o "$work/$2.part" "$work/$2.ptx" # an older version may lack a word
    rm "$work/$2.part"
    echo "$name" >"$work/$2.name"
}

mkdir -p "$work" "$out"
rm -f "$out"/*
shopt -s nullglob
nvcc=$(find_nvcc)
if [ -z "$nvcc" ]; then
    : >"$out/index"
    echo "no nvcc: the CUDA kernels are not built, the CPU serves and trains"
    exit 0
fi
version=$("$nvcc" --version | tail -n 1)

built=0
: >"$out/index.part"
for source in "$sources"/*.cu; do
    name=$(basename "$source" .cu)
    key=$(key "$source")
    if [ ! -e "$work/$key.name" ]; then
        compile "$source" "$key"
        built=$((built + 1))
    fi
    for architecture in "${architectures[@]}"; do
        cp "$work/$key.sm_$architecture.cubin" "$out/$name.sm_$architecture.cubin"
    done
    cp "$work/$key.ptx" "$out/$name.ptx"
    echo "$name $key" >>"$out/index.part"
done
mv "$out/index.part" "$out/index"
for name in "$work"/*.name; do
    grep -q "$(basename "$name" .name)" "$out/index" || rm -f "${name%.name}".*
done
echo "CUDA kernels: $(wc -l <"$out/index") sources for sm_${architectures[*]} and PTX $ptx_version, $built built anew"
