//! The manual pages, and the Debian package, installed into an empty place and used there.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::{Folder, compiled, project};

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("passed over: there is no {program}");
    }
    found
}

#[test]
fn each_command_has_a_manual_page_that_can_be_set() {
    let folder = Folder::default();
    folder.ok("man pages");
    let help = folder.ok("--help").stdout;
    let commands = help.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    // What goes on in the next line is further in.
    let commands = commands.take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
    let commands = commands.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split_whitespace().next());
    let mut count = 0;
    for name in commands.filter(|name| *name != "help") {
        let page = folder.path().join(format!("pages/weft-{name}.1"));
        let text = fs::read_to_string(&page).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"), "{text}");
        count += 1;
    }
    assert!(count > 20, "{help}");
    if installed("man") && installed("groff") {
        let run = folder.path().join("pages/weft-run.1");
        let told = Command::new("man")
            .args(["--warnings", "--local-file"])
            .arg(run)
            .envs([("MANWIDTH", "100"), ("LC_ALL", "C")])
            .output();
        let told = told.unwrap();
        let warned = String::from_utf8_lossy(&told.stderr);
        assert!(!warned.contains("warning"), "{warned}");
        let shown = String::from_utf8(told.stdout).unwrap();
        assert!(shown.contains("--no-cache") && shown.contains("weft run pipeline.yaml"), "{shown}");
    }
}

#[test]
fn the_debian_package_is_installed_into_an_empty_place_and_runs_there() {
    if !installed("dpkg-deb") {
        return;
    }
    let folder = Folder::default();
    let make = |name: &str| {
        let mut command = Command::new(project().join("packaging/deb.sh"));
        command.arg(folder.path().join(name)).env("WEFT_BINARY", env!("CARGO_BIN_EXE_weft"));
        command.env("WEFT_DEB_COMPRESSION", "none");
        output(&mut command).trim().to_owned()
    };
    let package = make("first");
    assert!(fs::read(&package).unwrap() == fs::read(make("second")).unwrap(), "the same files give the same package");
    let root = folder.path().join("root");
    output(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(&root));
    for (file, holds) in [
        ("usr/share/bash-completion/completions/weft", "_weft()"),
        ("usr/share/zsh/vendor-completions/_weft", "#compdef weft"),
        ("usr/share/fish/vendor_completions.d/weft.fish", "complete -c weft"),
        ("usr/lib/systemd/system/weft.service", "ExecStart=/usr/bin/weft serve "),
        ("usr/share/doc/weft/copyright", "Apache License"),
    ] {
        assert!(fs::read_to_string(root.join(file)).unwrap().contains(holds), "{file}");
    }
    assert!(root.join("usr/share/man/man1/weft-run.1.gz").is_file());
    let about = output(Command::new("dpkg-deb").arg("--field").arg(&package));
    assert!(about.contains("\nDepends: libc6 (>= 2."), "{about}");
    assert!(about.contains(&format!("\nVersion: {}\n", env!("CARGO_PKG_VERSION"))), "{about}");

    // What the program needs lies beside it: no variable tells where.
    let table = project().join("guest-examples/penguins/data/penguins.csv");
    folder.file(
        "p.yaml",
        "name: described\ninputs: { table: dataset }\nsteps:\n  examples: { component: weft:example-gen, with: { data: \"${inputs.table}\" } }\n",
    );
    let ran =
        output(&mut weft(&root, &folder, &["run", "p.yaml", "--quiet", "-w", &format!("table={}", table.display())]));
    assert!(ran.contains("rows=344"), "{ran}");
    let inspected = output(&mut weft(&root, &folder, &["inspect", "weft:statistics-gen"]));
    assert!(inspected.contains("statistics"), "{inspected}");
}

/// The program that was installed, with nothing of the environment but where compiled code lies.
fn weft(root: &Path, folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = Command::new(root.join("usr/bin/weft"));
    command.env_clear().env("WEFT_CACHE", compiled()).args(arguments).current_dir(folder.path());
    command
}
