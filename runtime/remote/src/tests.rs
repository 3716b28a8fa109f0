//! What is fetched of servers that answer in all ways that servers do.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use weft_artifacts::{Content, ContentId, Store};

use crate::testing::{Answer, Asked, Server, answer, file};
use crate::transfer::PART;
use crate::{Error, Fetched, Remote, Settings};

struct Place {
    _dir: tempfile::TempDir,
    store: Store,
    settings: Settings,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join("store")).unwrap();
        Self { _dir: dir, store, settings: Settings::default() }
    }

    /// With S3 at a server.
    fn with_s3(server: &Server) -> Self {
        Self::with(&[
            ("AWS_ENDPOINT_URL", &format!("http://{}", server.authority)),
            ("AWS_ACCESS_KEY_ID", "me"),
            ("AWS_SECRET_ACCESS_KEY", "hidden"),
        ])
    }

    fn with(variables: &[(&str, &str)]) -> Self {
        let mut place = Self::new();
        place.settings.variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        place
    }

    fn fetch(&self, uri: &str, known: Option<&str>) -> Result<Fetched, Error> {
        Remote::new(self.settings.clone()).fetch(uri, known, &self.store, &mut |_, _| ControlFlow::Continue(()))
    }

    fn fails(&self, uri: &str) -> String {
        let error = self.fetch(uri, None).unwrap_err();
        assert!(!format!("{error:?} {:?}", error.hint()).contains("hidden"));
        error.to_string()
    }

    fn bytes(&self, id: &ContentId) -> Vec<u8> {
        let ContentId::Blob(digest) = id else { panic!("{id} is a directory") };
        let reader = self.store.open_blob(digest).unwrap();
        let mut bytes = vec![0; usize::try_from(reader.len()).unwrap()];
        assert_eq!(reader.read_at(0, &mut bytes).unwrap(), bytes.len());
        bytes
    }

    /// The files of a directory.
    fn files(&self, id: &ContentId) -> Vec<(String, Vec<u8>)> {
        let Content::Tree(tree) = self.store.open_content(id).unwrap() else { panic!("{id} is a file") };
        let file = |entry: &weft_artifacts::TreeEntry| (entry.path.clone(), self.bytes(&ContentId::Blob(entry.digest)));
        tree.entries().iter().map(file).collect()
    }
}

/// More than two parts, no two of which are equal.
fn large() -> Vec<u8> {
    (0..u32::try_from(2 * PART + 1000).unwrap() / 4).flat_map(u32::to_le_bytes).collect()
}

fn url(server: &Server, path: &str) -> String {
    format!("http://{}{path}", server.authority)
}

#[test]
fn a_web_server_gives_parts() {
    let content = large();
    let served = content.clone();
    let server = Server::start(move |asked| file(asked, &served, "\"a\""));
    let place = Place::new();
    let found = place.fetch(&url(&server, "/x?key=1"), None).unwrap();
    assert_eq!(found.tag.as_deref(), Some("\"a\""));
    assert!(place.bytes(&found.content.unwrap()) == content);
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|asked| asked.target == "/x?key=1" && asked.header("accept-encoding") == "identity"));
    assert_eq!(asked.iter().filter(|asked| asked.header("if-match") == "\"a\"").count(), 2);
    // What is known already is not read again.
    assert_eq!(place.fetch(&url(&server, "/x"), Some("\"a\"")).unwrap().content, None);
    assert!(place.fetch(&url(&server, "/x"), Some("\"b\"")).unwrap().content.is_some());
}

#[test]
fn a_web_server_without_parts_and_an_empty_file() {
    let content = large();
    let served = content.clone();
    let server = Server::start(move |asked| match asked.target.split('?').next().unwrap() {
        "/large" => answer(200, served.clone()),
        "/empty" => file(asked, b"", "\"e\""),
        "/broken" => Answer { cut: Some(100_000), ..answer(200, served.clone()) },
        "/weak" => file(asked, b"weak", "W/\"a\""),
        _ => answer(404, ""),
    });
    let place = Place::new();
    let found = place.fetch(&url(&server, "/large"), None).unwrap();
    assert!(place.bytes(&found.content.unwrap()) == content && found.tag.is_none());
    let found = place.fetch(&url(&server, "/empty"), None).unwrap();
    assert_eq!(place.bytes(&found.content.unwrap()), b"");
    assert_eq!(place.fetch(&url(&server, "/weak"), None).unwrap().tag, None);
    let error = place.fails(&url(&server, "/broken?key=hidden"));
    assert!(error.contains("it broke off") && error.contains("/broken`"), "{error}");
    assert!(place.fails(&url(&server, "/none")).contains("the server answers 404"));
}

#[test]
fn what_changes_meanwhile_is_told() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |asked| {
        let e_tag = if count.fetch_add(1, Ordering::Relaxed) == 0 { "\"a\"" } else { "\"b\"" };
        file(asked, &large(), e_tag)
    });
    let place = Place::new();
    let error = place.fetch(&url(&server, "/x"), None).unwrap_err();
    assert!(matches!(error, Error::Changed { .. }) && error.hint().is_some(), "{error}");

    // A server that does not know `If-Match`.
    let count = AtomicUsize::new(0);
    let server = Server::start(move |asked| {
        let e_tag = if count.fetch_add(1, Ordering::Relaxed) == 0 { "\"a\"" } else { "\"b\"" };
        let mut asked = asked.clone();
        asked.headers.remove("if-match");
        file(&asked, &large(), e_tag)
    });
    assert!(place.fails(&url(&server, "/x")).contains("changed while it was read"));

    // S3, whose object is another after it was looked at.
    let server = Server::start(|asked| {
        if asked.method == "HEAD" { file(asked, &large(), "\"a\"") } else { file(asked, &large(), "\"b\"") }
    });
    let error = Place::with_s3(&server).fails("s3://bucket/x");
    assert_eq!(error, "`s3://bucket/x` changed while it was read");
}

#[test]
fn what_passes_is_asked_again() {
    let count = AtomicUsize::new(0);
    let serve = move |asked: &Asked| match count.fetch_add(1, Ordering::Relaxed) {
        0 => answer(503, ""),
        2 => Answer { cut: Some(10), ..file(asked, &large(), "\"a\"") },
        _ => file(asked, &large(), "\"a\""),
    };
    let server = Server::start(serve);
    let place = Place::new();
    let found = place.fetch(&url(&server, "/x"), None).unwrap();
    assert!(place.bytes(&found.content.unwrap()) == large());
    let count = AtomicUsize::new(0);
    let server = Server::start(move |asked| match count.fetch_add(1, Ordering::Relaxed) {
        1 => answer(500, "<Error><Code>InternalError</Code></Error>"),
        3 => Answer { cut: Some(10), ..file(asked, &large(), "\"a\"") },
        _ => file(asked, &large(), "\"a\""),
    });
    let place = Place::with_s3(&server);
    let found = place.fetch("s3://bucket/x", None).unwrap();
    assert!(place.bytes(&found.content.unwrap()) == large());
    // Signed, and held to the state that was looked at.
    let asked = server.asked();
    assert!(asked.iter().all(|asked| asked.header("authorization").contains("Credential=me/")));
    assert!(asked.iter().all(|asked| asked.target == "/bucket/x" && !format!("{asked:?}").contains("hidden")));
    assert!(asked.iter().filter(|asked| asked.method == "GET").all(|asked| asked.header("if-match") == "\"a\""));
}

#[test]
fn redirects_are_followed_but_not_to_where_credentials_are_told() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/deep/a" => answer(302, "").with("Location", "b?c=1"),
        "/deep/b?c=1" => file(asked, b"here", "\"a\""),
        "/loop" => answer(302, "").with("Location", "/loop"),
        "/metadata" => answer(302, "").with("Location", "http://169.254.169.254/latest"),
        _ => answer(302, ""),
    });
    let place = Place::new();
    let found = place.fetch(&url(&server, "/deep/a"), None).unwrap();
    assert_eq!(place.bytes(&found.content.unwrap()), b"here");
    assert!(place.fails(&url(&server, "/loop")).contains("more than 5 times"));
    assert!(place.fails(&url(&server, "/nowhere")).contains("leads nowhere"));
    for uri in [url(&server, "/metadata"), "http://169.254.169.254/latest".to_owned(), "http://[fe80::1]/".to_owned()] {
        assert!(place.fails(&uri).contains("where clouds tell credentials"), "{uri}");
    }
    // A name or a redirect does not lead to this machine; only its own address does.
    assert!(place.fails("http://0.0.0.0:1/x").contains("it leads to this machine"));
}

/// A bucket of these objects, as S3 lists and gives them.
fn bucket(asked: &Asked, objects: &[(&str, &str)]) -> Answer {
    let (path, query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
    let Some(key) = path.strip_prefix("/bucket").map(|key| key.trim_start_matches('/')) else {
        return answer(
            404,
            "<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message></Error>",
        );
    };
    if query.contains("list-type=2") {
        let prefix =
            query.split('&').find_map(|one| one.strip_prefix("prefix=")).unwrap_or_default().replace("%2F", "/");
        let mut xml = "<ListBucketResult><IsTruncated>false</IsTruncated>".to_owned();
        for (key, content) in objects.iter().filter(|(key, _)| key.starts_with(&prefix)) {
            xml.push_str(&format!(
                "<Contents><Key>{key}</Key><Size>{}</Size><ETag>&quot;{content}&quot;</ETag><LastModified>2026-11-01T10:00:00.000Z\
                 </LastModified></Contents>",
                content.len()
            ));
        }
        return answer(200, xml + "</ListBucketResult>");
    }
    match objects.iter().find(|(name, _)| *name == key) {
        Some((_, content)) => file(asked, content.as_bytes(), &format!("\"{content}\"")),
        None => answer(404, "<Error><Code>NoSuchKey</Code></Error>"),
    }
}

#[test]
fn what_is_below_a_prefix_is_a_directory() {
    let objects = [
        ("data/", ""),
        ("data/a.csv", "a"),
        ("data/deep/", ""),
        ("data/deep/b.csv", "bb"),
        ("data/none", ""),
        ("database", "x"),
    ];
    let server = Server::start(move |asked| bucket(asked, &objects));
    let place = Place::with_s3(&server);
    let expected = [("a.csv", "a"), ("deep/b.csv", "bb"), ("none", "")]
        .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
    for uri in ["s3://bucket/data/", "s3://bucket/data"] {
        let found = place.fetch(uri, None).unwrap();
        assert_eq!(place.files(&found.content.unwrap()), expected, "{uri}");
        assert_eq!(place.fetch(uri, found.tag.as_deref()).unwrap(), Fetched { content: None, tag: found.tag });
    }
    let found = place.fetch("s3://bucket/data/a.csv", None).unwrap();
    assert_eq!((place.bytes(&found.content.unwrap()), found.tag.as_deref()), (b"a".to_vec(), Some("\"a\"")));
    let found = place.fetch("s3://bucket", None).unwrap();
    assert_eq!(place.files(&found.content.unwrap()).len(), 4);
    let error = place.fails("s3://bucket/missing/x");
    assert_eq!(error, "there is nothing at `s3://bucket/missing/x`: there is no such object, and none below it");
    let error = place.fails("s3://other/x");
    assert!(error.contains("NoSuchBucket: The specified bucket does not exist"), "{error}");
}

#[test]
fn who_may_not_read_is_told_why() {
    let server = Server::start(|_| {
        answer(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>1</RequestId></Error>")
    });
    let error = Place::with_s3(&server).fetch("s3://bucket/x", None).unwrap_err();
    assert_eq!(error.to_string(), "`s3://bucket/x` may not be read: AccessDenied: Access Denied");
    assert_eq!(error.hint().as_deref(), Some("it was asked for the key of AWS_ACCESS_KEY_ID"));
    let error = Place::new().fails(&url(&server, "/x"));
    assert!(error.contains("may not be read: the server answers 403"), "{error}");

    let place = Place::with(&[("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]);
    let error = place.fetch("s3://bucket/x", None).unwrap_err();
    assert!(matches!(error, Error::NoCredentials { .. }), "{error}");
    assert!(
        error.to_string().contains("AWS_ACCESS_KEY_ID") && error.hint().unwrap().contains("AWS_SKIP_SIGNATURE=true")
    );
    let half = Place::with(&[("AWS_ACCESS_KEY_ID", "me")]).fails("s3://bucket/x");
    assert!(half.contains("cannot be asked for") && half.contains("SecretAccessKey"), "{half}");
    let plain = Place::with(&[
        ("AWS_ENDPOINT_URL", "http://minio:9000"),
        ("AWS_ACCESS_KEY_ID", "me"),
        ("AWS_SECRET_ACCESS_KEY", "hidden"),
    ]);
    assert!(plain.fails("s3://bucket/x").contains("without TLS"));
    let azure = Place::new().fails("az://container/x");
    assert!(azure.to_ascii_lowercase().contains("account"), "{azure}");
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = Place::new().fails(&format!("http://{free}/x"));
    assert!(error.contains("cannot be reached") && error.contains("refused"), "{error}");
    let place = Place::with(&[
        ("AWS_ENDPOINT_URL", &format!("http://{free}")),
        ("AWS_ACCESS_KEY_ID", "me"),
        ("AWS_SECRET_ACCESS_KEY", "hidden"),
    ]);
    let error = place.fails("s3://bucket/x");
    assert!(error.contains("the server of `s3://bucket/x` cannot be reached") && error.contains("refused"), "{error}");
}

#[test]
fn google_and_azure_are_asked_in_their_ways() {
    let server = Server::start(|asked| file(asked, b"content", "\"a\""));
    let place = Place::with(&[("STORAGE_EMULATOR_HOST", &server.authority)]);
    let found = place.fetch("gs://bucket/a b/x", None).unwrap();
    assert_eq!(place.bytes(&found.content.unwrap()), b"content");
    assert_eq!(server.asked()[0].target, "/bucket/a%20b%2Fx");
    let key = "aGlkZGVu";
    let text = format!("AccountName=me;AccountKey={key};BlobEndpoint=http://{}", server.authority);
    let place = Place::with(&[("AZURE_STORAGE_CONNECTION_STRING", &text)]);
    let found = place.fetch("az://container/x", None).unwrap();
    assert_eq!(place.bytes(&found.content.unwrap()), b"content");
    let asked = server.asked().pop().unwrap();
    assert_eq!(asked.target, "/container/x");
    assert!(asked.header("authorization").starts_with("SharedKey me:") && !format!("{asked:?}").contains(key));
}

#[test]
fn it_ends_when_it_is_told_to() {
    let server = Server::start(|_| {
        std::thread::sleep(Duration::from_secs(20));
        answer(200, "")
    });
    for uri in [url(&server, "/x"), "s3://bucket/x".to_owned()] {
        let place = Place::with_s3(&server);
        let started = Instant::now();
        let stop = &mut |_, _| {
            if started.elapsed() > Duration::from_millis(300) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let error = Remote::new(place.settings.clone()).fetch(&uri, None, &place.store, stop).unwrap_err();
        assert!(error.is_interruption(), "{error}");
        assert!(started.elapsed() < Duration::from_secs(10), "it waited for the server");
    }
}
