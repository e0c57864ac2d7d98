//! Values in the string of a `Fn::Sub`: what they say is never taken for a reference.
//!
//! `${Name}` in such a string is replaced, `${!Name}` becomes `${Name}` \[doc: "Fn::Sub"\]. So a `${` that comes from a
//! value, or that arises where a value meets the text around it, gets a `!`.

/// The string that some pieces make, each the template's `own` text or a value. None if a `${` in a value has no `}` in the
/// same value, because no documentation says what CloudFormation does then.
pub(super) fn escaped(pieces: &[(bool, String)]) -> Option<String> {
    let text: String = pieces.iter().map(|(_, piece)| piece.as_str()).collect();
    let owns = own_references(pieces);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = text.get(at..)?.find("${") {
        let begin = at + found;
        let inside = text.get(begin + 2..)?;
        out.push_str(text.get(at..begin + 2)?);
        let end = inside.find('}');
        let own = owns.contains(&begin);
        if !own {
            if end.is_none_or(|end| inside.get(..end).is_some_and(|inside| inside.contains("${"))) {
                return None;
            }
            out.push('!');
        }
        let length = end.map_or(inside.len(), |end| end + 1);
        out.push_str(inside.get(..length)?);
        at = begin + 2 + length;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// Where each `${` begins that is in one piece of the template's own.
fn own_references(pieces: &[(bool, String)]) -> Vec<usize> {
    let mut begin = 0;
    let mut found = Vec::new();
    for (own, piece) in pieces {
        if *own {
            found.extend(piece.match_indices("${").map(|(at, _)| begin + at));
        }
        begin += piece.len();
    }
    found
}
