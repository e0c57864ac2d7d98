//! How versions are read and ordered.

use std::cmp::Ordering;

use landfall::model::Version;
use proptest::prelude::*;

fn version(text: &str) -> Version {
    Version::parse(text).unwrap_or_else(|| panic!("{text} is a version"))
}

/// Each row is true as it is read; the first two and the next two are how users of other tools know it.
const ORDER: &str = "
    1.0.0.1           >  1.0.0-2
    1.0.0-x-1         =  1.0.0-x.1
    1.0.0             >  1.0.0-rc.1
    1.0.0-2           <  1.0.0-alpha
    1.0               =  1.0.0
    v1.2              =  1.2.0.0
    V1.2              =  1.2
    1.10              >  1.9
    1.2.3             <  1.2.3.1
    1.0.0-RC.1        =  1.0.0-rc.1
    1.0.0-rc.2        <  1.0.0-rc.10
    1.0.0-rc          <  1.0.0-rc.1
    1.0.0_rc.1        =  1.0.0-rc.1
    1.0.0-01          =  1.0.0-1
    1.0rc1            <  1.0
    20260115093000    <  20260115093001
    2026.01.15        =  2026.1.15
    2026.01.15        >  2026.1.9
    1.0.0+build.7     =  1.0.0
    99999999999999999999999999999999 > 99999999999999999999999999999998
    100000000000000000000000000000000 > 99999999999999999999999999999999
";

#[test]
fn versions_are_ordered_as_people_expect() {
    for row in ORDER.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let [left, order, right] = row.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{row}") };
        let expected = match order {
            "<" => Ordering::Less,
            "=" => Ordering::Equal,
            _ => Ordering::Greater,
        };
        assert_eq!(version(left).cmp(&version(right)), expected, "{row}");
        assert_eq!(version(right).cmp(&version(left)), expected.reverse(), "{row}, the other way round");
    }
}

#[test]
fn what_is_no_version_is_refused() {
    for text in
        ["", "latest", "v", "main-4f2a91c", "4f2a91c", "4f2a91c0d3b7", "1.*", "1.0.x!", "1.0-", "-1", ".5", "1 0"]
    {
        assert!(Version::parse(text).is_none(), "{text}");
    }
}

#[test]
fn a_pre_release_is_given_back_as_it_is_written() {
    let rows =
        [("1.0.0", ""), ("1.0.0-Hotfix.2", "Hotfix.2"), ("1.0_a-b", "a-b"), ("1.0rc1", "rc1"), ("1.2.3.4.5", "5")];
    for (text, pre_release) in rows {
        assert_eq!(version(text).pre_release(), pre_release, "{text}");
        assert_eq!(version(text).is_pre_release(), !pre_release.is_empty(), "{text}");
        assert_eq!(version(text).to_string(), text);
    }
}

proptest! {
    #[test]
    fn versions_are_in_a_total_order(texts in proptest::collection::vec("v?[0-2](\\.[0-2]){0,4}([-._](a|B|1|02)){0,2}", 3)) {
        let all: Vec<Version> = texts.iter().filter_map(|text| Version::parse(text)).collect();
        let [a, b, c] = &all[..] else { return Ok(()) };
        prop_assert_eq!(a.cmp(b), b.cmp(a).reverse());
        prop_assert_eq!(a == b, a.cmp(b).is_eq());
        if a <= b && b <= c {
            prop_assert!(a <= c, "{} {} {}", a, b, c);
        }
    }
}
