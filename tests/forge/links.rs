//! The page on which a pushed branch becomes a pull request.

use landfall::forge::pull_request_page;

#[test]
fn each_forge_has_its_page() {
    for (remote, expected) in [
        ("https://github.com/o/r.git", "https://github.com/o/r/pull/new/a/b"),
        ("git@github.com:o/r.git", "https://github.com/o/r/pull/new/a/b"),
        ("ssh://git@github.example.com:2222/o/r", "https://github.example.com/o/r/pull/new/a/b"),
        ("https://ada:s3cret@github.com/o/r.git/", "https://github.com/o/r/pull/new/a/b"),
        (
            "https://gitlab.com/group/sub/r.git",
            "https://gitlab.com/group/sub/r/-/merge_requests/new?merge_request%5Bsource_branch%5D=a%2Fb",
        ),
        (
            "git@gitlab.example.com:g/r.git",
            "https://gitlab.example.com/g/r/-/merge_requests/new?merge_request%5Bsource_branch%5D=a%2Fb",
        ),
        ("git@bitbucket.org:o/r.git", "https://bitbucket.org/o/r/pull-requests/new?source=a%2Fb"),
        (
            "https://bitbucket.example.com/scm/key/r.git",
            "https://bitbucket.example.com/projects/key/repos/r/pull-requests?create&sourceBranch=a%2Fb",
        ),
        ("https://codeberg.org/o/r.git", "https://codeberg.org/o/r/compare/main...a/b"),
        ("https://gitea.example.com:3000/o/r", "https://gitea.example.com:3000/o/r/compare/main...a/b"),
        (
            "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/r",
            "https://eu-west-1.console.aws.amazon.com/codesuite/codecommit/repositories/r/pull-requests/new/\
             refs/heads/main/.../refs/heads/a/b?region=eu-west-1",
        ),
        ("https://git.example.com/o/r.git", ""),
        ("/srv/git/r.git", ""),
        ("file:///srv/git/r.git", ""),
        ("C:/git/r.git", ""),
        ("", ""),
    ] {
        assert_eq!(pull_request_page(remote, "a/b", Some("main")).as_deref().unwrap_or(""), expected, "{remote}");
    }
    let odd = pull_request_page("https://github.com/o/r", "a b#c", None).unwrap();
    assert_eq!(odd, "https://github.com/o/r/pull/new/a%20b%23c");
    assert_eq!(pull_request_page("https://codeberg.org/o/r.git", "a", None), None, "it needs the base");
}
