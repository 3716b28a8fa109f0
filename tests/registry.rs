//! What is pushed to a registry and pulled from one, and what is not believed of it. Against Debian's `docker-registry`; where that is not
//! installed, what needs it is passed over.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::registry::{Registry, Setup, cache, command, flips, ok, refused, weft};
use common::{Ended, Folder, component, project};
use serde_json::{Value, json};
use weft::provenance::{Key, image_signature};
use weft::{Host, Linker, PrepareOptions, check_signatures, oci, silent};

/// A component with the same steps and another digest each time.
fn build(folder: &Folder, name: &str, version: u8) -> Vec<u8> {
    let mut bytes = std::fs::read(component("trivial")).unwrap();
    bytes.extend([0, 3, 1, b'x', version]);
    std::fs::write(folder.path().join(name), &bytes).unwrap();
    bytes
}

fn pipeline(folder: &Folder, host: &str) {
    let text = format!(
        "name: remote\nsteps:\n  make: {{ component: \"oci://{host}/me/trivial:1#generate\", with: {{ bytes: 8, seed: 1 }} }}\n  \
         count: {{ component: \"oci://{host}/me/trivial:1#count\", with: {{ input: \"${{make}}\" }} }}\noutputs:\n  made: ${{make}}\n  bytes: ${{count.bytes}}\n"
    );
    folder.file("p.yaml", &text);
}

fn push(folder: &Folder, host: &str, more: &[&str]) -> String {
    let reference = format!("{host}/me/trivial:1");
    let mut arguments = vec!["push", "t.wasm", &reference, "--json"];
    arguments.extend(more);
    ok(folder, &arguments).json()["digest"].as_str().unwrap().to_owned()
}

/// Makes a key and its public part, and gives their names.
fn key(folder: &Folder, name: &str) -> (String, String) {
    let key = Key::generate().unwrap();
    let (private, public) = (format!("{name}.pem"), format!("{name}.pub"));
    std::fs::write(folder.path().join(&private), key.to_pem().unwrap()).unwrap();
    std::fs::write(folder.path().join(&public), key.public().to_pem().unwrap()).unwrap();
    (private, public)
}

#[test]
fn a_component_goes_and_comes_and_runs() {
    let Some(registry) = Registry::start(Setup::default()) else { return };
    let folder = Folder::default();
    let bytes = build(&folder, "t.wasm", 1);
    let digest = push(&folder, &registry.host, &[]);
    assert_eq!(push(&folder, &registry.host, &[]), digest, "the same component is the same again");

    // As wkg has it: keys in order, no white space, its media types.
    let manifest = registry.manifest("me/trivial", "1").unwrap();
    let read: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(read.to_string().into_bytes(), manifest);
    assert_eq!(read["config"]["mediaType"], "application/vnd.wasm.config.v0+json");
    let layer = json!([{
        "annotations": { "org.opencontainers.image.title": "t.wasm" },
        "digest": oci::Digest::of(&bytes),
        "mediaType": "application/wasm",
        "size": bytes.len(),
    }]);
    assert_eq!(read["layers"], layer);
    assert_eq!(
        read.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["config", "layers", "mediaType", "schemaVersion"]
    );
    let config = std::fs::read(registry.blob(read["config"]["digest"].as_str().unwrap())).unwrap();
    let config: Value = serde_json::from_slice(&config).unwrap();
    assert_eq!((&config["architecture"], &config["os"]), (&json!("wasm"), &json!("wasip2")));
    let exports = config["component"]["exports"].as_array().unwrap();
    assert!(exports.contains(&json!("generate")), "{config:#}");
    assert!(
        config["component"]["imports"].as_array().unwrap().contains(&json!("weft:component/artifacts@0.1.0")),
        "{config:#}"
    );

    let other = Folder::default();
    let pulled = ok(&other, &["pull", &format!("{}/me/trivial:1", registry.host), "--json"]).json();
    assert_eq!((&pulled["kind"], &pulled["files"]), (&json!("component"), &json!(["t.wasm"])));
    assert_eq!(std::fs::read(other.path().join("t.wasm")).unwrap(), bytes);
    let again = refused(&other, &["pull", &format!("{}/me/trivial:1", registry.host)]);
    assert!(again.contains("is there already") && again.contains("--force"), "{again}");

    // It runs by its reference, and what that leads to is noted beside the pipeline.
    let third = Folder::default();
    pipeline(&third, &registry.host);
    assert!(refused(&third, &["run", "p.yaml", "--locked"]).contains("is not in"));
    assert!(refused(&third, &["run", "p.yaml", "--offline"]).contains("is not in the lock file"));
    assert!(!third.path().join("weft.lock").exists());
    let ran = ok(&third, &["run", "p.yaml", "--json"]);
    assert_eq!(ran.json()["outputs"]["bytes"]["parameter"], 8, "{}", ran.stdout);
    assert!(ran.stderr.contains("Pulling oci://localhost"), "{}", ran.stderr);
    let lock = std::fs::read_to_string(third.path().join("weft.lock")).unwrap();
    assert!(lock.contains(&digest), "{lock}");
    for kind in ["inspect", "call"] {
        let reference = format!("oci://{}/me/trivial:1#generate", registry.host);
        let with = if kind == "call" { vec!["-w", "bytes=4", "-w", "seed=1"] } else { Vec::new() };
        let arguments: Vec<&str> = [kind, &reference].into_iter().chain(with).collect();
        ok(&third, &arguments);
    }

    // What is in the cache needs no registry, in any store.
    drop(registry);
    let offline = ok(&third, &["run", "p.yaml", "--store", "another", "--json", "--locked", "--offline"]);
    assert_eq!(offline.json()["outputs"]["bytes"]["parameter"], 8);
    ok(&third, &["run", "p.yaml", "--store", "a-third", "--json"]);
    std::fs::write(third.path().join("weft.lock"), "version = 1\n").unwrap();
    let unreachable = weft(&third, &["run", "p.yaml"]);
    assert!(unreachable.stderr.contains("cannot be reached"), "{}", unreachable.stderr);
}

#[test]
fn a_component_of_a_registry_is_an_image_of_kfp() {
    let Some(registry) = Registry::start(Setup::default()) else { return };
    let folder = Folder::default();
    build(&folder, "t.wasm", 1);
    push(&folder, &registry.host, &[]);
    pipeline(&folder, &registry.host);
    ok(&folder, &["compile", "p.yaml", "-o", "ir.yaml"]);
    let text = std::fs::read_to_string(folder.path().join("ir.yaml")).unwrap();
    let image = format!("image: \"oci://{}/me/trivial:1#generate\"", registry.host);
    assert!(text.contains(&image), "{text}");
    assert_eq!(ok(&folder, &["run", "ir.yaml", "--json"]).json()["state"], "COMPLETE");
    // A component that is a program, by its command.
    std::fs::copy(component("command"), folder.path().join("command.wasm")).unwrap();
    let reference = format!("{}/me/command:1", registry.host);
    ok(&folder, &["push", "command.wasm", &reference]);
    let ir = json!({
        "pipelineInfo": { "name": "command" }, "schemaVersion": "2.1.0",
        "deploymentSpec": { "executors": { "exec": { "container": { "image": format!("oci://{reference}"), "args": ["arguments", "x"] } } } },
        "components": { "comp": { "executorLabel": "exec" } },
        "root": { "dag": { "tasks": { "go": { "componentRef": { "name": "comp" }, "taskInfo": { "name": "go" } } } } },
    });
    folder.file("command.json", &ir.to_string());
    let ran = weft(&folder, &["run", "command.json", "--json"]).json();
    let message = ran["tasks"][0]["message"].as_str().unwrap_or_default();
    assert!(ran["tasks"][0]["state"].is_string() && !message.contains("no such file"), "{ran:#}");
}

#[test]
fn a_moved_tag_moves_nothing_until_it_is_asked_for() {
    let Some(registry) = Registry::start(Setup::default()) else { return };
    let folder = Folder::default();
    build(&folder, "t.wasm", 0);
    let first = push(&folder, &registry.host, &[]);
    pipeline(&folder, &registry.host);
    ok(&folder, &["check", "p.yaml"]);
    let reader = Reader::of(&folder);
    let pinned = reader.components();
    assert!(pinned.is_ok());
    let lock = std::fs::read_to_string(folder.path().join("weft.lock")).unwrap();
    let original = std::fs::read(registry.blob(&first)).unwrap();
    let moving = settings(&folder.path().join("none"), false);
    let to = format!("{}/me/trivial:1", registry.host).parse().unwrap();
    let mut refusals = 0;
    for version in 1..=100 {
        build(&folder, "t.wasm", version);
        let pushed = moving.push_file(&folder.path().join("t.wasm"), &to, &weft::PushOptions::default()).unwrap();
        let moved = pushed.digest.to_string();
        assert_ne!(moved, first);
        // Every time with an empty cache; every tenth time the registry also gives what the tag says now for what the digest says.
        if version % 10 == 0 {
            std::fs::write(registry.blob(&first), std::fs::read(registry.blob(&moved)).unwrap()).unwrap();
        }
        match reader.components() {
            Ok(found) if version % 10 != 0 => assert_eq!(Some(found), pinned.clone().ok(), "{version}"),
            Err(why) if version % 10 == 0 => {
                assert!(why.contains("is not what its digest") || why.contains("refuses"), "{why}");
                refusals += 1;
            }
            other => panic!("{version}: {other:?}"),
        }
        std::fs::write(registry.blob(&first), &original).unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join("weft.lock")).unwrap(), lock);
    }
    assert_eq!(refusals, 10);
    let told = ok(&folder, &["update", "p.yaml", "--dry-run"]).stdout;
    assert!(told.contains("1 reference would move") && told.contains(&first[..19]), "{told}");
    assert_eq!(std::fs::read_to_string(folder.path().join("weft.lock")).unwrap(), lock);
    let moved = ok(&folder, &["update", "p.yaml", "--json"]).json();
    assert_eq!(moved["moved"][0]["from"], first);
    assert_ne!(reader.components(), pinned);
    assert_eq!(ok(&folder, &["update", "p.yaml", "--json"]).json()["moved"], json!([]));
    let unknown = refused(&folder, &["update", "p.yaml", "localhost:1/me/trivia:1"]);
    assert!(unknown.contains("names no"), "{unknown}");
}

/// Reads the pipeline in a folder over and over, by the library, with a cache of its own and the lock that is not to be changed.
struct Reader {
    folder: PathBuf,
    cache: PathBuf,
    linker: Linker,
}

impl Reader {
    fn of(folder: &Folder) -> Self {
        let cache = folder.path().join("reader");
        let host = Host { registry: Some(settings(&cache, true)), ..Host::default() };
        let linker = Linker::new(&folder.path().join(".weft"), host).unwrap();
        Self { folder: folder.path().to_owned(), cache, linker }
    }

    /// The digests of the pipeline's components, fetched anew.
    fn components(&self) -> Result<BTreeMap<String, String>, String> {
        _ = std::fs::remove_dir_all(&self.cache);
        let file = weft::read(&self.folder.join("p.yaml")).unwrap();
        match self.linker.prepare(file, &PrepareOptions::default(), &silent) {
            Ok(prepared) => Ok(prepared.components),
            Err(weft::Error::Pipeline(findings)) => {
                Err(findings.iter().map(|finding| finding.diagnostic.message.clone()).collect())
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

fn settings(cache: &Path, locked: bool) -> weft::Registry {
    let settings = oci::Settings::default();
    weft::Registry { settings, cache: cache.to_owned(), locked, offline: false, signers: Vec::new() }
}

#[test]
fn what_was_tampered_with_is_refused() {
    let Some(registry) = Registry::start(Setup::default()) else { return };
    let folder = Folder::default();
    let bytes = build(&folder, "t.wasm", 1);
    let digest = push(&folder, &registry.host, &[]);
    pipeline(&folder, &registry.host);
    ok(&folder, &["check", "p.yaml"]);
    let reader = Reader::of(&folder);
    let layer = registry.blob(&oci::Digest::of(&bytes).to_string());
    let manifest = registry.blob(&digest);
    let mut refusals = 0;
    for (file, count) in [(&layer, 90), (&manifest, 10)] {
        let whole = std::fs::read(file).unwrap();
        for (at, bit) in flips(whole.len(), count, 15) {
            let mut changed = whole.clone();
            changed[at] ^= bit;
            std::fs::write(file, &changed).unwrap();
            let why = reader.components().unwrap_err();
            // A manifest that is none any more the registry does not give out itself.
            assert!(why.contains("is not what its digest") || why.contains("refuses"), "byte {at}: {why}");
            refusals += 1;
        }
        std::fs::write(file, &whole).unwrap();
    }
    assert_eq!(refusals, 100);
    // Shorter and longer are told too, by the command, which leaves nothing behind.
    let other = Folder::default();
    for changed in [&bytes[..bytes.len() - 1], &[&bytes[..], b"x"].concat()] {
        std::fs::write(&layer, changed).unwrap();
        let said = refused(&other, &["pull", &format!("{}/me/trivial:1", registry.host)]);
        assert!(said.contains("is not what its digest") || said.contains("cannot be copied"), "{said}");
    }
    assert!(!other.path().join("t.wasm").exists());
    // So is what was damaged in the cache: without a network it is refused, with one it is fetched again.
    std::fs::write(&layer, &bytes).unwrap();
    let cached = cache(folder.path()).join("registry/blobs/sha256").join(oci::Digest::of(&bytes).hex());
    std::fs::write(&cached, b"something else").unwrap();
    assert!(refused(&folder, &["check", "p.yaml", "--offline"]).contains("no longer whole"));
    ok(&folder, &["check", "p.yaml"]);
    ok(&folder, &["check", "p.yaml", "--offline"]);
}

#[test]
fn signatures_are_demanded() {
    let Some(registry) = Registry::start(Setup::default()) else { return };
    let folder = Folder::default();
    build(&folder, "t.wasm", 1);
    let (private, public) = key(&folder, "mine");
    let (_, stranger) = key(&folder, "other");
    let reference = format!("{}/me/trivial:1", registry.host);
    push(&folder, &registry.host, &[]);
    pipeline(&folder, &registry.host);
    let unsigned = refused(&folder, &["pull", &reference, "--verify", &public, "-o", "back.wasm"]);
    assert!(unsigned.contains("it has no signature") && unsigned.contains("weft push --sign"), "{unsigned}");
    let digest = push(&folder, &registry.host, &["--sign", &private]);
    let pulled = ok(&folder, &["pull", &reference, "--verify", &public, "-o", "back.wasm", "--json"]).json();
    assert!(pulled["signed_by"].is_string());
    let wrong = refused(&folder, &["pull", &reference, "--verify", &stranger, "-o", "other.wasm"]);
    assert!(wrong.contains("its signature is another's"), "{wrong}");
    assert!(!folder.path().join("other.wasm").exists());
    // Either of two keys does.
    ok(&folder, &["pull", &reference, "--verify", &stranger, "--verify", &public, "-o", "third.wasm"]);
    // A run demands it of its components, with a network and then without.
    assert!(refused(&folder, &["run", "p.yaml", "--verify", &stranger]).contains("is not signed by"));
    ok(&folder, &["run", "p.yaml", "--verify", &public]);
    ok(&folder, &["run", "p.yaml", "--verify", &public, "--offline", "--store", "another"]);
    assert!(refused(&folder, &["run", "p.yaml", "--verify", &stranger, "--offline"]).contains("is not signed by"));
    // So does a policy, of whoever runs it.
    for (signer, code) in [(&public, 0), (&stranger, 2)] {
        folder.file("policy.yaml", &format!("signers: [{signer}]\n"));
        let ran = weft(&folder, &["run", "p.yaml", "--policy", "policy.yaml", "--offline"]);
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
    }
    // The registry has no list of referrers, so there is a tag.
    let tag = digest.replace(':', "-");
    let index: Value = serde_json::from_slice(&registry.manifest("me/trivial", &tag).unwrap()).unwrap();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 1, "{index:#}");
    assert_eq!(index["manifests"][0]["artifactType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
    // Signed again by the same key it is the same.
    push(&folder, &registry.host, &["--sign", &private]);
    let again: Value = serde_json::from_slice(&registry.manifest("me/trivial", &tag).unwrap()).unwrap();
    assert_eq!(again, index);
    // A signature that was tampered with in the registry is not even read.
    let referrer: Value = serde_json::from_slice(
        &registry.manifest("me/trivial", index["manifests"][0]["digest"].as_str().unwrap()).unwrap(),
    )
    .unwrap();
    let file = registry.blob(referrer["layers"][0]["digest"].as_str().unwrap());
    let whole = std::fs::read(&file).unwrap();
    for (at, bit) in flips(whole.len(), 10, 16) {
        let mut changed = whole.clone();
        changed[at] ^= bit;
        std::fs::write(&file, &changed).unwrap();
        let said = refused(&folder, &["pull", &reference, "--verify", &public, "-o", "fourth.wasm"]);
        assert!(said.contains("is not what its digest"), "{said}");
    }
}

#[test]
fn no_other_signature_does() {
    let (key, stranger) = (Key::generate().unwrap(), Key::generate().unwrap());
    let manifest = oci::Digest::of(b"manifest");
    let signature = image_signature(&manifest.hex(), &key).unwrap();
    let check = |signature: &Value, manifest| {
        check_signatures("it", manifest, std::slice::from_ref(signature), &[key.public()])
    };
    check(&signature, manifest).unwrap();
    assert!(check(&signature, oci::Digest::of(b"another")).is_err());
    assert!(check(&image_signature(&manifest.hex(), &stranger).unwrap(), manifest).is_err());
    let mut refusals = 0;
    for field in ["/dsseEnvelope/payload", "/dsseEnvelope/signatures/0/sig"] {
        let whole = signature.pointer(field).unwrap().as_str().unwrap().to_owned();
        for (at, bit) in flips(whole.len(), 50, 17) {
            let mut bytes = whole.clone().into_bytes();
            bytes[at] ^= bit & 0x7f | u8::from(bit == 0x80);
            let mut changed = signature.clone();
            *changed.pointer_mut(field).unwrap() = String::from_utf8(bytes).unwrap().into();
            assert_ne!(changed, signature);
            assert!(check(&changed, manifest).is_err(), "{field} at {at}");
            refusals += 1;
        }
    }
    assert_eq!(refusals, 100);
}

#[test]
fn who_asks_is_what_dockers_configuration_says() {
    let Some(registry) = Registry::start(Setup { login: true, tls: false }) else { return };
    let folder = Folder::default();
    build(&folder, "t.wasm", 1);
    let reference = format!("{}/me/trivial:1", registry.host);
    let arguments = ["push", "t.wasm", &reference];
    let unknown = refused(&folder, &arguments);
    assert!(unknown.contains("does not let") && unknown.contains("docker login localhost"), "{unknown}");
    // `me:secret`, and a password that is wrong.
    let config = |auth: &str| json!({ "auths": { &registry.host: { "auth": auth } } }).to_string();
    std::fs::create_dir(folder.path().join("docker")).unwrap();
    let file = folder.path().join("docker/config.json");
    std::fs::write(&file, config("bWU6d3Jvbmc=")).unwrap();
    let wrong = refused(&folder, &arguments);
    assert!(wrong.contains("does not let") && wrong.contains("was sent"), "{wrong}");
    std::fs::write(&file, config("bWU6c2VjcmV0")).unwrap();
    ok(&folder, &arguments);
    std::fs::remove_file(&file).unwrap();
    let inline = command(&folder, &arguments).env("DOCKER_AUTH_CONFIG", config("bWU6c2VjcmV0")).output().unwrap();
    assert_eq!(Ended::from(inline).code, Some(0));
    // A credential helper.
    std::fs::write(&file, json!({ "credHelpers": { &registry.host: "weft-test" } }).to_string()).unwrap();
    let helper = folder.path().join("docker-credential-weft-test");
    std::fs::write(&helper, "#!/bin/sh\nread -r host\n[ \"$1\" = get ] && echo \"{\\\"Username\\\": \\\"me\\\", \\\"Secret\\\": \\\"secret\\\", \\\"ServerURL\\\": \\\"$host\\\"}\"\n").unwrap();
    std::fs::set_permissions(&helper, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let ended: Ended = command(&folder, &arguments).env("PATH", path).output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let missing = refused(&folder, &arguments);
    assert!(missing.contains("docker-credential-weft-test does not say"), "{missing}");
}

#[test]
fn tls_is_spoken_and_believed_only_with_a_certificate_that_is_trusted() {
    let Some(registry) = Registry::start(Setup { tls: true, login: true }) else { return };
    let folder = Folder::default();
    build(&folder, "t.wasm", 1);
    std::fs::create_dir(folder.path().join("docker")).unwrap();
    let config = json!({ "auths": { &registry.host: { "auth": "bWU6c2VjcmV0" } } });
    std::fs::write(folder.path().join("docker/config.json"), config.to_string()).unwrap();
    let reference = format!("{}/me/trivial:1", registry.host);
    let arguments = ["push", "t.wasm", &reference];
    let trusted = project().join("tests/registry/ca.pem");
    let ended: Ended = command(&folder, &arguments).env("SSL_CERT_FILE", &trusted).output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // Not even on loopback is a wrong certificate a reason to do without.
    let ended: Ended = command(&folder, &arguments).env("SSL_CERT_FILE", "/etc/hostname").output().unwrap().into();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("certificate"), "{}", ended.stderr);
    assert_ne!(weft(&folder, &["push", "t.wasm", &reference, "--plain-http"]).code, Some(0));
}

const CHAIN: &str = "name: chain
steps:
  make: { component: \"@trivial#generate\", with: { bytes: 5000, seed: 1 } }
  cut: { component: \"@trivial#slice\", with: { input: \"${make}\", offset: 0, length: 40 } }
outputs: { cut: \"${cut}\" }
";

#[test]
fn an_artifact_goes_with_its_evidence() {
    let Some(registry) = Registry::start(Setup::default()) else { return };
    let folder = Folder::default();
    folder.file("p.yaml", CHAIN);
    let (private, public) = key(&folder, "mine");
    ok(&folder, &["run", "p.yaml"]);
    let reference = format!("{}/me/cut:3", registry.host);
    let pushed = ok(&folder, &["push", "latest/cut", &reference, "--attest", "--sign", &private, "--json"]).json();
    assert_eq!(pushed["kind"], "artifact");
    let attached = pushed["attached"].as_array().unwrap();
    for name in
        ["signature.sigstore.json", "provenance.intoto.json", "provenance.dsse.json", "model.sig", "bom.cdx.json"]
    {
        assert!(attached.contains(&json!(name)), "{attached:?}");
    }
    let other = Folder::default();
    std::fs::copy(folder.path().join(&public), other.path().join(&public)).unwrap();
    let pulled = ok(&other, &["pull", &reference, "-o", "cut/", "--attest", "--verify", &public, "--json"]).json();
    assert_eq!((&pulled["kind"], pulled["files"].as_array().unwrap().len()), (&json!("artifact"), 1));
    let checked = ok(&other, &["attest", "--check", "cut", "--key", &public, "--json"]).json();
    assert_eq!(checked["key_from_folder"], false);
    ok(&folder, &["artifact", "export", "latest/cut", "own"]);
    let file = other.path().join(pulled["files"][0].as_str().unwrap());
    assert_eq!(std::fs::read(file).unwrap(), std::fs::read(folder.path().join("own")).unwrap());
    // What is no artifact has no evidence, and what is no component runs nowhere.
    build(&folder, "t.wasm", 1);
    assert!(refused(&folder, &["push", "t.wasm", &reference, "--attest"]).contains("nothing is recorded"));
    folder.file("wrong.yaml", &format!("name: wrong\nsteps:\n  a: {{ component: \"oci://{reference}#x\" }}\n"));
    assert!(refused(&folder, &["check", "wrong.yaml"]).contains("is no component"));
    // A pipeline that needs files goes in a bundle.
    assert!(refused(&folder, &["push", "p.yaml", &reference]).contains("weft bundle"));
    assert!(refused(&folder, &["push", "latest/none", &reference]).contains("none"));
}

#[test]
fn oras_pulls_what_is_pushed_and_pushes_what_is_pulled() {
    let Some(registry) = Registry::start(Setup::default()) else { return };
    let folder = Folder::default();
    let bytes = build(&folder, "t.wasm", 1);
    let of = |name: &str| format!("{}/me/{name}:1", registry.host);
    ok(&folder, &["push", "t.wasm", &of("trivial")]);
    // A folder of the store, and a pipeline with its lock.
    std::fs::create_dir_all(folder.path().join("table/part")).unwrap();
    std::fs::write(folder.path().join("table/a.csv"), "a,b\n1,2\n").unwrap();
    std::fs::write(folder.path().join("table/part/b.csv"), "c\n").unwrap();
    folder.file(
        "import.yaml",
        "name: import\nsteps: { table: { import: table, type: dataset } }\noutputs: { table: \"${table}\" }\n",
    );
    ok(&folder, &["run", "import.yaml"]);
    ok(&folder, &["push", "latest/table", &of("table")]);
    pipeline(&folder, &registry.host);
    ok(&folder, &["check", "p.yaml"]);
    ok(&folder, &["push", "p.yaml", &of("pipeline")]);
    let python = |arguments: &[&str]| folder.python("oras-venv", "oras_client.py", arguments);
    python(&["pull", &of("trivial"), "by-oras"]);
    assert_eq!(std::fs::read(folder.path().join("by-oras/t.wasm")).unwrap(), bytes);
    python(&["pull", &of("table"), "by-oras"]);
    python(&["pull", &of("pipeline"), "by-oras"]);
    for name in ["p.yaml", "weft.lock"] {
        assert_eq!(
            std::fs::read(folder.path().join("by-oras").join(name)).unwrap(),
            std::fs::read(folder.path().join(name)).unwrap()
        );
    }
    let folders = std::fs::read_dir(folder.path().join("by-oras")).unwrap();
    let table = folders.flatten().find(|entry| entry.path().is_dir()).unwrap().path();
    assert_eq!(std::fs::read_to_string(table.join("part/b.csv")).unwrap(), "c\n");
    // The other way round.
    python(&["push-component", &of("by-oras"), "t.wasm"]);
    python(&["push", &of("files"), "table", "p.yaml"]);
    let other = Folder::default();
    ok(&other, &["pull", &of("by-oras"), "-o", "back.wasm"]);
    assert_eq!(std::fs::read(other.path().join("back.wasm")).unwrap(), bytes);
    other.file(
        "p.yaml",
        &format!(
            "name: p\nsteps:\n  make: {{ component: \"oci://{}#generate\", with: {{ bytes: 8, seed: 1 }} }}\n",
            of("by-oras")
        ),
    );
    ok(&other, &["run", "p.yaml"]);
    let pulled = ok(&other, &["pull", &of("files"), "-o", "files", "--json"]).json();
    assert_eq!((&pulled["kind"], &pulled["files"]), (&json!("files"), &json!(["files/table", "files/p.yaml"])));
    assert_eq!(std::fs::read_to_string(other.path().join("files/table/part/b.csv")).unwrap(), "c\n");
    ok(&other, &["pull", &of("table"), "-o", "mine"]);
    assert_eq!(std::fs::read_to_string(other.path().join("mine/a.csv")).unwrap(), "a,b\n1,2\n");
    ok(&other, &["pull", &of("pipeline"), "-o", "whole"]);
    ok(&other, &["run", "whole/p.yaml", "--locked"]);
}

#[test]
fn what_is_written_wrongly_is_told_in_a_line() {
    let folder = Folder::default();
    build(&folder, "t.wasm", 1);
    std::fs::write(folder.path().join("text.wasm"), "(component)").unwrap();
    let said = |arguments: &[&str]| refused(&folder, arguments);
    for (reference, why) in [
        ("ghcr.io/me/train:1.0+a", "write `1.0-a`"),
        ("train:1", "names no registry"),
        ("https://ghcr.io/me/train", "which protocol"),
    ] {
        let told = said(&["push", "t.wasm", reference]);
        assert!(told.contains(why), "{told}");
    }
    assert!(said(&["push", "none.wasm", "localhost:1/a"]).contains("there is no file"));
    assert!(said(&["push", "t.wasm", "localhost:1/a"]).contains("cannot be reached"));
    assert!(said(&["pull", "localhost:1/a", "--attest"]).contains("--output"));
    assert!(said(&["push", "t.wasm", "localhost:1/a", "--sign", "t.wasm"]).contains("t.wasm"));
    folder.file("p.yaml", "name: p\nsteps:\n  a: { component: \"oci://me/x:1#y\" }\n");
    let told = said(&["check", "p.yaml"]);
    assert!(told.contains("is no registry") && told.contains("p.yaml:3"), "{told}");
}
