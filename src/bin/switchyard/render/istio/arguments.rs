//! What `switchyard render istio` is told.

use clap::{Args, ValueEnum};

use switchyard::config::plugin::Headers;

use crate::render::{
    Common,
    envoy::{Role, Shape},
    kubernetes::{
        module,
        name::{check_host, check_name},
    },
};

/// What `switchyard render istio` is told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// What carries the filter.
    #[arg(long, value_enum, default_value_t = Kind::Wasmplugin)]
    pub(crate) kind: Kind,
    #[command(flatten)]
    pub(crate) module: module::Flags,
    /// A host name that applications call, once for each; requests to all others pass untouched.
    #[arg(long = "host", value_name = "HOST", default_value = "llm.switchyard.internal")]
    pub(crate) hosts: Vec<String>,
    /// The namespace of the policies; without a further flag they hold for all of it, and in the root namespace for the mesh.
    #[arg(long, default_value = ROOT)]
    pub(crate) namespace: String,
    /// The policies' name, and the beginning of the names of those beside them.
    #[arg(long, default_value = "switchyard")]
    pub(crate) name: String,
    /// Only at this Gateway of the Gateway API.
    #[arg(long, value_name = "GATEWAY", conflicts_with_all = ["waypoint", "selector"])]
    pub(crate) gateway: Option<String>,
    /// Only at this waypoint.
    #[arg(long, value_name = "GATEWAY", conflicts_with = "selector")]
    pub(crate) waypoint: Option<String>,
    /// Only at pods with this label, once for each: the pods of applications, or with --istio-gateway those of a gateway.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) selector: Vec<String>,
    /// The Istio Gateway that the selected pods serve.
    #[arg(long, value_name = "NAMESPACE/NAME", requires = "selector")]
    pub(crate) istio_gateway: Option<String>,
    /// The port that is listened at. Without it: 80 of sidecars, and all of a gateway or waypoint.
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// The Secret whose entries become the variables that hold the providers' keys.
    #[arg(long, default_value = "switchyard-keys")]
    pub(crate) secret: String,
}

/// Istio's root namespace, where it was not given another.
const ROOT: &str = "istio-system";

/// What carries the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A WasmPlugin: one pass; the provider must be known from the headers.
    Wasmplugin,
    /// A TrafficExtension, which supersedes WasmPlugin: the same.
    Trafficextension,
    /// An EnvoyFilter for a gateway: both roles, failover between formats.
    Envoyfilter,
    /// An EnvoyFilter for sidecars: one pass; headers wait for the body.
    EnvoyfilterStandalone,
}

impl Kind {
    /// How Envoy runs the filter, where the policy is Envoy's own configuration.
    pub(super) fn shape(self) -> Option<Shape> {
        match self {
            Kind::Wasmplugin | Kind::Trafficextension => None,
            Kind::Envoyfilter => Some(Shape::default()),
            Kind::EnvoyfilterStandalone => Some(Shape { role: Role::Standalone, headers: Headers::Held }),
        }
    }
}

/// Where policies hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    /// At every pod of the mesh.
    Mesh,
    /// At every pod of the namespace.
    Namespace,
    /// At a Gateway of the Gateway API.
    Gateway(&'a str),
    /// At a waypoint.
    Waypoint(&'a str),
    /// At pods with these labels.
    Pods {
        /// Name and value of each.
        labels: Vec<(&'a str, &'a str)>,
        /// The Istio Gateway that they serve.
        at_gateway: Option<&'a str>,
    },
}

impl Arguments {
    /// Where policies hold.
    ///
    /// # Errors
    /// A flag is wrong, or does not fit the kind.
    pub(crate) fn target(&self) -> Result<Target<'_>, String> {
        for host in &self.hosts {
            check_host(host)?;
        }
        for (flag, name) in [("--name", &self.name), ("--namespace", &self.namespace)] {
            check_name(flag, name)?;
        }
        let target = self.place()?;
        if self.port.is_some() && self.kind == Kind::Envoyfilter {
            return Err("--port: --kind envoyfilter holds for all ports of the gateway".to_owned());
        }
        match (self.kind, &target) {
            (Kind::Envoyfilter, Target::Gateway(_) | Target::Pods { at_gateway: Some(_), .. }) => Ok(target),
            (Kind::Envoyfilter, _) => {
                Err("--kind envoyfilter is for a gateway: add --gateway, or --selector and --istio-gateway"
                    .to_owned())
            }
            (
                Kind::EnvoyfilterStandalone,
                Target::Gateway(_) | Target::Waypoint(_) | Target::Pods { at_gateway: Some(_), .. },
            ) => Err(
                "--kind envoyfilter-standalone is for sidecars; at a gateway --kind envoyfilter does more"
                    .to_owned(),
            ),
            _ => Ok(target),
        }
    }

    fn place(&self) -> Result<Target<'_>, String> {
        if let Some(name) = &self.gateway {
            return Ok(Target::Gateway(name));
        }
        if let Some(name) = &self.waypoint {
            return Ok(Target::Waypoint(name));
        }
        if self.selector.is_empty() {
            return Ok(if self.namespace == ROOT { Target::Mesh } else { Target::Namespace });
        }
        let labels = self.selector.iter().map(|label| {
            let pair = label.split_once('=').filter(|(key, value)| !key.is_empty() && !value.is_empty());
            pair.ok_or_else(|| format!("--selector {label}: write it as KEY=VALUE"))
        });
        Ok(Target::Pods {
            labels: labels.collect::<Result<_, _>>()?,
            at_gateway: self.istio_gateway.as_deref(),
        })
    }
}
