use hashbrown::HashMap;

use super::pattern;
use crate::config::plugin::Model;

/// Finds the entry of the configuration that a model's name stands for.
#[derive(Clone, Debug, Default)]
pub struct Table {
    exact: HashMap<String, usize>,
    /// In the order of the configuration.
    patterns: Vec<(String, usize)>,
}

impl Table {
    /// Indexes the models of a configuration.
    pub fn new(models: &[Model]) -> Self {
        let mut table = Self::default();
        for (index, model) in models.iter().enumerate() {
            if pattern::is_pattern(&model.name) {
                table.patterns.push((model.name.clone(), index));
            } else {
                // The first of two entries with one name wins; the configuration's check refuses the second.
                table.exact.entry(model.name.clone()).or_insert(index);
            }
        }
        table
    }

    /// The index of the model that `name` stands for: its own entry, or the first pattern that matches.
    pub fn find(&self, name: &str) -> Option<usize> {
        let matching = || self.patterns.iter().find(|(pattern, _)| pattern::matches(pattern, name));
        self.exact.get(name).copied().or_else(|| matching().map(|(_, index)| *index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_names_come_before_patterns_and_patterns_in_order() {
        let model = |name: &str| Model {
            name: name.into(),
            targets: vec![],
            elsewhere: Default::default(),
            cards: vec![],
        };
        let table = Table::new(&[model("gpt-*"), model("*"), model("gpt-4.1")]);
        assert_eq!(table.find("gpt-4.1"), Some(2));
        assert_eq!(table.find("gpt-5"), Some(0));
        assert_eq!(table.find("claude"), Some(1));
        assert_eq!(Table::new(&[model("a")]).find("b"), None);
    }
}
