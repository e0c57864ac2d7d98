//! Names, manifests, challenges and docker's configuration file, as tables.

use landfall::registry::auth::{Challenge, DockerConfig, Found};
use landfall::registry::manifest::{digest_of, read};
use landfall::registry::{Login, RepositoryName};

#[test]
fn a_name_means_a_registry() {
    for (name, base, path, key) in [
        ("registry.example.com/team/app", "https://registry.example.com", "team/app", "registry.example.com"),
        ("registry.example.com:5000/app", "https://registry.example.com:5000", "app", "registry.example.com:5000"),
        ("localhost/app", "http://localhost", "app", "localhost"),
        ("127.0.0.1:5000/a/b", "http://127.0.0.1:5000", "a/b", "127.0.0.1:5000"),
        ("[::1]:5000/app", "http://[::1]:5000", "app", "[::1]:5000"),
        ("team/app", "https://registry-1.docker.io", "team/app", "https://index.docker.io/v1/"),
        ("nginx", "https://registry-1.docker.io", "library/nginx", "https://index.docker.io/v1/"),
        ("docker.io/library/nginx", "https://registry-1.docker.io", "library/nginx", "https://index.docker.io/v1/"),
        // A name that begins like an address of this machine is none.
        ("127.0.0.1.example.com/app", "https://127.0.0.1.example.com", "app", "127.0.0.1.example.com"),
    ] {
        let read = RepositoryName::parse(name).unwrap();
        assert_eq!((&*read.base(), read.path(), read.credentials_key()), (base, path, key), "{name}");
    }
    for (name, why) in [
        ("", "lower-case"),
        ("example.com/", "lower-case"),
        ("example.com/App", "lower-case"),
        ("example.com/a//b", "lower-case"),
        ("example.com/../b", "lower-case"),
        ("example.com/a?b", "lower-case"),
        ("example.com/app:1.0", "tag"),
        ("example.com/app@sha256:1", "tag"),
        ("user@example.com/app", "host"),
        ("example.com:port/app", "host"),
        ("[example.com]:1/app", "host"),
        ("exa\u{7}mple.com/app", "host"),
    ] {
        let error = RepositoryName::parse(name).unwrap_err().to_string();
        assert!(error.contains(why), "{name}: {error}");
    }
}

fn digest(digit: &str) -> String {
    format!("sha256:{}", digit.repeat(64))
}

#[test]
fn an_index_has_a_digest_for_every_platform() {
    let entry = |digit: &str, platform: &str, more: &str| {
        format!(r#"{{"digest":"{}","platform":{platform}{more}}}"#, digest(digit))
    };
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{},{},{},{},{}]}}"#,
        entry("a", r#"{"os":"linux","architecture":"amd64"}"#, ""),
        entry("b", r#"{"os":"linux","architecture":"arm64","variant":"v8"}"#, ""),
        entry("c", r#"{"os":"windows","architecture":"amd64","os.version":"10.0.20348.2113"}"#, ""),
        entry("d", r#"{"os":"unknown","architecture":"unknown"}"#, ""),
        entry("e", r#"{"os":"linux","architecture":"s390x"}"#, r#","annotations":{"vnd.docker.reference.type":"x"}"#),
    );
    let image = read(index.as_bytes(), Some(&digest_of(index.as_bytes()))).unwrap();
    let platforms: Vec<(&str, &str)> = image.platforms.iter().map(|(name, digest)| (&**name, &**digest)).collect();
    let expected = [("linux/amd64", "a"), ("linux/arm64/v8", "b"), ("windows/amd64/10.0.20348.2113", "c")];
    let expected = expected.map(|(name, digit)| (name, digest(digit)));
    assert_eq!(platforms, expected.iter().map(|(name, digest)| (*name, digest.as_str())).collect::<Vec<_>>());
    assert_eq!(image.digest, digest_of(index.as_bytes()));
}

#[test]
fn one_image_has_one_digest() {
    let manifest = br#"{"schemaVersion":2,"config":{},"layers":[]}"#;
    let image = read(manifest, None).unwrap();
    assert_eq!(image.digest, digest_of(manifest));
    assert!(image.platforms.is_empty());
    // SHA-256 of nothing, as FIPS 180-4's examples have it.
    assert_eq!(&*digest_of(b""), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

#[test]
fn what_is_no_manifest_is_said_to_be_none() {
    let other = digest("0");
    for (text, claimed, why) in [
        ("", None, "not a manifest"),
        ("<html>", None, "not a manifest"),
        ("[]", None, "not a manifest"),
        ("{}", None, "a manifest of neither an image nor an index of images"),
        (r#"{"schemaVersion":1,"fsLayers":[]}"#, None, "a manifest of neither an image nor an index of images"),
        (r#"{"config":{},"layers":[]}"#, Some(other.as_str()), "announced sha256:0000"),
        (
            r#"{"manifests":[{"digest":"sha256:1","platform":{"os":"linux","architecture":"arm"}}]}"#,
            None,
            "the digest `sha256:1`",
        ),
        (
            r#"{"manifests":[{"digest":"D","platform":{"os":"li\nux","architecture":"arm"}}]}"#,
            None,
            "the platform `li\\nux`",
        ),
    ] {
        let text = text.replace("\"D\"", &format!("\"{}\"", digest("a")));
        let error = read(text.as_bytes(), claimed).unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn a_challenge_says_what_is_wanted() {
    let full = r#"Bearer realm="https://auth.example.com/token",service="registry",scope="repository:a/b:pull,push""#;
    let bearer = |realm: &str, service: Option<&str>, scope: Option<&str>| Challenge::Bearer {
        realm: realm.to_owned(),
        service: service.map(str::to_owned),
        scope: scope.map(str::to_owned),
    };
    for (header, expected) in [
        ("Basic realm=\"x\"", Some(Challenge::Basic)),
        ("basic", Some(Challenge::Basic)),
        (full, Some(bearer("https://auth.example.com/token", Some("registry"), Some("repository:a/b:pull,push")))),
        ("bearer realm=https://x/t, service=y", Some(bearer("https://x/t", Some("y"), None))),
        ("Bearer realm=\"unclosed", Some(bearer("unclosed", None, None))),
        ("Bearer service=\"y\"", None),
        ("Negotiate abc", None),
        ("", None),
    ] {
        assert_eq!(Challenge::parse(header), expected, "{header}");
    }
}

#[test]
fn docker_keeps_credentials_in_several_places() {
    let config = DockerConfig::parse(
        r#"{"auths":{"registry.example.com":{"auth":"YWRhOnMzY3JldDp4"},"https://index.docker.io/v1/":{"auth":"YWRhOnB3"},
        "http://old.example.com/v1/":{"auth":"YWRhOnB3"},"token.example.com":{"identitytoken":"refresh"},
        "empty.example.com":{},"odd.example.com":{"auth":"!!"}},
        "credHelpers":{"own.example.com":"own-login","bad.example.com":"../../bin/sh"}}"#,
    )
    .unwrap();
    let ada = |password: &str| Some(Found::Here(Login::of("ada", password)));
    for (key, expected) in [
        ("registry.example.com", ada("s3cret:x")),
        ("https://index.docker.io/v1/", ada("pw")),
        ("old.example.com", ada("pw")),
        ("token.example.com", Some(Found::Here(Login::Identity("refresh".to_owned())))),
        ("own.example.com", Some(Found::Helper("own-login".to_owned()))),
        ("empty.example.com", None),
        ("other.example.com", None),
    ] {
        assert_eq!(config.find(key).unwrap(), expected, "{key}");
    }
    assert!(config.find("odd.example.com").unwrap_err().contains("base64"));
    assert!(config.find("bad.example.com").unwrap_err().contains("not the name of a credential helper"));
    let stored = DockerConfig::parse(r#"{"auths":{"a.example.com":{}},"credsStore":"desktop"}"#).unwrap();
    assert_eq!(stored.find("a.example.com").unwrap(), Some(Found::Helper("desktop".to_owned())));
    assert!(DockerConfig::parse("{").is_err() && DockerConfig::parse("{\"auths\":1}").is_err());
    assert_eq!(Login::of("<token>", "x"), Login::Identity("x".to_owned()));
    assert!(!format!("{:?}", Login::of("ada", "s3cret")).contains("s3cret"));
}
