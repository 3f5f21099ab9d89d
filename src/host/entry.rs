//! The module's entry point: proxy-wasm callbacks to the two roles.

use std::rc::Rc;

use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::{Action as WasmAction, ContextType},
};

use super::{
    Action,
    abi::{self, Wasm},
    environment,
};
use crate::{
    config::plugin::RoleName,
    filter::{Gateway, Keeper, Provider, Setup},
};

/// Called once by the host when the module is instantiated.
#[allow(unsafe_code, reason = "the symbol that hosts call")]
#[unsafe(no_mangle)]
extern "C" fn _initialize() {
    super::log::install();
    proxy_wasm::set_root_context(|_| Box::new(Root { setup: None, keeper: None }));
}

/// One plugin: a role with its configuration.
struct Root {
    setup: Option<Rc<Setup>>,
    /// Of access tokens. The gateway role has it: one of the two roles is enough.
    keeper: Option<Keeper>,
}

impl Context for Root {
    fn on_http_call_response(&mut self, call: u32, _headers: usize, size: usize, _trailers: usize) {
        if let Some(keeper) = &mut self.keeper {
            keeper.on_reply(&Wasm, call, size);
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let json = abi::configuration().unwrap_or_default();
        match Setup::new(&json, environment::variables) {
            Ok(setup) => {
                for (name, why) in setup.without_secret() {
                    log::error!("provider `{name}` is not asked: {why}");
                }
                let setup = Rc::new(setup);
                if setup.role() == RoleName::Gateway {
                    let mut keeper = Keeper::new(Rc::clone(&setup));
                    keeper.start(&Wasm);
                    self.keeper = Some(keeper);
                }
                self.setup = Some(setup);
                true
            }
            Err(message) => {
                log::error!("{message}");
                false
            }
        }
    }

    fn on_tick(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            keeper.on_tick(&Wasm);
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        let setup = Rc::clone(self.setup.as_ref()?);
        let role = setup.role();
        let context: Box<dyn HttpContext> = match role {
            RoleName::Gateway => Box::new(GatewayContext(Gateway::new(setup))),
            RoleName::Provider => Box::new(ProviderContext(Provider::new(setup))),
            RoleName::Standalone | RoleName::Front => return None,
        };
        #[cfg(feature = "inject-panic")]
        let context = super::inject::wrap(role, context);
        Some(context)
    }
}

fn action(action: Action) -> WasmAction {
    match action {
        Action::Continue => WasmAction::Continue,
        Action::Pause => WasmAction::Pause,
    }
}

struct GatewayContext(Gateway);

impl Context for GatewayContext {}

impl HttpContext for GatewayContext {
    fn on_http_request_headers(&mut self, _count: usize, end: bool) -> WasmAction {
        action(self.0.on_request_headers(&Wasm, end))
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> WasmAction {
        action(self.0.on_request_body(&Wasm, size, end))
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> WasmAction {
        action(self.0.on_request_trailers(&Wasm))
    }

    fn on_http_response_headers(&mut self, _count: usize, end: bool) -> WasmAction {
        action(self.0.on_reply_headers(&Wasm, end))
    }

    fn on_http_response_body(&mut self, _size: usize, _end: bool) -> WasmAction {
        action(self.0.on_reply_body(&Wasm))
    }
}

struct ProviderContext(Provider);

impl Context for ProviderContext {}

impl HttpContext for ProviderContext {
    fn on_http_request_headers(&mut self, _count: usize, _end: bool) -> WasmAction {
        action(self.0.on_request_headers(&Wasm))
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> WasmAction {
        action(self.0.on_request_body(&Wasm, size, end))
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> WasmAction {
        action(self.0.on_request_trailers(&Wasm))
    }

    fn on_http_response_headers(&mut self, _count: usize, end: bool) -> WasmAction {
        action(self.0.on_reply_headers(&Wasm, end))
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> WasmAction {
        action(self.0.on_reply_body(&Wasm, size, end))
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> WasmAction {
        action(self.0.on_reply_trailers(&Wasm))
    }
}
