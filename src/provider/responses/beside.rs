//! What an answer holds beside text, reasoning and calls of functions: tools that the provider ran, calls of kinds that
//! the gateway never offers, sources that are no links.
//!
//! None of it may look like a call for the client to answer, and none of it is lost: it is given as OpenAI's own JSON.

use serde_json::value::RawValue;

use super::{
    item::Item,
    json::{Object, compact, value},
};
use crate::ir::Extra;

/// The most bytes that are kept of each kind. Searches and runs of code are a few kilobytes; a picture that was drawn
/// is megabytes, and no client of chat completions looks for it here.
const MOST: usize = 256 * 1024;

/// Room that is left for telling of items that are too long.
const MARGIN: usize = 32 * 1024;

/// Elements of the arrays, each behind a comma but the first.
#[derive(Debug, Default)]
pub(super) struct Beside {
    tools: Vec<u8>,
    annotations: Vec<u8>,
}

impl Beside {
    /// Keeps an item of the output. Of one that is too long only what it is.
    pub(super) fn item(&mut self, raw: &RawValue, item: &Item<'_>) {
        if self.tools.len() + raw.get().len() <= MOST - MARGIN {
            return element(&compact(raw.get()), &mut self.tools);
        }
        let mut rest = Vec::new();
        let mut object = Object::begin(&mut rest);
        object.text("type", &item.0.text("type").unwrap_or_default());
        if let Some(id) = item.0.text("id") {
            object.text("id", &id);
        }
        value(object.key("omitted"), &true);
        object.end();
        if self.tools.len() + rest.len() <= MOST {
            element(str::from_utf8(&rest).unwrap_or("null"), &mut self.tools);
        }
    }

    /// Keeps an annotation that is no link.
    pub(super) fn annotation(&mut self, raw: &RawValue) {
        if self.annotations.len() + raw.get().len() <= MOST {
            element(&compact(raw.get()), &mut self.annotations);
        }
    }

    /// Whether no item was kept.
    pub(super) fn has_no_items(&self) -> bool {
        self.tools.is_empty()
    }

    /// All that was kept.
    pub(super) fn extras(self) -> impl Iterator<Item = Extra<'static>> {
        let named = [("server_tools", self.tools), ("annotations", self.annotations)];
        named.into_iter().filter(|(_, elements)| !elements.is_empty()).map(|(name, elements)| {
            let elements = String::from_utf8(elements).unwrap_or_default();
            Extra { vendor: "openai", name, json: ["[", &elements, "]"].concat().into() }
        })
    }
}

fn element(json: &str, elements: &mut Vec<u8>) {
    if !elements.is_empty() {
        elements.push(b',');
    }
    elements.extend_from_slice(json.as_bytes());
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn kept(items: &[String]) -> Vec<Value> {
        let mut beside = Beside::default();
        for text in items {
            let raw: &RawValue = serde_json::from_str(text).unwrap();
            beside.item(raw, &Item::read(raw).unwrap());
        }
        let extras: Vec<_> = beside.extras().collect();
        extras.iter().flat_map(|extra| serde_json::from_str::<Vec<Value>>(&extra.json).unwrap()).collect()
    }

    #[test]
    fn items_stay_as_they_are_but_for_long_ones() {
        let search = json!({"type": "web_search_call", "id": "ws_1", "status": "completed"});
        let picture = json!({"type": "image_generation_call", "id": "ig_1", "result": "A".repeat(MOST)});
        let found = kept(&[search.to_string(), picture.to_string(), search.to_string()]);
        let short = json!({"type": "image_generation_call", "id": "ig_1", "omitted": true});
        assert_eq!(found, [search.clone(), short, search]);
        assert!(kept(&[]).is_empty());
    }

    #[test]
    fn there_is_an_end_to_it() {
        let long = json!({"type": "x", "id": "y".repeat(4096)}).to_string();
        let found = kept(&vec![long; 200]);
        assert!(found.len() > 60 && found.len() < 80, "{}", found.len());
    }
}
