//! Access tokens: what is asked for, what comes back, and when to ask again.
//!
//! Keys are read from the environment, from Envoy's files or from the configuration, and need nothing of this. A *token*
//! is got from a token endpoint in exchange for a longer-lived credential, and ends after an hour or so. All workers
//! share one: [`Shared`] is what they know together, and the state machine of who asks for the next one, and when.
//!
//! | file | what |
//! |---|---|
//! | `source` | one credential made ready: its request to the token endpoint |
//! | `account` | the key file of a Google service account, and the assertion made with it (RFC 7523) |
//! | `sign` | the messages of Envoy's function that signs with RSA |
//! | `reply` | what a token endpoint answers (RFC 6749 §5) |
//! | `shared` | what workers share, and when the next token is due |

pub mod account;
mod base64;
pub mod reply;
pub mod shared;
pub mod sign;
pub mod source;

pub use account::Account;
pub use shared::Shared;
pub use source::Source;
