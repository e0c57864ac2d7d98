//! Long lines, broken between words for a terminal of a given width.

/// Breaks the lines that are longer than `width`; what goes over is put under the beginning of their last column, which two or
/// more spaces stand before. Lines without columns stay as they are, and so do words. Escapes for colours count as nothing.
pub fn wrap(text: &str, width: usize) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| wrapped(line, width)).collect();
    lines.join("\n")
}

fn wrapped(line: &str, width: usize) -> String {
    let indent = last_column(line, width * 7 / 10);
    if indent == 0 || seen(line).count() <= width {
        return line.to_owned();
    }
    let (mut out, mut at) = (String::new(), 0);
    for (place, word) in line.split(' ').enumerate() {
        let long = seen(word).count();
        if place > 0 && long > 0 && at > indent && at + 1 + long > width {
            out.truncate(out.trim_end().len());
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            at = indent;
        } else if place > 0 {
            out.push(' ');
            at += 1;
        }
        out.push_str(word);
        at += long;
    }
    out
}

/// Where the last column begins that begins before `limit`; 0 if there are none.
fn last_column(line: &str, limit: usize) -> usize {
    let (mut column, mut spaces) = (0, 0);
    for (place, character) in seen(line).enumerate().take(limit) {
        if character == ' ' {
            spaces += 1;
        } else {
            if spaces > 1 {
                column = place;
            }
            spaces = 0;
        }
    }
    column
}

/// The characters that take room: all but the escapes for colours, which begin with ESC and end with a letter.
fn seen(text: &str) -> impl Iterator<Item = char> + '_ {
    let mut escape = false;
    text.chars().filter(move |character| match (escape, character) {
        (false, '\u{1b}') => {
            escape = true;
            false
        }
        (false, _) => true,
        (true, _) => {
            escape = !character.is_ascii_alphabetic();
            false
        }
    })
}
