//! Safetensors: headers and indexes that are whole, cut short or lying.

mod stored;

use serde_json::{Map, Value, json};
use stored::{header, table};
use willitrun::formats::safetensors::{Header, Index, MOST_PARTS, parse_header, parse_index};
use willitrun::units::Bytes;

/// A tensor to be written: name, type, bits of an element, shape.
type Row<'a> = (&'a str, &'a str, u64, &'a [u64]);

/// The beginning of a file and its whole length.
fn file(rows: &[Row]) -> (Vec<u8>, u64) {
    let rows: Vec<(&str, &str, u64, Vec<u64>)> =
        rows.iter().map(|(name, dtype, bits, shape)| (*name, *dtype, *bits, shape.to_vec())).collect();
    let (table, data) = table(&rows);
    let bytes = header(&Value::Object(table).to_string());
    let length = bytes.len() as u64 + data;
    (bytes, length)
}

const SMALL: &[Row] = &[
    ("model.embed_tokens.weight", "BF16", 16, &[10, 8]),
    ("model.layers.0.self_attn.q_proj.weight", "F8_E4M3", 8, &[8, 8]),
    ("model.layers.0.self_attn.q_proj.weight_scale_inv", "F32", 32, &[1]),
    ("scalar", "F32", 32, &[]),
    ("empty", "I64", 64, &[0, 5]),
    ("packed", "F4", 4, &[2, 8]),
];

#[test]
fn a_header_is_read() {
    let (bytes, length) = file(SMALL);
    let read = parse_header(&bytes, length).expect("a good file");
    assert_eq!(read.data_start, bytes.len() as u64);
    let sizes: Vec<u64> = read.tensors.iter().map(|tensor| tensor.bytes.get()).collect();
    assert_eq!(sizes, [160, 64, 4, 4, 0, 8]);
    assert_eq!(read.tensors.iter().map(|tensor| tensor.elements).collect::<Vec<_>>(), [80, 64, 1, 1, 0, 16]);
    // More of the file than the header does no harm.
    let mut more = bytes.clone();
    more.extend_from_slice(&[0; 20]);
    assert_eq!(parse_header(&more, length), Ok(read));
    assert_eq!(parse_header(&header("{}"), 10), Ok(Header { tensors: Vec::new(), data_start: 10 }));
}

#[test]
fn a_file_cut_at_any_byte_is_refused() {
    let (bytes, length) = file(SMALL);
    for end in 0..bytes.len() {
        let error = parse_header(&bytes[..end], end as u64).expect_err("cut short").to_string();
        assert!(error.contains("cut short"), "{end}: {error}");
        assert!(parse_header(&bytes[..end], length).is_err(), "{end}");
    }
    for end in bytes.len() as u64..length {
        let error = parse_header(&bytes, end).expect_err("cut short").to_string();
        assert!(error.contains("the file is cut short"), "{end}: {error}");
    }
    let error = parse_header(&bytes, length + 1).expect_err("too long").to_string();
    assert!(error.contains("its tensors end at byte 240 of 241 of the data"), "{error}");
}

#[test]
fn lying_headers_are_refused_by_what_is_wrong() {
    let check = |text: &str, data: u64, words: &str| {
        let bytes = header(text);
        let error = parse_header(&bytes, bytes.len() as u64 + data).expect_err(words).to_string();
        assert!(error.contains(words), "'{error}' does not say '{words}'");
    };
    let one = |dtype: &str, shape: &str, place: &str| {
        format!(r#"{{"a": {{"dtype": "{dtype}", "shape": {shape}, "data_offsets": {place}}}}}"#)
    };
    check(&one("F32", "[2]", "[0, 4]"), 4, "the tensor 'a' has 2 elements of F32 in 4 bytes");
    check(&one("F32", "[2]", "[8, 0]"), 8, "the tensor 'a' ends before it begins");
    check(&one("F32", "[2]", "[0, 8]"), 4, "the tensor 'a' ends at byte 8 of 4: the file is cut short");
    check(&one("F32", "[2]", "[4, 12]"), 12, "the tensor 'a' leaves a hole before it");
    check(&one("F32", "[2]", "[0, 8]"), 9, "its tensors end at byte 8 of 9");
    check(&one("F32", "[2]", "[0]"), 8, "has no data_offsets of two whole numbers");
    check(&one("F32", "[2]", "[0, 8.0]"), 8, "has no data_offsets of two whole numbers");
    check(&one("F32", "[-2]", "[0, 8]"), 8, "has no shape of at most 8 whole numbers");
    check(&one("F32", "[[2]]", "[0, 8]"), 8, "has no shape of at most 8 whole numbers");
    check(&one("F32", "[1,1,1,1,1,1,1,1,2]", "[0, 8]"), 8, "has no shape of at most 8 whole numbers");
    check(&one("F32", "[4294967296, 4294967296]", "[0, 8]"), 8, "has a shape too large to be one");
    check(&one("F64", "[4611686018427387904]", "[0, 8]"), 8, "elements of F64 in 8 bytes");
    check(&one("F4", "[3]", "[0, 1]"), 1, "the tensor 'a' has 3 elements of F4 in 1 bytes");
    check(&one("F32", "[0, 18446744073709551615]", "[0, 8]"), 8, "has 0 elements of F32 in 8 bytes");
    check(&one("F32", "[2]", "[0, 18446744073709551615]"), 8, "the tensor 'a'");
    check(r#"{"a": {"shape": [2], "data_offsets": [0, 8]}}"#, 8, "the tensor 'a' has no dtype");
    check(r#"{"a": 7}"#, 8, "the tensor 'a' has no dtype");
    check("[]", 0, "it is no table of tensors");
    check("{", 0, "EOF");
    check(&"[".repeat(100_000), 0, "recursion limit");
    check(&format!("{{\"a\": [{}0]}}", "0,".repeat(1 << 21)), 0, "too many values");
    let two = |first: &str, second: &str| {
        format!(
            r#"{{"a": {{"dtype": "U8", "shape": [4], "data_offsets": {first}}},
                "b": {{"dtype": "U8", "shape": [4], "data_offsets": {second}}}}}"#
        )
    };
    check(&two("[0, 4]", "[2, 6]"), 6, "the tensor 'b' overlaps the one before it");
    check(&two("[0, 4]", "[0, 4]"), 4, "overlaps the one before it");
    check(&two("[0, 4]", "[5, 9]"), 9, "the tensor 'b' leaves a hole before it");
    check(&two("[0, 4]", "[4, 8]").replace("\"b\"", "\"a\""), 8, "the tensor 'a' is there twice");
    check(&two("[0, 4]", "[4, 8]").replace("\"b\"", "\"\\u001b[31mx\""), 4, "the tensor '[31mx' ends at byte 8");
    assert!(parse_header(&header(&two("[4, 8]", "[0, 4]")), header(&two("[4, 8]", "[0, 4]")).len() as u64 + 8).is_ok());
    // Of a type nobody here has heard of the place says the size.
    let new = header(&one("F2_NEW", "[16]", "[0, 4]"));
    assert_eq!(parse_header(&new, new.len() as u64 + 4).map(|read| read.tensors[0].bytes), Ok(Bytes::new(4)));
}

#[test]
fn a_header_of_any_length_is_refused_without_reading_it() {
    for length in [u64::MAX, 1 << 63, 100_000_001, 99_999_999, 9] {
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.push(b'{');
        for file_len in [9, 1 << 62] {
            let error = parse_header(&bytes, file_len).expect_err("no header").to_string();
            assert!(error.starts_with("safetensors header: it "), "{length}: {error}");
        }
    }
    let mut bytes = header("{\"a\": 1}");
    bytes[12] = 0xff;
    let error = parse_header(&bytes, bytes.len() as u64).expect_err("no text").to_string();
    assert!(error.contains("it is no text at byte 12"), "{error}");
    assert!(parse_header(&[], 0).is_err_and(|error| error.to_string().contains("eight bytes")));
}

#[test]
fn flipped_bytes_never_panic() {
    let (bytes, length) = file(SMALL);
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |most: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % most as u64) as usize
    };
    let mut good = 0;
    for round in 0..20_000 {
        let mut flipped = bytes.clone();
        for _ in 0..=next(3) {
            let at = next(flipped.len());
            flipped[at] = if round % 2 == 0 { next(256) as u8 } else { b"0123456789{}[],:\""[next(17)] };
        }
        if let Ok(read) = parse_header(&flipped, length) {
            good += 1;
            let sum: u64 = read.tensors.iter().map(|tensor| tensor.bytes.get()).sum();
            assert_eq!(read.data_start + sum, length, "what is read fills the file");
        }
    }
    assert!(good > 50, "only {good} of the changed files were read");
}

fn index(map: &[(&str, &str)]) -> String {
    let map: Map<String, Value> = map.iter().map(|(name, part)| ((*name).to_owned(), json!(part))).collect();
    json!({"metadata": {"total_size": 240}, "weight_map": map}).to_string()
}

#[test]
fn an_index_lists_plain_neighbours_and_no_others() {
    let read = parse_index(&index(&[("a", "m-2.safetensors"), ("b", "m-1.safetensors"), ("c", "m-2.safetensors")]));
    let parts = vec!["m-1.safetensors".to_owned(), "m-2.safetensors".to_owned()];
    assert_eq!(read, Ok(Index { parts, tensors: 3, total: Some(Bytes::new(240)) }));
    let check = |text: &str, words: &str| {
        let error = parse_index(text).expect_err(words).to_string();
        assert!(error.contains(words), "'{error}' does not say '{words}'");
    };
    for bad in [
        "../x.safetensors",
        "/etc/x.safetensors",
        "a/b.safetensors",
        "a\\b.safetensors",
        "C:x.safetensors",
        "..",
        "",
        "x.bin",
        ".safetensors",
        ".x.safetensors",
        "a\u{0}.safetensors",
        "a\n.safetensors",
    ] {
        check(&index(&[("a", bad)]), "is no file beside the index");
    }
    check(&index(&[("a", &format!("{}.safetensors", "x".repeat(300)))]), "is no file beside the index");
    check(&index(&[]), "weight_map: it is empty");
    check("{\"weight_map\": {\"a\": 7}}", "weight_map: 'a' is in no file");
    check("{\"weight_map\": []}", "weight_map: it is missing");
    check("{}", "weight_map: it is missing");
    check("7", "weight_map: it is missing");
    check("{\"weight_map\": {\"a\"", "line 1");
    let many = |count: usize| {
        let map: Map<String, Value> =
            (0..count).map(|i| (format!("t{i}"), json!(format!("m-{i}.safetensors")))).collect();
        json!({"weight_map": map}).to_string()
    };
    assert_eq!(parse_index(&many(MOST_PARTS)).map(|read| read.parts.len()), Ok(MOST_PARTS));
    check(&many(2000), "more than 1,000 files");
    assert_eq!(parse_index(&index(&[("a", "m.safetensors")]).replace("240", "-1")).map(|read| read.total), Ok(None));
}
