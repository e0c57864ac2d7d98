//! Rows of tenants that say the same become one: forty tenants alike are one row that says so, and those that differ are
//! shown.

use std::collections::BTreeMap;

use crate::plan::SlotRow;

/// So many tenants are named in one row; more are counted.
const NAMED: usize = 3;

/// The rows in their order, those of one project and environment together that have a tenant and the same key.
pub fn groups<K: Ord>(rows: &[SlotRow], key: impl Fn(&SlotRow) -> K) -> Vec<Vec<&SlotRow>> {
    let mut groups: Vec<Vec<&SlotRow>> = Vec::new();
    let mut known: BTreeMap<(&str, &str, K), usize> = BTreeMap::new();
    for row in rows {
        if row.tenant.is_none() {
            groups.push(vec![row]);
            continue;
        }
        let place = *known.entry((row.project.as_str(), row.environment.as_str(), key(row))).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

/// What stands in the column of environments: the environment, with the tenants or how many they are.
pub fn place(group: &[&SlotRow]) -> String {
    let environment = group.first().map_or("", |row| row.environment.as_str());
    let tenants: Vec<&str> = group.iter().filter_map(|row| Some(row.tenant.as_ref()?.as_str())).collect();
    match tenants.len() {
        0 => environment.to_owned(),
        count if count <= NAMED => format!("{environment}, {}", tenants.join(", ")),
        count => format!("{environment}, {count} tenants"),
    }
}

/// A text with a placeholder for a word wherever that stands alone.
pub fn without_word(text: &str, word: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(word).filter(|_| !word.is_empty()) {
        out.push_str(before);
        let touches = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let inside = touches(before.chars().next_back()) || touches(after.chars().next());
        out.push_str(if inside { word } else { "\u{2}" });
        rest = after;
    }
    out.push_str(rest);
    out
}
