//! The HTTP side of a server.

use axum::Router;
use axum::middleware::from_fn_with_state;

use crate::error::{Error, Kind, Result};
use crate::server::Server;
use crate::{api, guard, inference, page};

/// All routes of a server, behind its guards.
pub fn router(server: Server) -> Router {
    Router::new()
        .merge(api::router())
        .merge(inference::router())
        .merge(page::router())
        .layer(from_fn_with_state(server.clone(), guard::guard))
        .with_state(server)
}

/// Runs an operation of the server on a thread that may wait.
pub async fn blocking<T: Send + 'static>(
    server: &Server,
    work: impl FnOnce(&Server) -> Result<T> + Send + 'static,
) -> Result<T> {
    let working = server.clone();
    match tokio::task::spawn_blocking(move || work(&working)).await {
        Ok(result) => result.map_err(|error| server.without_paths(&error)),
        Err(_) => Err(Error::new(Kind::Internal, "the server broke down over this request; its log tells more")),
    }
}
