//! Parsing YAML into a tree of nodes with their places. Bounds keep any input from exhausting time, memory or the
//! stack.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, Span as YamlSpan, Tag};
use indexmap::IndexMap;
use indexmap::map::Entry as Slot;
use serde_json::{Map, Value};

use super::schema::Schema;
use crate::diagnostic::{Diagnostic, Problems};
use crate::model::{Location, Span};
use crate::types::is_beyond_64_bits;

/// The maximum length of a text, in bytes.
pub const MAX_BYTES: usize = 4 << 20;
/// The maximum nesting of lists and mappings.
const MAX_DEPTH: usize = 64;
/// The maximum number of nodes, including those that aliases repeat. Each 32 bytes of text count as one more.
const MAX_NODES: usize = 400_000;

/// A node and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub span: Span,
    pub kind: Kind,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    /// A scalar. It has a schema if it is not quoted, as it may then be a number, a boolean or null.
    Scalar {
        text: String,
        schema: Option<Schema>,
    },
    Sequence(Vec<Node>),
    Mapping(Mapping),
}

pub(crate) type Mapping = IndexMap<String, Entry>;

/// The place of a key, and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub key: Span,
    pub node: Node,
    /// Whether it came in through `<<`: an entry that is written out replaces it.
    merged: bool,
}

impl Node {
    /// The kind of node, for messages.
    pub fn what(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar { .. } => match self.scalar() {
                Some(Value::Null) => "nothing",
                Some(Value::Bool(_)) => "a boolean",
                Some(Value::Number(_)) => "a number",
                _ => "text",
            },
            Kind::Sequence(_) => "a list",
            Kind::Mapping(_) => "a mapping",
        }
    }

    /// The value of a scalar.
    pub fn scalar(&self) -> Option<Value> {
        match &self.kind {
            Kind::Scalar { text, schema: Some(schema) } => Some(schema.resolve(text)),
            Kind::Scalar { text, schema: None } => Some(Value::String(text.clone())),
            _ => None,
        }
    }

    /// Whether there is nothing or null.
    pub fn is_null(&self) -> bool {
        self.scalar() == Some(Value::Null)
    }

    /// The text of a scalar, quoted or not.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The text of a scalar that is a string: not of an unquoted number and the like.
    pub fn strict_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, schema } if schema.is_none_or(|schema| schema.resolve(text).is_string()) => Some(text),
            _ => None,
        }
    }

    /// The node as a value.
    ///
    /// # Errors
    /// The node has no JSON form.
    pub fn value(&self) -> Result<Value, Diagnostic> {
        self.map_value(&mut |_, value| Ok(value))
    }

    fn too_large(&self, number: &str) -> Diagnostic {
        let number: String = number.chars().take(40).collect();
        Diagnostic::error(format!("{number} is beyond 64 bits, the most that whole numbers have here"))
            .at(self.span)
            .hint("put it in quotes to have it as text, or write it with `.0` if it may be rounded to a float")
    }

    /// The node as a value, with a function that converts its scalars.
    pub fn map_value<F>(&self, scalar: &mut F) -> Result<Value, Diagnostic>
    where
        F: FnMut(&Self, Value) -> Result<Value, Diagnostic>,
    {
        match &self.kind {
            // Digits after a zero are a text to PyYAML, however many there are.
            Kind::Scalar { text, schema: Some(_) }
                if is_beyond_64_bits(text) && self.scalar().is_some_and(|value| value.is_number()) =>
            {
                Err(self.too_large(text))
            }
            Kind::Scalar { .. } => scalar(self, self.scalar().unwrap_or_default()),
            Kind::Sequence(items) => {
                Ok(Value::Array(items.iter().map(|item| item.map_value(scalar)).collect::<Result<_, _>>()?))
            }
            Kind::Mapping(entries) => {
                let mut map = Map::new();
                for (key, entry) in entries {
                    map.insert(key.clone(), entry.node.map_value(scalar)?);
                }
                Ok(Value::Object(map))
            }
        }
    }
}

/// Parses one document. Duplicate keys and the like are reported, and parsing continues; a syntax error ends it.
pub(crate) fn load(text: &str, problems: &mut Problems) -> Option<Node> {
    load_documents(text, Schema::Core, 1, problems)?.pop()
}

/// Parses a file of at most `most` documents.
pub(crate) fn load_documents(text: &str, schema: Schema, most: usize, problems: &mut Problems) -> Option<Vec<Node>> {
    if text.len() > MAX_BYTES {
        problems.push(
            Diagnostic::error(format!("the file has {} bytes; at most {MAX_BYTES} are read", text.len()))
                .hint("put large values into a file of their own and import it"),
        );
        return None;
    }
    let mut options = Options::default();
    // The bound of this module applies before that of the parser, and has a clearer message.
    options.flow_nesting_limit = MAX_DEPTH * 2;
    options.block_nesting_limit = MAX_DEPTH * 2;
    options.emit_unresolved_aliases = true;
    let (open, anchors, roots) = (Vec::new(), HashMap::new(), Vec::new());
    let mut loader = Loader { problems, open, anchors, nodes: 0, roots, documents: 0, most, schema };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => {
                if let Err(problem) = loader.event(event, place(&span)) {
                    loader.problems.push(problem);
                    return None;
                }
            }
            Err(error) => {
                let at = mark(error.marker());
                let line = text.lines().nth(at.line.saturating_sub(1) as usize).unwrap_or_default();
                let reference = line.contains("${") && line.contains(['{', '[']);
                let hint = reference.then(|| "inside { } and [ ], put references in quotes: \"${name}\"".to_owned());
                let problem = Diagnostic::error(match error.kind() {
                    ErrorKind::RecursionLimitExceeded => too_deep(),
                    _ => format!("this is not YAML: {}", error.info()),
                });
                loader.problems.push(problem.at(Span { at, length: 1 }).hint(hint));
                return None;
            }
        }
    }
    Some(loader.roots)
}

fn too_deep() -> String {
    format!("lists and mappings are nested more than {MAX_DEPTH} deep")
}

fn mark(marker: &granit_parser::Marker) -> Location {
    let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Location { line: clamp(marker.line().max(1)), column: clamp(marker.col().saturating_add(1)) }
}

fn place(span: &YamlSpan) -> Span {
    let same_line = span.start.line() == span.end.line();
    let length = if same_line { span.end.col().saturating_sub(span.start.col()) } else { 1 };
    Span { at: mark(&span.start), length: u32::try_from(length.max(1)).unwrap_or(u32::MAX) }
}

/// A list or mapping that has not ended yet.
struct Open {
    node: Node,
    anchor: usize,
    /// The key of a mapping whose value follows.
    key: Option<(String, Span)>,
    /// The number of nodes before it. The difference at its end is its weight.
    before: usize,
}

struct Loader<'p> {
    problems: &'p mut Problems,
    open: Vec<Open>,
    /// The node and the weight of each anchor.
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    /// The complete documents.
    roots: Vec<Node>,
    documents: usize,
    /// The maximum number of documents.
    most: usize,
    schema: Schema,
}

impl Loader<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                self.anchors.clear();
                if self.documents <= self.most {
                    return Ok(());
                }
                Err(if self.most == 1 {
                    Diagnostic::error("a second document begins here")
                        .at(span)
                        .hint("one file holds one document: remove the line `---`")
                } else {
                    Diagnostic::error(format!("the file has more than {} documents", self.most)).at(span)
                })
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_string = check_tag(tag.as_deref(), span)?;
                let schema = (style == ScalarStyle::Plain && !is_string).then_some(self.schema);
                let weight = 1 + text.len() / 32;
                let node = Node { span, kind: Kind::Scalar { text: text.into_owned(), schema } };
                self.count(weight, span)?;
                self.add(node, anchor, weight)
            }
            Event::SequenceStart(_, anchor, tag) => {
                check_tag(tag.as_deref(), span)?;
                self.start(Kind::Sequence(Vec::new()), anchor, span)
            }
            Event::MappingStart(_, anchor, tag) => {
                check_tag(tag.as_deref(), span)?;
                self.start(Kind::Mapping(Mapping::new()), anchor, span)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(done) => self.add(done.node, done.anchor, self.nodes - done.before),
                None => Ok(()),
            },
            Event::Alias(id) => {
                let Some(&(ref node, weight)) = self.anchors.get(&id) else {
                    return Err(Diagnostic::error("this alias stands inside the very thing it stands for").at(span));
                };
                if self.open.len() + depth(node) > MAX_DEPTH {
                    return Err(Diagnostic::error(format!("aliases nest more than {MAX_DEPTH} deep")).at(span));
                }
                // Its place is that of the alias.
                let node = Node { span, ..node.clone() };
                self.count(weight, span)?;
                self.add(node, 0, weight)
            }
            Event::UnresolvedAlias(name) => Err(Diagnostic::error(format!("nothing is named `&{name}` before this"))
                .at(span)
                .hint("text that begins with `*` must be in quotes")),
            _ => Ok(()),
        }
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result<(), Diagnostic> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            let problem = Diagnostic::error(format!("the file has more than {MAX_NODES} values, aliases included"));
            return Err(problem.at(span));
        }
        Ok(())
    }

    fn start(&mut self, kind: Kind, anchor: usize, span: Span) -> Result<(), Diagnostic> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Diagnostic::error(too_deep()).at(span));
        }
        let before = self.nodes;
        self.count(1, span)?;
        self.open.push(Open { node: Node { span, kind }, anchor, key: None, before });
        Ok(())
    }

    /// Adds a complete node to the innermost open list or mapping, or to the documents.
    fn add(&mut self, node: Node, anchor: usize, weight: usize) -> Result<(), Diagnostic> {
        if anchor != 0 {
            self.count(weight, node.span)?;
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        let Some(parent) = self.open.last_mut() else {
            self.roots.push(node);
            return Ok(());
        };
        match &mut parent.node.kind {
            Kind::Sequence(items) => items.push(node),
            Kind::Mapping(entries) => match parent.key.take() {
                None => {
                    let Kind::Scalar { text, .. } = node.kind else {
                        return Err(Diagnostic::error("a key must be text")
                            .at(node.span)
                            .hint("if this is a reference such as ${name}, put it in quotes"));
                    };
                    parent.key = Some((text, node.span));
                }
                Some((key, span)) if key == "<<" => merge(entries, node, span)?,
                Some((key, span)) => match entries.entry(key) {
                    Slot::Vacant(slot) => {
                        slot.insert(Entry { key: span, node, merged: false });
                    }
                    Slot::Occupied(mut slot) if slot.get().merged => {
                        slot.insert(Entry { key: span, node, merged: false });
                    }
                    Slot::Occupied(slot) => {
                        let first = slot.get().key.at.line;
                        let problem = Diagnostic::error(format!("`{}` is given twice", slot.key())).at(span);
                        self.problems.push(problem.hint(format!("it stands on line {first} already")));
                    }
                },
            },
            Kind::Scalar { .. } => {}
        }
        Ok(())
    }
}

/// YAML's `<<`: adds the entries of one or several other mappings, except for keys that exist.
fn merge(entries: &mut Mapping, from: Node, at: Span) -> Result<(), Diagnostic> {
    match from.kind {
        Kind::Mapping(more) => {
            for (key, entry) in more {
                entries.entry(key).or_insert(Entry { merged: true, ..entry });
            }
            Ok(())
        }
        Kind::Sequence(items) => items.into_iter().try_for_each(|item| match item.kind {
            Kind::Mapping(_) => merge(entries, item, at),
            _ => Err(Diagnostic::error("`<<` takes mappings").at(item.span)),
        }),
        Kind::Scalar { .. } => Err(Diagnostic::error("`<<` takes a mapping").at(at)),
    }
}

fn depth(node: &Node) -> usize {
    match &node.kind {
        Kind::Scalar { .. } => 0,
        Kind::Sequence(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Kind::Mapping(entries) => 1 + entries.values().map(|entry| depth(&entry.node)).max().unwrap_or(0),
    }
}

/// Whether a tag makes a scalar a string. Tags of plain JSON values are accepted, others are refused.
fn check_tag(tag: Option<&Tag>, span: Span) -> Result<bool, Diagnostic> {
    match tag.map(|tag| (tag.core_suffix(), tag)) {
        None | Some((Some("int" | "float" | "bool" | "null" | "map" | "seq"), _)) => Ok(false),
        Some((Some("str"), _)) => Ok(true),
        // The non-specific tag `!` makes a scalar a string.
        Some((None, tag)) if tag.original() == "!" => Ok(true),
        Some((_, tag)) => Err(Diagnostic::error(format!("the tag `{}` means nothing here", tag.original()))
            .at(span)
            .hint("remove it")),
    }
}
