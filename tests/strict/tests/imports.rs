//! What the compiled module asks of its host, and shows it.

mod common;

use strict::driver::Gateway;
use switchyard::config::plugin::RoleName;

#[test]
fn the_module_loads_where_only_the_abi_is_served() {
    // Compiling checks every import and export; see `strict::load`. The proxy-wasm crate's traits import all of the
    // ABI; what is never called is seen by this host, which plays only a part of it.
    let module = common::compiled().module();
    let mut wasi = Vec::new();
    for import in module.imports() {
        assert_ne!(import.name(), "proxy_get_log_level");
        if import.module() != "env" {
            wasi.push(import.name());
        }
    }
    wasi.sort_unstable();
    assert_eq!(wasi, ["environ_get", "environ_sizes_get", "random_get"], "another one is a decision");
}

#[test]
fn both_roles_take_their_configuration_and_a_wrong_one_is_refused() {
    common::gateway();
    let provider = serde_json::to_vec(&common::plugin(RoleName::Provider)).unwrap();
    let mut old = common::plugin(RoleName::Gateway);
    old.version += 1;
    let old = serde_json::to_vec(&old).unwrap();
    for wrong in [&b"{}"[..], b"", b"\xff", &old] {
        let refused = Gateway::start(common::compiled(), wrong, &provider, &[]).map(|_| ()).unwrap_err();
        assert!(refused.to_string().contains("proxy_on_configure says no"), "{refused:?}");
    }
}
