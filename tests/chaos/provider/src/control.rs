//! The paths under `/_`: cells are made, changed, read and taken down.

use std::{io, sync::Arc};

use serde_json::{Map, Value, json};

use crate::{conn::Conn, request::Request, server::State, settings::Settings};

/// A status and what is told with it.
type Told = (u16, Value);

/// Answers one request; false where the peer left.
pub fn serve(state: &Arc<State>, conn: &mut Conn, request: &Request) -> bool {
    let (status, value) = answer(state, request);
    let body = value.to_string();
    let head = format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    conn.send(&[head.as_bytes(), body.as_bytes()].concat()).is_ok()
}

fn answer(state: &Arc<State>, request: &Request) -> Told {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let told = match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["_clock"]) => Ok(json!({"now_ms": state.cells.now_ms()})),
        ("GET", ["_stray"]) => Ok(state.strays()),
        ("PUT", ["_cells"]) => put(state, &request.body),
        ("GET", ["_cells"]) => Ok(all(state, query)),
        ("GET", ["_cells", name]) => one(state, name, query),
        ("PATCH", ["_cells", name]) => patch(state, name, &request.body),
        ("DELETE", ["_cells", name]) => delete(state, name),
        ("DELETE", ["_cells", name, "counts"]) => reset(state, name),
        ("POST", ["_cells", name, way @ ("down" | "up")]) => turn(state, name, way),
        _ => Err((404, format!("nothing at {} {path}", request.method))),
    };
    told.map_or_else(|(status, what)| (status, json!({"error": what})), |value| (200, value))
}

type Result = std::result::Result<Value, (u16, String)>;

fn unknown(name: &str) -> (u16, String) {
    (404, format!("no cell {name:?}"))
}

fn object(body: &[u8]) -> std::result::Result<Map<String, Value>, (u16, String)> {
    serde_json::from_slice(body).map_err(|error| (400, error.to_string()))
}

fn read(name: &str, given: &Value) -> std::result::Result<Settings, (u16, String)> {
    let fits = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
    if name.is_empty() || name.starts_with('_') || !name.chars().all(fits) {
        return Err((400, format!("a cell cannot be called {name:?}")));
    }
    Settings::read(given).map_err(|what| (400, format!("{name}: {what}")))
}

/// All are read before any is made.
fn put(state: &Arc<State>, body: &[u8]) -> Result {
    let cells: Vec<(String, Value, Settings)> = object(body)?
        .into_iter()
        .map(|(name, given)| read(&name, &given).map(|settings| (name, given, settings)))
        .collect::<std::result::Result<_, _>>()?;
    let mut made = Map::new();
    for (name, given, settings) in cells {
        made.insert(name.clone(), set(state, &name, given, settings)?);
    }
    Ok(made.into())
}

fn set(state: &Arc<State>, name: &str, given: Value, settings: Settings) -> Result {
    let own_port = settings.own_port;
    state.cells.set(name, given, settings);
    if own_port && state.ports.of(name).is_none() {
        state.ports.up(state, name).map_err(failed)?;
    }
    Ok(json!({"port": state.ports.of(name)}))
}

fn patch(state: &Arc<State>, name: &str, body: &[u8]) -> Result {
    let cell = state.cells.get(name).ok_or_else(|| unknown(name))?;
    let mut given = cell.given();
    if let Some(map) = given.as_object_mut() {
        map.extend(object(body)?);
    }
    let settings = read(name, &given)?;
    set(state, name, given, settings)
}

fn failed(error: io::Error) -> (u16, String) {
    (500, error.to_string())
}

fn all(state: &State, query: &str) -> Value {
    let cells = state.cells.all();
    cells
        .keys()
        .filter_map(|name| Some((name.clone(), one(state, name, query).ok()?)))
        .collect::<Map<_, _>>()
        .into()
}

/// `?ids=false` leaves out the ids, which may be many.
fn one(state: &State, name: &str, query: &str) -> Result {
    let cell = state.cells.get(name).ok_or_else(|| unknown(name))?;
    let mut told = cell.counts().json(query != "ids=false");
    told.insert("settings".into(), cell.given());
    told.insert("port".into(), state.ports.of(name).into());
    Ok(told.into())
}

fn delete(state: &State, name: &str) -> Result {
    state.cells.get(name).ok_or_else(|| unknown(name))?;
    state.ports.remove(name);
    state.cells.remove(name);
    Ok(json!({}))
}

fn reset(state: &State, name: &str) -> Result {
    state.cells.get(name).ok_or_else(|| unknown(name))?.counts().reset();
    Ok(json!({}))
}

fn turn(state: &Arc<State>, name: &str, way: &str) -> Result {
    let port =
        state.ports.of(name).ok_or_else(|| (404, format!("no cell {name:?} with a port of its own")))?;
    match way {
        "down" => state.ports.down(name),
        _ => drop(state.ports.up(state, name).map_err(failed)?),
    }
    Ok(json!({"port": port}))
}
