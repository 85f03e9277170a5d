//! A command of llama.cpp read back: what its options set, over a question.
//!
//! Read are the options this app writes and their other names, in the words of a POSIX shell: of `llama-server` and
//! `llama-cli`, and of `llama-bench`, which names some of them otherwise. The model and the machine are those of the
//! question: a path says nothing about either. What is no matter of memory or speed is left out and named; what could
//! be, and is not counted or not known here, is named apart; a value that cannot be is refused.

mod bench;
mod line;
mod names;
mod server;

use crate::placement::Launcher;
use crate::quant::Format;
use crate::scenario::Scenario;

use super::super::text::quoted;
use line::Line;

/// The programs whose commands are read.
const PROGRAMS: [&str; 3] = ["llama-server", "llama-cli", "llama-bench"];

/// A command as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The question with what the command sets.
    pub scenario: Scenario,
    /// Options that were left out: they say nothing about memory or speed, or something about the model.
    pub left_out: Vec<String>,
    /// Options that may change memory or speed, and do not change the answer.
    pub uncounted: Vec<String>,
    /// What was chosen of several, in sentences.
    pub chosen: Vec<String>,
}

/// Reads a command over a question.
///
/// # Errors
/// The sentence to show: another program, a word out of place, a value that cannot be.
pub fn read(command: &str, scenario: &Scenario) -> Result<Read, String> {
    if !matches!(scenario.engine.command, Launcher::LlamaServer | Launcher::IkLlamaServer) || scenario.engine.ideal {
        return Err(format!("only commands of llama.cpp can be read, and {} has another", scenario.engine.name));
    }
    let mut line = Line::new(command)?;
    let (program, name) = line.program();
    if !PROGRAMS.contains(&name.as_str()) {
        let [server, cli, bench] = PROGRAMS;
        return Err(format!("the command begins with {}, not with {server}, {cli} or {bench}", quoted(&program)));
    }
    let mut read = Read { scenario: scenario.clone(), left_out: Vec::new(), uncounted: Vec::new(), chosen: Vec::new() };
    if name == "llama-bench" {
        bench::take(&mut line, &mut read)?;
    } else {
        server::take(&mut line, &mut read)?;
    }
    read.scenario.run.check(&read.scenario.subject.model).map_err(|error| error.to_string())?;
    Ok(read)
}

impl Read {
    /// An option that sets nothing of the question: one that is no matter of memory or speed, or another. `flags` have
    /// no value; of those not known, what follows and is no option is the value.
    fn beside(&mut self, option: &str, flags: &[&str], line: &mut Line) -> Result<(), String> {
        let own = names::is_beside(option);
        let value = match own {
            Some(names::Takes::Value) => Some(line.value(option)?),
            Some(names::Takes::Nothing) => None,
            None if flags.contains(&option) => None,
            None => line.value_if_any(),
        };
        let told = value.map_or_else(|| option.to_owned(), |value| format!("{option} {value}"));
        if own.is_some() {
            self.left_out.push(told);
        } else {
            self.uncounted.push(told);
        }
        Ok(())
    }
}

fn number(word: &str, value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("{word} is {}: expected a whole number", quoted(value)))
}

/// Shares of the GPUs: no more than there are, and not all nothing.
fn shares(word: &str, value: &str, gpus: usize) -> Result<Vec<f64>, String> {
    let share = |text: &str| text.parse().ok().filter(|share: &f64| share.is_finite() && *share >= 0.0);
    let shares: Option<Vec<f64>> = value.split([',', '/']).map(share).collect();
    let shares = shares.filter(|shares| shares.iter().sum::<f64>() > 0.0);
    let shares = shares.ok_or_else(|| format!("{word} has {}: expected shares such as 3,1", quoted(value)))?;
    if shares.len() > gpus {
        return Err(format!("{word} gives shares to {} GPUs, and this machine has {gpus}", shares.len()));
    }
    Ok(shares)
}

/// All shares to one GPU, the first unless `-mg` names another.
fn one_gpu(main: Option<u64>, gpus: usize) -> Result<Vec<f64>, String> {
    let main = main.unwrap_or(0);
    if main > 0 && main >= gpus as u64 {
        return Err(format!("-mg is {main}, and this machine has {gpus} GPUs, counted from 0"));
    }
    Ok((0..gpus as u64).map(|place| if place == main { 1.0 } else { 0.0 }).take(gpus).collect())
}

fn format(value: &str) -> Result<Format, String> {
    Format::parse(value).ok_or_else(|| format!("{} is no format of a cache", quoted(value)))
}
