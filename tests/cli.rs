//! The command line as its users meet it: the built binary, its output and its exit code.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails here fails as it should")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs `switchyard` from the root of the repository, with no provider's key in the environment.
fn switchyard(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_switchyard"))
        .args(arguments)
        .current_dir(ROOT)
        .env_remove("OPENAI_API_KEY")
        .env_remove("ANTHROPIC_API_KEY")
        .env_remove("GEMINI_API_KEY")
        .env_remove("MISTRAL_API_KEY")
        .env_remove("ENVOY")
        .env_remove("SWITCHYARD_WASM")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A file of this test, removed at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, content: &str) -> Self {
        let path = std::env::temp_dir().join(format!("switchyard-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Scratch(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn examples() -> Vec<String> {
    let files = std::fs::read_dir(Path::new(ROOT).join("examples")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".yaml")).collect();
    names.sort();
    assert!(names.len() >= 3, "{names:?}");
    names
}

#[test]
fn committed_renderings_are_what_the_command_prints() {
    for name in examples() {
        is_committed(&format!("envoy/{name}"), &["render", "envoy", &format!("examples/{name}")]);
    }
}

/// Each is made by a command that its README tells.
#[test]
fn committed_renderings_of_istio_are_what_the_commands_print() {
    let readme = std::fs::read_to_string(Path::new(ROOT).join("examples/istio/README.md")).unwrap();
    let commands: Vec<&str> =
        readme.lines().filter(|line| line.starts_with("switchyard render istio ")).collect();
    assert_eq!(commands.len(), 6, "{commands:?}");
    for command in commands {
        let (command, file) = command.split_once(" > ").unwrap();
        is_committed(file, &command.split(' ').skip(1).collect::<Vec<_>>());
    }
}

#[test]
fn committed_renderings_for_kong_are_what_the_command_prints() {
    let beside = ["--beside", "--kong-version", "3.12"];
    for (file, flags) in [
        ("kong.yml", &["--part", "kong.yml"][..]),
        ("switchyard.meta.json", &["--part", "meta"]),
        ("kong.conf", &["--part", "conf"]),
        ("beside/kong.yml", &beside),
    ] {
        let command = [&["render", "kong", "examples/kong/gateway.yaml"], flags].concat();
        is_committed(&format!("examples/kong/{file}"), &command);
    }
}

#[test]
fn committed_renderings_for_envoy_gateway_are_what_the_command_prints() {
    const IMAGE: &str = "oci://registry.example/switchyard:0.1.0";
    const SERVER: &str = "https://files.example/switchyard.wasm";
    let sum = "0123456789abcdef".repeat(4);
    for (file, kind, url) in [
        ("one-pass", "envoyextensionpolicy", IMAGE),
        ("one-pass-held", "envoyextensionpolicy-held", IMAGE),
        ("two-roles", "envoypatchpolicy", SERVER),
    ] {
        let (folder, sum) = ("examples/envoy-gateway", sum.as_str());
        let source = format!("{folder}/gateway.yaml");
        let flags = ["render", "envoy-gateway", &source, "--kind", kind, "--url", url, "--sha256", sum];
        is_committed(&format!("{folder}/{file}.yaml"), &flags);
    }
}

/// Fails where the file is not what the command prints; or writes it, when it is told to.
fn is_committed(file: &str, command: &[&str]) {
    let output = switchyard(command);
    assert!(output.status.success(), "{file}: {}", text(&output.stderr));
    let printed = text(&output.stdout);
    let path = Path::new(ROOT).join(file);
    if std::env::var_os("SWITCHYARD_WRITE").is_some() {
        std::fs::write(&path, &printed).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == printed, "{file} is old: write it again with `make renderings`");
}

#[test]
fn a_right_file_is_said_to_be_right() {
    for name in examples() {
        let output = switchyard(&["check", &format!("examples/{name}")]);
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains(": right: "), "{}", text(&output.stdout));
    }
}

#[test]
fn every_mistake_of_a_wrong_file_is_told_and_the_exit_code_is_1() {
    let file = Scratch::new("wrong.yaml", "providers:\n  - {name: a, type: opnai}\nmodles: []\n");
    for command in [&["check", file.path()][..], &["render", "envoy", file.path()], &["models", file.path()]]
    {
        let output = switchyard(command);
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        let told = text(&output.stderr);
        for line in [
            ":2: providers[0].type: ",
            ":3: modles: unknown key; did you mean models?",
            "models: is missing",
            "3 mistakes",
        ] {
            assert!(told.contains(line), "no {line:?} in {told}");
        }
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn what_cannot_be_read_is_one_clear_line() {
    let binary = Scratch::new("binary.yaml", "");
    std::fs::write(binary.path(), b"\xff\xfe").unwrap();
    for (path, says) in
        [("no/such.yaml", "No such file"), (ROOT, "Is a directory"), (binary.path(), "is not UTF-8 text")]
    {
        let output = switchyard(&["check", path]);
        let told = text(&output.stderr);
        assert_eq!((output.status.code(), told.lines().count()), (Some(1), 1), "{told}");
        assert!(told.contains(says), "{told}");
    }
}

#[test]
fn models_shows_targets_context_and_price() {
    let output = switchyard(&["models", "examples/two-providers.yaml"]);
    let table = text(&output.stdout);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1][..3], ["gpt-4.1", "openai", "gpt-4.1"], "{table}");
    assert_eq!(rows[2][..2], ["claude", "claude-sonnet-4-5"], "{table}");
    assert!(rows[1..].iter().all(|row| !row.contains(&"?")), "{table}");
}

#[test]
fn providers_lists_every_type_and_shows_one_in_full() {
    let table = text(&switchyard(&["providers"]).stdout);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["TYPE", "FORMAT", "BASE", "URL", "CREDENTIAL", "KEY", "CHECKED"]);
    assert!(rows.len() > 130, "{}", rows.len());
    let openai = ["openai", "openai", "https://api.openai.com/v1", "authorization", "OPENAI_API_KEY", "yes"];
    assert_eq!(rows[1], openai);
    let json: serde_json::Value =
        serde_json::from_slice(&switchyard(&["providers", "--json"]).stdout).unwrap();
    assert_eq!(json.as_array().unwrap().len(), rows.len() - 1);

    let whole = text(&switchyard(&["providers", "azure"]).stdout);
    assert_eq!(
        whole,
        "type        azure
format      openai
base_url    https://{resource}.openai.azure.com/openai
path        /deployments/{model}/chat/completions?api-version={api_version}
embeddings  /deployments/{model}/embeddings?api-version={api_version}
credential  api-key: …
key         AZURE_API_KEY
note        The model is the name of the deployment.
checked     yes
sources     litellm-1.109.1; Portkey-AI/gateway src/providers; bifrost docs/providers; envoyproxy/ai-gateway supported-providers.md; openai 3.54.0, lib/azure.py
"
    );
    let one: serde_json::Value =
        serde_json::from_slice(&switchyard(&["providers", "moonshot", "--json"]).stdout).unwrap();
    assert_eq!(one["quirks"]["clamp"], serde_json::json!([["temperature", 0.0, 1.0]]));
    for (name, says) in [
        ("togther", "switchyard: there is no type togther; did you mean together?\n"),
        ("oci", "switchyard: oci is not supported: requests are signed with RSA; a format of its own\n"),
    ] {
        let output = switchyard(&["providers", name]);
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(1), says));
    }
}

#[test]
fn models_shows_the_whole_catalogue_when_asked() {
    let table = text(&switchyard(&["models", "--all"]).stdout);
    assert!(table.lines().count() > 3000, "{}", table.lines().count());
    let table = text(&switchyard(&["models", "--all", "--type", "anthropic"]).stdout);
    let row = table.lines().find(|line| line.contains(" claude-sonnet-4-5 ")).unwrap();
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(cells[..7], ["anthropic", "claude-sonnet-4-5", "chat", "200000", "64000", "3", "15"], "{row}");
    // Not priced is not free.
    let row = table.lines().find(|line| line.contains("claude-fable-5-2 ")).unwrap();
    assert_eq!(row.split_whitespace().nth(5), Some("?"), "{row}");
    // A type without a table of its own has that of its vendor.
    let json = switchyard(&["models", "--all", "--type", "azure-v1", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let model = json.as_array().unwrap().iter().find(|model| model["model"] == "gpt-4.1").unwrap();
    assert_eq!((&model["mode"], &model["facts"]["input_price"]), (&"chat".into(), &2.0.into()));
    let json = switchyard(&["models", "examples/two-providers.yaml", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((&json[0]["provider"], &json[0]["upstream"]), (&"openai".into(), &"gpt-4.1".into()));
    for wrong in
        [&["models"][..], &["models", "--type", "openai"], &["models", "--all", "examples/keys.yaml"]]
    {
        assert_eq!(switchyard(wrong).status.code(), Some(2), "{wrong:?}");
    }
    assert_eq!(switchyard(&["models", "--all", "--type", "opnai"]).status.code(), Some(1));
}

#[test]
fn listings_end_quietly_when_their_reader_has_gone() {
    for arguments in
        [&["providers"][..], &["providers", "--json"], &["models", "--all"], &["providers", "groq"]]
    {
        let mut child = Command::new(env!("CARGO_BIN_EXE_switchyard"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn a_new_key_is_taken_by_the_check() {
    let output = switchyard(&["keys", "new"]);
    let printed = text(&output.stdout);
    let value =
        |name: &str| printed.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    let (key, sum) = (value("key"), value("sha256"));
    assert!(key.starts_with("sk-sy-") && key.len() > 40, "{key}");
    assert_ne!(
        key,
        text(&switchyard(&["keys", "new"]).stdout).lines().next().unwrap().replace("key", "").trim()
    );
    let example = std::fs::read_to_string(Path::new(ROOT).join("examples/minimal.yaml")).unwrap();
    let file = Scratch::new("key.yaml", &format!("{example}keys:\n  - {{name: a, sha256: {sum}}}\n"));
    assert!(switchyard(&["check", file.path()]).status.success());
}

#[test]
fn run_says_what_is_missing_in_one_line() {
    let wasm = Scratch::new("filter.wasm", "not a filter");
    let told = |arguments: &[&str]| {
        let output = switchyard(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let told = text(&output.stderr);
        told.lines().last().unwrap().to_owned()
    };
    let run = ["run", "--wasm", wasm.path(), "--envoy", "/no/envoy"];
    let key = told(&[&run[..], &["examples/two-providers.yaml"]].concat());
    assert!(key.contains("provider openai has no key: OPENAI_API_KEY is not set"), "{key}");
    let filter = told(&["run", "--wasm", "/no/filter.wasm"]);
    assert!(filter.contains("/no/filter.wasm: there is no filter: build it with `make wasm`"), "{filter}");
    let local =
        "providers: [{name: a, type: ollama}]\nmodels: [{name: m, targets: [{provider: a}]}]\nlisten: ";
    let free = Scratch::new("free.yaml", &format!("{local}127.0.0.1:0\n"));
    assert!(told(&[&run[..], &[free.path()]].concat()).contains("/no/envoy: is no Envoy"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let busy = Scratch::new("busy.yaml", &format!("{local}{address}\n"));
    let port = told(&[&run[..], &[busy.path()]].concat());
    assert!(port.contains(&format!("{address} is in use by another program: stop it")), "{port}");
}

/// The Envoy of `$ENVOY`, of PATH, or of the tests' own environment.
fn envoy() -> Option<PathBuf> {
    let asked = std::env::var_os("ENVOY").map(PathBuf::from);
    let own = Path::new(ROOT).join(".venv/bin/envoy");
    let answers = |program: &PathBuf| Command::new(program).arg("--version").output().is_ok();
    asked.into_iter().chain([PathBuf::from("envoy"), own]).find(answers)
}

/// Renders for this Envoy: for two roles, or where it is an older one that cannot do that, for one. Nothing where it cannot
/// do that either, which is said.
fn rendered_for(envoy: &Path, name: &str, file: &str) -> Option<String> {
    let told = text(&Command::new(envoy).arg("--version").output().unwrap().stdout);
    let version = told.split_once("version: ").unwrap().1.split('/').nth(1).unwrap();
    let mut refusals = Vec::new();
    for role in ["two", "standalone"] {
        let output = switchyard(&["render", "envoy", file, "--envoy-version", version, "--role", role]);
        if output.status.success() {
            return Some(text(&output.stdout));
        }
        let refusal =
            text(&output.stderr).lines().find(|line| line.contains("switchyard: ")).unwrap().to_owned();
        assert!(!version.starts_with("1.40."), "{name}: {refusal}");
        refusals.push(refusal.split(" (").next().unwrap().to_owned());
    }
    println!("skipped: {name} on Envoy {version}: {}", refusals.join("; "));
    None
}

/// A `gateway.yaml` with a provider of each type of the catalogue, each with a model of its own.
fn every_type() -> String {
    let json = switchyard(&["providers", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let (mut providers, mut models) = (String::from("providers:\n"), String::from("models:\n"));
    for row in json.as_array().unwrap() {
        let name = row["name"].as_str().unwrap();
        let mut fields = String::new();
        let places = format!("{} {}", row["base_url"], row["path"]);
        for variable in ["region", "project", "location", "resource", "account", "api_version"] {
            if places.contains(&format!("{{{variable}}}")) {
                fields.push_str(&format!(", {variable}: some-value1"));
            }
        }
        if row["base_url"].is_null() {
            fields.push_str(", base_url: 'https://example.com/v1'");
        }
        providers.push_str(&format!("  - {{name: {name}, type: {name}, api_key: {{value: k}}{fields}}}\n"));
        models.push_str(&format!("  - {{name: of-{name}, targets: [{{provider: {name}, model: m}}]}}\n"));
    }
    providers + &models
}

#[test]
fn envoy_takes_a_provider_of_every_type() {
    let file = Scratch::new("every.yaml", &every_type());
    let output = switchyard(&["render", "envoy", file.path()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let wasm = Path::new(ROOT).join("dist/switchyard.wasm");
    let (Some(envoy), true) = (envoy(), wasm.is_file()) else {
        println!("skipped: envoy_takes_a_provider_of_every_type: needs an Envoy and dist/switchyard.wasm");
        return;
    };
    let Some(printed) = rendered_for(&envoy, "every type", file.path()) else { return };
    let rendered = Scratch::new("every-envoy.yaml", &printed);
    let output = Command::new(&envoy)
        .args(["--mode", "validate", "--disable-hot-restart", "-l", "warning", "-c", rendered.path()])
        .current_dir(ROOT)
        .output()
        .unwrap();
    let told = text(&output.stderr);
    assert!(output.status.success() && !told.contains("eprecated"), "{told}");
}

#[test]
fn envoy_takes_the_renderings() {
    let wasm = Path::new(ROOT).join("dist/switchyard.wasm");
    let (Some(envoy), true) = (envoy(), wasm.is_file()) else {
        println!(
            "skipped: envoy_takes_the_renderings: needs an Envoy ($ENVOY, PATH or .venv) and dist/switchyard.wasm"
        );
        return;
    };
    for name in examples() {
        let Some(printed) = rendered_for(&envoy, &name, &format!("examples/{name}")) else { continue };
        // The key files of the examples are on no machine that runs this.
        let key = Scratch::new(&format!("{name}.key"), "sk-test\n");
        let directory = key.0.parent().unwrap().to_str().unwrap();
        let mut here = printed.clone();
        for file in ["openai-key", "anthropic-key"] {
            here = here.replace(
                &format!("/run/secrets/{file}:/run/secrets"),
                &format!("{}:{directory}", key.path()),
            );
        }
        here = here.replace("\"/run/secrets/aws-credentials\"", &format!("{:?}", key.path()));
        here = here.replace("path: \"/run/secrets\"", &format!("path: {directory:?}"));
        let file = Scratch::new(&format!("envoy-{name}"), &here);
        let output = Command::new(&envoy)
            // Nothing is asked of the machine that the test runs on.
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .args(["--mode", "validate", "--disable-hot-restart", "-l", "warning", "-c", file.path()])
            .current_dir(ROOT)
            .output()
            .unwrap();
        let told = text(&output.stderr);
        assert!(output.status.success(), "{name}: {told}");
        assert!(!told.contains("eprecated"), "{name}: {told}");
    }
}
