//! Format 1 is frozen: its golden files are those of the list, to the byte.

use crate::support::frozen::{blessing, list, there, unfreezing, write_list};

#[test]
fn format_1_is_what_it_was_when_it_was_frozen() {
    let (there, mut list) = (there(), list());
    if unfreezing() {
        list.clone_from(&there);
    } else if blessing() {
        for (name, hash) in &there {
            list.entry(name.clone()).or_insert_with(|| hash.clone());
        }
    }
    if blessing() {
        write_list(&list);
    }
    let mut wrong = Vec::new();
    for (name, hash) in &list {
        match there.get(name) {
            None => wrong.push(format!("{name} is frozen, and gone")),
            Some(now) if now != hash => wrong.push(format!("{name} is frozen, and changed")),
            Some(_) => {}
        }
    }
    let new = there.keys().filter(|name| !list.contains_key(*name));
    wrong.extend(new.map(|name| format!("{name} is not in the list: run this test with LANDFALL_BLESS=1")));
    assert!(wrong.is_empty(), "golden/1:\n{}\nsrc/template/format.rs says how a format is frozen", wrong.join("\n"));
}
