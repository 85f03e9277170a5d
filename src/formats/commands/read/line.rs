//! The words of a line, and options with their values taken from them in order.

use crate::formats::text::quoted;

/// Longer commands are none.
pub(super) const MOST_BYTES: usize = 16_384;

/// The words that are still to be read.
pub(super) struct Line {
    words: std::iter::Peekable<std::vec::IntoIter<String>>,
    /// The value written to the option itself: `--ctx-size=4096`.
    joined: Option<String>,
}

impl Line {
    /// The words of a command as a POSIX shell splits them.
    ///
    /// # Errors
    /// The sentence to show.
    pub fn new(command: &str) -> Result<Self, String> {
        Ok(Self { words: split(command)?.into_iter().peekable(), joined: None })
    }

    /// The program it begins with, without its folder.
    pub fn program(&mut self) -> (String, String) {
        let program = self.words.next().unwrap_or_default();
        let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
        let name = name.trim_end_matches(".exe").to_owned();
        (program, name)
    }

    /// The next option, without the value that may be joined to it.
    ///
    /// # Errors
    /// The sentence to show where a word is no option.
    pub fn option(&mut self) -> Option<Result<String, String>> {
        if let Some(value) = self.joined.take() {
            return Some(Err(format!("{} is the value of an option that takes none", quoted(&value))));
        }
        let word = self.words.next()?;
        if !word.starts_with('-') {
            return Some(Err(format!("{} is out of place: it is the value of no option", quoted(&word))));
        }
        Some(Ok(match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") => {
                self.joined = Some(value.to_owned());
                option.to_owned()
            }
            _ => word,
        }))
    }

    /// The value of an option.
    ///
    /// # Errors
    /// The sentence to show where there is none.
    pub fn value(&mut self, option: &str) -> Result<String, String> {
        let value = self.joined.take().or_else(|| self.words.next());
        value.ok_or_else(|| format!("{} wants a value", quoted(option)))
    }

    /// The value of an option that may have none: what follows and is no option itself.
    pub fn value_if_any(&mut self) -> Option<String> {
        let is_option = |word: &String| word.starts_with('-') && word.parse::<f64>().is_err();
        self.joined.take().or_else(|| self.words.next_if(|word| !is_option(word)))
    }

    /// The value of an option, if what follows is one of these words.
    pub fn value_of(&mut self, words: &[&str]) -> Option<String> {
        self.joined.take().or_else(|| self.words.next_if(|word| words.contains(&word.as_str())))
    }
}

/// The words of a line as a POSIX shell splits them; nothing is expanded.
fn split(command: &str) -> Result<Vec<String>, String> {
    if command.len() > MOST_BYTES {
        return Err("the command is longer than any that was written here".to_owned());
    }
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            '\'' | '"' => {
                let own = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some(end) if end == c => break,
                        Some('\\') if c == '"' => own.extend(chars.next()),
                        Some(other) => own.push(other),
                        None => return Err("a quote in the command is not closed".to_owned()),
                    }
                }
            }
            '\\' => match chars.next() {
                None | Some('\n') => {}
                Some('\r') => {
                    chars.next();
                }
                Some(other) => word.get_or_insert_default().push(other),
            },
            ';' | '|' | '&' | '<' | '>' | '`' | '$' => {
                return Err(format!("'{c}' is no part of one plain command: leave out what stands around it"));
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_a_shell_does() {
        let words = |line: &str| split(line).expect("words");
        assert_eq!(words("a  'b c' \"d \\\" e\" f\\ g"), ["a", "b c", "d \" e", "f g"]);
        assert_eq!(words("a \\\n  -c 8"), ["a", "-c", "8"]);
        assert_eq!(words("'' x"), ["", "x"]);
        assert!(words("").is_empty());
        for bad in ["'a", "a; rm", "a && b", "$HOME", "a > b", &"x".repeat(MOST_BYTES + 1)] {
            assert!(split(bad).is_err(), "{bad}");
        }
    }
}
