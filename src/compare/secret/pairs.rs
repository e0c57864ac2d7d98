//! Names with their values inside a text: connection strings, queries, command lines, scripts, code, JSON, YAML, XML.
//!
//! One scanner for all of them: it looks for a word, what separates it from a value, and where the value ends. What the name
//! says is judged as everywhere ([`super::names`]). Where the end of a value is not certain, too much is hidden.

use std::ops::Range;

use super::hides;
use super::names::{Named, judge};
use super::reference::placeholder;

/// Adds the values of a text whose names say that they are secrets.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    connection(text, found);
    let mut at = 0;
    // A pair `"name": "DB_PASSWORD"` says what the next `"value"` is.
    let mut described = Named::Plain;
    while let Some(name) = next_name(text, at) {
        at = name.end.max(at + 1);
        let Some(pair) = Pair::read(text, &name) else { continue };
        let (Some(word), Some(value)) = (text.get(name), text.get(pair.value.clone())) else { continue };
        let lower = word.to_ascii_lowercase();
        let mut named = judge(word);
        match lower.as_str() {
            "name" | "key" | "parameterkey" | "optionname" | "headername"
                if pair.quoted || pair.between == Between::Colon && judge(value) > Named::Plain =>
            {
                described = judge(value);
                continue;
            }
            "value" | "parametervalue" | "headervalue" => {
                named = named.max(std::mem::replace(&mut described, Named::Plain))
            }
            _ => {}
        }
        let reads = pair.between == Between::Called && READS.iter().any(|read| lower.starts_with(read));
        if !reads && pair.fits(named) && hides(named, value) {
            let scheme = pair.scheme(value);
            found.push(pair.value.start + scheme..pair.value.end);
            at = pair.value.end.max(at);
        }
    }
}

/// Beginnings of functions that are given a secret's name, or the words to ask for it.
const READS: &[&str] = &[
    "get", "read", "fetch", "load", "find", "lookup", "resolve", "require", "ask", "prompt", "input", "check",
    "validate", "hash",
];

/// `Server=db;User ID=u;Password=p;` of ADO.NET, ODBC, Azure and JDBC for SQL Server: names may have spaces, values `=`.
fn connection(text: &str, found: &mut Vec<Range<usize>>) {
    if text.contains('\n') || text.split(';').filter(|part| part.contains('=')).count() < 2 {
        return;
    }
    let mut begin = 0;
    for part in text.split(';') {
        if let Some((name, value)) = part.split_once('=') {
            let from = begin + name.len() + 1;
            let quoted = value.len() > 1 && value.starts_with(['"', '\'', '{']);
            let range = if quoted { from + 1..from + value.len() - 1 } else { from..from + value.len() };
            let plain = name.trim().chars().all(|c| c.is_ascii_alphanumeric() || " _-.".contains(c));
            let named = if plain { judge(name) } else { Named::Plain };
            if named > Named::Login && text.get(range.clone()).is_some_and(|value| hides(named, value)) {
                found.push(range);
            }
        }
        begin += part.len() + 1;
    }
}

fn of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// The next word that could be a name.
fn next_name(text: &str, at: usize) -> Option<Range<usize>> {
    let at = (at..=text.len()).find(|at| text.is_char_boundary(*at))?;
    let rest = text.get(at..)?;
    let begin = at + rest.find(of_name)?;
    let rest = text.get(begin..)?;
    Some(begin..begin + rest.find(|c| !of_name(c)).unwrap_or(rest.len()))
}

/// How a value follows its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Between {
    /// `=`, `:=`, `=>`.
    Equals,
    /// `==`, or a comma between arguments: only what is in quotes is a value.
    Compared,
    /// `(`, with the value as the first argument.
    Called,
    /// `: `, or `:` after a name in quotes.
    Colon,
    /// `:` with the value behind it, which many other things are written with.
    Tight,
    /// A space, behind an option.
    Option,
    /// A space, before a text in quotes or a word that looks random.
    Space,
    /// `>`.
    Element,
}

/// A value that belongs to a name.
struct Pair {
    between: Between,
    value: Range<usize>,
    /// Quotes stand around the value.
    quoted: bool,
    /// Spaces stand around the sign.
    spaced: bool,
    /// The value, if it is not in quotes, is code or a word of a sentence.
    code: bool,
}

impl Pair {
    fn read(text: &str, name: &Range<usize>) -> Option<Self> {
        let before = text.get(..name.start)?;
        let quote = before.chars().next_back().filter(|c| matches!(c, '"' | '\'' | '`'));
        let mut rest = text.get(name.end..)?;
        let mut closed = false;
        if let Some(quote) = quote {
            let bare = rest.strip_prefix('\\').unwrap_or(rest);
            if let Some(behind) = bare.strip_prefix(quote) {
                rest = behind;
                closed = true;
            }
        }
        let option = text.get(name.clone())?.starts_with('-');
        let behind = rest.trim_start_matches([' ', '\t']);
        let gap = behind.len() < rest.len();
        let (between, behind) = between(behind, before, gap, closed, option)?;
        let value = behind.trim_start_matches([' ', '\t']);
        let spaced = gap || value.len() < behind.len();
        let from = text.len() - value.len();
        let line_start =
            before.rsplit('\n').next().unwrap_or("").trim_start_matches([' ', '\t', '-', '"', '\'']).is_empty();
        let open = quote.filter(|_| !closed);
        let (value, quoted) = extent(value, between, spaced, line_start, open);
        let value = from + value.start..from + value.end;
        let prose = between == Between::Colon && !closed && !quoted && !line_start && open.is_none();
        let prose = prose && is_prose(text.get(value.clone())?, text.get(value.end..)?);
        let code = prose || !quoted && is_code(text.get(value.start..)?, spaced);
        (!value.is_empty()).then_some(Self { between, value, quoted, spaced, code })
    }

    /// Whether what stands between is enough for a name that says so much.
    fn fits(&self, named: Named) -> bool {
        match self.between {
            Between::Equals | Between::Colon | Between::Element => !self.code,
            Between::Compared => self.quoted,
            Between::Called => self.quoted && named == Named::Password,
            Between::Option => named > Named::Perhaps,
            Between::Tight | Between::Space => named > Named::Login && (self.quoted || !self.spaced || !self.code),
        }
    }

    /// The bytes of a scheme before the secret, as in `Authorization: Bearer …`.
    fn scheme(&self, value: &str) -> usize {
        ["Bearer ", "bearer ", "Basic ", "basic ", "Token ", "token ", "ApiKey "]
            .iter()
            .find(|scheme| value.starts_with(**scheme) && value.len() > scheme.len())
            .map_or(0, |scheme| scheme.len())
    }
}

/// What separates a name from what follows, and what is behind it.
fn between<'t>(rest: &'t str, before: &str, gap: bool, closed: bool, option: bool) -> Option<(Between, &'t str)> {
    for (sign, between) in
        [("=>", Between::Equals), (":=", Between::Equals), ("==", Between::Compared), ("=", Between::Equals)]
    {
        if let Some(behind) = rest.strip_prefix(sign) {
            return Some((between, behind));
        }
    }
    if let Some(behind) = rest.strip_prefix(':') {
        let next = behind.chars().next()?;
        let start = before.chars().next_back().is_none_or(|c| c.is_whitespace() || "\"'`{,(;&?".contains(c));
        return match next {
            '/' | ':' | '\n' => None,
            _ if closed || next.is_whitespace() => Some((Between::Colon, behind)),
            '"' | '\'' | '\\' => Some((Between::Colon, behind)),
            // An image `token:1.4` or a host `auth:8080` is none.
            next if start && !next.is_ascii_digit() && !gap => {
                let length = behind.find(|c: char| c.is_whitespace() || "\"'`,;&".contains(c)).unwrap_or(behind.len());
                (length >= 4 && !behind.starts_with('v')).then_some((Between::Tight, behind))
            }
            _ => None,
        };
    }
    // `define('DB_PASSWORD', 'x')` and `.password("x")`.
    let argument = closed && before.get(..before.len().saturating_sub(1)).is_some_and(|before| before.ends_with('('));
    if let Some(behind) = rest.strip_prefix(',').filter(|_| argument) {
        return Some((Between::Compared, behind));
    }
    if !gap && let Some(behind) = rest.strip_prefix('(') {
        return Some((Between::Called, behind));
    }
    if before.ends_with('<')
        && let Some(behind) = rest.strip_prefix('>')
    {
        return Some((Between::Element, behind));
    }
    if !gap || closed {
        return None;
    }
    let word = rest.split_whitespace().next()?;
    if option && !word.starts_with('-') {
        return Some((Between::Option, rest));
    }
    let quoted = rest.starts_with(['"', '\'']) && !option;
    (quoted || super::reference::looks_random(word)).then_some((Between::Space, rest))
}

/// Where a value begins and ends in what follows a sign, and whether quotes stand around it.
fn extent(rest: &str, between: Between, spaced: bool, line_start: bool, open: Option<char>) -> (Range<usize>, bool) {
    if between == Between::Element {
        return (0..rest.find('<').unwrap_or(rest.len()), false);
    }
    if open.is_some_and(|quote| rest.starts_with(quote)) {
        return (0..0, false);
    }
    let escaped = rest.strip_prefix('\\').filter(|bare| bare.starts_with(['"', '\'']));
    let bare = escaped.unwrap_or(rest);
    if let Some(quote) = bare.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) {
        let begin = rest.len() - bare.len() + 1;
        let inside = rest.get(begin..).unwrap_or("");
        return (begin..begin + closing(inside, quote, escaped.is_some()), true);
    }
    if let Some(end) = open.and_then(|quote| rest.find(quote)) {
        return (0..end - usize::from(rest.get(..end).is_some_and(|value| value.ends_with('\\'))), false);
    }
    let line = rest.find(['\n', '\r']).or_else(|| rest.find("\\n")).unwrap_or(rest.len());
    let rest = rest.get(..line).unwrap_or(rest);
    let whole_line = line_start && (between == Between::Colon || between == Between::Equals && spaced);
    let end = if whole_line { rest.len() } else { word(rest) };
    let value = rest.get(..end).unwrap_or("");
    let end = if whole_line { value.find(" #").unwrap_or(end) } else { end };
    let value = value.get(..end).unwrap_or("").trim_end();
    (0..value.len() - unopened(value), false)
}

/// The bytes at the end of a value that belong to what it stands in: separators, and brackets that it does not open.
fn unopened(value: &str) -> usize {
    let mut left = value;
    while let Some(last) = left.chars().next_back() {
        let opens = match last {
            ')' => '(',
            ']' => '[',
            '}' => '{',
            ',' | ';' | '|' => last,
            _ => break,
        };
        if opens != last && left.matches(opens).count() >= left.matches(last).count() {
            break;
        }
        left = left.get(..left.len() - 1).unwrap_or("");
    }
    value.len() - left.len()
}

/// The bytes up to the quote that closes a text.
fn closing(inside: &str, quote: char, escaped: bool) -> usize {
    let mut last = ' ';
    for (at, character) in inside.char_indices() {
        if character == quote && (last == '\\') == escaped {
            return at - usize::from(escaped);
        }
        last = if last == '\\' && character == '\\' { ' ' } else { character };
    }
    inside.len()
}

/// The bytes of a value without quotes: to a space or a quote, or to a sign behind which another pair begins.
fn word(rest: &str) -> usize {
    let mut from = 0;
    while let Some(character) = rest.get(from..).and_then(|rest| rest.chars().next()) {
        let here = rest.get(from..).unwrap_or("");
        if let Some(length) = placeholder(here) {
            from += length;
            continue;
        }
        if character.is_whitespace() || matches!(character, '"' | '\'' | '`') {
            return from;
        }
        if matches!(character, ',' | ';' | '&' | '#') {
            let next = here.get(1..).unwrap_or("").trim_start();
            let name = next.find(|c| !of_name(c)).unwrap_or(next.len());
            let sign = next.get(name..).is_some_and(|sign| sign.starts_with(['=', ':']));
            if name > 0 && sign || next.is_empty() {
                return from;
            }
        }
        from += character.len_utf8();
    }
    rest.len()
}

/// Whether a value is a word of a sentence that goes on.
fn is_prose(value: &str, behind: &str) -> bool {
    let more = behind.strip_prefix(' ').is_some_and(|more| more.starts_with(char::is_alphabetic));
    more && value.chars().all(|c| c.is_ascii_lowercase())
}

/// Whether a value is code that fetches it: `os.environ["X"]`, `get_secret(…)`, `process.env.X`.
fn is_code(value: &str, spaced: bool) -> bool {
    const ROOTS: &[&str] = &[
        "os", "process", "self", "this", "config", "settings", "args", "env", "event", "ctx", "context", "props",
        "options", "opts", "params", "request", "req", "data", "var", "local", "module", "each", "secrets", "Deno",
        "System", "import", "await", "new",
    ];
    let length = value.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(value.len());
    let (Some(word), Some(behind)) = (value.get(..length), value.get(length..)) else { return false };
    let root = word.split('.').next().unwrap_or("");
    if !word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return false;
    }
    let called = behind.starts_with(['(', '[']);
    let text = behind.get(1..).is_some_and(|inside| inside.starts_with(['"', '\'', ')']));
    called && (spaced || text) || ROOTS.contains(&root) && (word.contains('.') || behind.starts_with(' '))
}
