//! Values that stand for a secret without being it, and values that are clearly not a secret.

use super::OPAQUE;

/// Where references to secrets of other systems begin.
const SCHEMES: &[&str] = &[
    "ssm://",
    "ssm:",
    "secretsmanager://",
    "secretsmanager:",
    "aws-sm://",
    "awssm://",
    "sm://",
    "asm:",
    "op://",
    "vault://",
    "vault:",
    "keyvault://",
    "@Microsoft.KeyVault(",
    "kms://",
    "file://",
    "file:",
    "s3://",
    "gs://",
    "env://",
    "env:",
    "secretref:",
    "alias/",
    "akv://",
    "gcpsm://",
    "berglas://",
    "sops://",
    "doppler://",
    "infisical://",
    "bws://",
];

/// Settings of what is called a token, a credential or an authentication.
const SETTINGS: &[&str] = &[
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "none",
    "null",
    "undefined",
    "enabled",
    "disabled",
    "enable",
    "disable",
    "required",
    "optional",
    "default",
    "auto",
    "always",
    "never",
    "any",
    "all",
    "local",
    "basic",
    "bearer",
    "oauth",
    "oauth2",
    "oidc",
    "saml",
    "jwt",
    "header",
    "cookie",
    "query",
    "body",
    "plain",
    "login",
    "md5",
    "scram",
    "scram-sha-256",
    "scram-sha-512",
    "seconds",
    "minutes",
    "hours",
    "days",
    "iam",
    "aws_iam",
    "token",
    "tokens",
    "secret",
    "credential",
    "credentials",
    "digest",
    "ldap",
    "kerberos",
    "anonymous",
    "inherit",
    "managed",
    "external",
    "internal",
    "development",
    "production",
    "staging",
    "opaque",
    "reference",
    "include",
    "omit",
    "same-origin",
    "environment",
    "instance-profile",
    "static",
    "dynamic",
    "rotating",
    "hs256",
    "hs512",
    "rs256",
    "es256",
];

/// Whether a text only refers to a secret: a dynamic reference, an ARN, a path, a placeholder; or is empty or masked.
pub(super) fn is_reference(text: &str) -> bool {
    let text = text.trim();
    let masked =
        text.chars().all(|c| matches!(c, '*' | '•' | '.' | '…')) || matches!(text, "(hidden)" | "(hidden, changed)");
    masked
        || is_public_key(text)
        || is_arn(text)
        || is_filled(text)
        || SCHEMES.iter().any(|scheme| starts(text, scheme))
        || is_variable(text)
        || is_path(text)
}

/// Whether the text is a word of a setting.
pub(super) fn is_setting(text: &str) -> bool {
    SETTINGS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether the text is the word of a switch.
pub(super) fn is_switch(text: &str) -> bool {
    matches!(text, "true" | "false" | "True" | "False" | "null")
}

fn starts(text: &str, beginning: &str) -> bool {
    text.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
        && text.len() > beginning.len()
}

/// What everyone may have: a public key or a certificate.
fn is_public_key(text: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "ssh-rsa AAAA",
        "ssh-ed25519 AAAA",
        "ecdsa-sha2-nistp",
        "-----BEGIN PUBLIC KEY",
        "-----BEGIN RSA PUBLIC KEY",
        "-----BEGIN CERTIFICATE",
    ];
    BEGINNINGS.iter().any(|beginning| text.starts_with(beginning)) && !text.contains("PRIVATE KEY")
}

fn is_arn(text: &str) -> bool {
    text.strip_prefix("arn:").is_some_and(|rest| rest.matches(':').count() >= 4 || rest.contains(OPAQUE))
}

/// Whether a text is made of placeholders and what joins them.
fn is_filled(text: &str) -> bool {
    let rest = without_placeholders(text);
    rest.len() < text.len() && !rest.chars().any(char::is_alphanumeric)
}

/// The text without `{{resolve:…}}`, `{{…}}`, `${…}`, `#{…}`, `$(…)`, `<…>` and what CloudFormation joins to it.
fn without_placeholders(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let length = placeholder(rest).unwrap_or(0);
        if length == 0 {
            out.push(character);
        }
        rest = rest.get(length.max(character.len_utf8())..).unwrap_or("");
    }
    out
}

/// How long the placeholder is that a text begins with, in bytes.
pub(super) fn placeholder(text: &str) -> Option<usize> {
    if text.starts_with(OPAQUE) {
        return Some(OPAQUE.len_utf8());
    }
    const FORMS: &[(&str, &str)] = &[("{{", "}}"), ("${", "}"), ("#{", "}"), ("$(", ")"), ("<", ">")];
    let (begin, end) = FORMS.iter().find(|(begin, _)| text.starts_with(begin))?;
    let rest = text.get(begin.len()..)?;
    let close = rest.find(end)?;
    let inside = rest.get(..close)?;
    // A shell's default may be the secret itself, and `<` also compares.
    let fine = match *begin {
        "${" => !inside.contains([':', '-', '=']) || inside.starts_with("AWS::"),
        "<" => !inside.is_empty() && inside.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '_' | ' ')),
        _ => true,
    };
    fine.then_some(begin.len() + close + end.len())
}

/// A shell's or Windows' variable.
fn is_variable(text: &str) -> bool {
    let name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    text.strip_prefix('$').is_some_and(name)
        || text.strip_prefix('%').and_then(|text| text.strip_suffix('%')).is_some_and(name)
}

/// A path of at least two parts that are words, like a parameter's name in SSM: `/storefront/production/db`, `~/.pgpass`.
fn is_path(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(['/', '~', '.']) else { return false };
    let parts: Vec<&str> = rest.trim_start_matches(['.', '/']).split('/').collect();
    let word = |part: &&str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '.' || c == OPAQUE)
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | OPAQUE))
            && !looks_random(part)
    };
    parts.iter().all(word) && (parts.len() > 1 || text.starts_with(['~', '.']))
}

/// Whether a text looks made by a machine so that it cannot be guessed: a run of at least 12 letters and digits that mix, in a text
/// of at least 16 characters without spaces. Names of files with an extension do not.
pub(super) fn looks_random(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "+/=_-.~:%!@#$^&*".contains(c);
    if text.len() < 16 || !text.chars().all(fits) {
        return false;
    }
    if text
        .rsplit_once('.')
        .is_some_and(|(_, end)| matches!(end, "zip" | "json" | "yaml" | "yml" | "jar" | "gz" | "pem" | "txt" | "tar"))
    {
        return false;
    }
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(mixes)
}

/// Whether digits and letters, or upper and lower case, change often within a word of at least 12 characters.
fn mixes(word: &str) -> bool {
    let class = |c: char| {
        if c.is_ascii_digit() {
            0
        } else if c.is_ascii_uppercase() {
            1
        } else {
            2
        }
    };
    let classes: Vec<u8> = word.chars().map(class).collect();
    let changes = classes.windows(2).filter(|pair| pair.first() != pair.last()).count();
    let digits = classes.iter().filter(|class| **class == 0).count();
    // CamelCase of words changes about as often, but has no digits within.
    word.len() >= 12 && changes * 5 >= word.len() && digits >= 2
}
