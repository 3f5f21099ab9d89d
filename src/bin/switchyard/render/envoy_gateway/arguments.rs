//! What `switchyard render envoy-gateway` is told.

use clap::{Args, ValueEnum};

use crate::render::{
    Common,
    kubernetes::{
        module,
        name::{check_host, check_name},
    },
};

/// What `switchyard render envoy-gateway` is told.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    /// What carries the filter.
    #[arg(long, value_enum, default_value_t = Kind::EnvoyExtensionPolicy)]
    pub(crate) kind: Kind,
    #[command(flatten)]
    pub(crate) module: module::Flags,
    /// A host name that clients call, once for each; requests to all others pass untouched.
    #[arg(long = "host", value_name = "HOST", default_value = "switchyard.example")]
    pub(crate) hosts: Vec<String>,
    /// The namespace of the Gateway, which all documents share.
    #[arg(long, default_value = "default")]
    pub(crate) namespace: String,
    /// The policies' name, and the beginning of the names of those beside them.
    #[arg(long, default_value = "switchyard")]
    pub(crate) name: String,
    /// The Gateway.
    #[arg(long, default_value = "eg")]
    pub(crate) gateway: String,
    /// Its listener; of several at one port the first.
    #[arg(long, default_value = "http")]
    pub(crate) listener: String,
    /// The listener's port.
    #[arg(long, default_value_t = 80)]
    pub(crate) port: u16,
    /// The listener's protocol is HTTPS.
    #[arg(long)]
    pub(crate) https: bool,
    /// How Envoy Gateway names Envoy's resources: what a patch is found by.
    #[arg(long, value_enum, default_value_t = Names::V2)]
    pub(crate) xds_names: Names,
    /// The Secret whose entries become the variables that hold the providers' keys. It is in the namespace of the proxies.
    #[arg(long, default_value = "switchyard-keys")]
    pub(crate) secret: String,
}

/// What carries the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// An EnvoyExtensionPolicy alone: one pass; the provider must be known from the headers.
    #[value(name = "envoyextensionpolicy")]
    EnvoyExtensionPolicy,
    /// The same with an EnvoyPatchPolicy by which headers wait for the body.
    #[value(name = "envoyextensionpolicy-held")]
    Held,
    /// An EnvoyPatchPolicy alone: both roles, failover between formats.
    #[value(name = "envoypatchpolicy")]
    TwoRoles,
}

/// How Envoy Gateway names Envoy's resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Names {
    /// By namespace, Gateway and listener: the default before Envoy Gateway 1.10.
    V1,
    /// By port: the default from 1.10 on, and from 1.5 on with the runtime flag XDSNameSchemeV2.
    V2,
}

impl Arguments {
    /// Looks for names that Kubernetes would refuse.
    ///
    /// # Errors
    /// The flag, and what to write.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.hosts.iter().try_for_each(|host| check_host(host))?;
        for (flag, name) in [
            ("--name", &self.name),
            ("--namespace", &self.namespace),
            ("--gateway", &self.gateway),
            ("--listener", &self.listener),
            ("--secret", &self.secret),
        ] {
            check_name(flag, name)?;
        }
        Ok(())
    }

    /// `namespace/gateway/listener`, which much is named after.
    fn path(&self) -> String {
        format!("{}/{}/{}", self.namespace, self.gateway, self.listener)
    }

    /// The name of Envoy's listener.
    pub(super) fn xds_listener(&self) -> String {
        match self.xds_names {
            Names::V1 => self.path(),
            Names::V2 => format!("tcp-{}", self.port),
        }
    }

    /// The name of Envoy's route configuration.
    pub(super) fn xds_routes(&self) -> String {
        match self.xds_names {
            Names::V2 if !self.https => format!("http-{}", self.port),
            _ => self.path(),
        }
    }

    /// The name of the virtual host of a host name.
    pub(super) fn xds_host(&self, host: &str) -> String {
        let host = host.replace('.', "_");
        match self.xds_names {
            Names::V1 => format!("{}/{host}", self.path()),
            Names::V2 => host,
        }
    }

    /// Where in Envoy's listener the connection manager's configuration is, as a JSONPath.
    pub(super) fn manager(&self) -> String {
        let chain = if self.https {
            format!("$.filter_chains[?(@.name=='{}')]", self.path())
        } else {
            "$.default_filter_chain".to_owned()
        };
        format!("{chain}.filters[?(@.name=='envoy.filters.network.http_connection_manager')].typed_config")
    }
}
