//! The shells of Windows, by the rules they are documented with: the words of a command are read back the way the
//! command prompt, a C program and `PowerShell` read them.

use willitrun::formats::commands::Shell;

/// Words a path or a name may hold.
const WORDS: [&str; 26] = [
    "plain.gguf",
    "",
    " ",
    "two  words ",
    "it's",
    "it\u{2019}s \u{2018}quoted\u{201a}",
    "a\"b\"c",
    "\"",
    "back\\slash\\",
    "back\\\\\"both\\\"",
    "C:\\my models\\",
    "%PRECIOUS%",
    "100%",
    "%PRECIOUS",
    "50% %PRECIOUS% \"q\"",
    "!PRECIOUS!",
    "^a^^b^",
    "a&b|c<d>e(f)",
    "a\"&calc&\"b",
    "$PRECIOUS ${PRECIOUS} $(calc)",
    "`calc` `n",
    "a;b,c=d",
    "-x.y:z",
    "#x @{a} ~",
    "größe 模型 🦙",
    "{0} [1] *?",
];

/// What the prompt makes of a line before a program sees it: variables that are set are put in, then quotes keep
/// what stands in them and a caret keeps the next character. An operator outside quotes is a failure.
/// <https://learn.microsoft.com/windows-server/administration/windows-commands/cmd>
fn at_the_prompt(line: &str) -> String {
    let line = line.replace("%PRECIOUS%", "expanded");
    let (mut seen, mut quoted) = (String::new(), false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '^' if !quoted => seen.extend(chars.next()),
            '"' => {
                quoted = !quoted;
                seen.push(c);
            }
            '&' | '|' | '<' | '>' if !quoted => panic!("'{c}' is an operator in {line}"),
            _ => seen.push(c),
        }
    }
    assert!(!quoted, "a quote stays open in {line}");
    seen
}

/// How a C program takes its words from a line.
/// <https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments>
fn words_of_c(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut slashes): (Vec<String>, Option<String>, bool, usize) =
        (Vec::new(), None, false, 0);
    for c in line.chars() {
        if c == '\\' {
            slashes += 1;
            continue;
        }
        if slashes > 0 {
            let own = word.get_or_insert_default();
            own.push_str(&"\\".repeat(if c == '"' { slashes / 2 } else { slashes }));
        }
        let escaped = slashes % 2 == 1;
        slashes = 0;
        match c {
            '"' if escaped => word.get_or_insert_default().push(c),
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' | '\t' if !quoted => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    if slashes > 0 {
        word.get_or_insert_default().push_str(&"\\".repeat(slashes));
    }
    words.extend(word);
    words
}

#[test]
fn a_word_goes_through_the_command_prompt_unchanged() {
    for word in WORDS {
        let line = format!("program {} last", Shell::Cmd.word(word).expect("it can be written"));
        assert_eq!(words_of_c(&at_the_prompt(&line)), ["program", word, "last"], "{line}");
    }
    // The reader reads: what is not quoted is another thing.
    assert_eq!(words_of_c(&at_the_prompt("a %PRECIOUS% \"b  c\" ^%d")), ["a", "expanded", "b  c", "%d"]);
}

/// How `PowerShell` reads one argument: plain, in single quotes, or in double quotes with backticks and numbers.
/// <https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules>
fn argument_of_powershell(text: &str) -> String {
    let single = |c: char| matches!(c, '\'' | '\u{2018}'..='\u{201b}');
    let double = |c: char| matches!(c, '"' | '\u{201c}'..='\u{201e}');
    let mut chars = text.chars().peekable();
    let mut read = String::new();
    match chars.peek().copied() {
        Some(first) if single(first) => {
            chars.next();
            while let Some(c) = chars.next() {
                if single(c) {
                    match chars.peek().copied() {
                        Some(next) if single(next) => read.extend(chars.next()),
                        Some(_) => panic!("something follows the quote in {text}"),
                        None => return read,
                    }
                } else {
                    read.push(c);
                }
            }
            panic!("a quote stays open in {text}");
        }
        Some(first) if double(first) => {
            chars.next();
            let mut rest: String = chars.collect();
            loop {
                if let Some((number, more)) = rest.strip_prefix("$([char]0x").and_then(|at| at.split_once(')')) {
                    let number = u32::from_str_radix(number, 16).expect("a number");
                    read.push(char::from_u32(number).expect("a character"));
                    rest = more.to_owned();
                    continue;
                }
                let c = rest.remove(0);
                match c {
                    '`' => read.push(rest.remove(0)),
                    '$' => panic!("a variable in {text}"),
                    _ if double(c) => {
                        assert!(rest.is_empty(), "something follows the quote in {text}");
                        return read;
                    }
                    _ => read.push(c),
                }
            }
        }
        _ => {
            assert!(
                text.chars().all(|c| c.is_ascii_alphanumeric() || "_./:\\-".contains(c)),
                "{text} is read otherwise"
            );
            text.to_owned()
        }
    }
}

#[test]
fn a_word_goes_through_powershell_unchanged() {
    for word in WORDS.into_iter().chain(["two\nlines", "tab\t`$x\u{1b}[0m\"\u{201c}", "right\u{202e}left"]) {
        let written = Shell::PowerShell.word(word).expect("it can be written");
        assert_eq!(argument_of_powershell(&written), word, "{written}");
        assert!(!written.chars().any(char::is_control), "{written:?}");
    }
}
