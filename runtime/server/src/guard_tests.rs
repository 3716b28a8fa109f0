use axum::http::Request as HttpRequest;

use super::*;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pair =
        |(name, value): &(&'static str, &str)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    pairs.iter().map(pair).collect()
}

#[test]
fn only_this_servers_pages_change_anything() {
    let host: Authority = "localhost:8888".parse().unwrap();
    for (pairs, here) in [
        (&[][..], true),
        (&[("origin", "http://localhost:8888")], true),
        (&[("origin", "http://localhost:9999")], false),
        (&[("origin", "https://evil.example")], false),
        (&[("origin", "null")], false),
        (&[("sec-fetch-site", "same-origin")], true),
        (&[("sec-fetch-site", "none")], true),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "same-site"), ("origin", "http://localhost:8888")], false),
    ] {
        assert_eq!(is_from_here(&headers(pairs), &host), here, "{pairs:?}");
    }
}

#[test]
fn tokens_are_found_where_clients_put_them() {
    assert_eq!(bearer(&headers(&[("authorization", "Bearer abc")])).as_deref(), Some("abc"));
    assert_eq!(bearer(&headers(&[("authorization", "bearer abc ")])).as_deref(), Some("abc"));
    assert_eq!(bearer(&headers(&[("authorization", "Basic abc")])), None);
    assert_eq!(cookie(&headers(&[("cookie", "a=b; weft-token=abc; c=d")])).as_deref(), Some("abc"));
    assert_eq!(cookie(&headers(&[("cookie", "xweft-token=abc")])), None);
    assert_eq!(query_field(Some("a=1&token=x%2By+z"), "token").as_deref(), Some("x+y z"));
    assert!(is_equal("abc", "abc") && !is_equal("abc", "abd") && !is_equal("", "a"));
}

#[test]
fn after_the_login_it_goes_on_here_and_nowhere_else() {
    for (next, path) in [
        (Some("/runs/1?a=b"), "/runs/1?a=b"),
        (Some("//evil.example"), "/"),
        (Some("/\\evil.example"), "/"),
        (Some("https://evil.example"), "/"),
        (Some("/a\r\nb"), "/"),
        (None, "/"),
    ] {
        assert_eq!(local(next), path, "{next:?}");
    }
}

#[test]
fn the_host_is_that_of_the_header() {
    let request = |host: &str| {
        let request = HttpRequest::builder().uri("/").header("host", host).body(axum::body::Body::empty()).unwrap();
        super::host(&request).map(|host| host.to_string())
    };
    assert_eq!(request("localhost:8888").as_deref(), Some("localhost:8888"));
    assert_eq!(request("[::1]:8888").as_deref(), Some("[::1]:8888"));
    assert_eq!(request("a b"), None);
}
