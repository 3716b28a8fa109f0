//! The network, the environment, the clock, randomness and standard input: nothing of them without a grant.

use std::net::{TcpListener, UdpSocket};

use serde_json::json;
use weft_pipeline::step::FailureKind;

use crate::intruder::Cage;
use crate::sandbox::{p, parameter};

/// A call of the network that must not go well.
#[track_caller]
fn unreachable_without_a_grant(call: &str, host: &str, port: u16) {
    let cage = Cage::default();
    let seen = cage.attempt("net-call", &[("call", p(call)), ("host", p(host)), ("port", p(port))]);
    assert_eq!(seen, None, "{call} {host}:{port} went well");
}

#[test]
fn connecting_by_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    unreachable_without_a_grant("tcp-connect", "127.0.0.1", port);
    unreachable_without_a_grant("tcp-talk", "127.0.0.1", port);
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "somebody connected");
}

#[test]
fn connecting_by_tcp_over_ipv6() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else { return };
    let port = listener.local_addr().unwrap().port();
    unreachable_without_a_grant("tcp-connect", "::1", port);
    unreachable_without_a_grant("tcp-connect", "::ffff:127.0.0.1", port);
}

#[test]
fn listening_by_tcp() {
    unreachable_without_a_grant("tcp-listen", "127.0.0.1", 0);
    unreachable_without_a_grant("tcp-listen", "0.0.0.0", 0);
}

#[test]
fn sending_by_udp() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    unreachable_without_a_grant("udp-send", "127.0.0.1", socket.local_addr().unwrap().port());
}

#[test]
fn looking_up_a_name() {
    unreachable_without_a_grant("lookup", "localhost", 0);
    unreachable_without_a_grant("lookup", "127.0.0.1", 0);
}

#[test]
fn asking_by_http() {
    let binary = wat::parse_str(
        r#"(component (import "wasi:http/outgoing-handler@0.2.0" (instance (export "handle" (func)))))"#,
    );
    let error = Cage::default().fixture.sandbox.load("made", &binary.unwrap()).map(drop).unwrap_err().to_string();
    assert!(error.contains("wasi:http") && error.contains("net"), "{error}");
}

#[test]
fn reading_the_environment() {
    let cage = Cage::default();
    let seen = cage.fixture.run("hostile", "env", &[]).unwrap().outputs;
    assert_eq!(parameter(&seen, "variables"), &json!({}));
}

#[test]
fn reading_arguments_and_the_directory() {
    let cage = Cage::default();
    let seen = cage.fixture.run("hostile", "env", &[]).unwrap().outputs;
    assert_eq!(parameter(&seen, "arguments"), &json!([]));
    let directory = parameter(&seen, "directory").as_str().unwrap();
    assert!(!directory.contains("artifacts") && directory.len() < 100, "{directory}");
}

#[test]
fn waiting_for_standard_input() {
    let cage = Cage::default();
    let seen = cage.fixture.run("hostile", "read-stdin", &[]).unwrap().outputs;
    assert_eq!(parameter(&seen, "what"), &json!("Ok(0)"));
}

#[test]
fn telling_the_time_and_drawing_randomness() {
    let cage = Cage::default();
    let [first, second] = [(); 2].map(|()| cage.fixture.run("trivial", "entropy", &[]).unwrap().outputs);
    // Nothing in there comes from the machine: it is the same again.
    assert_eq!(first, second);
}

#[test]
fn a_variable_that_is_granted_and_another_that_is_not() {
    let mut cage = Cage::default();
    cage.fixture.grants.env = vec!["GRANTED".into()];
    let seen = cage.fixture.run("hostile", "env", &[]).unwrap().outputs;
    assert_eq!(parameter(&seen, "variables"), &json!({ "GRANTED": "value" }));
    cage.fixture.grants.env = vec!["PATH".into()];
    assert_eq!(cage.fixture.run("hostile", "env", &[]).unwrap_err().kind, FailureKind::Host);
}
