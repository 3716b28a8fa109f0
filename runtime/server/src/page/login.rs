//! The page that asks for the token.

use maud::{DOCTYPE, html};

use super::shell::head;
use super::words::plain;

/// A form that posts the fields `token` and `next` to `/login`. `problem` says what was wrong with the last one; `next` is the path to go
/// on to, which is checked already.
pub(crate) fn login(problem: Option<&str>, next: &str) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { (head("Sign in")) }
            body class="alone" {
                main {
                    form class="card narrow" method="post" action="/login" {
                        h1 { "weft" }
                        p class="dim" { "The token was printed when the server started for the first time, and is in its token file." }
                        @if let Some(problem) = problem { p class="problem" role="alert" { (plain(problem)) } }
                        label for="token" { "Token" }
                        input id="token" name="token" type="password" autocomplete="current-password" required autofocus;
                        input type="hidden" name="next" value=(next);
                        button class="button primary" type="submit" { "Sign in" }
                    }
                }
            }
        }
    }
    .into_string()
}
