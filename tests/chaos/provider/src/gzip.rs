//! gzip of stored blocks: nothing is compressed, and every reader of gzip takes it.

use crate::crc::Crc;

/// A stream of gzip that is written by pieces.
#[derive(Debug, Default)]
pub struct Gzip {
    crc: Crc,
    length: u32,
    begun: bool,
}

impl Gzip {
    /// These bytes as blocks that are not the last.
    pub fn blocks(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() + 64);
        if !self.begun {
            self.begun = true;
            out.extend_from_slice(&[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]);
        }
        self.crc.add(bytes);
        self.length = self.length.wrapping_add(bytes.len() as u32);
        for part in bytes.chunks(0xFFFF) {
            block(0, part, &mut out);
        }
        out
    }

    /// The last block, which is empty, and the sums.
    pub fn end(self) -> Vec<u8> {
        let mut out = Vec::new();
        block(1, &[], &mut out);
        out.extend_from_slice(&self.crc.sum().to_le_bytes());
        out.extend_from_slice(&self.length.to_le_bytes());
        out
    }
}

fn block(last: u8, part: &[u8], out: &mut Vec<u8>) {
    let length = part.len() as u16;
    out.push(last);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&(!length).to_le_bytes());
    out.extend_from_slice(part);
}
