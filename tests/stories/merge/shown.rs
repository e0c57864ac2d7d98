//! The gallery as people read it: pages in Markdown, some of them in HTML and with pictures, and an index.
//!
//! `LANDFALL_BLESS=1` writes them anew; `./tests/run gallery` does that and takes the pictures.

use std::path::{Path, PathBuf};

use landfall::plan::review::Review;
use landfall::view::review::content::{About, page};
use landfall::view::review::{html, markdown};

use super::super::folder;

/// The pull requests that are also there as HTML and as pictures.
const SHOWN: [&str; 20] = [
    "a-bucket-goes",
    "a-file-that-does-not-parse",
    "a-freeze",
    "a-hotfix",
    "a-longer-soak",
    "a-new-release",
    "a-new-target",
    "a-new-tenant",
    "a-pin",
    "a-protocol-and-a-priority",
    "a-release-in-waves",
    "a-rollback",
    "an-environment-is-deleted",
    "an-open-port",
    "another-identifier",
    "another-region",
    "more-rights",
    "none",
    "rolling-becomes-blue-green",
    "the-same-name",
];
/// The widths of the pictures.
const WIDTHS: [u32; 2] = [360, 1280];
/// The largest picture, and all of them, in bytes.
const PICTURE: u64 = 100 * 1024;
const PICTURES: u64 = 3 * 1024 * 1024;

fn gallery() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/gallery")
}

/// Compares a page with the file of the gallery, or writes it.
fn golden(file: &str, shown: &str) {
    let golden = gallery().join(file);
    if std::env::var_os("LANDFALL_BLESS").is_some() {
        std::fs::write(&golden, shown).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    let diff = similar::TextDiff::from_lines(&expected, shown);
    assert!(expected == shown, "{} differs:\n{}", golden.display(), diff.unified_diff());
}

/// Compares the pages of a pull request.
pub(super) fn pages(name: &str, review: &Review) {
    let about = About { base: "main".to_owned(), head: name.to_owned(), ..About::default() };
    let page = page(review, &about);
    golden(&format!("{name}.md"), &markdown(&page));
    if SHOWN.contains(&name) {
        golden(&format!("{name}.html"), &html(&page));
    }
}

#[test]
fn the_gallery_has_an_index() {
    let mut out = String::from(
        "# Pull requests and their reviews\n\nEach of these pull requests is made, reviewed, merged and deployed on the simulated account by a test, which compares\nwhat the review said with what happened. `./tests/run gallery` writes the pages and takes the pictures;\n[reviewing](../reviewing.md) explains what they say.\n\n| pull request | the first sentence of its review | pages |\n| --- | --- | --- |\n",
    );
    let mut names: Vec<String> = std::fs::read_dir(folder("gallery"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in names.iter().filter_map(|name| name.strip_suffix(".pr")) {
        let script = std::fs::read_to_string(folder("gallery").join(format!("{name}.pr"))).unwrap();
        let about = script.lines().next().unwrap().strip_prefix("# ").expect("a .pr begins with what it is about");
        let page = std::fs::read_to_string(gallery().join(format!("{name}.md"))).unwrap_or_default();
        let first = page.lines().next().unwrap_or_default().trim_start_matches('#').trim();
        let mut links = format!("[Markdown]({name}.md)");
        if SHOWN.contains(&name) {
            links.push_str(&format!(" · [HTML]({name}.html)"));
            WIDTHS.iter().for_each(|width| links.push_str(&format!(" · [{width} px](screens/{name}-{width}.png)")));
        }
        out.push_str(&format!("| {about} | {first} | {links} |\n"));
    }
    golden("README.md", &out);
}

#[test]
fn the_pictures_of_the_gallery_are_there_and_small() {
    let mut total = 0;
    for name in SHOWN {
        for width in WIDTHS {
            let path = gallery().join(format!("screens/{name}-{width}.png"));
            let bytes = std::fs::read(&path).unwrap_or_else(|_| panic!("{}: run ./tests/run gallery", path.display()));
            assert_eq!(bytes[16..20], width.to_be_bytes(), "{} is as wide as it says", path.display());
            assert!(bytes.len() as u64 <= PICTURE, "{} has {} bytes", path.display(), bytes.len());
            total += bytes.len() as u64;
        }
    }
    assert!(total <= PICTURES, "{total} bytes of pictures");
}
