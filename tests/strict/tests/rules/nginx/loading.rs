//! What may be imported, and what a filter is told at its start.

use strict::{
    load::Rules,
    nginx::{driver::Server, route::Route},
    vm::Compiled,
};

use super::{super::fixture::wasm, compiled};

const FIT: &str = "(memory (export \"memory\") 1) (func (export \"proxy_abi_version_0_2_1\"))
    (func (export \"malloc\") (param i32) (result i32) (local.get 0))";

fn loads(import: &str) -> Result<(), String> {
    let wasm = wat::parse_str(format!("(module {import} {FIT})")).unwrap();
    Compiled::under(Rules::Nginx, &wasm).map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn the_log_level_with_the_signature_of_the_stock_sdk_does_not_load() {
    let refused = loads("(import \"env\" \"proxy_get_log_level\" (func (param i32) (result i32)))");
    assert!(refused.is_err_and(|why| why.contains("proxy_get_log_level with another signature")));
    let other = loads("(import \"env\" \"proxy_get_log_level\" (func (param i32 i32) (result i32)))");
    assert_eq!(other, Ok(()));
}

#[test]
fn what_the_host_does_not_have_does_not_load() {
    for name in ["proxy_get_header_map_size", "proxy_get_buffer_status", "proxy_frobnicate"] {
        let import = format!("(import \"env\" \"{name}\" (func (param i32 i32) (result i32)))");
        assert!(loads(&import).is_err_and(|why| why.contains(name)));
    }
}

#[test]
fn a_configuration_that_is_refused_ends_the_worker() {
    let no = "(func (export \"proxy_on_configure\") (param i32 i32) (result i32) (i32.const 0))";
    let refused = Server::start(&compiled(no), Route::kong(), b"", &[]).map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("proxy_on_configure says no"));
    let trap = "(func (export \"proxy_on_configure\") (param i32 i32) (result i32) unreachable)";
    assert!(Server::start(&compiled(trap), Route::kong(), b"", &[]).is_err());
}

#[test]
fn a_module_for_envoy_loads_here_too() {
    assert!(Compiled::under(Rules::Nginx, &wasm("")).is_ok());
}
