//! From bytes of the answer's text to characters: Gemini counts the former, clients the latter.

/// Most bytes of text that are counted, which takes an eighth of it in memory. No answer of today's models comes near.
const MAX_TEXT: usize = 8 * 1024 * 1024;

/// Where the characters of the text so far begin.
#[derive(Debug, Default)]
pub(super) struct Chars {
    /// So many bytes are one character each.
    ascii: usize,
    /// Of the bytes behind these, one bit each: whether a character begins there.
    bits: Vec<u64>,
    /// How many bits are in use.
    used: usize,
    /// There was more text than is counted.
    full: bool,
}

impl Chars {
    /// More text.
    pub(super) fn push(&mut self, text: &str) {
        if self.used == 0 && text.is_ascii() {
            self.ascii += text.len();
            return;
        }
        self.full |= text.len() > MAX_TEXT.saturating_sub(self.used);
        if self.full {
            return;
        }
        for byte in text.bytes() {
            if self.used.is_multiple_of(64) {
                self.bits.push(0);
            }
            let begins = u64::from(byte & 0xC0 != 0x80);
            if let Some(word) = self.bits.last_mut() {
                *word |= begins << (self.used % 64);
            }
            self.used += 1;
        }
    }

    /// How many bytes came.
    pub(super) fn bytes(&self) -> usize {
        self.ascii + self.used
    }

    /// How many characters begin before byte `at`; `None` behind the end.
    pub(super) fn before(&self, at: usize) -> Option<u64> {
        let Some(rest) = at.checked_sub(self.ascii) else { return Some(at as u64) };
        if rest > self.used {
            return None;
        }
        let whole = self.bits.iter().take(rest / 64).map(|word| u64::from(word.count_ones())).sum::<u64>();
        let last = self.bits.get(rest / 64).map_or(0, |word| word & ((1 << (rest % 64)) - 1));
        Some(self.ascii as u64 + whole + u64::from(last.count_ones()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_a_reader_of_the_text_would() {
        for text in ["", "plain", "né", "é", "日本語 and 😀 text", &"añ😀".repeat(100)] {
            let mut chars = Chars::default();
            // In pieces, as it comes.
            for piece in text.split_inclusive(' ') {
                chars.push(piece);
            }
            assert_eq!(chars.bytes(), text.len());
            for (count, (at, _)) in text.char_indices().enumerate() {
                assert_eq!(chars.before(at), Some(count as u64), "{text} at {at}");
            }
            assert_eq!(chars.before(text.len()), Some(text.chars().count() as u64), "{text}");
            assert_eq!(chars.before(text.len() + 1).filter(|_| !text.is_ascii()), None, "{text}");
        }
    }
}
