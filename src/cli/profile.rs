//! `willitrun profile show|validate|encode|decode|diff`: the documents users share, and their share codes. A profile is
//! a machine; models and quants of the user's own go the same way.

use std::io::Write;
use std::path::Path;

use serde_json::json;

use crate::catalog::Catalog;
use crate::formats::any_doc::Document;
use crate::formats::machine_diff;
use crate::formats::machine_doc::{self, Live, MachineDoc};
use crate::formats::share_code;
use crate::hardware::Machine;

use super::{Failure, Words, files, question};

pub(super) fn run(mut words: Words, out: &mut dyn Write) -> Result<(), Failure> {
    let json = words.flag("json");
    let (Some(what), Some(name)) = (words.next(), words.next()) else {
        return Err(Failure::Request(
            "write willitrun profile show|validate|encode|decode|diff and a file, an id or a share code".to_owned(),
        ));
    };
    let mut names = vec![name.clone()];
    while let (true, Some(next)) = (what == "diff", words.next()) {
        names.push(next);
    }
    words.done()?;
    let text = match what.as_str() {
        "show" => show(&name, json)?,
        "validate" => validate(&name, json)?,
        "encode" => encode(&name, json)?,
        "decode" => decode(&name, json)?,
        "diff" => diff(&names, json)?,
        other => {
            return Err(Failure::Request(format!(
                "'{}' cannot be done with a profile: show, validate, encode, decode or diff",
                crate::formats::shown(other, 40)
            )));
        }
    };
    out.write_all(text.as_bytes()).map_err(|error| Failure::Machine(format!("nothing can be written: {error}")))
}

/// A document as JSON: what it is, and what was asked of it.
fn as_json(document: &Document, asked: &[(&str, &str)]) -> String {
    let kind = match document {
        Document::Machine(_) => "machine",
        Document::Model(_) => "model",
        Document::Quant(_) => "quant",
    };
    let mut value = json!({
        "schema": "willitrun.profile/1", "kind": kind, "id": document.id(), "name": document.name(),
    });
    for (key, text) in asked {
        value[*key] = json!(text);
    }
    format!("{value:#}\n")
}

/// The most machines that are compared at a time.
const MOST_COMPARED: usize = 4;

/// How machines differ.
fn diff(names: &[String], json: bool) -> Result<String, String> {
    if !(2..=MOST_COMPARED).contains(&names.len()) {
        return Err(format!(
            "profile diff compares two to {MOST_COMPARED} machines: name each by id, file or share code"
        ));
    }
    let machines: Vec<Machine> = names
        .iter()
        .map(|name| match document(name)? {
            Document::Machine(doc) => {
                let mut machine = doc.machine;
                Catalog::builtin().resolve(&mut machine);
                Ok(machine)
            }
            other => Err(format!("'{}' is not the profile of a machine: only those are compared", other.name())),
        })
        .collect::<Result<_, String>>()?;
    let machines: Vec<&Machine> = machines.iter().collect();
    Ok(if json { format!("{:#}\n", machine_diff::json(&machines)) } else { machine_diff::text(&machines) })
}

/// A machine or a model by id, or a document of any kind from a file or a share code.
fn document(name: &str) -> Result<Document, String> {
    let catalog = Catalog::builtin();
    let path = Path::new(name);
    if name.trim_start().starts_with("WIR") && !path.is_file() {
        return Document::read(name).map_err(|error| error.to_string());
    }
    if path.is_file() || path.extension().is_some_and(|end| end.eq_ignore_ascii_case("ron")) {
        let text = files::text(path)?;
        return Document::read(&text).map_err(|error| format!("{name}, {error}"));
    }
    if name == "this" {
        let (machine, _) = super::ThisMachine::default().get().clone();
        return Ok(Document::Machine(Box::new(MachineDoc::new(machine.for_others()))));
    }
    if let Some(doc) = catalog.profile(name) {
        return Ok(Document::Machine(Box::new(doc.clone())));
    }
    match question::named_machine(name, catalog, &super::ThisMachine::default()) {
        Ok(machine) => Ok(Document::Machine(Box::new(MachineDoc::new(machine)))),
        Err(why) => match question::model(name, catalog, &mut Vec::new()) {
            Ok(model) => Ok(Document::Model(Box::new(model.as_ref().clone()))),
            Err(_) => Err(why),
        },
    }
}

fn show(name: &str, json: bool) -> Result<String, String> {
    let mut document = document(name)?;
    let Document::Machine(doc) = &mut document else {
        let text = document.write();
        return Ok(if json { as_json(&document, &[("document", &text)]) } else { format!("{text}\n") });
    };
    if json {
        let tree = machine_doc::tree(doc, Live::Left);
        return serde_json::to_string_pretty(&tree).map(|text| format!("{text}\n")).map_err(|error| error.to_string());
    }
    Catalog::builtin().resolve(&mut doc.machine);
    Ok(format!("{}\n", super::detect::text(&doc.machine)))
}

/// The share code of a document.
fn encode(name: &str, json: bool) -> Result<String, String> {
    let document = document(name)?;
    let code = share_code::encode(&document.write()).map_err(|error| error.to_string())?;
    Ok(if json { as_json(&document, &[("code", &code)]) } else { format!("{code}\n") })
}

fn validate(name: &str, json: bool) -> Result<String, String> {
    let document = document(name)?;
    let kind = match &document {
        Document::Machine(doc) => {
            let catalog = Catalog::builtin();
            for device in doc.machine.pools.iter().filter_map(|pool| pool.device.as_ref()) {
                if !catalog.accelerators.iter().any(|row| row.id == device.id) {
                    return Err(format!("{name}: the device '{}' is not known: see willitrun devices", device.id));
                }
            }
            "profile"
        }
        Document::Model(_) => "model",
        Document::Quant(_) => "quant",
    };
    if json {
        return Ok(as_json(&document, &[]));
    }
    Ok(format!("{name} is a good {kind}: {}\n", document.name()))
}

/// The document in a share code, given as itself or as a file that holds it.
fn decode(name: &str, json: bool) -> Result<String, String> {
    let path = Path::new(name);
    let code = if path.is_file() { files::text(path)? } else { name.to_owned() };
    let text = share_code::decode(code.trim()).map_err(|error| error.to_string())?;
    // Written anew: what stands between the lines of a foreign document is not passed on to a terminal.
    let document = Document::read(&text).map_err(|error| format!("the profile in the code, {error}"))?;
    let text = document.write();
    if json {
        return Ok(as_json(&document, &[("document", &text)]));
    }
    Ok(if text.ends_with('\n') { text } else { format!("{text}\n") })
}
