//! The REST API as one table: an entry is a route together with its description, so that the router and the `OpenAPI` document are made of
//! the same thing and neither can have what the other lacks.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use axum::middleware::map_response;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, MethodRouter, on};

use super::write::done;
use crate::error::{Error, Kind, Result};
use crate::router::blocking;
use crate::server::Server;

/// Bytes of a refusal that is not ours.
const MAX_REFUSAL: usize = 4 << 10;
/// Bytes of a request with JSON.
const MAX_JSON: usize = 32 << 20;

/// The methods of HTTP that the API has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

impl Method {
    /// As `OpenAPI` writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }

    const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Patch => MethodFilter::PATCH,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

/// What the body of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// A document of this schema.
    Json(&'static str),
    /// A form with a pipeline's file in the field `uploadfile`.
    File,
    /// Bytes of this type.
    Bytes(&'static str),
}

/// What an operation answers when it went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A document of this schema.
    Json(&'static str),
    /// Text of this type.
    Text(&'static str),
    /// A document of this schema, with 200 or, where it is not so, 503.
    Health(&'static str),
    /// A document of this schema, behind which tensors may lie in binary form.
    Tensors(&'static str),
    /// The same document for what is new (202) and for what was known (200).
    Delivered(&'static str),
    /// 501: a part of KFP's API that has no meaning here.
    NotOffered,
}

/// A parameter of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub name: &'static str,
    pub about: &'static str,
    pub kind: ParameterKind,
}

/// The type of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    Text,
    /// A whole number from 0.
    Number,
    Truth,
    /// It may be repeated.
    Texts,
}

/// The description of an operation. Its id is that of KFP's generated clients, where KFP has it.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub id: &'static str,
    pub summary: &'static str,
    pub query: Vec<Parameter>,
    pub body: Option<Body>,
    pub answer: Answer,
    /// The schema of refusals.
    pub refusal: &'static str,
    /// Whether everybody may ask, without a token.
    pub open: bool,
    max_body: usize,
}

/// An operation that answers an empty document.
pub(crate) fn about(id: &'static str, summary: &'static str) -> About {
    let answer = Answer::Json("Empty");
    About { id, summary, query: Vec::new(), body: None, answer, refusal: "Status", open: false, max_body: MAX_JSON }
}

impl About {
    /// It answers a document of this schema.
    pub fn gives(mut self, schema: &'static str) -> Self {
        self.answer = Answer::Json(schema);
        self
    }

    /// It answers so.
    pub fn answers(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    /// It takes a document of this schema.
    pub fn takes(mut self, schema: &'static str) -> Self {
        self.body = Some(Body::Json(schema));
        self
    }

    /// It takes a body of at most so many bytes.
    pub fn takes_up_to(mut self, body: Body, bytes: usize) -> Self {
        self.body = Some(body);
        self.max_body = bytes;
        self
    }

    /// It refuses by a document of this schema.
    pub fn refuses(mut self, schema: &'static str) -> Self {
        self.refusal = schema;
        self
    }

    /// It needs no token.
    pub fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// It has a parameter in its query.
    pub fn query(mut self, name: &'static str, kind: ParameterKind, about: &'static str) -> Self {
        self.query.push(Parameter { name, about, kind });
        self
    }

    /// It has texts of these names in its query.
    pub fn texts(self, parameters: &[(&'static str, &'static str)]) -> Self {
        parameters.iter().fold(self, |about, (name, text)| about.query(name, ParameterKind::Text, text))
    }

    /// It gives a part of a list, by pages.
    pub fn paged(self) -> Self {
        self.query("page_size", ParameterKind::Number, "Entries of a page, at most 200; 20 if it is 0 or not given.")
            .query("page_token", ParameterKind::Text, "`next_page_token` of the page before.")
    }

    /// It gives a part of a list, filtered and ordered.
    pub fn listed(self) -> Self {
        self.paged().texts(&[
            ("sort_by", "A field and perhaps `asc` or `desc`, such as `created_at desc`."),
            ("filter", "A filter of KFP as JSON: `{\"predicates\": [{\"operation\": \"EQUALS\", \"key\": .., \"stringValue\": ..}]}`."),
            ("namespace", "Without effect: there are no namespaces."),
        ])
    }
}

/// An operation of the table.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub method: Method,
    /// As `OpenAPI` writes it, an action behind a colon: `/apis/v2beta1/runs/{run_id}:archive`.
    pub path: String,
    pub about: About,
}

/// What a verb does to the thing of an id.
type Action = fn(&Server, &str) -> Result<()>;

/// Routes and their descriptions.
#[derive(Default)]
pub(crate) struct Table {
    operations: Vec<Operation>,
    routes: BTreeMap<String, MethodRouter<Server>>,
    actions: BTreeMap<String, Vec<(&'static str, Action)>>,
}

impl Table {
    /// Adds an operation at a path. Where the path ends with a parameter and `:verb`, the handler gets both as that parameter.
    pub fn add<H, T>(mut self, method: Method, path: &str, about: About, handler: H) -> Self
    where
        H: Handler<T, Server>,
        T: 'static,
    {
        let route = on(method.filter(), handler).layer(DefaultBodyLimit::max(about.max_body));
        let known = self.routes.entry(route_of(path).to_owned()).or_default();
        *known = std::mem::take(known).merge(route);
        self.operations.push(Operation { method, path: path.to_owned(), about });
        self
    }

    pub fn get<H: Handler<T, Server>, T: 'static>(self, path: &str, about: About, handler: H) -> Self {
        self.add(Method::Get, path, about, handler)
    }

    pub fn post<H: Handler<T, Server>, T: 'static>(self, path: &str, about: About, handler: H) -> Self {
        self.add(Method::Post, path, about, handler)
    }

    pub fn patch<H: Handler<T, Server>, T: 'static>(self, path: &str, about: About, handler: H) -> Self {
        self.add(Method::Patch, path, about, handler)
    }

    pub fn delete<H: Handler<T, Server>, T: 'static>(self, path: &str, about: About, handler: H) -> Self {
        self.add(Method::Delete, path, about, handler)
    }

    /// Adds `POST PATH:VERB`, which does something to the thing of this id.
    pub fn action(mut self, path: &str, verb: &'static str, about: About, action: Action) -> Self {
        self.operations.push(Operation { method: Method::Post, path: format!("{path}:{verb}"), about });
        self.actions.entry(path.to_owned()).or_default().push((verb, action));
        self
    }

    /// Adds what another table has.
    pub fn merge(mut self, other: Self) -> Self {
        self.operations.extend(other.operations);
        for (path, route) in other.routes {
            let known = self.routes.entry(path).or_default();
            *known = std::mem::take(known).merge(route);
        }
        for (path, actions) in other.actions {
            self.actions.entry(path).or_default().extend(actions);
        }
        self
    }

    /// The operations, in the order in which they were added.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The routes. All refusals have the form that `refuse` gives them, those of the framework (a query that is not UTF-8, a form without its
    /// boundary) too.
    pub fn router(self, refuse: Refuse) -> Router<Server> {
        let mut routes = self.routes;
        for (path, actions) in self.actions {
            let actions: Arc<Actions> =
                Arc::new(Actions { known: actions, others: allowed(&self.operations, &path), refuse });
            let refused = Arc::clone(&actions);
            let handler = move |State(server): State<Server>, Path(last): Path<String>| {
                let actions = Arc::clone(&actions);
                async move { act(server, &actions, last).await }
            };
            // What is done at a path depends on the verb in it, which the router does not know of.
            let fallback = move |Path(last): Path<String>| async move { refused.refuse(&last) };
            let known = routes.entry(path).or_default();
            *known = std::mem::take(known).merge(on(MethodFilter::POST, handler)).fallback(fallback);
        }
        let all = routes.into_iter().fold(Router::new(), |all, (path, route)| all.route(&path, route));
        all.method_not_allowed_fallback(move || async move { not_allowed(refuse) })
            .layer(map_response(move |response: Response| in_one_form(response, refuse)))
    }
}

/// How a refusal is answered.
pub(crate) type Refuse = fn(Error) -> Response;

/// A response, as all others if it is a refusal.
async fn in_one_form(response: Response, refuse: Refuse) -> Response {
    let status = response.status();
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if !(status.is_client_error() || status.is_server_error()) || is_json {
        return response;
    }
    let (parts, body) = response.into_parts();
    let why = to_bytes(body, MAX_REFUSAL).await.unwrap_or_default();
    let why = String::from_utf8_lossy(&why);
    let kind = match status {
        StatusCode::NOT_FOUND => Kind::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => Kind::ResourceExhausted,
        _ if status.is_server_error() => Kind::Internal,
        _ => Kind::InvalidArgument,
    };
    let why = if why.is_empty() { "the request cannot be read" } else { why.as_ref() };
    let mut response = refuse(Error::new(kind, why));
    *response.status_mut() = status;
    if let Some(allow) = parts.headers.get(ALLOW) {
        response.headers_mut().insert(ALLOW, allow.clone());
    }
    response
}

/// What is done at paths that end with a parameter, behind which there may be a verb.
struct Actions {
    known: Vec<(&'static str, Action)>,
    /// The methods without a verb, as in `Allow`.
    others: String,
    refuse: Refuse,
}

impl Actions {
    fn find(&self, last: &str) -> Option<Action> {
        let (_, verb) = last.rsplit_once(':')?;
        self.known.iter().find(|(known, _)| *known == verb).map(|(_, action)| *action)
    }

    /// The answer to a method that such a path does not have.
    fn refuse(&self, last: &str) -> Response {
        let allow = if self.find(last).is_some() { "POST" } else { &self.others };
        let mut response = not_allowed(self.refuse);
        if let Ok(allow) = HeaderValue::from_str(allow) {
            response.headers_mut().insert(ALLOW, allow);
        }
        response
    }
}

/// The methods of a path, as in `Allow`.
fn allowed(operations: &[Operation], path: &str) -> String {
    let of_path = operations.iter().filter(|operation| operation.path == path);
    let names = of_path.map(|operation| match operation.method {
        Method::Get => "GET,HEAD".to_owned(),
        other => other.name().to_uppercase(),
    });
    names.collect::<Vec<_>>().join(",")
}

/// A path as the router has it: one that ends with `{parameter}:verb` is that of the parameter, which then has the verb in it.
fn route_of(path: &str) -> &str {
    path.find("}:").map_or(path, |at| &path[..=at])
}

/// Does what the verb behind an id says.
async fn act(server: Server, actions: &Actions, last: String) -> Response {
    let Some(action) = actions.find(&last) else {
        return match last.rsplit_once(':') {
            None => actions.refuse(&last),
            Some((_, verb)) => {
                let verb: String = verb.chars().take(40).collect();
                (actions.refuse)(Error::not_found(format!("`:{verb}` is not done here")))
            }
        };
    };
    let work = move |server: &Server| action(server, last.rsplit_once(':').map_or("", |(id, _)| id));
    match blocking(&server, work).await {
        Ok(()) => done().into_response(),
        Err(error) => (actions.refuse)(error),
    }
}

/// The answer to a method that a path does not have. The router adds `Allow`.
fn not_allowed(refuse: Refuse) -> Response {
    let mut response = refuse(Error::new(Kind::Unimplemented, "this is not done at this path"));
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_is_a_part_of_the_last_parameter() {
        for (path, route) in [
            ("/runs", "/runs"),
            ("/runs/{run_id}", "/runs/{run_id}"),
            ("/runs/{run_id}:archive", "/runs/{run_id}"),
            ("/runs/{run_id}/nodes/{node_id}:read", "/runs/{run_id}/nodes/{node_id}"),
            ("/tasks:batchUpdate", "/tasks:batchUpdate"),
        ] {
            assert_eq!(route_of(path), route);
        }
    }
}
