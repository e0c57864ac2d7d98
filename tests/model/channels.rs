//! Which versions and pre-releases a channel admits.

use landfall::model::Version;
use landfall::model::channel::{PreRelease, VersionRange};

/// Range, what it admits, what it does not.
const RANGES: &str = "
    1.0                  | 1.0 1.0.0.1 2.0 99             | 0.9 1.0-rc1
    [1.0,2.0)            | 1.0 1.9.9.9 2.0-rc1            | 0.9 2.0 2.0.1
    [1.0,2.0]            | 1.0 2.0                        | 2.0.1
    (1.0,2.0)            | 1.0.1 1.9                      | 1.0 2.0
    [1.0]                | 1.0 v1.0.0                     | 1.0.1 1.0-1
    (,1.0]               | 0.1 1.0 1.0-rc1                | 1.0.1
    (,1.0)               | 0.1 1.0-rc1                    | 1.0
    [1.0,)               | 1.0 7                          | 0.9
    (1.0,)               | 1.0.1                          | 1.0
    (,)                  | 0 1 99                         | -
    (,1.0],[1.2,)        | 0.5 1.0 1.2 3                  | 1.1
    [1.0] , [1.2,1.3)    | 1.0 1.2 1.2.9                  | 1.1 1.3
    1.x                  | 1.0 1.0.1 1.9.9.9 v1.5         | 0.9 1.0-rc1 2.0-rc1 2.0-0 2.0 2.5.0
    v1.2.*               | 1.2 1.2.9 1.2.0.1              | 1.1.9 1.2-rc1 1.3-a 1.3
    1.2.X.x              | 1.2.9                          | 1.3
    9.x                  | 9.1                            | 10.0-rc1 10.0
    99999999999999999999.x | 99999999999999999999.5       | 100000000000000000000
    2026.09.*            | 2026.09.30 2026.9.1            | 2026.10.0
    [20260101,20270101)  | 20260101 20260115              | 20270101 20260115093000
";

#[test]
fn ranges_are_those_of_nuget_and_maven_and_wildcards_those_of_npm() {
    for row in RANGES.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let [range, inside, outside] = row.split('|').map(str::trim).collect::<Vec<_>>()[..] else { panic!("{row}") };
        let range = VersionRange::parse(range).unwrap_or_else(|why| panic!("{range}: {why}"));
        let versions = |text: &str| -> Vec<Version> { text.split_whitespace().filter_map(Version::parse).collect() };
        for version in versions(inside) {
            assert!(range.contains(&version), "{range} has {version}");
        }
        for version in versions(outside) {
            assert!(!range.contains(&version), "{range} does not have {version}");
        }
    }
}

#[test]
fn a_range_that_is_none_says_what_is_wrong() {
    let rows = [
        ("", "`` is not a version"),
        ("latest", "`latest` is not a version"),
        ("*", "`*` is not a version"),
        ("x.1", "`x.1` is not a version"),
        ("[1.*,2)", "`1.*` is not a version"),
        ("[1.0,2.0", "`[1.0,2.0` is never closed by `]` or `)`"),
        ("(1.0)", "`(1.0)` needs a `,`, or `[1.0]` for exactly that version"),
        ("[]", "an empty range admits nothing"),
        ("[2.0,1.0]", "`[2.0,1.0]` admits nothing"),
        ("(1.0,1.0]", "`(1.0,1.0]` admits nothing"),
        ("[1.0,2.0) x", "expected `,` before `x`"),
        ("[1.0,2.0),", "expected `[` or `(` before ``"),
        ("[1.0,b)", "`b` is not a version"),
        ("[1,2,3]", "`2,3` is not a version"),
    ];
    for (range, why) in rows {
        assert_eq!(VersionRange::parse(range).err().as_deref(), Some(why), "{range}");
    }
}

#[test]
fn a_pre_release_pattern_is_looked_for_and_anchored_by_itself() {
    let rows = [
        ("^hotfix", "hotfix.2 HOTFIX", "rc.1 my-hotfix"),
        ("hotfix", "hotfix.2 my-hotfix", "rc.1"),
        ("^(rc|beta)\\.[0-9]+$", "rc.1 beta.12", "rc rc.1.2 alpha.1"),
        ("^$", "", "rc.1"),
    ];
    for (pattern, admits, refuses) in rows {
        let rule = PreRelease::parse(pattern).unwrap();
        assert_eq!(rule.admits(""), ["^$"].contains(&pattern), "{pattern} and none");
        assert!(admits.split_whitespace().all(|one| rule.admits(one)), "{pattern}: {admits}");
        assert!(!refuses.split_whitespace().any(|one| rule.admits(one)), "{pattern}: {refuses}");
    }
    assert!(PreRelease::parse("(").is_err());
    assert!(PreRelease::parse("(a{1000}){1000}{1000}").is_err(), "what it costs is bounded");
}
