//! The picture as programs draw it that were not written for it: librsvg, which knows no CSS variables and no media queries, and a
//! browser. Where they are not installed nothing is tested, and said so.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};

use super::nested;
use crate::graph::svg;
use crate::model::{Implementation, Importer, Latest, Pipeline, Volume, VolumeAction};
use crate::testing::{PENGUINS, linked};

/// Pixels by their colour.
struct Picture(HashMap<[u8; 3], usize>);

impl Picture {
    fn read(path: &Path) -> Self {
        let file = std::fs::read(path).unwrap();
        let mut buffer = vec![0; minipng::decode_png_header(&file).unwrap().required_bytes_rgba8bpc()];
        let mut image = minipng::decode_png(&file, &mut buffer).unwrap();
        image.convert_to_rgba8bpc().unwrap();
        let mut pixels = HashMap::new();
        for pixel in image.pixels().chunks_exact(4) {
            *pixels.entry([pixel[0], pixel[1], pixel[2]]).or_default() += 1;
        }
        Self(pixels)
    }

    /// Pixels of exactly this colour, written as in the document.
    fn count(&self, colour: &str) -> usize {
        let part = |at: usize| u8::from_str_radix(&colour[at..at + 2], 16).unwrap();
        self.0.get(&[part(1), part(3), part(5)]).copied().unwrap_or_default()
    }

    fn assert_colours(&self, by: &str, ground: &str, colours: &[&str]) {
        let all: usize = self.0.values().sum();
        assert!(self.count(ground) > all / 3, "{by}: the ground is {ground} in {} of {all}", self.count(ground));
        for colour in colours {
            assert!(self.count(colour) > 20, "{by}: {colour} is there {} times", self.count(colour));
        }
        assert!(self.count("#000000") < all / 100, "{by}: {} of {all} are black", self.count("#000000"));
    }
}

/// Runs a program to its end. False, with a word, if it is not installed.
fn ran(program: &str, arguments: &[&str]) -> bool {
    let run = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    match run {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("{program} is not installed: what it draws is not tested");
            false
        }
        run => {
            let run = run.unwrap();
            assert!(run.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
            true
        }
    }
}

/// Something of each kind of task.
fn all_kinds() -> Pipeline {
    let mut pipeline = nested();
    let native = linked(PENGUINS);
    let Implementation::Dag(into) = &mut pipeline.root.implementation else { panic!() };
    let Implementation::Dag(from) = &native.root.implementation else { panic!() };
    for (name, task) in &from.tasks {
        into.tasks.insert(name.clone(), task.clone());
    }
    let is = |component: &crate::model::Component, kind: fn(&Implementation) -> bool| kind(&component.implementation);
    pipeline.components.extend(native.components);
    let volume = crate::model::Component {
        implementation: Implementation::Volume(Volume { action: VolumeAction::Create }),
        ..Default::default()
    };
    pipeline.components.insert("comp-volume".into(), volume);
    let task = crate::model::Task { component: "comp-volume".into(), ..Default::default() };
    into.tasks.insert("make-volume".into(), task);
    for kind in [
        (|i| matches!(i, Implementation::Import(Importer { .. }))) as fn(&Implementation) -> bool,
        |i| matches!(i, Implementation::Latest(Latest { .. })),
        |i| matches!(i, Implementation::Command(_)),
        |i| matches!(i, Implementation::Wasm(_)),
    ] {
        assert!(pipeline.components.values().any(|component| is(component, kind)));
    }
    pipeline
}

const LIGHT: [&str; 6] = ["#0969da", "#8250df", "#1a7f37", "#9a6700", "#bc4c00", "#afb8c1"];
const DARK: [&str; 6] = ["#4493f8", "#ab7df8", "#3fb950", "#d29922", "#db6d28", "#3d444d"];

#[test]
fn librsvg_draws_it_in_colours() {
    let folder = tempfile::tempdir().unwrap();
    let (svg_file, png_file) = (folder.path().join("p.svg"), folder.path().join("p.png"));
    std::fs::write(&svg_file, svg(&all_kinds())).unwrap();
    if ran("rsvg-convert", &["--zoom", "2", "-o", png_file.to_str().unwrap(), svg_file.to_str().unwrap()]) {
        Picture::read(&png_file).assert_colours("librsvg", "#ffffff", &LIGHT);
    }
}

#[test]
fn a_browser_draws_it_for_light_and_for_dark() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(at("p.svg"), svg(&all_kinds())).unwrap();
    for (scheme, ground, colours) in [("light", "#ffffff", LIGHT), ("dark", "#0d1117", DARK)] {
        // A picture takes on the scheme of the page around it.
        let page = format!(r#"<!doctype html><body style="margin:0"><img src="p.svg" style="color-scheme:{scheme}">"#);
        std::fs::write(at("p.html"), page).unwrap();
        let shot = format!("--screenshot={}", at("p.png"));
        let (profile, page) = (format!("--user-data-dir={}", at("profile")), format!("file://{}", at("p.html")));
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--no-first-run",
            "--hide-scrollbars",
            "--force-device-scale-factor=2",
            "--window-size=1600,1400",
            &profile,
            &shot,
            &page,
        ];
        if !ran("chromium", &arguments) {
            return;
        }
        let picture = Picture::read(Path::new(&at("p.png")));
        for colour in colours {
            assert!(picture.count(colour) > 20, "{scheme}: {colour} is there {} times", picture.count(colour));
        }
        assert!(picture.count(ground) > 10_000, "{scheme}: the ground is {ground} {} times", picture.count(ground));
    }
}
