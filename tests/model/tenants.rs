//! Tags, and the filters that choose tenants by them.

use std::collections::BTreeSet;

use landfall::model::Tag;
use landfall::model::tenant::TagFilter;

fn tags(text: &str) -> BTreeSet<Tag> {
    text.split_whitespace().map(|tag| Tag::parse(tag).unwrap()).collect()
}

#[test]
fn tags_of_a_set_are_alternatives_and_sets_go_together() {
    let rows = [
        // filter, tags that it fits, tags that it does not
        ("", "", None),
        ("", "ring/early region/eu", None),
        ("ring/early", "ring/early region/eu", Some("ring/general region/eu")),
        ("ring/early ring/general", "ring/general", Some("region/eu")),
        ("ring/early region/eu", "ring/early region/eu", Some("ring/early region/us")),
        ("ring/early ring/general region/eu", "ring/general region/eu", Some("ring/early")),
        ("ring/early", "ring/early", Some("")),
        ("ring/early", "ring/early", Some("wheel/early")),
    ];
    for (filter, fits, fails) in rows {
        let filter = TagFilter(tags(filter));
        assert!(filter.fits(&tags(fits)), "{filter:?} fits {fits}");
        if let Some(fails) = fails {
            assert!(!filter.fits(&tags(fails)), "{filter:?} does not fit {fails}");
        }
    }
}

#[test]
fn a_tag_is_a_set_and_a_tag() {
    assert_eq!(Tag::parse("ring/early").unwrap().to_string(), "ring/early");
    for text in ["", "early", "/early", "ring/", "ring/early/more", "Ring/early", "ring early"] {
        assert!(Tag::parse(text).is_none(), "{text}");
    }
}
