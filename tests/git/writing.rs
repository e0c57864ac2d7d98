//! Commits that landfall writes.

use landfall::git::{Author, Change, GitError, Writer};

use super::repository::Repo;

fn author() -> Author {
    let time = "2026-03-04T05:06:07Z".parse().unwrap();
    Author { name: "Ada".to_owned(), email: "ada@example.com".to_owned(), time }
}

fn put<'a>(path: &'a str, text: &'a str) -> Change<'a> {
    Change { path, content: Some(text.as_bytes()) }
}

#[test]
fn a_new_repository_is_one_that_git_works_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo");
    let writer = Writer::init(&path, "trunk").unwrap();
    assert_eq!(writer.branch().as_deref(), Some("trunk"));
    let first = writer
        .commit("trunk", &[put("landfall.toml", "id = 1\n"), put("a/b/c.toml", "c\n")], &author(), "First\n")
        .unwrap();
    let second = writer
        .commit("trunk", &[Change { path: "a/b/c.toml", content: None }, put("d.toml", "d\n")], &author(), "Second\n")
        .unwrap();

    let repo = Repo::at(&path);
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    assert_eq!(
        repo.git(&["log", "--format=%H %an %ae %aI %cI %s"]),
        format!(
            "{second} Ada ada@example.com 2026-03-04T05:06:07Z 2026-03-04T05:06:07Z Second\n\
         {first} Ada ada@example.com 2026-03-04T05:06:07Z 2026-03-04T05:06:07Z First"
        )
    );
    assert_eq!(std::fs::read_to_string(path.join("d.toml")).unwrap(), "d\n");
    assert!(!path.join("a/b/c.toml").exists());
    assert!(matches!(Writer::init(&path, "trunk"), Err(GitError::Open { .. })), "a repository is not made twice");
    repo.git(&["fsck", "--strict"]);
}

#[test]
fn the_users_own_changes_are_left_alone() {
    let repo = Repo::new();
    let head = repo.commit(&[("a", "1\n"), ("b", "1\n"), ("c", "1\n")]);
    repo.write(&[("b", "mine\n"), ("c", "staged\n"), ("new", "untracked\n")]);
    repo.git(&["add", "c"]);
    let writer = Writer::open(&repo.path).unwrap();

    let refused = writer.commit("main", &[put("a", "2\n"), put("b", "2\n")], &author(), "no").unwrap_err();
    assert!(matches!(&refused, GitError::Dirty { paths, .. } if paths == &["b"]), "{refused}");
    assert!(refused.to_string().contains("commit or stash these first"));
    let refused = writer.commit("main", &[put("new", "2\n")], &author(), "no").unwrap_err();
    assert!(matches!(&refused, GitError::Dirty { paths, .. } if paths == &["new"]), "{refused}");
    assert_eq!(repo.head(), head);
    assert_eq!(std::fs::read_to_string(repo.path.join("a")).unwrap(), "1\n", "nothing or everything");

    writer.commit("main", &[put("a", "2\n")], &author(), "yes").unwrap();
    assert_eq!(repo.git(&["status", "--porcelain"]), " M b\nM  c\n?? new");
    assert_eq!(repo.git(&["show", "--format=", "--name-only", "HEAD"]), "a", "what is staged is not committed");
}

#[test]
fn another_branch_and_a_bare_repository_need_no_work_tree() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    repo.git(&["branch", "side"]);
    let writer = Writer::open(&repo.path).unwrap();
    let side = writer.commit("side", &[put("a", "side\n")], &author(), "side").unwrap();
    assert_eq!(repo.id("side"), side);
    assert_eq!(std::fs::read_to_string(repo.path.join("a")).unwrap(), "1\n");

    let bare = Repo::bare();
    let commit = Writer::open(&bare.path).unwrap().commit("main", &[put("x/y", "1\n")], &author(), "x").unwrap();
    assert_eq!(bare.git(&["show", "main:x/y"]), "1");
    let again = Writer::open(&bare.path).unwrap().commit("main", &[put("x/y", "1\n")], &author(), "x").unwrap();
    assert_eq!(again, commit, "nothing changed, so there is nothing to commit");
}

#[test]
fn an_executable_stays_one() {
    let repo = Repo::new();
    repo.commit(&[("run", "1\n")]);
    repo.git(&["update-index", "--chmod=+x", "run"]);
    repo.git(&["commit", "--quiet", "--message", "x"]);
    repo.git(&["checkout", "--quiet", "--", "run"]);
    Writer::open(&repo.path).unwrap().commit("main", &[put("run", "2\n")], &author(), "y").unwrap();
    assert!(repo.git(&["ls-tree", "HEAD", "run"]).starts_with("100755"));
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

#[test]
fn paths_and_branches_stay_inside() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    let writer = Writer::open(&repo.path).unwrap();
    for path in ["../x", "/x", ".git/config", "a/.GIT/x", "a//b", "", "a\\b"] {
        let refused = writer.commit("main", &[put(path, "1\n")], &author(), "no");
        assert!(matches!(refused, Err(GitError::Name { .. })), "{path}");
    }
    assert!(matches!(writer.commit("a..b", &[put("x", "1\n")], &author(), "no"), Err(GitError::Name { .. })));
}

#[test]
fn the_author_is_the_one_of_gits_configuration() {
    let repo = Repo::new();
    repo.git(&["config", "user.name", "Ada"]);
    repo.git(&["config", "user.email", "ada@example.com"]);
    assert_eq!(Writer::open(&repo.path).unwrap().author(author().time).unwrap(), author());
}
