//! What the sandboxed shell says of a script before it runs it: which commands are not there.

use std::time::Duration;

use weft_pipeline::step::{COMMAND_FUNCTION, Command, ComponentRef, Limits, PortValues, SilentObserver, StepRequest};
use weft_sandbox::Sandbox;

/// What a shell command is, to be looked at before it runs.
pub(crate) struct Script<'a> {
    /// The program that is called, if it is not the shell itself.
    pub program: Option<&'a str>,
    /// The shell's own text.
    pub text: String,
}

/// The script that a command comes to; none if the shell reads it from elsewhere, or if it is known only when it runs.
pub(crate) fn script(argv: &[String]) -> Option<Script<'_>> {
    let (program, rest) = argv.split_first()?;
    let name = program.rsplit('/').next().unwrap_or(program);
    if matches!(name, "sh" | "bash" | "ash" | "dash") {
        let flag = rest.iter().position(|word| word.starts_with('-') && word.ends_with('c'))?;
        return Some(Script { program: None, text: rest.get(flag + 1)?.clone() });
    }
    let known = !program.contains("{{") && !program.contains('\'');
    known.then(|| Script { program: Some(program), text: format!("'{name}'") })
}

/// The commands of a script that the shell does not have. None too, if it cannot say.
pub(crate) fn missing(sandbox: &Sandbox, digest: &str, script: &str) -> Vec<String> {
    let argv = ["sh", "--list-commands", "-c", script].map(str::to_owned).to_vec();
    let request = StepRequest {
        strict: false,
        task: "check".to_owned(),
        component: ComponentRef { digest: digest.to_owned(), function: COMMAND_FUNCTION.to_owned() },
        command: Some(Command { argv, ..Command::default() }),
        inputs: PortValues::new(),
        grants: weft_pipeline::step::Grants::default(),
        limits: Limits { time: Some(Duration::from_secs(5)), ..Limits::default() },
        identity: [0; 32],
    };
    // What is wrong with a script is told when it runs, by the shell, which knows best.
    let Ok(output) = sandbox.run(&request, &SilentObserver) else { return Vec::new() };
    let said = String::from_utf8_lossy(&output.trace.log);
    // A placeholder may stand for a command that is there.
    said.lines().map(str::trim).filter(|name| !name.is_empty() && !name.contains("{{")).map(str::to_owned).collect()
}

/// Whether a script's command is Python, or what comes with it, by whichever of its names.
pub(crate) fn is_python(command: &str) -> bool {
    let name = command.rsplit('/').next().unwrap_or(command);
    matches!(name, "python" | "python3" | "pip" | "pip3") || name.starts_with("python3.")
}
