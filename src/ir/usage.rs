/// Tokens of one exchange, as the provider reported them.
///
/// `None` is "not reported", which is not zero. Counts are cumulative: a later report replaces an earlier one field
/// by field ([`Usage::merge`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt that were neither read from nor written to a prompt cache.
    pub input: Option<u64>,
    /// Tokens of the prompt that were read from a prompt cache.
    pub cache_read: Option<u64>,
    /// Tokens of the prompt that were written to a prompt cache.
    pub cache_write: Option<u64>,
    /// Tokens of the answer, reasoning included.
    pub output: Option<u64>,
    /// The part of `output` that was spent on reasoning.
    pub reasoning: Option<u64>,
}

impl Usage {
    /// Takes over every count that `later` reports.
    pub fn merge(&mut self, later: Usage) {
        self.input = later.input.or(self.input);
        self.cache_read = later.cache_read.or(self.cache_read);
        self.cache_write = later.cache_write.or(self.cache_write);
        self.output = later.output.or(self.output);
        self.reasoning = later.reasoning.or(self.reasoning);
    }

    /// All tokens of the prompt, cached ones included: OpenAI's `prompt_tokens`.
    pub fn prompt(&self) -> u64 {
        let parts = [self.input, self.cache_read, self.cache_write];
        parts.into_iter().flatten().fold(0, u64::saturating_add)
    }

    /// Prompt and answer together: OpenAI's `total_tokens`.
    pub fn total(&self) -> u64 {
        self.prompt().saturating_add(self.output.unwrap_or(0))
    }
}
