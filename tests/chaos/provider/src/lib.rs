//! Providers of models that misbehave on command, and that check every request they get.
//!
//! One process and one port hold many *cells*. A cell is a provider: its format, its credential, its fault, and the
//! counts of what came and went. `README.md` beside this crate has the whole interface.
//!
//! | module | what lives there |
//! |---|---|
//! | [`server`] | the process; [`listen`] listeners and their threads; [`ports`] listeners that go down and come back |
//! | [`exchange`] | from a request to its reply |
//! | [`request`] | reading HTTP/1.1; [`conn`] the connection: writing, waiting, resets |
//! | [`cells`] | cells by name; [`settings`] how a cell behaves; [`counts`] what it saw |
//! | [`control`] | the paths under `/_` |
//! | [`checks`] | what is wrong with a request; [`keys`] search for other cells' credentials |
//! | [`formats`] | the five formats: what a request must be, what replies and errors are |
//! | [`faults`] | the names of faults; [`act`] what each does |
//! | [`reply`] | good replies, parts of them, errors; [`spoil`] replies that are spoiled |
//! | [`aws`] | frames of event streams; [`gzip`] the encoding; [`crc`] the sum of both |

pub mod act;
pub mod aws;
pub mod cells;
pub mod checks;
pub mod conn;
pub mod control;
pub mod counts;
pub mod crc;
pub mod exchange;
pub mod faults;
pub mod formats;
pub mod gzip;
pub mod keys;
pub mod listen;
pub mod ports;
pub mod reply;
pub mod request;
pub mod server;
pub mod settings;
pub mod spoil;
