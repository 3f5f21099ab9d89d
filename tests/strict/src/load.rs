//! What a module may import and export, checked before it runs.

use wasmtime::{Engine, ExternType, FuncType, Linker, Module, Store, ValType};

use crate::{abi, host::Host, nginx, wasi};

/// Whose rules a module is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// Envoy's.
    Envoy,
    /// Those of ngx_wasm_module, and with it of Kong.
    Nginx,
}

/// A linker with everything that a module may import.
///
/// # Errors
/// None in practice.
pub fn linker(engine: &Engine, rules: Rules) -> wasmtime::Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    match rules {
        Rules::Envoy => abi::link(&mut linker)?,
        Rules::Nginx => nginx::abi::link(&mut linker)?,
    }
    wasi::link(&mut linker)?;
    Ok(linker)
}

/// The callbacks of ABI 0.2.1: name, number of i32 parameters, whether an i32 comes back.
const CALLBACKS: [(&str, usize, bool); 25] = [
    ("proxy_abi_version_0_2_1", 0, false),
    ("proxy_on_context_create", 2, false),
    ("proxy_on_vm_start", 2, true),
    ("proxy_on_configure", 2, true),
    ("proxy_on_tick", 1, false),
    ("proxy_on_new_connection", 1, true),
    ("proxy_on_downstream_data", 3, true),
    ("proxy_on_downstream_connection_close", 2, false),
    ("proxy_on_upstream_data", 3, true),
    ("proxy_on_upstream_connection_close", 2, false),
    ("proxy_on_request_headers", 3, true),
    ("proxy_on_request_body", 3, true),
    ("proxy_on_request_trailers", 2, true),
    ("proxy_on_response_headers", 3, true),
    ("proxy_on_response_body", 3, true),
    ("proxy_on_response_trailers", 2, true),
    ("proxy_on_http_call_response", 5, false),
    ("proxy_on_grpc_receive_initial_metadata", 3, false),
    ("proxy_on_grpc_receive", 3, false),
    ("proxy_on_grpc_receive_trailing_metadata", 3, false),
    ("proxy_on_grpc_close", 3, false),
    ("proxy_on_queue_ready", 2, false),
    ("proxy_on_foreign_function", 3, false),
    ("proxy_on_done", 1, true),
    ("proxy_on_log", 1, false),
];

/// Every import that the hosts do not have, or have with another signature; empty when all is well.
pub fn wrong_imports(module: &Module, linker: &Linker<Host>, store: &mut Store<Host>) -> Vec<String> {
    let mut wrong = Vec::new();
    for import in module.imports() {
        let (from, name) = (import.module(), import.name());
        let Ok(have) = linker.get(&mut *store, from, name) else {
            wrong.push(if name == "proxy_get_log_level" {
                format!("imports {name}: the module would not load on Kong")
            } else {
                format!("imports {from}.{name}: neither ABI 0.2.1 nor a function of WASI that is served")
            });
            continue;
        };
        let (want, have) = (import.ty(), have.ty(&*store));
        let same = match (&want, &have) {
            (ExternType::Func(want), ExternType::Func(have)) => FuncType::eq(want, have),
            _ => false,
        };
        if !same {
            wrong.push(format!("imports {from}.{name} with another signature: {want:?}"));
        }
    }
    wrong
}

/// Every export that Envoy cannot use or chokes on; empty when all is well.
///
/// Types other than numbers are refused in every signature and global: an exported function that returns a v128
/// aborted Envoy 1.40.
pub fn wrong_exports(module: &Module) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut memories = Vec::new();
    for export in module.exports() {
        let name = export.name();
        match export.ty() {
            ExternType::Func(ty) => {
                if !ty.params().chain(ty.results()).all(|ty| number(&ty)) {
                    wrong.push(format!("exports {name} with a type that is no number: {ty:?}"));
                }
                if let Some(why) = wrong_signature(name, &ty) {
                    wrong.push(why);
                }
            }
            ExternType::Global(ty) if !number(ty.content()) => {
                wrong.push(format!("exports the global {name} of a type that is no number"));
            }
            ExternType::Memory(ty) => {
                memories.push(name.to_owned());
                if ty.is_64() || ty.is_shared() {
                    wrong.push(format!("exports the memory {name}, 64-bit or shared"));
                }
            }
            _ => {}
        }
    }
    if memories != ["memory"] {
        wrong.push(format!("exports the memories {memories:?}: one is needed, named memory"));
    }
    let has = |name: &str| module.get_export(name).is_some();
    if !has("malloc") && !has("proxy_on_memory_allocate") {
        wrong.push("exports neither malloc nor proxy_on_memory_allocate".to_owned());
    }
    let versions: Vec<_> =
        module.exports().filter(|export| export.name().starts_with("proxy_abi_version_")).collect();
    if versions.len() != 1 || versions[0].name() != "proxy_abi_version_0_2_1" {
        wrong.push("does not export proxy_abi_version_0_2_1, and that alone".to_owned());
    }
    wrong
}

fn number(ty: &ValType) -> bool {
    matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64)
}

fn wrong_signature(name: &str, ty: &FuncType) -> Option<String> {
    let (params, result) = match CALLBACKS.iter().find(|(of, ..)| *of == name) {
        Some((_, params, result)) => (*params, *result),
        None if name == "malloc" || name == "proxy_on_memory_allocate" => (1, true),
        None if name == "proxy_on_delete" => (1, false),
        None if name.starts_with("proxy_on_") => {
            return Some(format!("exports {name}: ABI 0.2.1 has no such callback"));
        }
        None => return None,
    };
    let right = ty.params().len() == params
        && ty.results().len() == usize::from(result)
        && ty.params().chain(ty.results()).all(|ty| matches!(ty, ValType::I32));
    (!right).then(|| format!("exports {name} with the signature {ty:?}"))
}
