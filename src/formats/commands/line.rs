//! The steps of a command, and how each shell writes them in one line.

use super::shell::{Shell, Unwritable, carets};

/// One step.
pub(super) enum Step {
    /// A program runs to its end.
    Run(Vec<String>),
    /// A program is left running with this environment, and waited for until another succeeds.
    Serve { environment: Vec<(String, String)>, words: Vec<String>, ready: Vec<String> },
    /// A text file is written.
    Write { file: &'static str, lines: Vec<String> },
}

/// The steps in one line, each after the one before has succeeded, as far as the shell can say so: Windows
/// `PowerShell` has no `&&`.
pub(super) fn line(shell: Shell, steps: &[Step]) -> Result<String, Unwritable> {
    let steps: Vec<String> = steps.iter().map(|step| written(shell, step)).collect::<Result<_, _>>()?;
    Ok(steps.join(if shell == Shell::PowerShell { "; " } else { " && " }))
}

fn words(shell: Shell, words: &[String]) -> Result<String, Unwritable> {
    Ok(words.iter().map(|word| shell.word(word)).collect::<Result<Vec<_>, _>>()?.join(" "))
}

fn written(shell: Shell, step: &Step) -> Result<String, Unwritable> {
    match step {
        Step::Run(run) => words(shell, run),
        Step::Serve { environment, words: run, ready } => {
            let (set, run, ready) = (set(shell, environment)?, words(shell, run)?, words(shell, ready)?);
            Ok(match shell {
                Shell::Sh => format!("{set}{run} & until {ready} >/dev/null 2>&1; do sleep 1; done"),
                Shell::PowerShell => format!(
                    "{set}Start-Process {run}; do {{ Start-Sleep 1; {ready} *> $null }} until ($LASTEXITCODE -eq 0)"
                ),
                Shell::Cmd => format!(
                    "{set}start \"\" {run} && \
                     (for /l %i in (1,1,30) do @({ready} >nul 2>&1 || timeout /t 1 /nobreak >nul))"
                ),
            })
        }
        Step::Write { file, lines } => text(shell, file, lines),
    }
}

/// The environment of what follows.
fn set(shell: Shell, environment: &[(String, String)]) -> Result<String, Unwritable> {
    environment
        .iter()
        .map(|(name, value)| {
            Ok(match shell {
                Shell::Sh => format!("{name}={} ", shell.word(value)?),
                Shell::PowerShell => {
                    let value = shell.word(value)?;
                    let quote = if value.starts_with(['\'', '"']) { "" } else { "'" };
                    format!("$env:{name}={quote}{value}{quote}; ")
                }
                // A space before the next step would belong to the value.
                Shell::Cmd => {
                    shell.word(value)?;
                    format!("set {name}={}&& ", carets(value))
                }
            })
        })
        .collect()
}

fn text(shell: Shell, file: &str, lines: &[String]) -> Result<String, Unwritable> {
    let quoted = |line: &String| {
        let word = shell.word(line)?;
        Ok(if word == *line { format!("'{line}'") } else { word })
    };
    Ok(match shell {
        Shell::Sh => {
            let lines = lines.iter().map(quoted).collect::<Result<Vec<_>, _>>()?;
            format!("printf '%s\\n' {} > {file}", lines.join(" "))
        }
        // The mark that 5.1 puts before the text is one that is read over.
        Shell::PowerShell => {
            let lines = lines.iter().map(quoted).collect::<Result<Vec<_>, _>>()?;
            format!("Set-Content {file} -Encoding utf8 -Value {}", lines.join(","))
        }
        Shell::Cmd => {
            for line in lines {
                shell.word(line)?;
            }
            let echoed: Vec<String> = lines.iter().map(|line| format!("echo {}", carets(line))).collect();
            let page = if lines.iter().all(|line| line.is_ascii()) { "" } else { "chcp 65001 >nul && " };
            format!("{page}({})> {file}", echoed.join("&& "))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(file: &str) -> Vec<Step> {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect();
        vec![
            Step::Serve {
                environment: vec![("A".to_owned(), "1".to_owned()), ("B".to_owned(), "a & b".to_owned())],
                words: words("ollama serve"),
                ready: words("ollama ls"),
            },
            Step::Write { file: "Modelfile", lines: vec![format!("FROM {file}"), "PARAMETER num_ctx 8".to_owned()] },
            Step::Run(words("ollama run m")),
        ]
    }

    #[test]
    fn each_shell_has_its_own_environment_files_and_joints() {
        let [sh, powershell, cmd] = Shell::ALL.map(|shell| line(shell, &steps("./50% (a).gguf")).expect("a line"));
        assert_eq!(
            sh,
            "A=1 B='a & b' ollama serve & until ollama ls >/dev/null 2>&1; do sleep 1; done \
             && printf '%s\\n' 'FROM ./50% (a).gguf' 'PARAMETER num_ctx 8' > Modelfile && ollama run m"
        );
        assert_eq!(
            powershell,
            "$env:A='1'; $env:B='a & b'; Start-Process ollama serve; \
             do { Start-Sleep 1; ollama ls *> $null } until ($LASTEXITCODE -eq 0); \
             Set-Content Modelfile -Encoding utf8 -Value 'FROM ./50% (a).gguf','PARAMETER num_ctx 8'; ollama run m"
        );
        assert_eq!(
            cmd,
            "set A=1&& set B=a ^& b&& start \"\" ollama serve && \
             (for /l %i in (1,1,30) do @(ollama ls >nul 2>&1 || timeout /t 1 /nobreak >nul)) && \
             (echo FROM ./50^% ^(a^).gguf&& echo PARAMETER num_ctx 8)> Modelfile && ollama run m"
        );
        assert!(line(Shell::Cmd, &steps("é.gguf")).expect("a line").contains("chcp 65001 >nul && (echo FROM é.gguf"));
        assert!(line(Shell::Cmd, &steps("a\nb.gguf")).is_err());
    }
}
