//! `Fn::Cidr`: a block of addresses cut into smaller ones. \[doc: "Fn::Cidr"\]

use std::net::{Ipv4Addr, Ipv6Addr};

/// The most blocks that one call gives. \[doc\]
const MOST: u128 = 256;

/// The first `count` blocks of `block` that have `bits` bits for hosts.
///
/// # Errors
/// What CloudFormation would say. \[?\] The words.
pub fn cut(block: &str, count: &str, bits: &str) -> Result<Vec<String>, String> {
    let wrong = |words: &str| format!("Template error: Fn::Cidr {words}");
    let number = |text: &str, most: u128| text.parse().ok().filter(|number: &u128| (1..=most).contains(number));
    let count = number(count, MOST).ok_or_else(|| wrong("takes a count of 1 to 256"))?;
    let bits = number(bits, 128).ok_or_else(|| wrong("takes 1 to 128 bits"))?;
    let unreadable = || wrong(&format!("cannot read the block {block}"));
    let (address, prefix) = block.split_once('/').ok_or_else(unreadable)?;
    let prefix: u32 = prefix.parse().map_err(|_| unreadable())?;
    let bits = u32::try_from(bits).map_err(|_| unreadable())?;
    let too_small = || wrong(&format!("cannot cut {count} blocks of {bits} bits out of {block}"));
    if let Ok(address) = address.parse::<Ipv4Addr>() {
        let blocks = starts(u128::from(u32::from(address)), prefix, 32, count, bits).ok_or_else(too_small)?;
        let text =
            |start: u128| u32::try_from(start).ok().map(|start| format!("{}/{}", Ipv4Addr::from(start), 32 - bits));
        return blocks.into_iter().map(text).collect::<Option<_>>().ok_or_else(too_small);
    }
    let address: Ipv6Addr = address.parse().map_err(|_| unreadable())?;
    let blocks = starts(u128::from(address), prefix, 128, count, bits).ok_or_else(too_small)?;
    Ok(blocks.into_iter().map(|start| format!("{}/{}", Ipv6Addr::from(start), 128 - bits)).collect())
}

/// The first address of each block; none if the whole does not contain them.
fn starts(address: u128, prefix: u32, width: u32, count: u128, bits: u32) -> Option<Vec<u128>> {
    let own = width.checked_sub(prefix)?;
    let room = own.checked_sub(bits)?;
    if 1_u128.checked_shl(room).is_some_and(|room| count > room) {
        return None;
    }
    // A block without a network part is all addresses.
    let first = if own >= 128 { 0 } else { address >> own << own };
    // All addresses are one block, so that no second one begins after them.
    let step = 1_u128.checked_shl(bits).unwrap_or(0);
    (0..count).map(|index| first.checked_add(index.checked_mul(step)?)).collect()
}
