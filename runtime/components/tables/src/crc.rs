//! The checksum of TFRecord: CRC-32C, turned and moved so that a checksum of checksums is of use.

/// Remainders of a byte that is followed by up to seven others.
const TABLES: [[u32; 256]; 8] = tables();

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        #[allow(clippy::cast_possible_truncation, reason = "below 256")]
        let mut rest = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            rest = if rest & 1 == 1 { (rest >> 1) ^ 0x82f6_3b78 } else { rest >> 1 };
            bit += 1;
        }
        tables[0][byte] = rest;
        byte += 1;
    }
    let mut at = 1;
    while at < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[at - 1][byte];
            tables[at][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        at += 1;
    }
    tables
}

/// CRC-32C (Castagnoli), eight bytes at a time.
#[must_use]
pub fn crc32c(bytes: &[u8]) -> u32 {
    let mut rest = !0_u32;
    let (eights, tail) = bytes.as_chunks::<8>();
    for eight in eights {
        let mut bytes = *eight;
        bytes.iter_mut().zip(rest.to_le_bytes()).for_each(|(byte, rest)| *byte ^= rest);
        rest = bytes.iter().zip(TABLES.iter().rev()).fold(0, |all, (byte, table)| all ^ table[usize::from(*byte)]);
    }
    for byte in tail {
        rest = (rest >> 8) ^ TABLES[0][usize::from(rest.to_le_bytes()[0] ^ byte)];
    }
    !rest
}

/// The checksum as TFRecord writes it.
#[must_use]
pub fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of RFC 3720, appendix B.4.
    #[test]
    fn checksums_are_those_of_the_standard() {
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        let ascending: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&ascending), 0x46dd_794e);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }
}
