//! Reading a rerank request into the intermediate form, for providers of other formats.

use super::scan::{NAMES, documents};
use crate::{
    dialect::{chat::scan::malformed, flat},
    ir::{ApiError, RerankRequest},
};

/// Reads a request that [`super::scan::scan`] has read before.
///
/// # Errors
///
/// [`crate::ir::ErrorKind::InvalidRequest`], naming the field: a query that is no string, documents without a text,
/// numbers that are no whole numbers above 0.
pub fn parse(body: &[u8]) -> Result<RerankRequest<'_>, ApiError> {
    let flat = flat::read(body, &NAMES)?;
    let (query, _) = flat.need("query")?;
    if !query.get().starts_with('"') {
        return Err(ApiError::invalid("query", "`query` must be a string"));
    }
    let (raw, _) = flat.need("documents")?;
    let read = documents(raw).map_err(|error| malformed(error.to_string()))?;
    let mut documents = Vec::with_capacity(read.len());
    for (index, document) in read.iter().enumerate() {
        let Some(text) = document.text() else {
            let name = format!("documents[{index}]");
            let message = format!("`{name}` must be a string, or an object with a `text` that is one");
            return Err(ApiError::invalid(name, message));
        };
        documents.push(text);
    }
    let (top_n, max_tokens_per_doc) = (flat.count("top_n")?, flat.count("max_tokens_per_doc")?);
    Ok(RerankRequest { query, documents, top_n, max_tokens_per_doc })
}
