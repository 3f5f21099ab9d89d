//! `switchyard keys new`: a key for a client, and its sum for `gateway.yaml`.

use sha2::{Digest, Sha256};

/// Random bytes of a key: 192 bits, far beyond guessing.
const BYTES: usize = 24;

/// Prints a new key and its SHA-256.
///
/// # Errors
/// The machine has no random bytes.
pub(crate) fn new() -> Result<(), String> {
    let mut random = [0_u8; BYTES];
    getrandom::fill(&mut random).map_err(|error| format!("no random bytes: {error}"))?;
    let key = format!("sk-sy-{}", hex(&random));
    println!("key     {key}");
    println!("sha256  {}", sum(&key));
    eprintln!("Give the key to its user, and put the sum into gateway.yaml. The key is shown this once.");
    Ok(())
}

/// The sum that `keys[].sha256` holds.
fn sum(key: &str) -> String {
    hex(&Sha256::digest(key.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sum_is_sha256_in_hexadecimal() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(super::sum("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
