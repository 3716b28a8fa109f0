//! Files: every call of `wasi:filesystem` that takes a path, with paths that lead out of what a step was given. Each test makes the same
//! call with a path that stays inside too, which goes well: it is the path that is refused.

use crate::intruder::{CANARY, Cage};
use crate::sandbox::p;

/// How many directories up the host's file may lie: one of these leads there.
const DEPTHS: std::ops::RangeInclusive<usize> = 1..=9;

fn up(depth: usize, name: &str) -> String {
    "../".repeat(depth) + name
}

/// Tries a call with paths that lead out, each at all depths where `{up}` stands for the way, and `{host}` for the folder's path.
#[track_caller]
fn refused(call: &str, at: &str, paths: &[&str], (into, to): (&str, &str), inside: (&str, &str)) {
    let cage = Cage::default();
    let host = cage.beside("").display().to_string();
    let host = host.trim_end_matches('/');
    for depth in DEPTHS {
        let fill = |text: &str| text.replace("{up}", up(depth, "").trim_end_matches('/')).replace("{host}", host);
        for path in paths {
            let (path, to) = (fill(path), fill(to));
            if let Some(seen) = cage.file(call, (at, &path), (into, &to)) {
                panic!("{call} {path} {to} went well, and gave {seen:?}");
            }
        }
    }
    cage.assert_untouched();
    let (path, to) = inside;
    let seen = cage.file(call, ("own", path), ("own", to));
    assert!(seen.is_some(), "{call} {path} {to} is refused inside as well");
    assert_ne!(seen.as_deref(), Some(CANARY));
    cage.assert_untouched();
}

/// Declares attempts, each a test: a call, where it begins, the paths that lead out, where else it leads, and a path that stays inside.
macro_rules! attempts {
    ($($name:ident: $call:literal $at:literal [$($path:literal),+] $(into $into:literal $to:literal)? , inside $inside:literal $(to $new:literal)?;)+) => {
        $(
            #[test]
            fn $name() {
                let into: &[&str] = &[$($into, $to)?];
                let into = (into.first().copied().unwrap_or("own"), into.get(1).copied().unwrap_or(""));
                let new: &[&str] = &[$($new)?];
                refused($call, $at, &[$($path),+], into, ($inside, new.first().copied().unwrap_or("")));
            }
        )+
    };
}

attempts! {
    reading_up: "read" "own" ["{up}/canary"], inside "file";
    reading_up_from_a_mount: "read" "out" ["{up}/canary"], inside "sub/file";
    reading_up_from_the_input: "read" "input" ["{up}/canary"], inside "file";
    reading_down_and_up: "read" "own" ["sub/../{up}/canary", "sub/./.././{up}/canary", "sub//..//{up}/canary"], inside "sub/../file";
    reading_an_absolute_path: "read" "own" ["{host}/canary", "//{host}/canary", "/proc/self/root/{host}/canary"], inside "file";
    reading_by_a_link_in_between: "read" "own" ["up/{up}/canary"], inside "sub/file";
    reading_what_is_no_path: "read" "own" ["", "file\0/{up}/canary", "..\\..\\canary", "C:\\canary"], inside "file";
    reading_the_host_s_link: "read" "own" ["{up}/perch", "{host}/perch"], inside "file";
    writing_up: "write" "own" ["{up}/canary", "{up}/new"], inside "new";
    writing_an_absolute_path: "write" "own" ["{host}/canary", "{host}/new"], inside "new";
    writing_by_a_link_in_between: "write" "own" ["up/{up}/canary"], inside "sub/new";
    truncating_up: "truncate" "own" ["{up}/canary", "{host}/canary"], inside "file";
    creating_up: "create-new" "own" ["{up}/new", "{host}/new"], inside "new";
    opening_a_directory_up_to_change_it: "open-directory-to-change" "own" ["{up}", "{up}/aviary", "{host}/aviary"], inside "sub";
    making_a_directory_up: "create-directory" "own" ["{up}/new", "{host}/new", "{up}/aviary/new"], inside "new";
    listing_up: "list" "own" ["{up}", "{up}/aviary"], inside "sub";
    listing_an_absolute_path: "list" "own" ["/", "{host}"], inside "sub";
    listing_by_a_link_with_a_slash_behind: "list" "own" ["up/", "up/.", "up//"], inside "sub/";
    asking_for_the_size_up: "stat" "own" ["{up}/canary", "{host}/canary", "up/{up}/canary"], inside "file";
    asking_for_a_hash_up: "metadata-hash" "own" ["{up}/canary", "{host}/canary"], inside "file";
    setting_times_up: "set-times" "own" ["{up}/canary", "{host}/canary"], inside "file";
    linking_what_lies_outside: "link" "own" ["{up}/canary", "{host}/canary"] into "own" "stolen", inside "file" to "second";
    linking_to_the_outside: "link" "own" ["file"] into "own" "{up}/planted", inside "file" to "second";
    linking_to_an_absolute_path: "link" "own" ["file"] into "own" "{host}/planted", inside "file" to "second";
    moving_out: "rename" "own" ["file"] into "own" "{up}/planted", inside "file" to "second";
    moving_in: "rename" "own" ["{up}/canary", "{host}/canary"] into "own" "stolen", inside "file" to "second";
    moving_over_what_lies_outside: "rename" "own" ["file"] into "own" "{up}/canary", inside "file" to "sub/file";
    reading_by_a_new_link: "symlink-and-read" "own" ["{up}/canary"] into "own" "link", inside "file" to "link";
    reading_by_a_new_absolute_link: "symlink-and-read" "own" ["{host}/canary"] into "own" "link", inside "file" to "link";
    listing_by_a_new_link: "symlink-and-list" "own" ["{up}", "{host}", "/"] into "own" "link", inside "sub" to "link";
    writing_by_a_new_link: "symlink-and-write" "own" ["{up}/canary", "{up}/new", "{host}/new"] into "own" "link", inside "file" to "link";
    placing_a_link_outside: "symlink" "own" ["file"] into "own" "{up}/planted", inside "file" to "link";
    reading_a_link_up: "read-link" "own" ["{up}/perch", "{host}/perch"], inside "up";
    removing_up: "unlink" "own" ["{up}/canary", "{host}/canary", "up/{up}/canary"], inside "file";
    removing_a_directory_up: "remove-directory" "own" ["{up}/aviary", "{host}/aviary", "{up}/aviary/"], inside "empty";
}

/// What is tried on an input by path: nothing of it changes, in the step's directory and in the store.
#[track_caller]
fn input_stays(call: &str, at: &str, path: &str, (into, to): (&str, &str)) {
    let cage = Cage::default();
    let seen = cage.file(call, (at, path), (into, to));
    assert_eq!(seen, None, "{call} {path} went well");
    cage.assert_untouched();
    let data = cage.fixture.dataset(b"the input");
    assert_eq!(cage.fixture.bytes(&data), b"the input");
}

macro_rules! on_inputs {
    ($($name:ident: $call:literal $at:literal $path:literal $(into $into:literal $to:literal)?;)+) => {
        $(
            #[test]
            fn $name() {
                let into: &[&str] = &[$($into, $to)?];
                input_stays($call, $at, $path, (into.first().copied().unwrap_or("own"), into.get(1).copied().unwrap_or("")));
            }
        )+
    };
}

on_inputs! {
    writing_an_input: "write" "input" "input";
    truncating_an_input: "truncate" "input" "input";
    cutting_an_input_by_its_size: "set-size" "input" "input";
    setting_an_input_s_times: "set-times" "input" "input";
    removing_an_input: "unlink" "input" "input";
    creating_beside_an_input: "create-new" "input" "beside";
    making_a_directory_beside_an_input: "create-directory" "input" "beside";
    opening_an_input_s_folder_to_change_it: "open-directory-to-change" "input" ".";
    moving_an_input_to_the_output: "rename" "input" "input" into "own" "stolen";
    moving_over_an_input: "rename" "own" "file" into "input" "input";
    making_an_input_writable_by_a_second_name: "link-and-write" "input" "input" into "own" "second";
    placing_a_link_beside_an_input: "symlink" "input" "input" into "input" "link";
}

#[test]
fn linking_what_a_link_leads_to() {
    let cage = Cage::default();
    for depth in DEPTHS {
        assert_eq!(cage.file("link-followed", ("own", &up(depth, "canary")), ("own", "stolen")), None);
        assert_eq!(cage.file("link-followed", ("own", "up"), ("own", "stolen")), None);
    }
    cage.assert_untouched();
}

#[test]
fn seeing_more_directories_than_were_given() {
    let cage = Cage::default();
    assert_eq!(cage.attempt("mounted", &[]).as_deref(), Some(""), "a step without artifacts has no directories");
    let listed = cage.file("list", ("out", "."), ("own", "")).unwrap();
    assert_eq!(listed, "0", "there is its own output alone");
}

#[test]
fn a_path_beyond_all_lengths() {
    let cage = Cage::default();
    for path in ["x/".repeat(50_000) + "file", "x".repeat(1 << 20), "../".repeat(100_000) + "canary"] {
        for call in ["read", "write", "create-directory", "unlink"] {
            assert_eq!(cage.file(call, ("own", &path), ("own", "")), None, "{call}");
        }
    }
    cage.assert_untouched();
}

#[test]
fn reading_the_host_by_std_s_own_ways() {
    let cage = Cage::default();
    let host = cage.beside("canary").display().to_string();
    for path in [host.as_str(), "/proc/self/environ", "/etc/hostname", "/in/../../../canary", "/out/0/../../../canary"]
    {
        assert_eq!(cage.attempt_with_input("read-path", &[("path", p(path))]), None, "{path}");
    }
}
