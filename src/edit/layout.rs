//! What a file has besides its text: a byte order mark and its kind of line ends.

/// The text of a file as it is edited: without a byte order mark, its lines ended by line feeds.
pub(super) fn plain(written: &str) -> String {
    without_mark(written).replace("\r\n", "\n")
}

fn without_mark(written: &str) -> &str {
    written.strip_prefix(MARK).unwrap_or(written)
}

const MARK: char = '\u{feff}';

/// An edited text as the file that it was has it: lines before and behind the edit end as they did, those between them as the
/// file's first line does.
pub(super) fn like(written: &str, edited: &str) -> String {
    let text = without_mark(written);
    let mark = if text.len() < written.len() { MARK.to_string() } else { String::new() };
    if !text.contains("\r\n") {
        return mark + edited;
    }
    let end = if text.split_inclusive('\n').next().is_some_and(|line| line.ends_with("\r\n")) { "\r\n" } else { "\n" };
    let old: Vec<&str> = text.split_inclusive('\n').collect();
    let new: Vec<&str> = edited.split_inclusive('\n').collect();
    let same = |pair: &(&&str, &&str)| pair.0.replace("\r\n", "\n") == **pair.1;
    let before = old.iter().zip(&new).take_while(same).count();
    let most = old.len().min(new.len()) - before;
    let behind = old.iter().rev().zip(new.iter().rev()).take(most).take_while(same).count();
    let between = new.iter().skip(before).take(new.len() - before - behind);
    let between = between.map(|line| line.strip_suffix('\n').map_or((*line).to_owned(), |line| format!("{line}{end}")));
    let kept = |lines: &[&str]| lines.concat();
    let (first, last) = (old.get(..before).unwrap_or(&[]), old.get(old.len() - behind..).unwrap_or(&[]));
    mark + &kept(first) + &between.collect::<String>() + &kept(last)
}
