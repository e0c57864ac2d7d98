//! Names of buckets, by S3's rules.

use landfall::model::BucketName;

#[test]
fn names_that_s3_takes_are_names() {
    let longest = "a".repeat(63);
    for name in ["abc", "my-templates", "1.my.templates", "a--b", "222222222222-templates", longest.as_str()] {
        assert_eq!(BucketName::new(name).map(|name| name.to_string()).as_deref(), Ok(name));
    }
}

#[test]
fn other_names_are_refused_and_why_is_said() {
    let longer = "a".repeat(64);
    for (name, why) in [
        ("ab", "3 to 63 characters"),
        (longer.as_str(), "3 to 63 characters"),
        ("", "3 to 63 characters"),
        ("Templates", "lower-case"),
        ("my_templates", "lower-case"),
        ("my/templates", "lower-case"),
        ("tëmplates", "lower-case"),
        ("-templates", "begins and ends"),
        ("templates.", "begins and ends"),
        ("my..templates", "two dots"),
        ("192.168.5.4", "IP address"),
        ("xn--templates", "keeps"),
        ("sthree-templates", "keeps"),
        ("templates-s3alias", "keeps"),
        ("templates--x-s3", "keeps"),
    ] {
        let error = BucketName::new(name).unwrap_err().to_string();
        assert!(error.contains(&format!("`{name}`")) && error.contains(why), "{name}: {error}");
    }
}
