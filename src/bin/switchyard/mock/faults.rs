//! Failing on purpose: by the model's name, or because the admin call said so.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// Which API was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    /// `/v1/chat/completions`.
    Openai,
    /// `/v1/messages`.
    Anthropic,
}

/// How a request fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// With this status and an error in the provider's form.
    Status(u16),
    /// No answer comes.
    Hang,
    /// Half of the answer, then the connection breaks.
    Cut,
    /// 200, and an error as the first event of a stream.
    ErrorFirst,
}

/// What `POST /mock/fail` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    /// Whose requests fail; absent: both.
    #[serde(default)]
    provider: Option<Side>,
    /// With this status, 400 to 599.
    #[serde(default)]
    status: Option<u16>,
    /// Or like this: `hang`, `cut`, `error-first`.
    #[serde(default)]
    fault: Option<String>,
    /// So many requests; absent: until `DELETE /mock/fail`.
    #[serde(default)]
    count: Option<u32>,
}

/// The orders in force. A new one for the same provider replaces the old one, so there are three at most.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    orders: Mutex<Vec<(Order, Fault)>>,
}

impl Faults {
    /// Takes an order.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn order(&self, json: &[u8]) -> Result<(), String> {
        let order: Order = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let fault = match (order.status, order.fault.as_deref()) {
            (Some(status @ 400..=599), None) => Fault::Status(status),
            (None, Some(name)) => {
                named(name).ok_or_else(|| format!("fault: {name} is none of hang, cut, error-first"))?
            }
            (Some(status), None) => return Err(format!("status: {status} is not from 400 to 599")),
            _ => return Err("one of status and fault is needed".to_owned()),
        };
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.retain(|(before, _)| before.provider != order.provider);
        orders.push((order, fault));
        Ok(())
    }

    /// Ends all orders.
    pub(crate) fn clear(&self) {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The orders in force, as JSON.
    pub(crate) fn list(&self) -> serde_json::Value {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.iter().map(|(order, _)| serde_json::json!(order)).collect()
    }

    /// How the next request fails, if it does. It counts as one of the order's.
    pub(crate) fn next(&self, side: Side, model: &str) -> Option<Fault> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let meant = |order: &Order| order.provider.is_none_or(|provider| provider == side);
        if let Some(index) = orders.iter().position(|(order, _)| meant(order) && order.count != Some(0)) {
            let (order, fault) = orders.get_mut(index)?;
            order.count = order.count.map(|count| count - 1);
            let fault = *fault;
            orders.retain(|(order, _)| order.count != Some(0));
            return Some(fault);
        }
        let name = model.strip_prefix("fail-").unwrap_or(model);
        let status = || name.parse().ok().filter(|status| (400..=599).contains(status)).map(Fault::Status);
        named(name).or_else(status)
    }
}

fn named(name: &str) -> Option<Fault> {
    match name {
        "hang" => Some(Fault::Hang),
        "cut" => Some(Fault::Cut),
        "error-first" => Some(Fault::ErrorFirst),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_models_fail() {
        let faults = Faults::default();
        for (model, fault) in [
            ("fail-429", Some(Fault::Status(429))),
            ("529", Some(Fault::Status(529))),
            ("hang", Some(Fault::Hang)),
            ("fail-cut", Some(Fault::Cut)),
            ("error-first", Some(Fault::ErrorFirst)),
            ("fail-200", None),
            ("gpt-4.1", None),
        ] {
            assert_eq!(faults.next(Side::Openai, model), fault, "{model}");
        }
    }

    #[test]
    fn orders_count_and_end() {
        let faults = Faults::default();
        faults.order(br#"{"provider":"openai","status":503,"count":2}"#).unwrap();
        assert_eq!(faults.next(Side::Anthropic, "m"), None);
        assert_eq!(faults.next(Side::Openai, "m"), Some(Fault::Status(503)));
        assert_eq!(faults.next(Side::Openai, "m"), Some(Fault::Status(503)));
        assert_eq!(faults.next(Side::Openai, "m"), None);
        faults.order(br#"{"fault":"hang"}"#).unwrap();
        assert_eq!(faults.next(Side::Anthropic, "m"), Some(Fault::Hang));
        faults.clear();
        assert_eq!(faults.next(Side::Anthropic, "m"), None);
    }

    #[test]
    fn wrong_orders_are_told() {
        let faults = Faults::default();
        for order in [
            &b"{}"[..],
            b"[",
            br#"{"status":200}"#,
            br#"{"fault":"x"}"#,
            br#"{"status":500,"fault":"cut"}"#,
            br#"{"stauts":500}"#,
        ] {
            assert!(faults.order(order).is_err(), "{order:?}");
        }
    }
}
