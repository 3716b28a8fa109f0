//! The style sheet, the script and the icon. They are parts of the binary, and their addresses hold their digest: browsers may keep them.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What their paths begin with.
pub(crate) const ASSETS: &str = "/page/";

const FILES: [(&str, &str, &str); 3] = [
    ("page.css", "text/css; charset=utf-8", include_str!("assets/page.css")),
    ("page.js", "text/javascript; charset=utf-8", include_str!("assets/page.js")),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
];

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = DefaultHasher::new();
    FILES.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
});

/// The path of one of them.
pub(super) fn path(name: &str) -> String {
    format!("{ASSETS}{}/{name}", *VERSION)
}

/// One of them, whatever version was asked for: there is one.
pub(super) async fn asset(Path((_version, name)): Path<(String, String)>) -> Response {
    match FILES.iter().find(|(known, _, _)| *known == name) {
        Some((_, content_type, text)) => {
            let fields = [
                (header::CONTENT_TYPE, *content_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (fields, *text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
