//! The module's entry point: proxy-wasm callbacks to the roles.

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
    config::plugin::{Headers, RoleName},
    filter::{Front, Gateway, Keeper, Provider, Setup, Standalone},
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
    /// Of access tokens. One of the two roles is enough.
    keeper: Option<Keeper>,
}

impl Context for Root {
    fn on_http_call_response(&mut self, call: u32, _headers: usize, size: usize, _trailers: usize) {
        if let Some(keeper) = &mut self.keeper {
            keeper.on_reply(&Wasm::default(), call, size);
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
                if setup.keeps_tokens() {
                    let mut keeper = Keeper::new(Rc::clone(&setup));
                    keeper.start(&Wasm::default());
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
            keeper.on_tick(&Wasm::default());
        }
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        let setup = Rc::clone(self.setup.as_ref()?);
        #[cfg(feature = "inject-panic")]
        let name = setup.role();
        let host = Wasm { nginx: setup.plugin.entry.headers == Headers::Nginx };
        let role = match setup.role() {
            RoleName::Gateway => Role::Gateway(Gateway::new(setup)),
            RoleName::Provider => Role::Provider(Provider::new(setup)),
            RoleName::Standalone => Role::Standalone(Standalone::new(setup)),
            RoleName::Front => Role::Front(Front::new(setup)),
        };
        let context: Box<dyn HttpContext> = Box::new(Stream { role, host });
        #[cfg(feature = "inject-panic")]
        let context = super::inject::wrap(name, context);
        Some(context)
    }
}

fn action(action: Action) -> WasmAction {
    match action {
        Action::Continue => WasmAction::Continue,
        Action::Pause => WasmAction::Pause,
    }
}

/// One stream in its role. One type for all of them: the crate's traits have many methods, which each type that has
/// them would have once more.
struct Stream {
    role: Role,
    host: Wasm,
}

/// A stream, as its role plays it.
enum Role {
    Gateway(Gateway),
    Provider(Provider),
    Standalone(Standalone),
    Front(Front),
}

impl Context for Stream {
    fn on_http_call_response(&mut self, _call: u32, _headers: usize, size: usize, _trailers: usize) {
        if let Role::Front(front) = &mut self.role {
            front.on_call_reply(&self.host, size);
        }
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, end: bool) -> WasmAction {
        let host = &self.host;
        action(match &mut self.role {
            Role::Gateway(gateway) => gateway.on_request_headers(host, end),
            Role::Provider(provider) => provider.on_request_headers(host),
            Role::Standalone(standalone) => standalone.on_request_headers(host, end),
            Role::Front(front) => front.on_request_headers(host, end),
        })
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> WasmAction {
        let host = &self.host;
        action(match &mut self.role {
            Role::Gateway(gateway) => gateway.on_request_body(host, size, end),
            Role::Provider(provider) => provider.on_request_body(host, size, end),
            Role::Standalone(standalone) => standalone.on_request_body(host, size, end),
            Role::Front(front) => front.on_request_body(host, size, end),
        })
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> WasmAction {
        let host = &self.host;
        action(match &mut self.role {
            Role::Gateway(gateway) => gateway.on_request_trailers(host),
            Role::Provider(provider) => provider.on_request_trailers(host),
            Role::Standalone(standalone) => standalone.on_request_trailers(host),
            // nginx tells of none.
            Role::Front(_) => Action::Continue,
        })
    }

    fn on_http_response_headers(&mut self, _count: usize, end: bool) -> WasmAction {
        let host = &self.host;
        action(match &mut self.role {
            Role::Gateway(gateway) => gateway.on_reply_headers(host, end),
            Role::Provider(provider) => provider.on_reply_headers(host, end),
            Role::Standalone(standalone) => standalone.on_reply_headers(host, end),
            Role::Front(front) => front.on_reply_headers(host),
        })
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> WasmAction {
        let host = &self.host;
        action(match &mut self.role {
            Role::Gateway(gateway) => gateway.on_reply_body(host),
            Role::Provider(provider) => provider.on_reply_body(host, size, end),
            Role::Standalone(standalone) => standalone.on_reply_body(host, size, end),
            Role::Front(front) => front.on_reply_body(host),
        })
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> WasmAction {
        let host = &self.host;
        action(match &mut self.role {
            Role::Provider(provider) => provider.on_reply_trailers(host),
            Role::Standalone(standalone) => standalone.on_reply_trailers(host),
            Role::Gateway(_) | Role::Front(_) => Action::Continue,
        })
    }
}
