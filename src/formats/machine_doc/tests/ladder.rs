//! Documents of an older version. There is none yet, so the ladder is tried with one that never was: version 0 said
//! `title` for the name, told sizes in GiB without a source, and held a checksum.

use super::super::ladder::{LADDER, Ladder};
use super::super::{Field, Node, Value, read_by};
use super::*;
use crate::formats::tree::Number;

const PRETENDED: Ladder = Ladder { oldest: 0, steps: &[from_0_to_1] };

fn from_0_to_1(fields: &mut Vec<Field>) {
    fields.retain(|field| field.key != "checksum");
    for field in fields.iter_mut() {
        if field.key == "title" {
            "name".clone_into(&mut field.key);
        }
        if let ("pools", Value::List(pools)) = (field.key.as_str(), &mut field.node.value) {
            pools.iter_mut().for_each(sized_in_bytes);
        }
    }
}

fn sized_in_bytes(pool: &mut Node) {
    let Value::Group(fields) = &mut pool.value else { return };
    for field in fields.iter_mut().filter(|field| field.key == "gib") {
        let Value::Number(gib) = &field.node.value else { continue };
        let bytes = Number::whole(gib.as_u64().unwrap_or(0) << 30);
        let own = |key: &str, value: Value| Field { key: key.to_owned(), node: value.into() };
        let group = vec![own("value", Value::Number(bytes)), own("source", Value::Text("typed".to_owned()))];
        "capacity_bytes".clone_into(&mut field.key);
        field.node.value = Value::Group(group);
    }
}

const OLD: &str = r#"(
    format: "willitrun.machine", version: 0, id: "old", title: "An old one", colour: "grey", checksum: 7,
    pools: [(id: "ram", kind: "ram", gib: 64, bay: 4), (id: "disk", kind: "disk", gib: 1000)],
)"#;

#[test]
fn an_old_document_is_read_and_saved_as_a_new_one() {
    let old = read_by(&PRETENDED, OLD, Origin::Own).expect("the ladder reaches down to it");
    assert_eq!((old.machine.id.as_str(), old.machine.name.as_str()), ("old", "An old one"));
    let sizes: Vec<Figure<Bytes>> = old.machine.pools.iter().map(|pool| pool.capacity.clone()).collect();
    assert_eq!(sizes, [Figure::typed(Bytes::gib(64)), Figure::typed(Bytes::gib(1000))]);
    let text = write(&old);
    assert!(
        text.contains("version: 1") && !text.contains("title") && !text.contains("gib") && !text.contains("checksum"),
        "{text}"
    );
    // What no version knows passes through every step.
    assert!(text.contains("colour: \"grey\"") && text.contains("bay: 4"), "{text}");
    // Saved, it is one of today's: no ladder is needed to read it.
    assert_eq!(own(&text), old);
}

#[test]
fn a_new_document_takes_no_step() {
    let text = EXAMPLE.replace("id: \"epyc", "title: \"kept\", id: \"epyc");
    let doc = read_by(&PRETENDED, &text, Origin::Own).expect("of this version");
    assert_eq!(doc, own(&text), "the step would have made a second name of it");
    assert!(write(&doc).contains("title: \"kept\""));
}

#[test]
fn a_version_beyond_either_end_is_refused() {
    let refused = |ladder: &Ladder, text: &str| read_by(ladder, text, Origin::Own).expect_err("refused").to_string();
    assert!(
        refused(&LADDER, OLD).contains("version is 0; expected a whole number from 1"),
        "{}",
        refused(&LADDER, OLD)
    );
    let newer = OLD.replace("version: 0", "version: 99");
    for ladder in [&LADDER, &PRETENDED] {
        let said = refused(ladder, &newer);
        assert!(said.ends_with("version 99 needs a newer willitrun (this one reads version 1)"), "{said}");
    }
}

#[test]
fn steps_are_taken_in_order_from_where_the_document_stands() {
    fn mark(fields: &mut Vec<Field>, word: &str) {
        fields.push(Field { key: word.to_owned(), node: Value::Nothing.into() });
    }
    const THREE: Ladder = Ladder {
        oldest: 4,
        steps: &[|fields| mark(fields, "a"), |fields| mark(fields, "b"), |fields| mark(fields, "c")],
    };
    assert_eq!(THREE.newest(), 7);
    for (from, taken) in [(4, "abc"), (5, "bc"), (6, "c"), (7, "")] {
        let mut fields = Vec::new();
        THREE.climb(&mut fields, from);
        assert_eq!(fields.iter().map(|field| field.key.as_str()).collect::<String>(), taken, "from {from}");
    }
}
