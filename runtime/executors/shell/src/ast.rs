//! What a script means: the tree that the parser makes and the evaluator walks.

use std::cell::OnceCell;
use std::rc::Rc;

/// Commands that run one after the other.
pub type List = Vec<Item>;

/// One `and-or` list with what separates it from the next.
#[derive(Debug)]
pub struct Item {
    pub first: Pipeline,
    pub rest: Vec<(Operator, Pipeline)>,
    /// Followed by `&`.
    pub background: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    And,
    Or,
}

#[derive(Debug)]
pub struct Pipeline {
    /// Preceded by `!`.
    pub negated: bool,
    pub commands: Vec<Command>,
}

#[derive(Debug)]
pub struct Command {
    pub line: u32,
    pub kind: Kind,
    pub redirects: Vec<Redirect>,
}

#[derive(Debug)]
pub enum Kind {
    Simple {
        assignments: Vec<Assignment>,
        words: Vec<Word>,
    },
    Group(List),
    Subshell(List),
    If {
        branches: Vec<(List, List)>,
        otherwise: Option<List>,
    },
    While {
        until: bool,
        condition: List,
        body: List,
    },
    For {
        name: String,
        words: Option<Vec<Word>>,
        body: List,
    },
    /// `for ((start; condition; step))`
    Count {
        start: Word,
        condition: Word,
        step: Word,
        body: List,
    },
    Case {
        word: Word,
        arms: Vec<Arm>,
    },
    Function {
        name: String,
        body: Rc<Command>,
    },
    /// `((expression))`
    Arithmetic(Word),
    /// `[[ condition ]]`
    Condition(Condition),
}

#[derive(Debug)]
pub struct Arm {
    pub patterns: Vec<Word>,
    pub body: List,
    pub end: ArmEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArmEnd {
    /// `;;`
    Stop,
    /// `;&`
    FallThrough,
    /// `;;&`
    TestNext,
}

#[derive(Debug)]
pub enum Condition {
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Word(Word),
    Unary(String, Word),
    Binary(Word, String, Word),
}

#[derive(Debug)]
pub struct Assignment {
    pub name: String,
    pub index: Option<Word>,
    /// `+=`
    pub append: bool,
    pub value: Value,
}

#[derive(Debug)]
pub enum Value {
    Scalar(Word),
    Array(Vec<(Option<Word>, Word)>),
}

#[derive(Debug)]
pub struct Redirect {
    /// The number before the operator.
    pub fd: Option<u32>,
    pub kind: RedirectKind,
}

#[derive(Debug)]
pub enum RedirectKind {
    /// `<`
    Read(Word),
    /// `>` and `>|`
    Write(Word),
    /// `>>`
    Append(Word),
    /// `<>`
    ReadWrite(Word),
    /// `<&` and `>&`
    Duplicate { output: bool, target: Word },
    /// `&>` and `&>>`
    Both { append: bool, target: Word },
    /// `<<` and `<<-`: the body follows the line, so it is filled in when the parser gets there.
    Here(Rc<OnceCell<Word>>),
    /// `<<<`
    HereString(Word),
}

/// A word before its expansion.
#[derive(Clone, Debug, Default)]
pub struct Word {
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug)]
pub enum Part {
    /// Bare text: patterns in it count, and a tilde at its start.
    Literal(String),
    /// Text from single quotes or after a backslash.
    Quoted(String),
    Double(Vec<Part>),
    Parameter(Box<Parameter>),
    Command(Rc<List>),
    Arithmetic(Word),
    /// `<(list)`
    Process(Rc<List>),
}

#[derive(Clone, Debug)]
pub struct Parameter {
    /// A variable's name, digits, or one of `@*#?-$!`.
    pub name: String,
    pub index: Option<Index>,
    /// `${!name}`: the parameter that this one names.
    pub indirect: bool,
    pub modifier: Modifier,
}

#[derive(Clone, Debug)]
pub enum Index {
    /// `[@]`
    All,
    /// `[*]`
    Joined,
    At(Word),
}

#[derive(Clone, Debug)]
pub enum Modifier {
    None,
    /// `${#name}`
    Length,
    /// `-`, `=`, `?`, `+`; `null` if a colon makes empty count as unset.
    Unset {
        kind: u8,
        null: bool,
        word: Word,
    },
    /// `#`, `##`, `%`, `%%`
    Trim {
        suffix: bool,
        longest: bool,
        pattern: Word,
    },
    /// `/pattern/replacement`; `place` is `/` for the first, `g` for all, `#` for the start, `%` for the end.
    Replace {
        place: u8,
        pattern: Word,
        replacement: Word,
    },
    /// `:offset:length`
    Slice {
        offset: Word,
        length: Option<Word>,
    },
    /// `^`, `^^`, `,`, `,,`
    Case {
        upper: bool,
        all: bool,
    },
    /// `@Q`, `@U`, `@L`, `@u`
    Transform(u8),
    /// `${!name[@]}`
    Keys,
    /// `${!prefix*}`
    Names,
}

impl Word {
    /// A word of bare text.
    pub fn literal(text: &str) -> Self {
        Self { parts: vec![Part::Literal(text.to_owned())] }
    }

    /// Its text, if it is bare text and nothing else: only such words are reserved, name functions or are numbers of descriptors.
    pub fn bare(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Its text, if that does not depend on anything, with quotes removed.
    pub fn fixed(&self) -> Option<String> {
        fn add(parts: &[Part], to: &mut String) -> bool {
            parts.iter().all(|part| match part {
                Part::Literal(text) | Part::Quoted(text) => {
                    to.push_str(text);
                    true
                }
                Part::Double(parts) => add(parts, to),
                _ => false,
            })
        }
        let mut text = String::new();
        add(&self.parts, &mut text).then_some(text)
    }
}
