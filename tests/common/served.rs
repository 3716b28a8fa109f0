//! `weft serve` at work in a folder.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Folder;

/// A server at work in a folder, which is killed when it is dropped.
pub struct Served {
    process: Child,
    /// `127.0.0.1:PORT`
    pub address: String,
    pub token: String,
    /// What it tells besides its address.
    log: PathBuf,
}

impl Served {
    pub fn start(folder: &Folder) -> Self {
        Self::with(folder, &[])
    }

    pub fn with(folder: &Folder, options: &[&str]) -> Self {
        let mut arguments = vec!["serve"];
        arguments.extend(options);
        if !options.contains(&"--listen") {
            arguments.extend(["--listen", "127.0.0.1:0"]);
        }
        Self::of(folder, folder.command(&arguments))
    }

    /// The server that a command starts.
    pub fn of(folder: &Folder, mut command: Command) -> Self {
        let log = folder.path().join("server.log");
        let told = File::options().create(true).append(true).open(&log).unwrap();
        let mut process = command.stdout(Stdio::piped()).stderr(told).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(address) = line.trim().strip_prefix("http://") else {
            panic!("it does not listen: {line}{}", std::fs::read_to_string(&log).unwrap());
        };
        let token = std::fs::read_to_string(folder.path().join(".weft/server.token")).unwrap_or_default();
        Self { process, address: address.to_owned(), token: token.trim().to_owned(), log }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Runs a part of `tests/python/serve_client.py`, and gives what it printed.
    pub fn client(&self, folder: &Folder, part: &str, arguments: &[&str]) -> String {
        let url = self.url();
        let mut all = vec![part, &url, &self.token];
        all.extend(arguments);
        folder.python("kfp-venv", "serve_client.py", &all)
    }

    /// The answer to a request: its head, and its body.
    pub fn request(&self, head: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        write!(stream, "{head}\r\nconnection: close\r\n{length}\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_lowercase(), body.to_owned())
    }

    /// The process.
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    pub fn get(&self, path: &str, headers: &str) -> (String, String) {
        self.request(&format!("GET {path} HTTP/1.1\r\nhost: {}{headers}", self.address), "")
    }

    /// Waits until what is deployed has been loaded.
    pub fn wait_for_models(&self) {
        let until = Instant::now() + Duration::from_mins(3);
        while status(&self.get("/v2/health/ready", "").0) != "200" {
            assert!(Instant::now() < until, "the models are not loaded");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until it has looked at a trigger for the first time: what is there then is where that begins.
    pub fn wait_for_trigger(&self, name: &str) {
        let until = Instant::now() + Duration::from_mins(1);
        let switch = format!("action=\"/triggers/{name}/enabled\"");
        loop {
            let (_, page) = self.get("/schedules", "");
            let form = page.find(&switch).map(|at| &page[at..at + page[at..].find("</form>").unwrap()]);
            if form.is_some_and(|form| !form.contains("disabled")) {
                return;
            }
            assert!(Instant::now() < until, "{page}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to end, as a service manager does, and gives how long it took.
    pub fn end(mut self) -> Duration {
        let begun = Instant::now();
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert_eq!(self.process.wait().unwrap().code(), Some(0));
        begun.elapsed()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("the server told:\n{}", std::fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

/// The status of an answer, from its head.
pub fn status(head: &str) -> &str {
    head.split_whitespace().nth(1).unwrap()
}
