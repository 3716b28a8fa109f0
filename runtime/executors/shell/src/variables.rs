//! The shell's variables: texts and arrays, exported, read-only, local to functions.

use std::collections::{BTreeMap, HashMap};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Declared, without a value.
    Unset,
    Text(String),
    Indexed(BTreeMap<usize, String>),
    Keyed(BTreeMap<String, String>),
}

#[derive(Clone, Debug)]
pub struct Variable {
    pub content: Content,
    pub exported: bool,
    pub read_only: bool,
    /// `declare -i`: what is assigned is an expression.
    pub integer: bool,
}

impl Default for Variable {
    fn default() -> Self {
        Self { content: Content::Unset, exported: false, read_only: false, integer: false }
    }
}

#[derive(Clone, Default)]
pub struct Variables {
    all: HashMap<String, Variable>,
    /// For each function that is running, what its local variables hide.
    hidden: Vec<Vec<(String, Option<Variable>)>>,
}

impl Variables {
    /// A variable's text: of an array, its first element's.
    pub fn get(&self, name: &str) -> Option<&str> {
        match &self.all.get(name)?.content {
            Content::Unset => None,
            Content::Text(text) => Some(text),
            Content::Indexed(items) => items.get(&0).map(String::as_str),
            Content::Keyed(items) => items.get("0").map(String::as_str),
        }
    }

    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.all.get(name)
    }

    /// The variable to change, made if it is not there.
    pub fn entry(&mut self, name: &str) -> &mut Variable {
        self.all.entry(name.to_owned()).or_default()
    }

    fn writable(&mut self, name: &str) -> Result<&mut Variable, String> {
        let variable = self.all.entry(name.to_owned()).or_default();
        if variable.read_only { Err(format!("{name}: readonly variable")) } else { Ok(variable) }
    }

    pub fn set(&mut self, name: &str, text: impl Into<String>) -> Result<(), String> {
        let variable = self.writable(name)?;
        match &mut variable.content {
            Content::Indexed(items) => {
                items.insert(0, text.into());
            }
            Content::Keyed(items) => {
                items.insert("0".to_owned(), text.into());
            }
            content => *content = Content::Text(text.into()),
        }
        Ok(())
    }

    pub fn set_content(&mut self, name: &str, content: Content) -> Result<(), String> {
        self.writable(name)?.content = content;
        Ok(())
    }

    /// Sets an element; a text becomes an array's first one.
    pub fn set_at(&mut self, name: &str, index: usize, text: String) -> Result<(), String> {
        let variable = self.writable(name)?;
        match &mut variable.content {
            Content::Indexed(items) => {
                items.insert(index, text);
            }
            content => {
                let mut items = BTreeMap::new();
                if let Content::Text(first) = std::mem::replace(content, Content::Unset) {
                    items.insert(0, first);
                }
                items.insert(index, text);
                *content = Content::Indexed(items);
            }
        }
        Ok(())
    }

    pub fn set_key(&mut self, name: &str, key: String, text: String) -> Result<(), String> {
        if let Content::Keyed(items) = &mut self.writable(name)?.content {
            items.insert(key, text);
        }
        Ok(())
    }

    pub fn is_keyed(&self, name: &str) -> bool {
        matches!(self.all.get(name), Some(Variable { content: Content::Keyed(_), .. }))
    }

    pub fn unset(&mut self, name: &str) -> Result<(), String> {
        self.writable(name)?;
        self.all.remove(name);
        Ok(())
    }

    pub fn unset_at(&mut self, name: &str, index: &str) -> Result<(), String> {
        match &mut self.writable(name)?.content {
            Content::Indexed(items) => {
                if let Ok(index) = index.parse() {
                    items.remove(&index);
                }
            }
            Content::Keyed(items) => {
                items.remove(index);
            }
            _ => {}
        }
        Ok(())
    }

    /// What a variable holds now, to be put back by `restore`.
    pub fn save(&self, name: &str) -> Option<Variable> {
        self.all.get(name).cloned()
    }

    pub fn restore(&mut self, name: &str, saved: Option<Variable>) {
        match saved {
            Some(variable) => {
                self.all.insert(name.to_owned(), variable);
            }
            None => {
                self.all.remove(name);
            }
        }
    }

    pub fn enter_function(&mut self) {
        self.hidden.push(Vec::new());
    }

    pub fn leave_function(&mut self) {
        for (name, saved) in self.hidden.pop().unwrap_or_default().into_iter().rev() {
            self.restore(&name, saved);
        }
    }

    /// Makes a variable local to the function that is running. False if none is.
    pub fn localize(&mut self, name: &str) -> bool {
        let Some(scope) = self.hidden.last_mut() else { return false };
        if !scope.iter().any(|(hidden, _)| hidden == name) {
            scope.push((name.to_owned(), self.all.remove(name)));
        }
        true
    }

    /// Names and texts of what commands see, sorted.
    pub fn exported(&self) -> Vec<(&str, &str)> {
        let mut all: Vec<_> = self
            .all
            .iter()
            .filter(|(_, variable)| variable.exported)
            .filter_map(|(name, _)| Some((name.as_str(), self.get(name)?)))
            .collect();
        all.sort_unstable();
        all
    }

    /// The names of all variables that are set, sorted.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> =
            self.all.iter().filter(|(_, v)| v.content != Content::Unset).map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locals_hide_and_give_back() {
        let mut variables = Variables::default();
        variables.set("x", "out").unwrap();
        assert!(!variables.localize("x"));
        variables.enter_function();
        assert!(variables.localize("x") && variables.localize("y"));
        assert_eq!(variables.get("x"), None);
        variables.set("x", "in").unwrap();
        variables.set("y", "in").unwrap();
        variables.leave_function();
        assert_eq!((variables.get("x"), variables.get("y")), (Some("out"), None));
    }

    #[test]
    fn read_only_stays() {
        let mut variables = Variables::default();
        variables.set("x", "1").unwrap();
        variables.entry("x").read_only = true;
        assert!(variables.set("x", "2").is_err() && variables.unset("x").is_err());
        assert_eq!(variables.get("x"), Some("1"));
    }
}
