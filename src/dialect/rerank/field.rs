//! The fields of a rerank request.

use crate::dialect::fields::fields;

fields! {
    Model "model" "always",
    Query "query" "always",
    QueryOther "query (other)" "when it is no string",
    Documents "documents" "always",
    DocumentObjects "documents[].text" "when there is an object in it that has a `text`",
    DocumentOther "documents[] (other)" "when there is anything else in it",
    TopN "top_n" "when not null",
    MaxTokensPerDoc "max_tokens_per_doc" "when not null",
    ReturnDocuments "return_documents" "when true",
    ReturnLarge "return_documents (large)" "when true and the documents have more than 64 KiB",
    RankFields "rank_fields" "when not null",
    User "user" "when not null",
    Unknown "(any other field)" "when there is one",
}

impl Field {
    /// The member of the request that an error names.
    pub fn param(self) -> &'static str {
        match self {
            Field::QueryOther => "query",
            Field::DocumentObjects | Field::DocumentOther => "documents",
            Field::ReturnLarge => "return_documents",
            other => other.name(),
        }
    }
}
