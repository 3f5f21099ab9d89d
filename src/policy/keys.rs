//! Keys that clients present, known by their SHA-256 only.

use sha2::{Digest, Sha256};

use crate::{
    config::plugin,
    ir::{ApiError, ErrorKind},
    route::pattern,
};

/// The keys of a configuration.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    keys: Vec<Key>,
}

/// One key.
#[derive(Clone, Debug)]
pub struct Key {
    name: String,
    sha256: [u8; 32],
    models: Vec<String>,
}

impl Keys {
    /// Reads the keys of a configuration.
    ///
    /// # Errors
    ///
    /// The name of the first key whose sum is not 64 hexadecimal digits.
    pub fn new(keys: &[plugin::Key]) -> Result<Self, String> {
        let read = |key: &plugin::Key| {
            let sha256 = parse_hex(&key.sha256).ok_or_else(|| key.name.clone())?;
            Ok(Key { name: key.name.clone(), sha256, models: key.models.clone() })
        };
        Ok(Self { keys: keys.iter().map(read).collect::<Result<_, String>>()? })
    }

    /// Finds the key that a client presented; `header` gives the value of a header. `None` where the gateway is open.
    ///
    /// Clients have a place of their own for it, and some send two headers: `authorization` (OpenAI's clients, and
    /// Anthropic's newer ones), `x-api-key` (Anthropic's), `api-key` (Azure's), `x-goog-api-key` (Google's). The first that
    /// holds a known key counts.
    ///
    /// The sums are compared whole and all of them are, so that the time tells nothing about them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] for no key, or none that is known.
    pub fn authenticate<'h>(
        &self,
        header: impl Fn(&str) -> Option<&'h [u8]>,
    ) -> Result<Option<&Key>, ApiError> {
        if self.keys.is_empty() {
            return Ok(None);
        }
        let bare = ["x-api-key", "api-key", "x-goog-api-key"].into_iter().filter_map(&header);
        let bare = bare.map(<[u8]>::trim_ascii).filter(|key| !key.is_empty());
        let mut presented = header("authorization").and_then(bearer).into_iter().chain(bare).peekable();
        if presented.peek().is_none() {
            let message =
                "No API key was sent. Send one as `Authorization: Bearer KEY` or as `x-api-key: KEY`.";
            return Err(ApiError::new(ErrorKind::Authentication, message).with_code("missing_api_key"));
        }
        let unknown =
            || ApiError::new(ErrorKind::Authentication, "The API key is not known to this gateway.");
        presented
            .find_map(|key| self.find(key))
            .map(Some)
            .ok_or_else(|| unknown().with_code("invalid_api_key"))
    }

    fn find(&self, presented: &[u8]) -> Option<&Key> {
        let sum: [u8; 32] = Sha256::digest(presented).into();
        let same = |key: &Key| key.sha256.iter().zip(sum).fold(0u8, |diff, (a, b)| diff | (a ^ b)) == 0;
        self.keys.iter().fold(None, |found, key| if same(key) { Some(key) } else { found })
    }
}

impl Key {
    /// Whose it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it may ask for this model.
    pub fn allows(&self, model: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|allowed| pattern::matches(allowed, model))
    }

    /// Whether there are models that it may not ask for.
    pub fn is_restricted(&self) -> bool {
        !self.models.is_empty()
    }

    /// Refuses a model that this key may not ask for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Permission`].
    pub fn authorize(&self, model: &str) -> Result<(), ApiError> {
        if self.allows(model) {
            return Ok(());
        }
        let message = format!("The API key `{}` may not use the model `{model}`.", self.name);
        Err(ApiError::new(ErrorKind::Permission, message).with_code("model_not_allowed").with_param("model"))
    }
}

/// The key in `Bearer KEY`. The scheme's case does not matter (RFC 9110 §11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.split_at_checked(7)?;
    let key = key.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer ") && !key.is_empty()).then_some(key)
}

fn parse_hex(text: &str) -> Option<[u8; 32]> {
    let mut sum = [0u8; 32];
    if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, digits) in sum.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(models: &[&str]) -> Keys {
        let models = models.iter().map(|model| (*model).to_owned()).collect();
        // printf %s test | sha256sum
        let sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned();
        Keys::new(&[plugin::Key { name: "team-a".into(), sha256, models }]).unwrap()
    }

    fn shown<'k>(keys: &'k Keys, headers: &[(&str, &'static str)]) -> Result<Option<&'k Key>, ApiError> {
        keys.authenticate(|name| {
            headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_bytes())
        })
    }

    #[test]
    fn no_keys_leave_the_gateway_open() {
        assert!(shown(&Keys::default(), &[]).unwrap().is_none());
    }

    #[test]
    fn only_the_key_itself_is_taken_wherever_clients_put_it() {
        let keys = keys(&[]);
        for right in [
            &[("authorization", "Bearer test")][..],
            &[("authorization", "bearer  test")],
            &[("x-api-key", "test")],
            &[("api-key", "test ")],
            &[("x-goog-api-key", "test")],
            // Claude Code sends both where both are set.
            &[("authorization", "Bearer other"), ("x-api-key", "test")],
            &[("authorization", "Basic dGVzdA=="), ("api-key", "test")],
        ] {
            assert_eq!(shown(&keys, right).unwrap().unwrap().name(), "team-a", "{right:?}");
        }
        for wrong in [
            &[][..],
            &[("authorization", "Bearer tesT")],
            &[("authorization", "Bearer ")],
            &[("authorization", "test")],
            &[("x-api-key", "")],
            &[("x-api-key", "Bearer test")],
            &[("cookie", "test")],
        ] {
            assert_eq!(shown(&keys, wrong).unwrap_err().kind, ErrorKind::Authentication, "{wrong:?}");
        }
    }

    #[test]
    fn a_key_is_held_to_its_models() {
        let keys = keys(&["gpt-*"]);
        let key = shown(&keys, &[("x-api-key", "test")]).unwrap().unwrap();
        assert!(key.authorize("gpt-4.1").is_ok());
        let error = key.authorize("claude").unwrap_err();
        assert_eq!((error.kind, error.param.as_deref()), (ErrorKind::Permission, Some("model")));
    }

    #[test]
    fn a_sum_that_is_none_is_refused() {
        let key = |sha256: &str| plugin::Key { name: "x".into(), sha256: sha256.into(), models: vec![] };
        assert_eq!(Keys::new(&[key("abc")]).unwrap_err(), "x");
        assert_eq!(Keys::new(&[key(&"zz".repeat(32))]).unwrap_err(), "x");
        assert_eq!(Keys::new(&[key(&"+f".repeat(32))]).unwrap_err(), "x");
    }

    /// Neither the start of a sum nor the place of a key in the list decides.
    #[test]
    fn every_bit_of_every_sum_counts() {
        let sum: [u8; 32] = Sha256::digest(b"test").into();
        let key = |name: &str, sum: [u8; 32]| Key { name: name.into(), sha256: sum, models: vec![] };
        let near = |bit: usize| {
            let mut near = sum;
            near[bit / 8] ^= 1 << (bit % 8);
            key("near", near)
        };
        let others: Vec<Key> = (0..256).map(near).collect();
        assert!(shown(&Keys { keys: others.clone() }, &[("x-api-key", "test")]).is_err());
        for place in [0, 128, 256] {
            let mut keys = others.clone();
            keys.insert(place, key("right", sum));
            assert_eq!(shown(&Keys { keys }, &[("x-api-key", "test")]).unwrap().unwrap().name(), "right");
        }
    }
}
