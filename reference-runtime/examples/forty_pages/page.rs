//! The pages that the demo's own server serves, and the sum that proves that one arrived whole.

/// The header in which the server says how many bytes a page has, however it is transferred.
pub(crate) const LENGTH_HEADER: &str = "x-page-length";

/// The header in which the server gives a page's [`checksum`], in hexadecimal.
pub(crate) const CHECKSUM_HEADER: &str = "x-page-checksum";

/// How many pages there are; the numbers beyond name them again, so that a long run needs no more memory.
pub(crate) const DISTINCT: usize = 64;

const WORDS: [&str; 24] = [
    "worker", "queue", "waits", "for", "the", "reactor", "and", "a", "task", "that", "wakes", "another",
    "task", "while", "one", "thread", "reads", "from", "its", "socket", "until", "nothing", "is", "left",
];

/// The page of this number: text in paragraphs, 5 to 120 KiB of it, the same on every machine.
pub(crate) fn page(number: usize) -> Vec<u8> {
    let number = number % DISTINCT;
    let mut draws = Draws(number as u64);
    let length = 5 * 1024 + draws.below(115 * 1024 + 1);
    let mut text = format!("<!doctype html>\n<html><head><title>Page {number}</title></head>\n<body>\n");
    while text.len() < length {
        text.push_str("<p>");
        for _ in 0..20 + draws.below(80) {
            text.push_str(WORDS[draws.below(WORDS.len())]);
            text.push(' ');
        }
        text.push_str("</p>\n");
    }
    // The text is ASCII, so any length is a boundary; a page cut short is as good a page.
    text.truncate(length);
    text.into_bytes()
}

/// FNV-1a with 64 bits: enough to notice a page that is cut, mixed up or repeated, and cheap beside fetching it.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A stream of pseudo-random numbers (splitmix64).
struct Draws(u64);

impl Draws {
    /// A number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }
}
