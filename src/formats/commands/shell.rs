//! How shells take a word unchanged, each in its own right.

use std::fmt;

use crate::formats::text::{is_unsafe, quoted};

/// A shell a command is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// A POSIX shell: dash, bash, zsh.
    Sh,
    /// Windows `PowerShell` 5.1 and `PowerShell` 7.
    PowerShell,
    /// The command prompt of Windows; not a batch file, where a percent sign is written in another way.
    Cmd,
}

/// Why a command cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unwritable {
    /// The path is not text; this is what can be shown of it.
    NotText(String),
    /// The shell has no way to write a character of this word.
    Word(Shell, String),
    /// A file of settings has no way to write a character of this word.
    Setting(String),
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText(path) => write!(f, "The path {} is not text, so no command can name it.", quoted(path)),
            Self::Word(shell, word) => {
                write!(
                    f,
                    "{} cannot write a control character of {}: choose another shell.",
                    shell.name(),
                    quoted(word)
                )
            }
            Self::Setting(word) => write!(f, "A Modelfile cannot write a control character of {}.", quoted(word)),
        }
    }
}

impl Shell {
    /// All, the usual one of this system's users first to be named.
    pub const ALL: [Self; 3] = [Self::Sh, Self::PowerShell, Self::Cmd];
    /// The usual one where the program was built for.
    pub const HERE: Self = if cfg!(windows) { Self::PowerShell } else { Self::Sh };

    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sh => "sh",
            Self::PowerShell => "PowerShell",
            Self::Cmd => "cmd",
        }
    }

    /// The shell of this name, in any case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shell| shell.name().eq_ignore_ascii_case(word))
    }

    /// A word the shell passes on unchanged, with nothing expanded.
    ///
    /// # Errors
    /// The shell has no way to write it: `cmd` no control characters, none a NUL.
    pub fn word(self, word: &str) -> Result<String, Unwritable> {
        let written = match self {
            Self::Sh => sh(word),
            Self::PowerShell => powershell(word),
            Self::Cmd => cmd(word),
        };
        written.ok_or_else(|| Unwritable::Word(self, word.to_owned()))
    }
}

/// Plain, or in single quotes. What cannot be seen comes from `printf`, so that no line end stands in the command;
/// command substitution drops line ends at the end, so a word that ends in one has no form.
fn sh(word: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(plain) && !word.starts_with('=') {
        return Some(word.to_owned());
    }
    if !word.chars().any(is_unsafe) {
        return Some(format!("'{}'", word.replace('\'', r"'\''")));
    }
    if word.contains('\0') || word.ends_with('\n') {
        return None;
    }
    let mut text = String::new();
    for c in word.chars() {
        match c {
            // An interactive bash replaces the exclamation mark even here.
            _ if is_unsafe(c) || matches!(c, '\'' | '\\' | '!') => {
                text.extend(c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\{byte:03o}")));
            }
            '%' => text.push_str("%%"),
            _ => text.push(c),
        }
    }
    Some(format!("\"$(printf '{text}')\""))
}

/// Plain, or in single quotes, where each kind of single quote it knows is doubled; what cannot be seen is named by
/// its number. Before 7.3 it loses double quotes on the way to a program, which Windows allows in no file name.
/// <https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules>
fn powershell(word: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:\\-".contains(c);
    let parameter = word.starts_with('-') && word.contains(['.', ':']);
    if !word.is_empty() && word.chars().all(plain) && !parameter {
        return Some(word.to_owned());
    }
    if word.contains('\0') {
        return None;
    }
    let mut text = String::new();
    if word.chars().any(is_unsafe) {
        for c in word.chars() {
            match c {
                '`' | '$' | '"' | '\u{201c}'..='\u{201e}' => text.extend(['`', c]),
                _ if is_unsafe(c) => text.extend(["$([char]0x", &format!("{:x}", u32::from(c)), ")"]),
                _ => text.push(c),
            }
        }
        return Some(format!("\"{text}\""));
    }
    for c in word.chars() {
        let quote = matches!(c, '\'' | '\u{2018}'..='\u{201b}');
        text.extend(std::iter::repeat_n(c, if quote { 2 } else { 1 }));
    }
    Some(format!("'{text}'"))
}

/// Plain, in double quotes, or, where those would not keep it, every character of meaning behind a caret. A program
/// takes its own words from the line: a quote behind a backslash is a quote, backslashes before one are doubled.
/// <https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments>
fn cmd(word: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:\\-+".contains(c);
    if word.chars().any(is_unsafe) {
        return None;
    }
    if !word.is_empty() && word.chars().all(plain) {
        return Some(word.to_owned());
    }
    let mut text = String::from("\"");
    let mut backslashes = 0;
    for c in word.chars().chain(['"']) {
        match c {
            '\\' => backslashes += 1,
            '"' => {
                text.push_str(&"\\".repeat(2 * backslashes));
                backslashes = 0;
                text.push_str("\\\"");
            }
            _ => {
                text.push_str(&"\\".repeat(backslashes));
                backslashes = 0;
                text.push(c);
            }
        }
    }
    // The last quote ends the word.
    text.truncate(text.len() - 2);
    text.push('"');
    Some(if word.contains(['"', '%']) { carets(&text) } else { text })
}

/// Text in which `cmd` finds nothing to do: a caret before each character of meaning. A caret within `%NAME%` names
/// a variable that is not set, so the prompt leaves it.
pub(super) fn carets(text: &str) -> String {
    let meant = |c: char| "()%!^\"<>&|".contains(c);
    text.chars().flat_map(|c| meant(c).then_some('^').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(shell: Shell, word: &str, expected: Option<&str>) {
        assert_eq!(shell.word(word).ok().as_deref(), expected, "{shell:?} {word:?}");
    }

    #[test]
    fn plain_words_stay_plain() {
        for shell in Shell::ALL {
            for word in
                ["DeepSeek-R1-Q4_K_M.gguf", "./a/b.gguf", "8192", "--n-cpu-moe", "unsloth/DeepSeek-R1-GGUF:UD-IQ1_S"]
            {
                check(shell, word, Some(word));
            }
        }
    }

    #[test]
    fn each_shell_quotes_in_its_own_way() {
        for (word, sh, powershell, cmd) in [
            ("", "''", "''", "\"\""),
            ("a b", "'a b'", "'a b'", "\"a b\""),
            ("3,1", "3,1", "'3,1'", "\"3,1\""),
            ("it's", "'it'\\''s'", "'it''s'", "\"it's\""),
            ("it\u{2019}s", "'it\u{2019}s'", "'it\u{2019}\u{2019}s'", "\"it\u{2019}s\""),
            ("a\"b", "'a\"b'", "'a\"b'", "^\"a\\^\"b^\""),
            ("a\\\"b\\", "'a\\\"b\\'", "'a\\\"b\\'", "^\"a\\\\\\^\"b\\\\^\""),
            ("C:\\my models\\", "'C:\\my models\\'", "'C:\\my models\\'", "\"C:\\my models\\\\\""),
            ("$HOME`id`", "'$HOME`id`'", "'$HOME`id`'", "\"$HOME`id`\""),
            ("%PATH%", "'%PATH%'", "'%PATH%'", "^\"^%PATH^%^\""),
            ("a&b|c^d!", "'a&b|c^d!'", "'a&b|c^d!'", "\"a&b|c^d!\""),
            ("-x.y", "-x.y", "'-x.y'", "-x.y"),
            ("=ls", "'=ls'", "'=ls'", "\"=ls\""),
        ] {
            check(Shell::Sh, word, Some(sh));
            check(Shell::PowerShell, word, Some(powershell));
            check(Shell::Cmd, word, Some(cmd));
        }
    }

    #[test]
    fn what_cannot_be_seen_is_written_out_or_refused() {
        check(Shell::Sh, "a\nb'%\\!", Some("\"$(printf 'a\\012b\\047%%\\134\\041')\""));
        check(Shell::Sh, "a\u{202e}b", Some("\"$(printf 'a\\342\\200\\256b')\""));
        check(Shell::Sh, "a\n", None);
        check(Shell::Sh, "a\0b", None);
        check(Shell::PowerShell, "a\n$`\"\u{201c}b", Some("\"a$([char]0xa)`$```\"`\u{201c}b\""));
        check(Shell::PowerShell, "a\0", None);
        check(Shell::Cmd, "a\nb", None);
        let said = Shell::Cmd.word("a\nb").expect_err("a line end").to_string();
        assert_eq!(said, "cmd cannot write a control character of 'ab': choose another shell.");
    }
}
