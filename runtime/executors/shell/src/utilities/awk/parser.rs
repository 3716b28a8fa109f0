//! awk's grammar.

use super::MAX_DEPTH;
use super::ast::{Expression, Function, Operator, Pattern, Program, Rule, Statement};
use super::lexer::{Token, tokens};
use super::streams::Way;

/// Operands of one chain of operators: each is a level of the tree.
const MAX_CHAIN: usize = 500;
/// What an expression in an expression weighs more than a statement in a statement.
const EXPRESSION: usize = 5;

pub fn parse(source: &str) -> Result<Program, String> {
    let mut parser = Parser { tokens: tokens(source)?, at: 0, depth: 0, in_print: false };
    let mut program = Program::default();
    loop {
        while parser.eat(";") || parser.eat_newline() {}
        match parser.peek() {
            Token::End => return Ok(program),
            Token::Keyword("function" | "func") => program.functions.push(parser.function()?),
            _ => program.rules.push(parser.rule()?),
        }
    }
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    at: usize,
    depth: usize,
    /// In `print`, `>` names a file, unless it stands in parentheses.
    in_print: bool,
}

type Parsed<T> = Result<T, String>;

impl Parser {
    fn peek(&self) -> &Token {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> &Token {
        self.tokens.get(self.at + by).map_or(&Token::End, |(token, _)| token)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.peek(), Token::Symbol(s) | Token::Keyword(s) if *s == symbol)
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let there = self.is(symbol);
        self.at += usize::from(there);
        there
    }

    fn eat_newline(&mut self) -> bool {
        let there = *self.peek() == Token::Newline;
        self.at += usize::from(there);
        there
    }

    fn skip_newlines(&mut self) {
        while self.eat_newline() {}
    }

    fn expect(&mut self, symbol: &str) -> Parsed<()> {
        if self.eat(symbol) { Ok(()) } else { Err(self.wrong(&format!("`{symbol}` is expected"))) }
    }

    fn wrong(&self, what: &str) -> String {
        let line = self.tokens.get(self.at).or(self.tokens.last()).map_or(1, |(_, line)| *line);
        let found = match self.peek() {
            Token::End => "the end".to_owned(),
            Token::Newline => "the end of the line".to_owned(),
            Token::Number(number) => number.to_string(),
            Token::Text(text) => format!("\"{text}\""),
            Token::Regex(regex) => format!("/{regex}/"),
            Token::Name(name) | Token::Call(name) => name.clone(),
            Token::Keyword(symbol) | Token::Symbol(symbol) => (*symbol).to_owned(),
        };
        format!("line {line}: {what} before {found}")
    }

    /// Parses what stands inside of something else, which is so much of the stack.
    fn deeper<T>(&mut self, weight: usize, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth + weight > MAX_DEPTH {
            return Err(self.wrong("too much stands in each other"));
        }
        self.depth += weight;
        let parsed = parse(self);
        self.depth -= weight;
        parsed
    }

    fn name(&mut self) -> Parsed<String> {
        match self.next() {
            Token::Name(name) | Token::Call(name) => Ok(name),
            _ => {
                self.at -= 1;
                Err(self.wrong("a name is expected"))
            }
        }
    }

    fn function(&mut self) -> Parsed<Function> {
        self.next();
        let name = self.name()?;
        self.expect("(")?;
        let mut parameters = Vec::new();
        while !self.eat(")") {
            parameters.push(self.name()?);
            if self.eat(",") {
                self.skip_newlines();
            } else if !self.is(")") {
                return Err(self.wrong("`)` is expected"));
            }
        }
        self.skip_newlines();
        Ok(Function { name, parameters, body: self.block()? })
    }

    fn rule(&mut self) -> Parsed<Rule> {
        let pattern = match self.peek() {
            Token::Keyword("BEGIN") => {
                self.next();
                Pattern::Begin
            }
            Token::Keyword("END") => {
                self.next();
                Pattern::End
            }
            Token::Symbol("{") => Pattern::Always,
            _ => {
                let start = self.expression()?;
                if self.eat(",") {
                    self.skip_newlines();
                    Pattern::Range(start, self.expression()?)
                } else {
                    Pattern::Expression(start)
                }
            }
        };
        let action = if self.is("{") { Some(self.block()?) } else { None };
        if action.is_none() && matches!(pattern, Pattern::Begin | Pattern::End) {
            return Err(self.wrong("`{` is expected"));
        }
        if action.is_none() && !self.is(";") && *self.peek() != Token::Newline {
            return Err(self.wrong("the pattern ends"));
        }
        Ok(Rule { pattern, action })
    }

    fn block(&mut self) -> Parsed<Vec<Statement>> {
        self.expect("{")?;
        let mut statements = Vec::new();
        loop {
            while self.eat(";") || self.eat_newline() {}
            if self.eat("}") {
                return Ok(statements);
            }
            statements.push(self.statement()?);
        }
    }

    /// The statement that an `if` or a loop is about.
    fn body(&mut self) -> Parsed<Box<Statement>> {
        self.skip_newlines();
        if self.eat(";") {
            return Ok(Box::new(Statement::Block(Vec::new())));
        }
        self.statement().map(Box::new)
    }

    fn statement(&mut self) -> Parsed<Statement> {
        self.deeper(1, Self::any_statement)
    }

    fn any_statement(&mut self) -> Parsed<Statement> {
        if self.is("{") {
            return self.block().map(Statement::Block);
        }
        if self.eat("if") {
            let condition = self.condition()?;
            let then = self.body()?;
            let after = self.at;
            while self.eat(";") || self.eat_newline() {}
            let otherwise = if self.eat("else") {
                Some(self.body()?)
            } else {
                self.at = after;
                None
            };
            return Ok(Statement::If { condition, then, otherwise });
        }
        if self.eat("while") {
            let condition = self.condition()?;
            return Ok(Statement::While { condition, body: self.body()? });
        }
        if self.eat("for") {
            return self.for_loop();
        }
        let statement = if self.eat("do") {
            let body = self.body()?;
            while self.eat(";") || self.eat_newline() {}
            self.expect("while")?;
            Statement::DoWhile { body, condition: self.condition()? }
        } else {
            self.simple()?
        };
        if self.eat(";") || self.eat_newline() || self.is("}") {
            return Ok(statement);
        }
        Err(self.wrong("the statement ends"))
    }

    fn condition(&mut self) -> Parsed<Expression> {
        self.expect("(")?;
        let condition = self.expression()?;
        self.expect(")")?;
        Ok(condition)
    }

    fn for_loop(&mut self) -> Parsed<Statement> {
        self.expect("(")?;
        if let (Token::Name(variable), Token::Keyword("in"), Token::Name(array), Token::Symbol(")")) =
            (self.ahead(0), self.ahead(1), self.ahead(2), self.ahead(3))
        {
            let (variable, array) = (variable.clone(), array.clone());
            self.at += 4;
            return Ok(Statement::ForIn { variable, array, body: self.body()? });
        }
        let start = if self.is(";") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(";")?;
        self.skip_newlines();
        let condition = if self.is(";") { None } else { Some(self.expression()?) };
        self.expect(";")?;
        self.skip_newlines();
        let step = if self.is(")") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(")")?;
        Ok(Statement::For { start, condition, step, body: self.body()? })
    }

    fn simple(&mut self) -> Parsed<Statement> {
        let Token::Keyword(keyword) = *self.peek() else { return self.expression().map(Statement::Expression) };
        if keyword == "getline" {
            return self.expression().map(Statement::Expression);
        }
        self.next();
        Ok(match keyword {
            "print" | "printf" => {
                self.in_print = true;
                let arguments = self.print_arguments();
                self.in_print = false;
                let arguments = arguments?;
                let way = match self.peek() {
                    Token::Symbol(">") => Some(Way::File { append: false }),
                    Token::Symbol(">>") => Some(Way::File { append: true }),
                    Token::Symbol("|") => Some(Way::Command),
                    _ => None,
                };
                let to = match way {
                    None => None,
                    Some(way) => {
                        self.next();
                        self.in_print = true;
                        let target = self.concatenation();
                        self.in_print = false;
                        Some((way, target?))
                    }
                };
                if keyword == "print" {
                    Statement::Print { arguments, to }
                } else if arguments.is_empty() {
                    return Err(self.wrong("a format is expected"));
                } else {
                    Statement::Printf { arguments, to }
                }
            }
            "break" => Statement::Break,
            "continue" => Statement::Continue,
            "next" => Statement::Next,
            "nextfile" => Statement::NextFile,
            "exit" => Statement::Exit(self.optional_expression()?),
            "return" => Statement::Return(self.optional_expression()?),
            "delete" => {
                let array = self.name()?;
                let key = if self.eat("[") { self.list("]")? } else { Vec::new() };
                Statement::Delete { array, key }
            }
            _ => {
                self.at -= 1;
                return Err(self.wrong("a statement is expected"));
            }
        })
    }

    fn ends_statement(&self) -> bool {
        matches!(self.peek(), Token::Newline | Token::End | Token::Symbol(";" | "}"))
    }

    fn optional_expression(&mut self) -> Parsed<Option<Expression>> {
        if self.ends_statement() { Ok(None) } else { self.expression().map(Some) }
    }

    fn print_arguments(&mut self) -> Parsed<Vec<Expression>> {
        if self.ends_statement() || matches!(self.peek(), Token::Symbol(">" | ">>" | "|")) {
            return Ok(Vec::new());
        }
        let mut arguments = vec![self.expression()?];
        while self.eat(",") {
            self.skip_newlines();
            arguments.push(self.expression()?);
        }
        if let [Expression::List(_)] = arguments.as_slice()
            && let Some(Expression::List(items)) = arguments.pop()
        {
            arguments = items;
        }
        Ok(arguments)
    }

    /// Expressions up to a bracket or a parenthesis.
    fn list(&mut self, end: &str) -> Parsed<Vec<Expression>> {
        let in_print = std::mem::take(&mut self.in_print);
        let mut items = Vec::new();
        self.skip_newlines();
        while !self.eat(end) {
            items.push(self.expression()?);
            self.skip_newlines();
            if self.eat(",") {
                self.skip_newlines();
            } else if !self.is(end) {
                return Err(self.wrong(&format!("`{end}` is expected")));
            }
        }
        self.in_print = in_print;
        Ok(items)
    }

    fn expression(&mut self) -> Parsed<Expression> {
        self.deeper(EXPRESSION, Self::assignment)
    }

    fn assignment(&mut self) -> Parsed<Expression> {
        let left = self.choice()?;
        let operator = match self.peek() {
            Token::Symbol("=") => None,
            Token::Symbol("+=") => Some(Operator::Add),
            Token::Symbol("-=") => Some(Operator::Subtract),
            Token::Symbol("*=") => Some(Operator::Multiply),
            Token::Symbol("/=") => Some(Operator::Divide),
            Token::Symbol("%=") => Some(Operator::Remainder),
            Token::Symbol("^=") => Some(Operator::Power),
            _ => return Ok(left),
        };
        self.assign(left, operator)
    }

    /// The value belongs to what stands right before the `=`: `a && b = 1` assigns to `b`.
    fn assign(&mut self, left: Expression, operator: Option<Operator>) -> Parsed<Expression> {
        match left {
            place if place.is_place() => {
                self.next();
                self.skip_newlines();
                Ok(Expression::Assign { target: Box::new(place), operator, value: Box::new(self.expression()?) })
            }
            Expression::Binary(first, op, second) => {
                Ok(Expression::Binary(first, op, Box::new(self.assign(*second, operator)?)))
            }
            Expression::Not(inner) => Ok(Expression::Not(Box::new(self.assign(*inner, operator)?))),
            Expression::Match { text, pattern, negated } => {
                Ok(Expression::Match { text, pattern: Box::new(self.assign(*pattern, operator)?), negated })
            }
            Expression::Choice(condition, first, second) => {
                Ok(Expression::Choice(condition, first, Box::new(self.assign(*second, operator)?)))
            }
            _ => Err(self.wrong("a variable is expected")),
        }
    }

    fn choice(&mut self) -> Parsed<Expression> {
        let condition = self.or()?;
        if !self.eat("?") {
            return Ok(condition);
        }
        self.skip_newlines();
        let first = self.expression()?;
        self.skip_newlines();
        self.expect(":")?;
        self.skip_newlines();
        let second = self.expression()?;
        Ok(Expression::Choice(Box::new(condition), Box::new(first), Box::new(second)))
    }

    /// Operands of one level, from the left.
    fn chain(
        &mut self,
        operators: &[(&str, Operator)],
        newlines: bool,
        operand: fn(&mut Self) -> Parsed<Expression>,
    ) -> Parsed<Expression> {
        let mut left = operand(self)?;
        for _ in 0..MAX_CHAIN {
            let Some((symbol, operator)) = operators.iter().find(|(symbol, _)| self.is(symbol)) else {
                return Ok(left);
            };
            self.eat(symbol);
            if newlines {
                self.skip_newlines();
            }
            left = Expression::Binary(Box::new(left), *operator, Box::new(operand(self)?));
        }
        Err(self.wrong(&format!("a chain of operators has {MAX_CHAIN} operands at most")))
    }

    fn or(&mut self) -> Parsed<Expression> {
        self.chain(&[("||", Operator::Or)], true, Self::and)
    }

    fn and(&mut self) -> Parsed<Expression> {
        self.chain(&[("&&", Operator::And)], true, Self::membership)
    }

    fn membership(&mut self) -> Parsed<Expression> {
        let mut key = self.matching()?;
        while self.eat("in") {
            let array = self.name()?;
            let keys = match key {
                Expression::List(items) => items,
                key => vec![key],
            };
            key = Expression::In { key: keys, array };
        }
        Ok(key)
    }

    fn matching(&mut self) -> Parsed<Expression> {
        let mut text = self.comparison()?;
        loop {
            let negated = self.is("!~");
            if !negated && !self.is("~") {
                return Ok(text);
            }
            self.next();
            text = Expression::Match { text: Box::new(text), pattern: Box::new(self.comparison()?), negated };
        }
    }

    fn comparison(&mut self) -> Parsed<Expression> {
        const ALL: &[(&str, Operator)] = &[
            ("<=", Operator::LessOrEqual),
            ("<", Operator::Less),
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            (">=", Operator::GreaterOrEqual),
            (">", Operator::Greater),
        ];
        let operators = if self.in_print { &ALL[..5] } else { ALL };
        self.chain(operators, false, Self::command)
    }

    /// `command | getline`
    fn command(&mut self) -> Parsed<Expression> {
        let mut left = self.concatenation()?;
        while self.is("|") && *self.ahead(1) == Token::Keyword("getline") {
            self.at += 2;
            let target = self.place()?;
            left = Expression::Getline { target, from: Some((Way::Command, Box::new(left))) };
        }
        Ok(left)
    }

    fn concatenation(&mut self) -> Parsed<Expression> {
        let first = self.sum()?;
        let starts = |token: &Token| match token {
            Token::Number(_) | Token::Text(_) | Token::Regex(_) | Token::Name(_) | Token::Call(_) => true,
            Token::Symbol(symbol) => matches!(*symbol, "$" | "(" | "!" | "-" | "+" | "++" | "--"),
            _ => false,
        };
        if !starts(self.peek()) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while starts(self.peek()) {
            parts.push(self.sum()?);
        }
        Ok(Expression::Concatenation(parts))
    }

    fn sum(&mut self) -> Parsed<Expression> {
        self.chain(&[("+", Operator::Add), ("-", Operator::Subtract)], false, Self::product)
    }

    fn product(&mut self) -> Parsed<Expression> {
        let operators = [("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)];
        self.chain(&operators, false, Self::unary)
    }

    fn unary(&mut self) -> Parsed<Expression> {
        let make = match self.peek() {
            Token::Symbol("!") => Expression::Not,
            Token::Symbol("-") => Expression::Negative,
            Token::Symbol("+") => Expression::Positive,
            _ => return self.power(),
        };
        self.next();
        Ok(make(Box::new(self.deeper(1, Self::unary)?)))
    }

    /// Binds tighter than a sign before it, and to the right.
    fn power(&mut self) -> Parsed<Expression> {
        let base = self.postfix()?;
        if !self.eat("^") {
            return Ok(base);
        }
        let exponent = self.deeper(1, Self::unary)?;
        Ok(Expression::Binary(Box::new(base), Operator::Power, Box::new(exponent)))
    }

    fn postfix(&mut self) -> Parsed<Expression> {
        let target = self.primary()?;
        let by = match self.peek() {
            Token::Symbol("++") if target.is_place() => 1.0,
            Token::Symbol("--") if target.is_place() => -1.0,
            _ => return Ok(target),
        };
        self.next();
        Ok(Expression::Step { target: Box::new(target), by, after: true })
    }

    /// What `getline` reads into.
    fn place(&mut self) -> Parsed<Option<Box<Expression>>> {
        match self.peek() {
            Token::Name(_) | Token::Symbol("$") => Ok(Some(Box::new(self.primary()?))),
            _ => Ok(None),
        }
    }

    fn primary(&mut self) -> Parsed<Expression> {
        match self.next() {
            Token::Number(number) => Ok(Expression::Number(number)),
            Token::Text(text) => Ok(Expression::Text(text.into())),
            Token::Regex(regex) => Ok(Expression::Regex(regex)),
            Token::Symbol("$") => {
                let index = self.deeper(1, |parser| match parser.peek() {
                    Token::Symbol("-") => parser.unary(),
                    _ => parser.primary(),
                })?;
                Ok(Expression::Field(Box::new(index)))
            }
            Token::Symbol(sign @ ("++" | "--")) => {
                let target = self.deeper(1, Self::primary)?;
                if !target.is_place() {
                    return Err(self.wrong("a variable is expected"));
                }
                let by = if sign == "++" { 1.0 } else { -1.0 };
                Ok(Expression::Step { target: Box::new(target), by, after: false })
            }
            Token::Symbol("(") => {
                let mut items = self.list(")")?;
                match (items.pop(), items.is_empty()) {
                    (Some(item), true) => Ok(Expression::Group(Box::new(item))),
                    (Some(item), false) => {
                        items.push(item);
                        Ok(Expression::List(items))
                    }
                    (None, _) => Err(self.wrong("an expression is expected")),
                }
            }
            Token::Keyword("getline") => {
                let target = self.place()?;
                let from = if self.eat("<") {
                    Some((Way::File { append: false }, Box::new(self.deeper(1, Self::primary)?)))
                } else {
                    None
                };
                Ok(Expression::Getline { target, from })
            }
            Token::Call(name) => {
                self.expect("(")?;
                Ok(Expression::Call { name, arguments: self.list(")")? })
            }
            Token::Name(name) if name == "length" => Ok(Expression::Call { name, arguments: Vec::new() }),
            Token::Name(name) => {
                if self.eat("[") {
                    return Ok(Expression::Element { array: name, key: self.list("]")? });
                }
                Ok(Expression::Variable(name))
            }
            _ => {
                self.at -= 1;
                Err(self.wrong("an expression is expected"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_mistakes() {
        for right in [
            "",
            "BEGIN { }\n/a/ && $2 > 1\n$1 == \"x\", /y/ { print }",
            "function f(a,\n b) { return a }\nEND { print f(1, 2) > \"x\" \".txt\"; while ((\"ls\" | getline l) > 0) n++ }",
            "{ if (a) b = 1; else b = 2; do x--; while (x > 0)\n for (;;) break; for (k in a) delete a[k] }",
            "{ print a, b > \"/dev/stderr\"; print (1, 2) in a, (3)(4); print -x ^ 2, !y, a = b ? c : d }",
            "$1 ~ \"x\" || y = 2 { printf(\"%s\\n\", z) | \"sort\" }",
            "{ n = length / 2; getline line < \"file\"; $NF-- ; $(i++) = /a[/]b/ ? 1 : 2 }",
        ] {
            assert!(parse(right).is_ok(), "{right}: {:?}", parse(right).err());
        }
        for wrong in [
            "{",
            "}",
            "BEGIN",
            "{ print ( }",
            "{ 1 = 2 }",
            "{ if }",
            "\"x",
            "/x",
            "{ a[ }",
            "{ f( }",
            "@",
            "{ print > }",
            "{ x y z = }",
            "function (",
            "{ else }",
            "{ ++1 }",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        for deep in ["(", "{", "-", "!", "$", "a[", "f(", "x=", "2^", "a?", "if(a)"] {
            assert!(parse(&format!("{{ {}", deep.repeat(100_000))).is_err(), "{deep}");
        }
        assert!(parse(&format!("{{ print 1{} }}", "+1".repeat(100_000))).is_err());
    }
}
