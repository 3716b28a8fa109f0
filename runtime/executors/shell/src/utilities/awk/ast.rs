//! An awk program as a tree.

use std::rc::Rc;

use super::streams::Way;

#[derive(Debug, Default)]
pub struct Program {
    pub rules: Vec<Rule>,
    pub functions: Vec<Function>,
}

#[derive(Debug)]
pub struct Rule {
    pub pattern: Pattern,
    /// Without one, the record is printed.
    pub action: Option<Vec<Statement>>,
}

#[derive(Debug)]
pub enum Pattern {
    Begin,
    End,
    Always,
    Expression(Expression),
    Range(Expression, Expression),
}

#[derive(Debug)]
pub struct Function {
    pub name: String,
    pub parameters: Vec<String>,
    pub body: Vec<Statement>,
}

#[derive(Debug)]
pub enum Statement {
    Expression(Expression),
    Print {
        arguments: Vec<Expression>,
        to: Option<(Way, Expression)>,
    },
    Printf {
        arguments: Vec<Expression>,
        to: Option<(Way, Expression)>,
    },
    If {
        condition: Expression,
        then: Box<Statement>,
        otherwise: Option<Box<Statement>>,
    },
    While {
        condition: Expression,
        body: Box<Statement>,
    },
    DoWhile {
        body: Box<Statement>,
        condition: Expression,
    },
    For {
        start: Option<Box<Statement>>,
        condition: Option<Expression>,
        step: Option<Box<Statement>>,
        body: Box<Statement>,
    },
    ForIn {
        variable: String,
        array: String,
        body: Box<Statement>,
    },
    Block(Vec<Statement>),
    Break,
    Continue,
    Next,
    NextFile,
    Exit(Option<Expression>),
    Return(Option<Expression>),
    /// Without a key, the whole array.
    Delete {
        array: String,
        key: Vec<Expression>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
}

#[derive(Debug)]
pub enum Expression {
    Number(f64),
    Text(Rc<str>),
    Regex(String),
    Variable(String),
    Field(Box<Expression>),
    Element {
        array: String,
        key: Vec<Expression>,
    },
    /// `(a, b)`, before `in` and after `print`.
    List(Vec<Expression>),
    Group(Box<Expression>),
    Not(Box<Expression>),
    Negative(Box<Expression>),
    Positive(Box<Expression>),
    Binary(Box<Expression>, Operator, Box<Expression>),
    Concatenation(Vec<Expression>),
    Match {
        text: Box<Expression>,
        pattern: Box<Expression>,
        negated: bool,
    },
    In {
        key: Vec<Expression>,
        array: String,
    },
    Choice(Box<Expression>, Box<Expression>, Box<Expression>),
    /// With an operator for `+=` and its kin.
    Assign {
        target: Box<Expression>,
        operator: Option<Operator>,
        value: Box<Expression>,
    },
    /// `++` and `--`.
    Step {
        target: Box<Expression>,
        by: f64,
        after: bool,
    },
    Call {
        name: String,
        arguments: Vec<Expression>,
    },
    /// From the operands if nothing is named.
    Getline {
        target: Option<Box<Expression>>,
        from: Option<(Way, Box<Expression>)>,
    },
}

impl Expression {
    pub fn is_place(&self) -> bool {
        matches!(self, Self::Variable(_) | Self::Field(_) | Self::Element { .. })
    }
}
