//! `switchyard run` on a real Envoy: it serves, follows its file, and leaves nothing behind.
//!
//! Needs an Envoy (`$ENVOY`, PATH or `.venv`) and `dist/switchyard.wasm`; says so and passes without them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails here fails as it should")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PATIENCE: Duration = Duration::from_secs(30);

/// A running `switchyard`, and its lines.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    fn start(arguments: &[&str], cache: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_switchyard"))
            .args(arguments)
            .current_dir(ROOT)
            .env("SWITCHYARD_CACHE", cache)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        for pipe in [Box::new(out) as Box<dyn Read + Send>, Box::new(err)] {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        Running { child, lines }
    }

    /// Waits for a line that holds this.
    fn says(&self, wanted: &str) -> String {
        let mut heard = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            if line.contains(wanted) {
                return line;
            }
            heard.push(line);
        }
        panic!("no {wanted:?} in {heard:#?}");
    }

    fn terminate(&mut self) -> Option<i32> {
        let kill = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn envoy() -> Option<PathBuf> {
    let asked = std::env::var_os("ENVOY").map(PathBuf::from);
    let own = Path::new(ROOT).join(".venv/bin/envoy");
    let answers = |program: &PathBuf| Command::new(program).arg("--version").output().is_ok();
    asked.into_iter().chain([PathBuf::from("envoy"), own]).find(answers)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Asks for an answer and gives the connection.
fn ask(port: u16, model: &str, stream: bool) -> TcpStream {
    let said = "a b c d e f g h i j k l m n o p q r s t";
    let body = format!(
        r#"{{"model":"{model}","stream":{stream},"messages":[{{"role":"user","content":"{said}"}}]}}"#
    );
    let length = body.len();
    let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    connection.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close";
    write!(connection, "{head}\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    connection
}

fn answer(port: u16, model: &str) -> String {
    let mut text = String::new();
    ask(port, model, false).read_to_string(&mut text).unwrap();
    text
}

fn file(port: u16, mock: u16, model: &str, provider: &str, kind: &str, path: &str) -> String {
    format!(
        "listen: 127.0.0.1:{port}\n\
         providers:\n  - {{name: {provider}, type: {kind}, base_url: 'http://localhost:{mock}{path}', api_key: {{value: k}}}}\n\
         models:\n  - {{name: {model}, targets: [{{provider: {provider}, model: upstream}}]}}\n"
    )
}

#[test]
fn a_changed_file_takes_effect_without_dropping_a_stream_and_a_wrong_one_does_not() {
    let wasm = Path::new(ROOT).join("dist/switchyard.wasm");
    let (Some(envoy), true) = (envoy(), wasm.is_file()) else {
        println!("skipped: live: needs an Envoy ($ENVOY, PATH or .venv) and dist/switchyard.wasm");
        return;
    };
    let cache = std::env::temp_dir().join(format!("switchyard-live-{}", std::process::id()));
    std::fs::create_dir_all(&cache).unwrap();
    let config = cache.join("gateway.yaml");
    let (port, mock_port) = (free_port(), free_port());
    let mock =
        Running::start(&["mock", "--listen", &format!("127.0.0.1:{mock_port}"), "--pace", "8"], &cache);
    mock.says("The mock listens");
    std::fs::write(&config, file(port, mock_port, "before", "one", "openai", "/v1")).unwrap();
    let arguments =
        ["run", config.to_str().unwrap(), "--concurrency", "1", "--envoy", envoy.to_str().unwrap()];
    let mut gateway = Running::start(&arguments, &cache);
    gateway.says("Ctrl-C stops it");
    assert!(answer(port, "before").contains("Hello from the mock of OpenAI"));

    // A stream of about four seconds, which the changes below fall into.
    let mut stream = ask(port, "before", true);
    let mut start = [0; 64];
    assert!(stream.read(&mut start).unwrap() > 0);
    std::fs::write(&config, file(port, mock_port, "after", "two", "anthropic", "")).unwrap();
    gateway.says("reloaded");
    assert!(answer(port, "after").contains("Hello from the mock of Anthropic"));
    assert!(answer(port, "before").starts_with("HTTP/1.1 404"));

    std::fs::write(&config, "providers: 7\n").unwrap();
    gateway.says("1: providers: must be a list");
    gateway.says("not reloaded");
    assert!(answer(port, "after").contains("Hello from the mock of Anthropic"));

    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("data: [DONE]"), "the stream was dropped: {rest}");

    assert_eq!(gateway.terminate(), Some(0));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "something still listens");
    let left: Vec<_> = std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["gateway.yaml"]);
    std::fs::remove_dir_all(&cache).unwrap();
}
