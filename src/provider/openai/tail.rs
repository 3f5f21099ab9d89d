//! The usage that a reply tells which is passed on and never held: by its last bytes.

use memchr::memmem;
use serde_json::value::RawValue;

use super::usage;
use crate::{
    ir::Usage,
    provider::json::{count, pick},
};

/// So many of a reply's last bytes are kept. `usage` is the last member of images' and transcriptions' replies and of their
/// last events (API reference, "Images", "Audio").
pub const WINDOW: usize = 8 * 1024;

/// The last bytes of a reply.
#[derive(Clone, Debug, Default)]
pub struct Tail(Vec<u8>);

impl Tail {
    /// Takes the next bytes; of a piece longer than [`WINDOW`] its last ones will do.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        self.0.drain(..self.0.len().saturating_sub(WINDOW));
    }

    /// What the reply told last.
    pub fn usage(&self) -> Option<Usage> {
        let name = b"\"usage\"";
        memmem::find_iter(&self.0, name).filter_map(|at| self.read(at + name.len())).last()
    }

    /// Reads an object behind the name that ends here. Within a string the name's quotes would be escaped.
    fn read(&self, end: usize) -> Option<Usage> {
        let text = self.0.get(end..)?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let mut depth = 0_u32;
        let close = text.iter().position(|byte| {
            match byte {
                b'{' => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        })?;
        let raw: &RawValue = serde_json::from_slice(text.get(..=close)?).ok()?;
        let [input, output] = pick(raw.get(), ["input_tokens", "output_tokens"])?.map(count);
        if input.is_none() && output.is_none() {
            return usage::read(raw);
        }
        Some(Usage { input, output, ..Usage::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pieces: &[&[u8]]) -> Option<(Option<u64>, Option<u64>)> {
        let mut tail = Tail::default();
        pieces.iter().for_each(|piece| tail.push(piece));
        tail.usage().map(|usage| (usage.input, usage.output))
    }

    #[test]
    fn the_last_usage_counts_wherever_the_pieces_end() {
        // API reference, "Images": the reply, and the last event of a stream.
        let reply =
            br#"{"created":1,"data":[{"b64_json":"AAAA"}],"usage":{"total_tokens":100,"input_tokens":50,
            "output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}"#;
        let event = b"event: image_generation.completed\ndata: {\"type\":\"image_generation.completed\",\"usage\":{\"input_tokens\":3,\"output_tokens\":4}}\n\n";
        for at in 0..reply.len() {
            let (one, two) = reply.split_at(at);
            assert_eq!(told(&[one, two]), Some((Some(50), Some(50))));
        }
        assert_eq!(told(&[reply, event]), Some((Some(3), Some(4))));
        let long = vec![b'A'; 3 * WINDOW];
        assert_eq!(told(&[&long, reply]), Some((Some(50), Some(50))));
        assert_eq!(told(&[reply, &long]), None);
        assert_eq!(
            told(&[br#"{"usage":{"prompt_tokens":7,"completion_tokens":2}}"#]),
            Some((Some(7), Some(2)))
        );
    }

    #[test]
    fn what_is_no_usage_is_none() {
        for text in [
            r#"{"text":"say \"usage\": {\"input_tokens\": 9}"}"#,
            r#"{"usage":{"type":"duration","seconds":9}}"#,
            r#"{"usage":null}"#,
            r#"{"usage":{"input_tokens":"#,
            "\"usage\"",
            "",
        ] {
            assert_eq!(told(&[text.as_bytes()]), None, "{text}");
        }
    }
}
