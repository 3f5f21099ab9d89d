use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use super::*;
use crate::{
    config::plugin::{RoleName, VERSION},
    host::{HeaderPairs, SharedData},
};

/// A host whose shared data is that of all workers, as in Envoy.
#[derive(Default)]
struct World {
    shared: RefCell<HashMap<String, (Vec<u8>, u32)>>,
    last: Cell<u32>,
    now: Cell<u64>,
    calls: Cell<u32>,
    reply: RefCell<Option<(u16, String)>>,
    unreachable: Cell<bool>,
}

impl SharedData for World {
    fn shared(&self, key: &str) -> Result<(Vec<u8>, u32), HostError> {
        self.shared.borrow().get(key).cloned().ok_or(HostError::NotFound)
    }

    fn set_shared(&self, key: &str, value: &[u8], cas: u32) -> Result<(), HostError> {
        let mut shared = self.shared.borrow_mut();
        if cas != 0 && shared.get(key).is_some_and(|(_, have)| *have != cas) {
            return Err(HostError::Refused(8));
        }
        self.last.set(self.last.get() + 1);
        shared.insert(key.to_owned(), (value.to_vec(), self.last.get()));
        Ok(())
    }
}

impl Services for World {
    fn time(&self) -> u64 {
        self.now.get() * 1_000_000
    }

    fn set_tick(&self, _: u32) -> Result<(), HostError> {
        Ok(())
    }

    fn call(&self, cluster: &str, _: &[(&str, &str)], _: &[u8], _: u32) -> Result<u32, HostError> {
        assert_eq!(cluster, "token/t:1");
        if self.unreachable.get() {
            return Err(HostError::Refused(2));
        }
        self.calls.set(self.calls.get() + 1);
        Ok(self.calls.get())
    }

    fn call_status(&self) -> Option<u16> {
        self.reply.borrow().as_ref().map(|(status, _)| *status)
    }

    fn call_headers(&self) -> Result<HeaderPairs, HostError> {
        Err(HostError::NotFound)
    }

    fn call_body(&self, max: usize) -> Result<Vec<u8>, HostError> {
        let reply = self.reply.borrow();
        let body = reply.as_ref().map(|(_, body)| body.as_bytes()).unwrap_or_default();
        Ok(body[..max.min(body.len())].to_vec())
    }

    fn call_function(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, HostError> {
        Err(HostError::NotFound)
    }
}

fn setup(token: serde_json::Value) -> Rc<Setup> {
    let provider = serde_json::json!({"name": "p", "format": "openai", "authority": "a", "scheme": "http", "path": "/",
        "auth_header": "authorization", "auth_prefix": "Bearer ", "secret": {"token": token}});
    let json = serde_json::json!({"version": VERSION, "role": RoleName::Gateway, "request_bytes": 1, "reply_bytes": 1,
        "models": [{"name": "m", "targets": [{"provider": 0}]}], "providers": [provider]});
    Rc::new(Setup::new(json.to_string().as_bytes(), Vec::new).unwrap())
}

fn metadata() -> Rc<Setup> {
    setup(serde_json::json!({"cluster": "token/t:1", "scheme": "http", "authority": "t:1", "path": "/token"}))
}

fn answer(world: &World, status: u16, body: &str) -> usize {
    *world.reply.borrow_mut() = Some((status, body.to_owned()));
    body.len()
}

fn credential(setup: &Setup) -> Option<String> {
    setup.credential(0).map(|value| String::from_utf8(value.into_owned()).unwrap())
}

#[test]
fn of_many_workers_one_asks_and_all_have_the_token() {
    let world = World::default();
    world.now.set(1_000_000);
    let setup = metadata();
    let mut workers = [(); 3].map(|()| Keeper::new(Rc::clone(&setup)));
    workers.iter_mut().for_each(|worker| worker.start(&world));
    for _ in 0..3 {
        workers.iter_mut().for_each(|worker| worker.on_tick(&world));
    }
    assert_eq!((world.calls.get(), credential(&setup)), (1, None));
    let size = answer(&world, 200, r#"{"access_token":"t1","expires_in":3600}"#);
    workers.iter_mut().for_each(|worker| worker.on_reply(&world, 1, size));
    assert_eq!(credential(&setup).as_deref(), Some("Bearer t1"));

    // In time before its end, one asks again, and the old token is used meanwhile.
    world.now.set(1_000_000 + 3_400_000);
    workers.iter_mut().for_each(|worker| worker.on_tick(&world));
    assert_eq!((world.calls.get(), credential(&setup).as_deref()), (2, Some("Bearer t1")));
    let size = answer(&world, 200, r#"{"access_token":"t2","expires_in":3600}"#);
    workers[0].on_reply(&world, 2, size);
    assert_eq!(credential(&setup).as_deref(), Some("Bearer t2"));
}

#[test]
fn a_token_that_cannot_be_renewed_is_used_until_its_end_and_not_longer() {
    let world = World::default();
    let setup = metadata();
    let mut keeper = Keeper::new(Rc::clone(&setup));
    keeper.start(&world);
    keeper.on_tick(&world);
    let size = answer(&world, 200, r#"{"access_token":"t1","expires_in":100}"#);
    keeper.on_reply(&world, 1, size);
    world.unreachable.set(true);
    for (now, there) in [(80_000, true), (87_000, true), (87_500, false), (200_000, false)] {
        world.now.set(now);
        keeper.on_tick(&world);
        assert_eq!(credential(&setup).is_some(), there, "{now}");
    }
    world.unreachable.set(false);
    world.now.set(300_000);
    keeper.on_tick(&world);
    let size = answer(&world, 500, "{}");
    keeper.on_reply(&world, 2, size);
    assert_eq!(credential(&setup), None);
    *world.reply.borrow_mut() = None;
    world.now.set(400_000);
    keeper.on_tick(&world);
    keeper.on_reply(&world, 3, 0);
    keeper.on_reply(&world, 99, 0);
    assert_eq!((world.calls.get(), credential(&setup)), (3, None));
}

#[test]
fn a_refused_token_is_renewed_once_it_is_not_young() {
    let world = World::default();
    let setup = metadata();
    let mut keeper = Keeper::new(Rc::clone(&setup));
    keeper.start(&world);
    keeper.on_tick(&world);
    let size = answer(&world, 200, r#"{"access_token":"t1","expires_in":3600}"#);
    keeper.on_reply(&world, 1, size);
    refused(&setup.source(0).unwrap().id);
    world.now.set(30_000);
    keeper.on_tick(&world);
    assert_eq!(world.calls.get(), 1);
    world.now.set(60_000);
    keeper.on_tick(&world);
    assert_eq!(world.calls.get(), 2);
    let size = answer(&world, 200, r#"{"access_token":"t2","expires_in":3600}"#);
    keeper.on_reply(&world, 2, size);
    world.now.set(130_000);
    keeper.on_tick(&world);
    assert_eq!(world.calls.get(), 2, "the new one was not refused");
}

#[test]
fn a_host_that_does_not_sign_costs_no_more_than_the_provider() {
    let world = World::default();
    let key = serde_json::json!({"type": "service_account", "client_email": "a@b.test",
        "private_key": "-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----\n"});
    let setup = setup(
        serde_json::json!({"cluster": "token/t:1", "scheme": "http", "authority": "t:1", "path": "/token",
        "key": {"value": key.to_string()}}),
    );
    let mut keeper = Keeper::new(Rc::clone(&setup));
    keeper.start(&world);
    keeper.on_tick(&world);
    assert_eq!((world.calls.get(), credential(&setup)), (0, None));
}
