//! What may be imported and exported, and what a plugin is told at its start.

use strict::{
    driver::Gateway,
    host::Plugin,
    vm::{Compiled, Vm},
};

use super::fixture::wasm;

/// Why a module is refused.
fn refusal(module: &str) -> String {
    let wasm = wat::parse_str(module).unwrap();
    Compiled::new(&wasm).map(|_| ()).unwrap_err().to_string()
}

const FIT: &str = "(memory (export \"memory\") 1) (func (export \"proxy_abi_version_0_2_1\"))
    (func (export \"malloc\") (param i32) (result i32) (local.get 0))";

#[test]
fn imports_outside_the_abi_are_refused() {
    let import = |what: &str| refusal(&format!("(module {what} {FIT})"));
    let log_level = import("(import \"env\" \"proxy_get_log_level\" (func (param i32) (result i32)))");
    assert!(log_level.contains("would not load on Kong"), "{log_level}");
    assert!(import("(import \"env\" \"proxy_frobnicate\" (func))").contains("neither ABI 0.2.1"));
    let fd_read =
        "(import \"wasi_snapshot_preview1\" \"fd_read\" (func (param i32 i32 i32 i32) (result i32)))";
    assert!(import(fd_read).contains("fd_read"));
    assert!(
        import("(import \"env\" \"proxy_log\" (func (param i64) (result i32)))")
            .contains("another signature")
    );
    assert!(import("(import \"env\" \"memory\" (memory 1))").contains("env.memory"));
}

#[test]
fn exports_with_odd_types_are_refused() {
    let export = |what: &str| refusal(&format!("(module {FIT} {what})"));
    let vector = export("(func (export \"f\") (result v128) unreachable)");
    assert!(vector.contains("a type that is no number"), "{vector}");
    assert!(export("(global (export \"g\") v128 (v128.const i64x2 0 0))").contains("the global g"));
    assert!(export("(func (export \"proxy_on_tick\"))").contains("proxy_on_tick with the signature"));
    assert!(export("(func (export \"proxy_on_whatever\"))").contains("no such callback"));
    assert!(export("(func (export \"proxy_abi_version_0_2_0\"))").contains("and that alone"));
    let bare = refusal("(module)");
    assert!(bare.contains("memories []") && bare.contains("neither malloc"), "{bare}");
}

#[test]
fn a_module_that_is_fit_loads() {
    assert!(Compiled::new(&wat::parse_str(format!("(module {FIT})")).unwrap()).is_ok());
}

/// Logs the plugin's configuration and the first 4 bytes of the environment, and says no where that begins with `n`.
const CONFIGURED: &str = "(func (export \"proxy_on_configure\") (param i32 i32) (result i32)
    (drop (call $get_buffer (i32.const 7) (i32.const 0) (local.get 1) (i32.const 1008) (i32.const 1012)))
    (drop (call $log (i32.const 2) (i32.load (i32.const 1008)) (i32.load (i32.const 1012))))
    (i32.ne (i32.load8_u (i32.load (i32.const 1008))) (i32.const 110)))";

#[test]
fn each_plugin_gets_its_own_configuration_and_may_refuse_it() {
    let compiled = Compiled::new(&wasm(CONFIGURED)).unwrap();
    let mut gateway = Gateway::start(&compiled, b"one", b"two", &[]).unwrap();
    let logs: Vec<_> = gateway.vm().host().logs.iter().map(|(_, text)| text.clone()).collect();
    assert_eq!(logs, ["one", "two"]);
    let refused = Gateway::start(&compiled, b"one", b"no", &[]).map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("proxy_on_configure says no"));
}

#[test]
fn the_environment_is_what_the_test_gives() {
    let module = "(module
        (import \"wasi_snapshot_preview1\" \"environ_sizes_get\" (func $sizes (param i32 i32) (result i32)))
        (import \"wasi_snapshot_preview1\" \"environ_get\" (func $environ (param i32 i32) (result i32)))
        (import \"env\" \"proxy_log\" (func $log (param i32 i32 i32) (result i32)))
        (memory (export \"memory\") 1) (func (export \"proxy_abi_version_0_2_1\"))
        (func (export \"malloc\") (param i32) (result i32) (local.get 0))
        (func (export \"_initialize\")
          (drop (call $sizes (i32.const 0) (i32.const 4)))
          (drop (call $environ (i32.const 8) (i32.const 100)))
          (drop (call $log (i32.const 2) (i32.load (i32.const 8)) (i32.load (i32.const 4))))))";
    let compiled = Compiled::new(&wat::parse_str(module).unwrap()).unwrap();
    let vm = Vm::start(&compiled, &[("KEY", "v"), ("A", "b")]).unwrap();
    assert_eq!(vm.host().logs, [(2, "KEY=v\0A=b\0".to_owned())]);
}

#[test]
fn without_the_flag_a_pause_in_a_header_callback_hangs() {
    let pause = super::fixture::on("request_headers", "", 1);
    let compiled = Compiled::new(&wasm(&pause)).unwrap();
    let mut vm = Vm::start(&compiled, &[]).unwrap();
    for stop_on_headers in [true, false] {
        let name = "gateway".to_owned();
        let root = vm.plugin(Plugin { name, configuration: Vec::new(), stop_on_headers }).unwrap();
        let exchange = vm.open(super::fixture::request().headers);
        let context = vm.create(root, strict::stream::Side::Downstream, exchange).unwrap();
        vm.headers(context, strict::stream::Way::Request, false).unwrap();
        assert_eq!(vm.take_violations().is_empty(), stop_on_headers);
    }
}
