// Multiplies and adds in registers: eight chains of four, none waiting for another. NUMBER is f32 or f16.

struct Chain {
    scale: f32,
    shift: f32,
    rounds: u32,
    magic: u32,
}

@group(0) @binding(0) var<storage, read_write> sink: array<u32>;
@group(0) @binding(1) var<uniform> chain: Chain;

@compute @workgroup_size(256)
fn multiply(@builtin(global_invocation_id) id: vec3<u32>) {
    let scale = vec4<NUMBER>(NUMBER(chain.scale));
    let shift = vec4<NUMBER>(NUMBER(chain.shift));
    let first = NUMBER(f32(id.x & 1023u) * 0.0005);
    var a = vec4<NUMBER>(first);
    var b = a + shift;
    var c = b + shift;
    var d = c + shift;
    var e = d + shift;
    var f = e + shift;
    var g = f + shift;
    var h = g + shift;
    for (var round = 0u; round < chain.rounds; round++) {
        a = fma(a, scale, shift);
        b = fma(b, scale, shift);
        c = fma(c, scale, shift);
        d = fma(d, scale, shift);
        e = fma(e, scale, shift);
        f = fma(f, scale, shift);
        g = fma(g, scale, shift);
        h = fma(h, scale, shift);
        a = fma(a, scale, shift);
        b = fma(b, scale, shift);
        c = fma(c, scale, shift);
        d = fma(d, scale, shift);
        e = fma(e, scale, shift);
        f = fma(f, scale, shift);
        g = fma(g, scale, shift);
        h = fma(h, scale, shift);
    }
    let sum = a + b + c + d + e + f + g + h;
    let word = bitcast<u32>(f32(sum.x + sum.y + sum.z + sum.w));
    if (word == chain.magic) {
        sink[0] = word;
    }
}
