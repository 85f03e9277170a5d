// Reads memory and does next to nothing else. Every index is below 8 * rounds * threads, the length of the memory:
// the module runs without bounds checks.

struct Shape {
    threads: u32,
    rounds: u32,
    repeats: u32,
    // Added to the lane between repeats, a multiple of the workgroup: another part for each, still in one piece.
    shift: u32,
    // Never the sum, as far as anyone can tell; a compiler cannot leave the sum out.
    magic: u32,
    seed: u32,
}

@group(0) @binding(0) var<storage, read_write> data: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read_write> sink: array<u32>;
@group(0) @binding(2) var<uniform> shape: Shape;
// The same memory, to be read only.
@group(0) @binding(3) var<storage, read> words: array<vec4<u32>>;

fn mixed(value: u32) -> u32 {
    var word = value ^ (value >> 16u);
    word *= 0x7feb352du;
    word ^= word >> 15u;
    word *= 0x846ca68bu;
    return word ^ (word >> 16u);
}

// Words that no memory controller packs.
@compute @workgroup_size(256)
fn fill(@builtin(global_invocation_id) id: vec3<u32>) {
    var at = id.x;
    for (var round = 0u; round < shape.rounds * 8u; round++) {
        let word = mixed(at * 4u + shape.seed);
        data[at] = vec4<u32>(word, mixed(word + 1u), mixed(word + 2u), mixed(word + 3u));
        at += shape.threads;
    }
}

@compute @workgroup_size(256)
fn read_all(@builtin(global_invocation_id) id: vec3<u32>) {
    var a = vec4<u32>();
    var b = vec4<u32>();
    var c = vec4<u32>();
    var d = vec4<u32>();
    let step = shape.threads;
    var lane = id.x;
    for (var repeat = 0u; repeat < shape.repeats; repeat++) {
        var at = lane;
        for (var round = 0u; round < shape.rounds; round++) {
            let w0 = words[at];
            let w1 = words[at + step];
            let w2 = words[at + 2u * step];
            let w3 = words[at + 3u * step];
            let w4 = words[at + 4u * step];
            let w5 = words[at + 5u * step];
            let w6 = words[at + 6u * step];
            let w7 = words[at + 7u * step];
            a ^= w0 ^ w4;
            b ^= w1 ^ w5;
            c ^= w2 ^ w6;
            d ^= w3 ^ w7;
            at += 8u * step;
        }
        // So that two readings of one word do not cancel.
        a = (a << vec4<u32>(1u)) | (a >> vec4<u32>(31u));
        lane += shape.shift;
        if (lane >= step) {
            lane -= step;
        }
    }
    let sum = a ^ b ^ c ^ d;
    let word = sum.x ^ sum.y ^ sum.z ^ sum.w;
    if (word == shape.magic) {
        sink[0] = word;
    }
}
