//! Which tag is the newest, as a table; and what the next release is called.

use landfall::model::Version;
use landfall::model::channel::{ImageRule, PreRelease, TagOrder, VersionRange};
use landfall::registry::{TagSeen, Why, choose};

/// Tags; one with `@N` was pushed in second N.
fn tags(line: &str) -> Vec<TagSeen> {
    let tag = |word: &str| match word.split_once('@') {
        Some((name, second)) => {
            TagSeen { name: name.into(), pushed: jiff::Timestamp::from_second(second.parse().unwrap()).ok() }
        }
        None => TagSeen { name: word.into(), pushed: None },
    };
    line.split_whitespace().map(tag).collect()
}

/// `order`, `versions` and `pre_release`, each `-` for none.
fn rule(line: &str) -> ImageRule {
    let [order, versions, pattern] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let order = match order {
        "version" => TagOrder::Version,
        "pushed" => TagOrder::Pushed,
        "number" => TagOrder::Number,
        "lexical" => TagOrder::Lexical,
        other => panic!("no order {other}"),
    };
    ImageRule {
        versions: (versions != "-").then(|| VersionRange::parse(versions).unwrap()),
        pre_release: (pattern != "-").then(|| PreRelease::parse(pattern).unwrap()),
        order,
    }
}

#[test]
fn the_newest_admitted_tag_is_chosen() {
    for (rules, listed, expected) in [
        ("version - -", "1.9.0 1.10.0 1.2.0", "1.10.0"),
        ("version - -", "v1.9.0 V2 1.10", "V2"),
        ("version - -", "1.0.0-2 1.0.0.1", "1.0.0.1"),
        ("version - -", "1.4.0-rc.1 1.4.0", "1.4.0"),
        ("version - -", "1.4.0 1.5.0-rc.1", "1.5.0-rc.1"),
        ("version - ^$", "1.4.0 1.5.0-rc.1", "1.4.0"),
        ("version - ^hotfix", "1.4.0 1.4.1-hotfix.2 1.4.1-HOTFIX.10 1.4.1-rc.1", "1.4.1-HOTFIX.10"),
        ("version [1.0,2.0) -", "0.9 1.9.9 2.0.0 2.1", "1.9.9"),
        ("version - -", "1 1.4 1.4.0 latest", "1.4.0"),
        ("version - -", "20260115093000 20260114235959", "20260115093000"),
        ("version - -", "2026.1.15 2026.1.9", "2026.1.15"),
        ("version - -", "latest 4f2a91c 1.0.0", "1.0.0"),
        ("version - -", "4f2a91c deadbeef latest", ""),
        // Digits alone, beside commit ids of the same length or not; and a date among commit ids.
        ("version - -", "1234567 1.0.0", "1234567"),
        ("version - -", "1234567 4f2a91c 1.0.0", "1.0.0"),
        ("version - -", "12345678 4f2a91c 1.0.0", "12345678"),
        ("version - -", "20260115 4f2a91c0 1.0.0", "20260115"),
        ("version - -", "20261315 4f2a91c0 1.0.0", "1.0.0"),
        ("version - -", "99999999999999999999999999 100000000000000000000000000", "100000000000000000000000000"),
        ("number - -", "build-9 build-10 main-2 latest", "build-10"),
        ("number - -", "a-007 b-7", "b-7"),
        ("number - -", "4f2a91c 4f2a919", "4f2a919"),
        ("number [9,10) -", "9.8 10.9", "9.8"),
        ("lexical - -", "a c b", "c"),
        ("lexical - -", "2026-01-09 2026-01-15", "2026-01-15"),
        ("lexical - -", "a sha256-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.sig", "a"),
        ("pushed - -", "4f2a91c@10 latest@30 deadbee@30 1.0.0@20", "deadbee"),
        ("pushed - -", "latest@30", "latest"),
        ("pushed [1.0,2.0) -", "1.0.0@10 2.0.0@20 4f2a91c@30", "1.0.0"),
        ("pushed - -", "1.0.0", ""),
        ("version - -", "", ""),
    ] {
        let chosen = choose(&rule(rules), &tags(listed));
        assert_eq!(chosen.tag.as_deref().unwrap_or(""), expected, "{rules}: {listed}: {:?}", chosen.refused);
    }
}

#[test]
fn the_order_of_a_listing_does_not_matter() {
    let mut listed = tags("1.4 1.4.0 v1.4.0 1 latest 4f2a91c");
    for _ in 0..listed.len() {
        listed.rotate_left(1);
        assert_eq!(choose(&ImageRule::default(), &listed).tag.as_deref(), Some("1.4.0"));
    }
}

#[test]
fn every_refusal_says_why() {
    let attached = "sha256-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    for (rules, tag, expected) in [
        ("version - -", "latest", Why::Latest),
        ("version - -", "4f2a91c", Why::CommitId),
        ("version - -", "main", Why::NoVersion),
        ("version - -", attached, Why::Attached),
        ("version [1.0,2.0) -", "2.0.0", Why::Range("[1.0,2.0)".to_owned())),
        ("version - ^$", "2.0.0-rc", Why::PreRelease("^$".to_owned())),
        ("number - -", "latest", Why::NoNumber),
        ("number [1,2) -", "4f2a91c", Why::NoVersion),
        ("pushed - -", "1.0.0", Why::NoDate),
    ] {
        let refused = choose(&rule(rules), &tags(tag)).refused;
        assert_eq!(refused.len(), 1, "{rules}: {tag}");
        assert_eq!((&*refused[0].tag, &refused[0].why), (tag, &expected), "{rules}");
        assert!(!refused[0].why.to_string().is_empty());
    }
    assert!(Why::Latest.to_string().contains("`order = \"pushed\"`"), "it says what would take it");
}

#[test]
fn a_version_knows_the_next_one() {
    for (last, next) in [
        ("1.4.0", "1.4.1"),
        ("1.4.9", "1.4.10"),
        ("1.4.99", "1.4.100"),
        ("v2", "v3"),
        ("1.5.0-rc.1", "1.5.0-rc.2"),
        ("1.5.0-rc8", "1.5.0-rc9"),
        // A word is compared as text, where `rc10` is below `rc9`.
        ("1.5.0-rc9", "1.5.0-rc9.1"),
        ("1.4.1-hotfix", "1.4.2-hotfix"),
        ("20260115", "20260116"),
        ("2026.01.09", "2026.01.10"),
        ("99999999999999999999", "100000000000000000000"),
    ] {
        let version = Version::parse(last).unwrap();
        assert_eq!(version.next(), next);
        assert!(Version::parse(next).unwrap() > version, "{next} is above {last}");
    }
}

#[test]
fn a_version_shows_its_pre_release() {
    for (text, expected) in [("1.4.0", ""), ("1.4.0-rc.1", "rc.1"), ("1.0rc1", "rc1"), ("v1_beta", "beta")] {
        assert_eq!(Version::parse(text).unwrap().pre_release(), expected, "{text}");
    }
}
