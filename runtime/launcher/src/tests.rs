//! Working directories as a hostile command could leave them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::{Value, json};
use weft_artifacts::{Budget, Content, ContentId, Store};
use weft_pipeline::command::{REMOTE_URI, uri};
use weft_pipeline::signature::Port;
use weft_pipeline::step::{Artifact, Command, DirectoryGrant, FailureKind, PortValue, PortValues};
use weft_pipeline::types::{ArtifactType, PortType};

use crate::{Collected, Error, WorkDir, WorkDirs};

/// The step whose files these are.
const IDENTITY: [u8; 32] = [0xab; 32];

/// A path beside its outputs, as it sees it.
fn out(name: &str) -> String {
    format!("{}/{name}", uri::of_outputs(&IDENTITY))
}

/// The directory of its outputs on the host.
fn out_in(root: &Path) -> PathBuf {
    root.join(&uri::of_outputs(&IDENTITY)[1..])
}

struct Fixture {
    folder: tempfile::TempDir,
    store: Store,
    directories: WorkDirs,
    command: Command,
    inputs: PortValues,
    grants: BTreeMap<String, DirectoryGrant>,
    budget: Budget,
}

impl Fixture {
    fn new(outputs: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store")).unwrap();
        let outputs = outputs.iter().map(|(name, ty)| ((*name).to_owned(), port(ty))).collect();
        let command = Command { argv: vec!["tool".to_owned()], outputs, ..Command::default() };
        let (inputs, grants) = (PortValues::new(), BTreeMap::new());
        let directories = WorkDirs::new(store.clone());
        Self { folder, store, directories, command, inputs, grants, budget: Budget::new(1 << 20) }
    }

    fn put(&self, bytes: &[u8]) -> Artifact {
        let mut writer = self.store.create(None).unwrap();
        writer.append(bytes).unwrap();
        let uri = writer.finish().unwrap().to_string();
        Artifact { id: None, kind: ArtifactType("system.Dataset".into()), uri, name: None, properties: BTreeMap::new() }
    }

    fn directory(&self) -> WorkDir {
        self.directories.stage(&self.command, &self.inputs, &self.grants, &IDENTITY).unwrap()
    }

    /// Collects the outputs after `write` was called with the path of the root.
    fn collect(&self, write: impl FnOnce(&Path)) -> Result<PortValues, Error> {
        self.collect_all(write).map(|collected| collected.outputs)
    }

    fn collect_all(&self, write: impl FnOnce(&Path)) -> Result<Collected, Error> {
        let directory = self.directory();
        write(&root(&directory));
        let outputs = directory.collect(&self.command, &self.inputs, &self.budget);
        self.directories.put_back(directory);
        outputs
    }

    fn files(&self, uri: &str) -> Vec<(String, String)> {
        let read = |reader: &weft_artifacts::BlobReader| {
            let mut bytes = vec![0; usize::try_from(reader.len()).unwrap()];
            assert_eq!(reader.read_at(0, &mut bytes).unwrap(), bytes.len());
            String::from_utf8(bytes).unwrap()
        };
        match self.store.open_content(&uri.parse::<ContentId>().unwrap()).unwrap() {
            Content::File(reader) => vec![(String::new(), read(&reader))],
            Content::Tree(tree) => tree
                .entries()
                .iter()
                .map(|entry| (entry.path.clone(), read(&tree.open(&entry.path).unwrap())))
                .collect(),
        }
    }
}

fn root(directory: &WorkDir) -> PathBuf {
    directory.mounts()[0].host.clone()
}

fn port(ty: &str) -> Port {
    let artifact = |kind: &str, list| Port::required(PortType::Artifact { kind: ArtifactType(kind.to_owned()), list });
    match ty {
        "system.Model" => artifact(ty, false),
        "list of system.Model" => artifact("system.Model", true),
        ty => Port::required(PortType::Parameter(ty.parse().unwrap())),
    }
}

fn tell(root: &Path, output: &Value) {
    std::fs::write(out_in(root).join("executor_output.json"), output.to_string()).unwrap();
}

fn only<'a>(outputs: &'a PortValues, name: &str) -> &'a Artifact {
    match &outputs[name] {
        PortValue::Artifacts(artifacts) if artifacts.len() == 1 => &artifacts[0],
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(result: Result<PortValues, Error>, kind: FailureKind, words: &[&str]) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "{word:?} is not in {error}");
    }
    assert!(error.to_string().len() < 2000);
}

#[test]
fn what_is_told_wins_over_files() {
    let fixture = Fixture::new(&[("n", "int"), ("text", "string"), ("list", "list"), ("flag", "bool")]);
    let outputs = fixture.collect(|root| {
        tell(root, &json!({"parameterValues": {"n": 4, "other": 1}}));
        for (name, text) in [("n", "3"), ("text", " a\n"), ("list", "[1, 2.0]"), ("flag", "True")] {
            std::fs::write(root.join("tmp/kfp/outputs").join(name), text).unwrap();
        }
    });
    let expected = [("n", json!(4)), ("text", json!(" a\n")), ("list", json!([1, 2.0])), ("flag", json!(true))];
    let expected: PortValues =
        expected.into_iter().map(|(name, value)| (name.to_owned(), PortValue::Parameter(value))).collect();
    assert_eq!(outputs.unwrap(), expected);
}

#[test]
fn missing_parameters_are_all_named() {
    let fixture = Fixture::new(&[("a", "int"), ("b", "string"), ("model", "system.Model")]);
    let result = fixture.collect(|root| tell(root, &json!({"parameterValues": {"a": null}})));
    assert!(result.as_ref().unwrap_err().advice().unwrap().contains("/tmp/kfp/outputs/a"));
    refused(result, FailureKind::Returned, &["`a`, `b`"]);
}

#[test]
fn an_artifact_is_there_whatever_was_written() {
    let fixture = Fixture::new(&[("none", "system.Model"), ("file", "system.Model"), ("folder", "system.Model")]);
    let outputs = fixture
        .collect(|root| {
            std::fs::write(out_in(root).join("file"), "f").unwrap();
            std::fs::create_dir_all(out_in(root).join("folder/deep")).unwrap();
            std::fs::write(out_in(root).join("folder/deep/a"), "a").unwrap();
        })
        .unwrap();
    assert_eq!(fixture.files(&only(&outputs, "none").uri), [(String::new(), String::new())]);
    assert_eq!(fixture.files(&only(&outputs, "file").uri), [(String::new(), "f".to_owned())]);
    assert_eq!(fixture.files(&only(&outputs, "folder").uri), [("deep/a".to_owned(), "a".to_owned())]);
    assert_eq!(only(&outputs, "file").kind.0, "system.Model");
    assert_eq!(only(&outputs, "file").name, None);
}

#[test]
fn metadata_names_and_paths_are_taken_as_told() {
    let fixture = Fixture::new(&[("a", "system.Model"), ("b", "system.Model"), ("c", "system.Model")]);
    let outputs = fixture
        .collect(|root| {
            std::fs::write(root.join("tmp/elsewhere"), "custom").unwrap();
            std::fs::write(out_in(root).join("b"), "b").unwrap();
            std::fs::create_dir_all(root.join("gcs/bucket")).unwrap();
            std::fs::write(root.join("gcs/bucket/c"), "c").unwrap();
            tell(
                root,
                &json!({"artifacts": {
                    "a": {"artifacts": [{"name": "a", "uri": out("a"), "custom_path": "/tmp/../tmp/./elsewhere",
                        "metadata": {"accuracy": 0.5, "none": null, "kfp_uri": "x", "nested": {"a": [1]}}}]},
                    "b": {"artifacts": [{"name": "best", "uri": "https://example.org/model", "metadata": {}}]},
                    "c": {"artifacts": [{"uri": "gs://bucket/c"}]},
                }}),
            );
        })
        .unwrap();
    let a = only(&outputs, "a");
    assert_eq!(fixture.files(&a.uri), [(String::new(), "custom".to_owned())]);
    assert_eq!(json!(a.properties), json!({"accuracy": 0.5, "nested": {"a": [1]}}));
    assert_eq!(a.name, None);
    let b = only(&outputs, "b");
    assert_eq!((b.name.as_deref(), &b.properties[REMOTE_URI]), (Some("best"), &json!("https://example.org/model")));
    assert_eq!(fixture.files(&b.uri), [(String::new(), "b".to_owned())]);
    let c = only(&outputs, "c");
    assert_eq!((fixture.files(&c.uri)[0].1.as_str(), &c.properties[REMOTE_URI]), ("c", &json!("gs://bucket/c")));
}

#[test]
fn outputs_may_share_and_lie_in_each_other() {
    let fixture = Fixture::new(&[("outer", "system.Model"), ("inner", "system.Model"), ("same", "system.Model")]);
    let outputs = fixture
        .collect(|root| {
            std::fs::create_dir_all(out_in(root).join("outer/sub")).unwrap();
            std::fs::write(out_in(root).join("outer/sub/x"), "x").unwrap();
            let at = |path: &str| json!({"artifacts": [{"custom_path": path}]});
            let told = json!({"inner": at(&out("outer/sub/x")), "same": at(&out("outer/sub/x"))});
            tell(root, &json!({"artifacts": told}));
        })
        .unwrap();
    for name in ["inner", "same"] {
        assert_eq!(fixture.files(&only(&outputs, name).uri), [(String::new(), "x".to_owned())]);
    }
    assert_eq!(fixture.files(&only(&outputs, "outer").uri), [("sub/x".to_owned(), "x".to_owned())]);
}

#[test]
fn inputs_pass_through() {
    let mut fixture = Fixture::new(&[("copy", "system.Model"), ("part", "system.Model")]);
    let data = fixture.put(b"data");
    let mut tree = fixture.store.create_tree(None).unwrap();
    tree.add("a/b", &data.uri.parse().unwrap()).unwrap();
    let folder = Artifact { uri: tree.finish().unwrap().to_string(), ..data.clone() };
    let (data_uri, tree_uri) = (uri::of_content(&data.uri), uri::of_content(&folder.uri));
    fixture.inputs.insert("data".to_owned(), PortValue::Artifacts(vec![data.clone(), folder]));
    let outputs = fixture
        .collect(|root| {
            assert_eq!(std::fs::read(root.with_file_name("in").join(&data_uri[4..])).unwrap(), b"data");
            let at = |path: &str| json!({"artifacts": [{"uri": path}]});
            tell(root, &json!({"artifacts": {"copy": at(&data_uri), "part": at(&format!("{tree_uri}/a/b"))}}));
        })
        .unwrap();
    assert_eq!(only(&outputs, "copy").uri, data.uri);
    assert_eq!(only(&outputs, "part").uri, data.uri);
    assert!(fixture.store.contains(&data.uri.parse().unwrap()).unwrap());
}

#[test]
fn uris_of_outputs_lead_to_their_content() {
    let outputs = [("Output", "system.Model"), ("text", "string"), ("all", "list of system.Model"), ("list", "list")];
    let fixture = Fixture::new(&outputs);
    let Collected { outputs, uris, warnings } = fixture
        .collect_all(|root| {
            std::fs::write(out_in(root).join("named"), "named").unwrap();
            std::fs::create_dir_all(out_in(root).join("all/1")).unwrap();
            std::fs::write(out_in(root).join("all/1/part"), "one").unwrap();
            let texts =
                json!({"text": format!("at {}.", out("named")), "list": [{"of": out("all/1/part")}, out("none")]});
            let all = json!([{"uri": out("all/1"), "metadata": {"first": out("all/1/part")}}]);
            tell(
                root,
                &json!({"parameterValues": texts, "artifacts": {
                    "Output": {"artifacts": [{"uri": out("named"), "metadata": {"self": out("named"), "n": 1}}]},
                    "all": {"artifacts": all},
                }}),
            );
        })
        .unwrap();
    let named = only(&outputs, "Output");
    assert_eq!(fixture.files(&named.uri), [(String::new(), "named".to_owned())]);
    let seen = uri::of_content(&named.uri);
    assert_eq!(json!(named.properties), json!({"self": seen, "n": 1}));
    assert_eq!(outputs["text"], PortValue::Parameter(json!(format!("at {seen}."))));
    let one = &only(&outputs, "all").uri;
    let part = format!("{}/part", uri::of_content(one));
    assert_eq!(outputs["list"], PortValue::Parameter(json!([{"of": part}, out("none")])));
    assert_eq!(json!(only(&outputs, "all").properties), json!({"first": part}));
    // The URI that it was shown leads there too.
    let expected = [(out("Output"), &named.uri), (out("named"), &named.uri), (out("all"), one), (out("all/1"), one)];
    assert_eq!(uris, expected.map(|(uri, content)| (uri, content.clone())).into());
    assert_eq!(warnings, Vec::<String>::new());
}

#[test]
fn what_texts_name_is_laid_out() {
    let mut fixture = Fixture::new(&[("copy", "system.Model"), ("s3", "system.Model")]);
    let (named, other) = (fixture.put(b"named"), fixture.put(b"other"));
    let seen = uri::of_content(&named.uri);
    fixture.command.linked =
        [(seen.clone(), named.uri.clone()), ("s3://bucket/other".to_owned(), other.uri.clone())].into();
    let outputs = fixture
        .collect(|root| {
            assert_eq!(std::fs::read(root.with_file_name("in").join(&seen[4..])).unwrap(), b"named");
            assert_eq!(std::fs::read(root.join("s3/bucket/other")).unwrap(), b"other");
            let at = |uri: &str| json!({"artifacts": [{"uri": uri}]});
            tell(root, &json!({"artifacts": {"copy": at(&seen), "s3": at("s3://bucket/other")}}));
        })
        .unwrap();
    assert_eq!(only(&outputs, "copy").uri, named.uri);
    assert_eq!(
        (&only(&outputs, "s3").uri, &only(&outputs, "s3").properties[REMOTE_URI]),
        (&other.uri, &json!("s3://bucket/other"))
    );
    // What was not given is not there, whoever knows its digest.
    fixture.command.linked.clear();
    let outputs = fixture.collect(|root| tell(root, &json!({"artifacts": {"copy": {"artifacts": [{"uri": seen}]}}})));
    assert_eq!(fixture.files(&only(&outputs.unwrap(), "copy").uri)[0].1, "");
}

#[test]
fn names_in_other_systems_are_kept_and_lead_to_content() {
    let mut fixture = Fixture::new(&[("copy", "system.Model"), ("label", "system.Model")]);
    let called = |artifact: Artifact, uri: &str| Artifact {
        properties: [(REMOTE_URI.to_owned(), json!(uri))].into(),
        ..artifact
    };
    let model = called(fixture.put(b"model"), "gs://bucket/deep/model");
    let page = called(fixture.put(b"page"), "https://example.org/page");
    fixture.inputs.insert("in".to_owned(), PortValue::Artifacts(vec![model.clone(), page.clone()]));
    let outputs = fixture
        .collect(|root| {
            assert_eq!(std::fs::read(root.join("gcs/bucket/deep/model")).unwrap(), b"model");
            let at = |uri: &str| json!({"artifacts": [{"uri": uri}]});
            tell(
                root,
                &json!({"artifacts": {
                    "copy": at("gs://bucket/deep/model"), "label": at("https://example.org/page"),
                }}),
            );
        })
        .unwrap();
    for (name, input) in [("copy", &model), ("label", &page)] {
        assert_eq!((&only(&outputs, name).uri, &only(&outputs, name).properties), (&input.uri, &input.properties));
    }
    // One name for two contents: whoever reads it would find the wrong one.
    let other = called(fixture.put(b"other"), "gs://bucket/deep/model");
    fixture.inputs.insert("too".to_owned(), PortValue::Artifacts(vec![other]));
    let refused = fixture.directories.stage(&fixture.command, &fixture.inputs, &fixture.grants, &IDENTITY);
    assert!(refused.err().unwrap().to_string().contains("`in` and `too` have the same URI"));
}

#[test]
fn what_is_lost_is_warned_of_by_name() {
    let fixture = Fixture::new(&[("model", "system.Model"), ("model_card", "system.Model"), ("n", "int")]);
    let collected = fixture.collect_all(|root| {
        for name in ["model.joblib", "model_card.md", "notes", "model"] {
            std::fs::write(out_in(root).join(name), name).unwrap();
        }
        tell(
            root,
            &json!({
                "parameterValues": {"n": 1, "m": 2},
                "artifacts": {"other": {}, "model_card": {"artifacts": [{"uri": "/tmp/card"}]}},
            }),
        );
    });
    let warnings = collected.unwrap().warnings;
    let expected = [
        "an output parameter `m` that it does not declare",
        "an output artifact `other` that it does not declare",
        "`model.joblib` was written beside the output `model` and is not kept",
        "`model_card.md` was written beside the output `model_card` and is not kept",
        "`notes` was written beside the outputs and is not kept",
        "its output `model_card` is said to be at `/tmp/card`, where there is nothing",
    ];
    assert_eq!(warnings.len(), expected.len(), "{warnings:#?}");
    for (warning, words) in warnings.iter().zip(expected) {
        assert!(warning.contains(words), "{words} is not in {warning}");
    }
    assert!(warnings[2].contains("`os.path.join(model.path, \"model.joblib\")`"), "{}", warnings[2]);
    let many = fixture.collect_all(|root| {
        (0..20).for_each(|n| std::fs::write(out_in(root).join(format!("x{n}")), "").unwrap());
        tell(root, &json!({"parameterValues": {"n": 1}}));
    });
    let warnings = many.unwrap().warnings;
    assert_eq!((warnings.len(), warnings[10].as_str()), (11, "10 more files beside its outputs are not kept"));
}

#[test]
fn lists_hold_what_was_told() {
    let fixture = Fixture::new(&[("all", "list of system.Model")]);
    let outputs = fixture
        .collect(|root| {
            std::fs::create_dir_all(out_in(root).join("all")).unwrap();
            std::fs::write(out_in(root).join("all/1"), "one").unwrap();
            std::fs::write(out_in(root).join("all/2"), "two").unwrap();
            tell(root, &json!({"artifacts": {"all": {"artifacts": [{"uri": out("all/2")}, {"uri": out("all/1")}]}}}));
        })
        .unwrap();
    let PortValue::Artifacts(all) = &outputs["all"] else { panic!("{outputs:?}") };
    let texts: Vec<String> = all.iter().map(|artifact| fixture.files(&artifact.uri)[0].1.clone()).collect();
    assert_eq!(texts, ["two", "one"]);
    assert_eq!(fixture.collect(|_| {}).unwrap()["all"], PortValue::Artifacts(Vec::new()));
    let many: Vec<Value> = (0..20_000).map(|_| json!({})).collect();
    let result = fixture.collect(|root| tell(root, &json!({"artifacts": {"all": {"artifacts": many}}})));
    refused(result, FailureKind::Returned, &["more than 10000"]);
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere_else() {
    use std::os::unix::fs::symlink;
    let fixture = Fixture::new(&[("model", "system.Model")]);
    let secret = fixture.folder.path().join("secret");
    std::fs::write(&secret, "secret").unwrap();
    for target in [
        secret.to_str().unwrap(),
        "../../../../../../../secret",
        "/etc/passwd",
        "../../../in",
        "model",
        "a",
        "../../..",
    ] {
        let result = fixture.collect(|root| {
            symlink(target, out_in(root).join("model")).unwrap();
            symlink("model", out_in(root).join("a")).unwrap();
        });
        match result {
            Err(error) => assert_eq!(error.kind(), FailureKind::Returned, "{target}: {error}"),
            Ok(outputs) => assert_eq!(fixture.files(&only(&outputs, "model").uri)[0].1, "", "{target}"),
        }
    }
    // In a directory, as a parent, and as the file of a parameter.
    let inside = fixture.collect(|root| {
        std::fs::create_dir(out_in(root).join("model")).unwrap();
        symlink(&secret, out_in(root).join("model/x")).unwrap();
    });
    refused(inside, FailureKind::Returned, &["`model`", "symbolic link"]);
    let way = fixture.collect(|root| {
        std::fs::remove_dir_all(root.join("out")).unwrap();
        symlink(fixture.folder.path(), root.join("out")).unwrap();
        // Where KFP's own back end has it.
        let reported = json!({"artifacts": {"model": {"artifacts": [{"uri": "/out/secret"}]}}});
        std::fs::write(root.join("tmp/kfp_outputs/output_metadata.json"), reported.to_string()).unwrap();
    });
    assert!(way.is_err(), "{way:?}");
    let file = Fixture::new(&[("n", "string")]);
    let result = file.collect(|root| symlink(&secret, root.join("tmp/kfp/outputs/n")).unwrap());
    refused(result, FailureKind::Returned, &["cannot be read"]);
    // A link to another file of the command is followed.
    let own = fixture.collect(|root| {
        std::fs::write(root.join("tmp/real"), "real").unwrap();
        symlink("../../tmp/real", out_in(root).join("model")).unwrap();
    });
    assert_eq!(fixture.files(&only(&own.unwrap(), "model").uri)[0].1, "real");
}

#[cfg(unix)]
#[test]
fn special_files_are_refused() {
    let fixture = Fixture::new(&[("model", "system.Model"), ("n", "int")]);
    let pipe = |path: PathBuf| {
        let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success());
    };
    refused(fixture.collect(|root| pipe(root.join("tmp/kfp/outputs/n"))), FailureKind::Returned, &["not a plain file"]);
    let told = |root: &Path| tell(root, &json!({"parameterValues": {"n": 1}}));
    let result = fixture.collect(|root| {
        told(root);
        pipe(out_in(root).join("model"));
    });
    refused(result, FailureKind::Returned, &["pipe"]);
    let result = fixture.collect(|root| pipe(out_in(root).join("executor_output.json")));
    refused(result, FailureKind::Returned, &["not a plain file"]);
}

#[test]
fn places_outside_are_refused_or_empty() {
    let mut fixture = Fixture::new(&[("model", "system.Model")]);
    let at = |path: &str| json!({"artifacts": {"model": {"artifacts": [{"custom_path": path}]}}});
    for path in ["/../../secret", "../../../../etc/passwd", "/none/there"] {
        // `..` stops at the command's root.
        let outputs = fixture.collect(|root| tell(root, &at(path))).unwrap();
        assert_eq!(fixture.files(&only(&outputs, "model").uri)[0].1, "", "{path}");
    }
    for path in ["/", "/in", "a\0b", "."] {
        refused(fixture.collect(|root| tell(root, &at(path))), FailureKind::Returned, &["`model`"]);
    }
    // Outputs in a granted directory are copied, and stay there.
    let shared = fixture.folder.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    std::fs::write(shared.join("x"), "shared").unwrap();
    let grant = DirectoryGrant { host: shared.to_str().unwrap().to_owned(), write: true };
    fixture.grants.insert("/data/shared/".to_owned(), grant.clone());
    let outputs = fixture.collect(|root| tell(root, &at("/data/shared/x"))).unwrap();
    assert_eq!(fixture.files(&only(&outputs, "model").uri)[0].1, "shared");
    assert!(shared.join("x").exists());
    fixture.grants.insert("/in".to_owned(), grant);
    assert!(fixture.directories.stage(&fixture.command, &fixture.inputs, &fixture.grants, &IDENTITY).is_err());
}

#[test]
fn everything_is_bounded() {
    let fixture = Fixture::new(&[("model", "system.Model"), ("n", "string")]);
    let huge = |path: PathBuf| std::fs::File::create(path).unwrap().set_len(1 << 40).unwrap();
    let told = |root: &Path| tell(root, &json!({"parameterValues": {"n": "x"}}));
    let result = fixture.collect(|root| {
        told(root);
        huge(out_in(root).join("model"));
    });
    refused(result, FailureKind::LimitReached, &["1 MiB"]);
    refused(fixture.collect(|root| huge(root.join("tmp/kfp/outputs/n"))), FailureKind::LimitReached, &["`n`", "4 MiB"]);
    let result = fixture.collect(|root| huge(out_in(root).join("executor_output.json")));
    refused(result, FailureKind::LimitReached, &["64 MiB"]);
    let result = fixture.collect(|root| tell(root, &json!({"parameterValues": {"n": "x".repeat(5 << 20)}})));
    refused(result, FailureKind::LimitReached, &["`n`"]);
    let many: serde_json::Map<String, Value> = (0..20_000).map(|i| (i.to_string(), json!(i))).collect();
    let told_of = |metadata: Value| json!({"parameterValues": {"n": "x"}, "artifacts": {"model": {"artifacts": [{"metadata": metadata}]}}});
    refused(fixture.collect(|root| tell(root, &told_of(many.into()))), FailureKind::Returned, &["10000"]);
    let long = json!({"a": "x".repeat(17 << 20)});
    refused(fixture.collect(|root| tell(root, &told_of(long))), FailureKind::Returned, &["16 MiB"]);
    let deep = "[".repeat(10_000);
    let result = fixture.collect(|root| {
        std::fs::write(out_in(root).join("executor_output.json"), format!("{{\"artifacts\": {deep}")).unwrap();
    });
    refused(result, FailureKind::Returned, &["not what KFP defines"]);
    let directory = fixture.directory();
    assert!(!directory.exceeds(1 << 20));
    huge(root(&directory).join("x"));
    assert!(directory.exceeds(1 << 20));
}

#[test]
fn values_of_another_type_are_named() {
    let fixture = Fixture::new(&[("n", "int")]);
    for value in [json!("three"), json!([1]), json!(1.5)] {
        let result = fixture.collect(|root| tell(root, &json!({"parameterValues": {"n": value}})));
        refused(result, FailureKind::Returned, &["`n`", "not of its type"]);
    }
    let result = fixture.collect(|root| std::fs::write(root.join("tmp/kfp/outputs/n"), b"\xff").unwrap());
    refused(result, FailureKind::Returned, &["UTF-8"]);
    let result = fixture.collect(|root| std::fs::create_dir(root.join("tmp/kfp/outputs/n")).unwrap());
    refused(result, FailureKind::Returned, &["not a plain file"]);
}

#[test]
fn a_call_and_its_packages_are_laid_out() {
    let mut fixture = Fixture::new(&[("model", "system.Model")]);
    let wheel = fixture.put(b"wheel");
    fixture.command.packages.insert("tool-1.0-py3-none-any.whl".to_owned(), wheel.uri.clone());
    fixture.command.argv.push("{{$.outputs.artifacts['model'].path}}".to_owned());
    let directory = fixture.directory();
    let call = directory.call(&fixture.command, &fixture.inputs, &IndexMap::new()).unwrap();
    assert_eq!(call.argv, ["tool".to_owned(), out("model")]);
    let packages = &directory.mounts()[2];
    assert_eq!((packages.inside.as_str(), packages.write), ("/packages", false));
    assert_eq!(std::fs::read(packages.host.join("tool-1.0-py3-none-any.whl")).unwrap(), b"wheel");
    let inputs = &directory.mounts()[1];
    assert_eq!((inputs.inside.as_str(), inputs.write), ("/in", false));
}

#[test]
fn the_next_command_finds_nothing_of_the_last() {
    let mut fixture = Fixture::new(&[]);
    let data = fixture.put(b"data");
    fixture.inputs.insert("data".to_owned(), PortValue::Artifacts(vec![data]));
    let names = |root: &Path| {
        let mut names = Vec::new();
        let mut waiting = vec![root.parent().unwrap().to_owned()];
        while let Some(folder) = waiting.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                names.push(path.strip_prefix(root.parent().unwrap()).unwrap().to_str().unwrap().to_owned());
                if path.is_dir() && !path.is_symlink() {
                    waiting.push(path);
                }
            }
        }
        names.sort();
        names
    };
    let first = fixture.directory();
    let (mut place, bare) = (root(&first), names(&root(&first)));
    fixture.directories.put_back(first);
    let mut use_up = |again: bool, spoil: &dyn Fn(&Path)| {
        let directory = fixture.directory();
        let at = root(&directory);
        assert_eq!(names(&at), bare);
        assert_eq!(at == place, again, "it is used again if and only if it was left in order");
        spoil(&at);
        fixture.directories.put_back(directory);
        place = at;
    };
    use_up(true, &|_| {});
    use_up(true, &|root| {
        std::fs::write(root.join("x"), "x").unwrap();
        std::fs::create_dir_all(root.join("tmp/kfp/component/deep")).unwrap();
        std::fs::write(root.join("tmp/kfp/component/x"), "x").unwrap();
    });
    use_up(true, &|root| std::fs::remove_dir_all(root.join("out")).unwrap());
    use_up(false, &|root| {
        std::fs::remove_dir_all(root.join("out")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc", root.join("out")).unwrap();
    });
    use_up(false, &|root| std::fs::create_dir_all(root.join("a/b/c/d/e/f")).unwrap());
    use_up(false, &|root| (0..2000).for_each(|i| std::fs::write(root.join(i.to_string()), "").unwrap()));
    use_up(false, &|_| {});
    assert!(Path::new("/etc/passwd").exists());
}
