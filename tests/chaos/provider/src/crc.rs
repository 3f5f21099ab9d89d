//! CRC-32 as gzip and AWS event streams have it.

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { 0xEDB8_8320 ^ (sum >> 1) } else { sum >> 1 };
            bit += 1;
        }
        #[expect(clippy::indexing_slicing, reason = "at compile time, and below 256")]
        {
            table[byte] = sum;
        }
        byte += 1;
    }
    table
}

/// A sum that grows by pieces.
#[derive(Clone, Copy, Debug)]
pub struct Crc(u32);

impl Default for Crc {
    fn default() -> Self {
        Crc(!0)
    }
}

impl Crc {
    /// Takes further bytes in.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let at = (self.0 ^ u32::from(*byte)) & 0xFF;
            self.0 = TABLE.get(at as usize).copied().unwrap_or_default() ^ (self.0 >> 8);
        }
    }

    /// The sum of all bytes so far.
    pub fn sum(self) -> u32 {
        !self.0
    }
}

/// The sum of these bytes.
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = Crc::default();
    crc.add(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_check_value_of_the_standard() {
        assert_eq!(super::crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(super::crc32(b""), 0);
    }
}
