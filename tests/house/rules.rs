//! The rules: what each asks of a file, and how it is checked.

use super::source::{File, Kind, Name, Token};

/// The modules from the ground up. Each names only those before it.
pub const LAYERS: [&str; 20] = [
    "units",
    "quant",
    "model",
    "hardware",
    "memory",
    "placement",
    "speed",
    "verdict",
    "scenario",
    "advice",
    "reasoning",
    "formats",
    "catalog",
    "detect",
    "measure",
    "store",
    "library",
    "ui",
    "app",
    "cli",
];

/// The last of the pure modules.
const LAST_PURE: &str = "catalog";

/// What a module may not name although it stands above.
const CLOSED: [(&str, &[&str], &str); 2] = [
    ("memory", &["hardware"], "bytes needed are the same on every machine"),
    ("ui", &["detect", "measure", "store", "library"], "a view draws what it is lent"),
];

/// Where a rule is known not to hold: rule, file, what is named there, and why.
pub const EXCEPTIONS: [(&str, &str, &str, &str); 1] =
    [("layers", "src/ui/measure/state.rs", "crate::measure::Progress", "how far a measurement is, as a value to draw")];

/// The longest a file may be.
pub const MOST_LINES: usize = 500;

/// A line that breaks a rule.
#[derive(Clone, Debug)]
pub struct Breach {
    pub line: usize,
    /// What stands there.
    pub what: String,
    /// Why it may not.
    pub why: String,
}

/// A rule: what it is called, what it asks, and how it is checked.
pub struct Rule {
    pub name: &'static str,
    pub asks: &'static str,
    pub check: fn(&File) -> Vec<Breach>,
}

pub const LAYERED: Rule =
    Rule { name: "layers", asks: "a module names only those above it in src/lib.rs", check: layered };
pub const PURE: Rule = Rule {
    name: "pure",
    asks: "from units to catalog: no files, clock, environment, threads, output or log",
    check: pure,
};
pub const WINDOW: Rule = Rule { name: "window", asks: "egui and eframe are named in ui and app only", check: window };
pub const THREADS: Rule =
    Rule { name: "threads", asks: "threads start in app::job, cli and measure only", check: threads };
pub const PROCESSES: Rule =
    Rule { name: "processes", asks: "other programs start in app::job, cli and detect::child only", check: processes };
pub const FILES: Rule =
    Rule { name: "files", asks: "files open in detect, measure::disk, store, library and cli only", check: files };
pub const UNSAFE: Rule =
    Rule { name: "unsafe", asks: "a SAFETY comment stands right above each unsafe", check: explained };
pub const SHORT: Rule = Rule { name: "short", asks: "no file is longer than 500 lines", check: short };
pub const SCHEMA: Rule = Rule { name: "schema", asks: "only formats derives what is written down", check: schema };
pub const COLOURS: Rule = Rule { name: "colours", asks: "colours are made in ui/theme.rs only", check: colours };

pub const RULES: [Rule; 10] = [LAYERED, PURE, WINDOW, THREADS, PROCESSES, FILES, UNSAFE, SHORT, SCHEMA, COLOURS];

fn place(room: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == room)
}

fn is_pure(room: &str) -> bool {
    place(room).is_some_and(|own| Some(own) <= place(LAST_PURE))
}

fn within(file: &File, places: &[&str]) -> bool {
    places.iter().any(|place| {
        let parts: Vec<&str> = place.split("::").collect();
        file.module.iter().map(String::as_str).take(parts.len()).eq(parts.iter().copied())
    })
}

/// Every name for which a reason is found, as a breach.
fn named(file: &File, reason: impl Fn(&Name) -> Option<String>) -> Vec<Breach> {
    let found = file.names.iter().filter_map(|name| Some((name, reason(name)?)));
    found.map(|(name, why)| Breach { line: name.line, what: name.shown(), why }).collect()
}

fn layered(file: &File) -> Vec<Breach> {
    let room = file.room();
    let Some(own) = place(room) else {
        let known = matches!(room, "lib" | "main");
        let why = format!("{room} is no layer of tests/house.rs");
        return if known { Vec::new() } else { vec![Breach { line: 1, what: room.to_owned(), why }] };
    };
    named(file, |name| {
        let other = name.of_crate()?;
        let closed = CLOSED.iter().find(|(layer, closed, _)| *layer == room && closed.contains(&other));
        match place(other) {
            _ if other.is_empty() || other == "*" => Some("what it brings in cannot be seen".to_owned()),
            None => Some(format!("{other} is no layer")),
            Some(_) if closed.is_some() => closed.map(|(.., why)| format!("{room} may not name {other}: {why}")),
            Some(place) if place > own => Some(format!("{other} stands below {room}")),
            Some(_) => None,
        }
    })
}

fn pure(file: &File) -> Vec<Breach> {
    const EFFECTS: [&[&str]; 13] = [
        &["std", "env"],
        &["std", "fs"],
        &["std", "net"],
        &["std", "os"],
        &["std", "process"],
        &["std", "thread"],
        &["env", "var*"],
        &["Instant"],
        &["SystemTime"],
        &["log"],
        &["stdin"],
        &["stdout"],
        &["stderr"],
    ];
    const OUTPUT: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];
    if !is_pure(file.room()) {
        return Vec::new();
    }
    let why = || format!("{} is pure", file.room());
    let mut found = named(file, |name| {
        // `x.log()` is arithmetic; the crate is called as `log::`.
        let effect = EFFECTS
            .iter()
            .any(|effect| name.has(effect) && (*effect != ["log"] || name.parts[0] == "log" && name.parts.len() > 1));
        (effect && !name.test).then(why)
    });
    let calls =
        file.tokens.windows(2).filter(|two| !two[0].test && two[1].text == "!" && OUTPUT.contains(&&*two[0].text));
    found.extend(calls.map(|two| breach(&two[0], why())));
    found
}

fn breach(token: &Token, why: String) -> Breach {
    Breach { line: token.line, what: token.text.clone(), why }
}

fn window(file: &File) -> Vec<Breach> {
    if within(file, &["ui", "app"]) {
        return Vec::new();
    }
    named(file, |name| {
        let framework = name.parts.iter().any(|part| part.starts_with("egui") || part == "eframe");
        framework.then(|| format!("{} knows no window", file.room()))
    })
}

fn threads(file: &File) -> Vec<Breach> {
    if within(file, &["app::job", "cli", "measure"]) {
        return Vec::new();
    }
    named(file, |name| {
        let starts = ["spawn", "Builder", "scope", "*"].iter().any(|last| name.has(&["thread", last]));
        let hides = name.ends(&["std", "thread"]);
        (starts || hides).then(|| format!("{} starts no thread", file.module.join("::")))
    })
}

fn processes(file: &File) -> Vec<Breach> {
    if within(file, &["app::job", "cli", "detect::child"]) {
        return Vec::new();
    }
    named(file, |name| {
        let starts = ["Command", "*"].iter().any(|last| name.has(&["process", last]));
        let hides = name.ends(&["std", "process"]);
        (starts || hides).then(|| format!("{} starts no program", file.module.join("::")))
    })
}

fn files(file: &File) -> Vec<Breach> {
    const METHODS: [&str; 8] =
        ["exists", "try_exists", "is_file", "is_dir", "read_dir", "read_link", "canonicalize", "symlink_metadata"];
    if within(file, &["detect", "measure::disk", "store", "library", "cli"]) {
        return Vec::new();
    }
    let why = || format!("{} opens no file", file.module.join("::"));
    let mut found = named(file, |name| {
        let opens = name.has(&["std", "fs"])
            || name.parts.starts_with(&["fs".to_owned()]) && name.parts.len() > 1
            || ["open", "create*", "options"].iter().any(|way| name.has(&["File", way]))
            || name.has(&["OpenOptions"])
            || name.has(&["tempfile"]);
        opens.then(why)
    });
    let asks = file
        .tokens
        .windows(3)
        .filter(|three| three[0].text == "." && METHODS.contains(&&*three[1].text) && three[2].text == "(");
    found.extend(asks.map(|three| breach(&three[1], why())));
    found
}

fn explained(file: &File) -> Vec<Breach> {
    let bare = file.tokens.iter().filter(|token| token.kind == Kind::Word && token.text == "unsafe");
    let bare = bare.filter(|token| {
        // Upwards through comments, attributes and the statement it stands in.
        let above = file.lines[..token.line - 1].iter().rev().map(|line| line.trim());
        let mut own = above.take_while(|line| {
            line.starts_with("//")
                || line.starts_with('#')
                || !(line.is_empty() || line.ends_with([';', '{', '}', ',']))
        });
        !own.any(|line| line.starts_with("//") && (line.contains("SAFETY") || line.contains("# Safety")))
    });
    bare.map(|token| breach(token, "it does not say why it is sound".to_owned())).collect()
}

fn short(file: &File) -> Vec<Breach> {
    let line = file.lines.len();
    let long =
        (line > MOST_LINES).then(|| Breach { line, what: format!("{line} lines"), why: "it is two nouns".to_owned() });
    long.into_iter().collect()
}

fn schema(file: &File) -> Vec<Breach> {
    if within(file, &["formats"]) {
        return Vec::new();
    }
    named(file, |name| {
        let derives = name.parts[0] == "serde" || ["Serialize", "Deserialize"].iter().any(|word| name.has(&[word]));
        derives.then(|| "types in memory are not documents".to_owned())
    })
}

fn colours(file: &File) -> Vec<Breach> {
    const MAKERS: [&str; 4] = ["Color32", "Rgba", "Hsva", "HsvaGamma"];
    const NONE: [&str; 2] = ["TRANSPARENT", "PLACEHOLDER"];
    if file.path == "src/ui/theme.rs" {
        return Vec::new();
    }
    let why = || "a colour has one home".to_owned();
    let mut found = named(file, |name| {
        let makes = MAKERS.iter().any(|maker| {
            let constant = |part: &str| part.len() > 1 && part.chars().all(|c| c.is_ascii_uppercase() || c == '_');
            let after = name.parts.iter().skip_while(|part| part != maker).nth(1);
            after.is_some_and(|part| {
                part == "new" || part.starts_with("from_") || constant(part) && !NONE.contains(&part.as_str())
            })
        });
        (makes || name.has(&["hex_color"])).then(why)
    });
    let written = file.tokens.iter().filter(|token| within(file, &["ui", "app"]) && is_hex_colour(token));
    found.extend(written.map(|token| breach(token, why())));
    found
}

/// Whether a literal reads as a colour: `"#1f2e3d"`, `0x1f2e3d` or one with opacity.
fn is_hex_colour(token: &Token) -> bool {
    let digits = match token.kind {
        Kind::Text => token.text.trim_matches('"').strip_prefix('#'),
        Kind::Number => token.text.strip_prefix("0x"),
        _ => None,
    };
    digits
        .map(|digits| digits.replace('_', ""))
        .is_some_and(|digits| [6, 8].contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit()))
}
