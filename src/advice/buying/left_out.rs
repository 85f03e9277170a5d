//! What is not offered because the machine cannot take it, and why.

use crate::hardware::{Form, Machine, PoolKind};

use super::{host, is_on_a_full_board, is_soldered, takes_cards, takes_drives};

/// One sentence for each reason why things are left out; empty where everything was offered.
#[must_use]
pub fn left_out(machine: &Machine) -> Vec<String> {
    let form = machine.built();
    // What a form does not take is so by its form; where no form is known, by the memory.
    let takes_none = |takes: fn(Form) -> bool| match form.filter(|form| !takes(*form)) {
        Some(form) => format!("{} takes none", form.phrase()),
        None => "where the memory is soldered, the rest mostly is, too".to_owned(),
    };
    let mut things: Vec<(&str, String)> = Vec::new();
    if host(machine).is_none() {
        things.push(("RAM", memory(machine, form)));
    }
    if !takes_drives(machine) {
        things.push(("drives", takes_none(Form::takes_drives)));
    }
    if !takes_cards(machine) {
        things.extend(["cards", "wider slots", "other boards"].map(|thing| (thing, takes_none(Form::takes_cards))));
    }
    if machine.pools.iter().any(|pool| pool.kind == PoolKind::Vram && is_on_a_full_board(machine, pool)) {
        things.push(("one more of its GPUs", "every place of the board that joins them is taken".to_owned()));
    }
    let mut said = Vec::new();
    while let Some((_, why)) = things.first().cloned() {
        let of = |thing: &&(&str, String)| thing.1 == why;
        let names: Vec<&str> = things.iter().filter(of).map(|(name, _)| *name).collect();
        said.push(sentence(&names, &why));
        things.retain(|(_, other)| *other != why);
    }
    said
}

/// Why no RAM is offered.
fn memory(machine: &Machine, form: Option<Form>) -> String {
    let own = |kind: PoolKind| machine.pools.iter().find(move |pool| pool.kind == kind && pool.node.is_none());
    match (form.filter(|form| !form.takes_modules()), own(PoolKind::Ram)) {
        (Some(form), _) => format!("{} takes none", form.phrase()),
        (None, Some(pool)) if is_soldered(pool) => {
            format!("its {} is soldered", pool.dimms.as_ref().map_or("memory", |dimms| dimms.kind.as_str()))
        }
        (None, _) if own(PoolKind::Unified).is_some() => "its memory is soldered beside the processor".to_owned(),
        (None, _) => "nothing is known of what it has".to_owned(),
    }
}

fn sentence(names: &[&str], why: &str) -> String {
    match names {
        [one] if *one != "drives" => format!("Left out is {one}: {why}."),
        [one] => format!("Left out are {one}: {why}."),
        [first @ .., last] => format!("Left out are {} and {last}: {why}.", first.join(", ")),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::{Dimms, Figure, Link, LinkKind, Pool};
    use crate::units::Bytes;

    fn machine(kind: PoolKind, dimms: &str, form: Option<Form>) -> Machine {
        let mut pool = Pool::new("ram", kind, Figure::typed(Bytes::gib(16)));
        pool.dimms = Some(Dimms { kind: dimms.to_owned(), ..Dimms::default() });
        Machine { pools: vec![pool], form, ..Machine::new("m", "M") }
    }

    #[test]
    fn what_is_left_out_is_told_with_its_reason() {
        const NO_CARDS: &str = "Left out are cards, wider slots and other boards: a laptop takes none.";
        const SOLDERED: &str = "Left out is RAM: its memory is soldered beside the processor.";
        for (kind, dimms, form, said) in [
            (PoolKind::Ram, "DDR5", None, vec![]),
            (PoolKind::Ram, "DDR5", Some(Form::Desktop), vec![]),
            (PoolKind::Ram, "DDR5", Some(Form::Server), vec![]),
            (PoolKind::Ram, "DDR5", Some(Form::Laptop), vec![NO_CARDS]),
            (PoolKind::Ram, "LPDDR5X", Some(Form::Laptop), vec!["Left out is RAM: its LPDDR5X is soldered.", NO_CARDS]),
            (PoolKind::Unified, "", Some(Form::Laptop), vec![SOLDERED, NO_CARDS]),
            (
                PoolKind::Ram,
                "DDR4",
                Some(Form::SingleBoard),
                vec![
                    "Left out are RAM, drives, cards, wider slots and other boards: a single-board computer takes none.",
                ],
            ),
            (
                PoolKind::Unified,
                "",
                Some(Form::Mac),
                vec!["Left out are RAM, drives, cards, wider slots and other boards: a Mac takes none."],
            ),
            (
                PoolKind::Unified,
                "",
                None,
                vec![
                    SOLDERED,
                    "Left out are drives, cards, wider slots and other boards: where the memory is soldered, the rest mostly is, too.",
                ],
            ),
        ] {
            assert_eq!(left_out(&machine(kind, dimms, form)), said);
        }
    }

    #[test]
    fn a_board_of_gpus_takes_no_more() {
        let joined = |count: usize| {
            let mut machine = machine(PoolKind::Ram, "DDR5", Some(Form::Server));
            let ids: Vec<String> = (0..count).map(|at| format!("gpu{at}")).collect();
            let card = |id: &String| Pool::new(id, PoolKind::Vram, Figure::typed(Bytes::gib(80)));
            machine.pools.extend(ids.iter().map(card));
            machine.links.push(Link {
                id: "nvlink0".to_owned(),
                kind: LinkKind::Nvlink,
                generation: None,
                lanes: None,
                joins: ids,
                bandwidth: None,
                latency: None,
            });
            left_out(&machine)
        };
        assert!(joined(2).is_empty(), "a bridge joins two cards in slots");
        let eight = joined(8);
        assert_eq!(eight, ["Left out is one more of its GPUs: every place of the board that joins them is taken."]);
    }
}
