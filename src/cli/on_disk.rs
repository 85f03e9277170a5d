//! `willitrun files`: the models on this disk, each with its verdict on one machine.

use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use crate::advice::{self, Ranked};
use crate::catalog::Catalog;
use crate::formats::answer_json;
use crate::formats::settings_doc::Settings;
use crate::library::{self, Found, Limits, Listing, Place, Reached};
use crate::measure::Cancel;
use crate::store::Store;
use crate::units::TokensPerSecond;

use super::question::{Expanded, question};
use super::{Failure, ThisMachine, Words};

/// Every file is asked about as it is.
const FOREIGN: [&str; 6] = ["model", "quant", "imatrix", "file-gib", "experts", "shell"];

pub(super) fn run(mut words: Words, out: &mut dyn Write) -> Result<(), Failure> {
    let json = words.flag("json");
    let mut places = library::places();
    places.extend(kept_folders().into_iter().map(Place::added));
    while let Some(folder) = words.take("folder") {
        if !Path::new(&folder).is_dir() {
            return Err(Failure::Request(format!("{folder} is not a folder: name one that is there with --folder")));
        }
        places.push(Place::added(folder));
    }
    let mut request = words.request(&FOREIGN)?;
    // Any model stands for those that are found: machine and options are what the request is for.
    request.model = Catalog::builtin().models.first().map(|model| model.id.clone());
    request.quant = Some("Q4_K_M".to_owned());
    let asked = question(&request, &ThisMachine::default(), &mut Expanded::default())?.scenario;
    let listing = library::scan(&places, Limits::default(), &Cancel::new(), &mut |_| ()).unwrap_or_default();
    let rows: Vec<(&Found, Option<Ranked>)> = listing
        .models
        .iter()
        .map(|found| (found, found.subject().map(|subject| advice::judge(&asked, subject))))
        .collect();
    let text = if json {
        let value = json!({
            "schema": "willitrun.files/1",
            "machine": asked.machine.id,
            "context": asked.run.context.get(),
            "rows": rows.iter().map(|(found, answer)| as_json(found, answer.as_ref())).collect::<Vec<_>>(),
            "looked": looked(&listing),
            "findings": listing.findings.iter().map(answer_json::finding).collect::<Vec<_>>(),
        });
        format!("{value:#}\n")
    } else {
        let lines = rows.iter().map(|(found, answer)| as_text(found, answer.as_ref()));
        let findings = listing.findings.iter().map(|finding| format!("{} {}\n", finding.what, finding.remedy));
        let none = listing.models.is_empty().then(|| format!("No models were found in {}.\n", names(&listing)));
        none.into_iter().chain(lines).chain(findings).collect()
    };
    super::print(out, &text)
}

/// The folders the user added in the window.
fn kept_folders() -> Vec<String> {
    let text = Store::open().ok().and_then(|store| store.load_settings().ok()).flatten();
    text.and_then(|text| Settings::read(&text).ok()).map(|settings| settings.folders).unwrap_or_default()
}

fn as_json(found: &Found, answer: Option<&Ranked>) -> Value {
    json!({
        "name": found.name,
        "path": found.path.display().to_string(),
        "files": found.files,
        "bytes": found.bytes.get(),
        "kind": found.kind(),
        "quant": found.quant(),
        "architecture": found.architecture(),
        "program": found.program.name(),
        "verdict": answer.map(|answer| answer.level.name()),
        "decode_tps": answer.and_then(|answer| answer.rate),
        "memory_bytes": answer.map(|answer| answer.memory.get()),
        "context_max": answer.and_then(|answer| answer.context_max).map(crate::units::Tokens::get),
        "why": found.why(),
    })
}

fn as_text(found: &Found, answer: Option<&Ranked>) -> String {
    let rate = answer.and_then(|answer| answer.rate);
    let rate = rate.map_or_else(|| "-".to_owned(), |rate| TokensPerSecond::saturating(rate).to_string());
    let why = if answer.is_some() { None } else { found.why() };
    format!(
        "{:<15} {:<44} {:<9} {:>9} {rate:>6} t/s  {}{}\n",
        answer.map_or(found.words(), |answer| answer.level.words()),
        found.name,
        found.quant().unwrap_or("-"),
        found.bytes.in_gb(),
        found.program.name(),
        why.map_or_else(String::new, |why| format!("\n{:15} {why}", "")),
    )
}

fn looked(listing: &Listing) -> Vec<Value> {
    let row = |looked: &library::Looked| {
        let (reached, found) = match looked.reached {
            Reached::Read(count) => ("read", Some(count)),
            Reached::Absent => ("absent", None),
            Reached::Refused => ("refused", None),
        };
        let folder = looked.place.folder.display().to_string();
        json!({ "program": looked.place.program.name(), "folder": folder, "reached": reached, "found": found })
    };
    listing.looked.iter().map(row).collect()
}

fn names(listing: &Listing) -> String {
    let folders: Vec<String> = listing.looked.iter().map(|looked| looked.place.folder.display().to_string()).collect();
    crate::formats::shown(&folders.join(", "), 2000)
}
