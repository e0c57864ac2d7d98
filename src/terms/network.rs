//! Networks of addresses, as security groups and rules of listeners name them.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether the text is a network of IPv4 or IPv6: an address, `/` and the length of its prefix.
pub fn is_network(text: &str) -> bool {
    is_v4(text) || is_v6(text)
}

/// Whether the text is a network of IPv4.
pub fn is_v4(text: &str) -> bool {
    split(text).is_some_and(|(address, length)| length <= 32 && address.parse::<Ipv4Addr>().is_ok())
}

/// Whether the text is a network of IPv6.
pub fn is_v6(text: &str) -> bool {
    split(text).is_some_and(|(address, length)| length <= 128 && address.parse::<Ipv6Addr>().is_ok())
}

fn split(text: &str) -> Option<(&str, u8)> {
    let (address, length) = text.split_once('/')?;
    let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    Some((address, length.parse().ok().filter(|_| digits && (length == "0" || !length.starts_with('0')))?))
}
