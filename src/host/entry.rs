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
        match Setup::new(&json, &environment::variables()) {
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
        let role = setup.role();
        let wasm = Wasm { nginx: setup.plugin.entry.headers == Headers::Nginx };
        let context: Box<dyn HttpContext> = match role {
            RoleName::Gateway => Box::new(Stream(Gateway::new(setup), wasm)),
            RoleName::Provider => Box::new(Stream(Provider::new(setup), wasm)),
            RoleName::Standalone => Box::new(Stream(Standalone::new(setup), wasm)),
            RoleName::Front => Box::new(Stream(Front::new(setup), wasm)),
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

/// A role, and the host that it runs on.
struct Stream<R>(R, Wasm);

impl Context for Stream<Gateway> {}

impl HttpContext for Stream<Gateway> {
    fn on_http_request_headers(&mut self, _count: usize, end: bool) -> WasmAction {
        action(self.0.on_request_headers(&self.1, end))
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> WasmAction {
        action(self.0.on_request_body(&self.1, size, end))
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> WasmAction {
        action(self.0.on_request_trailers(&self.1))
    }

    fn on_http_response_headers(&mut self, _count: usize, end: bool) -> WasmAction {
        action(self.0.on_reply_headers(&self.1, end))
    }

    fn on_http_response_body(&mut self, _size: usize, _end: bool) -> WasmAction {
        action(self.0.on_reply_body(&self.1))
    }
}

/// The roles that see a provider's reply.
macro_rules! translating {
    ($($role:ty),*) => {$(
        impl Context for Stream<$role> {}

        impl HttpContext for Stream<$role> {
            fn on_http_request_headers(&mut self, _count: usize, end: bool) -> WasmAction {
                action(self.0.on_request_headers(&self.1, end))
            }

            fn on_http_request_body(&mut self, size: usize, end: bool) -> WasmAction {
                action(self.0.on_request_body(&self.1, size, end))
            }

            fn on_http_request_trailers(&mut self, _count: usize) -> WasmAction {
                action(self.0.on_request_trailers(&self.1))
            }

            fn on_http_response_headers(&mut self, _count: usize, end: bool) -> WasmAction {
                action(self.0.on_reply_headers(&self.1, end))
            }

            fn on_http_response_body(&mut self, size: usize, end: bool) -> WasmAction {
                action(self.0.on_reply_body(&self.1, size, end))
            }

            fn on_http_response_trailers(&mut self, _count: usize) -> WasmAction {
                action(self.0.on_reply_trailers(&self.1))
            }
        }
    )*};
}

translating!(Provider, Standalone);

impl Context for Stream<Front> {
    fn on_http_call_response(&mut self, _call: u32, _headers: usize, size: usize, _trailers: usize) {
        self.0.on_call_reply(&self.1, size);
    }
}

impl HttpContext for Stream<Front> {
    fn on_http_request_headers(&mut self, _count: usize, end: bool) -> WasmAction {
        action(self.0.on_request_headers(&self.1, end))
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> WasmAction {
        action(self.0.on_request_body(&self.1, size, end))
    }

    fn on_http_response_headers(&mut self, _count: usize, _end: bool) -> WasmAction {
        action(self.0.on_reply_headers(&self.1))
    }

    fn on_http_response_body(&mut self, _size: usize, _end: bool) -> WasmAction {
        action(self.0.on_reply_body(&self.1))
    }
}
