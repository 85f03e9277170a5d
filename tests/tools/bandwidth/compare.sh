#!/usr/bin/env bash
# Ten rounds of likwid-bench, read_sum and willitrun in turn, in GB/s, and willitrun over the better of the others.
# Needs likwid-bench, a C compiler with AVX-512, python3 and target/release/willitrun. Run it on a quiet machine.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
cc -O3 -march=native -pthread "$here/read_sum.c" -o "$build/read_sum"
echo "likwid read_sum willitrun ratio"
for _ in 1 2 3 4 5 6 7 8 9 10; do
    likwid=$(likwid-bench -t load_avx -w S0:2GB:2 2>/dev/null | awk '/MByte\/s/ { print $2 / 1000 }')
    sum=$("$build/read_sum" 2>/dev/null)
    own=$("$here/../../../target/release/willitrun" measure ram --seconds 3 --json |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["ram"]["best_bytes_per_second"] / 1e9)')
    python3 -c 'import sys; a, b, c = map(float, sys.argv[1:]); print(f"{a:.1f} {b:.1f} {c:.1f} {c / max(a, b):.3f}")' \
        "$likwid" "$sum" "$own"
done
