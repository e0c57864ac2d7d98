//! `Fn::Cidr`: which blocks it gives, and what it refuses.

use landfall::sim::world::cidr::cut;

#[test]
fn a_block_is_cut_from_its_beginning() {
    for (block, count, bits, blocks) in [
        ("192.168.0.0/24", "3", "5", ["192.168.0.0/27", "192.168.0.32/27", "192.168.0.64/27"].as_slice()),
        ("10.1.2.3/16", "2", "8", &["10.1.0.0/24", "10.1.1.0/24"]),
        ("2001:db8::/56", "2", "64", &["2001:db8::/64", "2001:db8:0:1::/64"]),
        ("::/0", "1", "128", &["::/0"]),
    ] {
        assert_eq!(cut(block, count, bits), Ok(blocks.iter().map(|text| (*text).to_owned()).collect()));
    }
}

#[test]
fn what_does_not_fit_or_is_no_block_is_refused() {
    for (block, count, bits) in [
        ("10.0.0.0/24", "9", "5"),
        ("10.0.0.0/24", "1", "9"),
        ("10.0.0.0/33", "1", "1"),
        ("10.0.0.0", "1", "1"),
        ("x/24", "1", "1"),
        ("10.0.0.0/24", "0", "1"),
        ("10.0.0.0/24", "257", "1"),
        ("::/0", "1", "129"),
        ("255.255.255.255/32", "1", "1"),
    ] {
        assert!(cut(block, count, bits).is_err(), "{block} {count} {bits}");
    }
}
