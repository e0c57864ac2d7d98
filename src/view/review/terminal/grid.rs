//! Tables for a terminal: columns that line up and fit, or rows below each other if there is no room for columns.

use super::super::blocks::{Line, Span};
use super::super::text::columns;
use super::flow::{Piece, lines, width_of, widths};
use super::{Screen, narrower, pieces};
use crate::view::style::{Style, Tone};

/// Between two columns.
const GAP: usize = 2;
/// A column is not made narrower than this, if what is in it is wider.
const NARROW: usize = 8;

/// Draws a table.
pub(super) fn table(head: &[Line], rows: &[Vec<Line>], screen: Screen) -> Vec<String> {
    let count = columns(head, rows);
    if count == 0 {
        return Vec::new();
    }
    let head = cells(head, count, |_| Some(Tone::Name));
    let rows: Vec<Vec<Vec<Piece>>> = rows.iter().map(|row| cells(row, count, tone)).collect();
    let all = || std::iter::once(&head).chain(&rows);
    let natural: Vec<usize> = (0..count)
        .map(|column| all().filter_map(|row| row.get(column)).map(|cell| widths(cell).1).max().unwrap_or(0))
        .collect();
    let Some(fitted) = fit(&natural, screen.width) else { return records(&head, &rows, screen) };
    let mut out = Vec::new();
    if head.iter().any(|cell| !cell.is_empty()) {
        out.extend(row(&head, &fitted, screen.style));
        let rules: Vec<String> = fitted.iter().map(|width| "─".repeat(*width)).collect();
        out.push(screen.style.paint(Tone::Faint, rules.join(&" ".repeat(GAP)).trim_end()));
    }
    let drawn: Vec<Vec<String>> = rows.iter().map(|cells| row(cells, &fitted, screen.style)).collect();
    // Empty lines separate rows of several lines.
    let tall = drawn.iter().any(|lines| lines.len() > 1);
    for (index, lines) in drawn.into_iter().enumerate() {
        if tall && index > 0 {
            out.push(String::new());
        }
        out.extend(lines);
    }
    out
}

fn tone(span: &Span) -> Option<Tone> {
    match span {
        Span::Text(_) => None,
        Span::Strong(_) => Some(Tone::Name),
        Span::Code(_) => Some(Tone::Moves),
    }
}

fn cells(row: &[Line], count: usize, tone: impl Fn(&Span) -> Option<Tone>) -> Vec<Vec<Piece>> {
    let nothing = Line::new();
    (0..count).map(|column| pieces(row.get(column).unwrap_or(&nothing), &tone, false)).collect()
}

/// Widths of columns that fit: those that are wider than their share get narrower, all to the same width. None if there is no
/// room for so many.
fn fit(natural: &[usize], width: usize) -> Option<Vec<usize>> {
    let room = width.checked_sub(GAP * natural.len().saturating_sub(1))?;
    let least: usize = natural.iter().map(|natural| (*natural).min(NARROW)).sum();
    if least > room {
        return None;
    }
    let total = |most: usize| natural.iter().map(|natural| (*natural).min(most)).sum::<usize>();
    // The widest that columns may be, found by halving: more would not fit.
    let (mut fits, mut over) = (NARROW, natural.iter().copied().max().unwrap_or(0).max(NARROW) + 1);
    while over - fits > 1 {
        let middle = fits + (over - fits) / 2;
        if total(middle) <= room { fits = middle } else { over = middle }
    }
    let mut widths: Vec<usize> = natural.iter().map(|natural| (*natural).min(fits)).collect();
    let mut left = room.saturating_sub(widths.iter().sum());
    for (fitted, natural) in widths.iter_mut().zip(natural) {
        if left > 0 && *fitted < *natural {
            *fitted += 1;
            left -= 1;
        }
    }
    Some(widths)
}

/// One row: as many lines as its tallest cell has.
fn row(cells: &[Vec<Piece>], fitted: &[usize], style: Style) -> Vec<String> {
    let drawn: Vec<Vec<(usize, String)>> =
        cells.iter().zip(fitted).map(|(cell, width)| cell_lines(cell, *width, style)).collect();
    let height = drawn.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let mut out = Vec::new();
    for index in 0..height {
        let (mut line, mut fill) = (String::new(), 0);
        for (cell, width) in drawn.iter().zip(fitted) {
            let (taken, text) = cell.get(index).map_or((0, ""), |(taken, text)| (*taken, text.as_str()));
            if taken > 0 {
                line.push_str(&" ".repeat(fill));
                line.push_str(text);
                fill = 0;
            }
            fill += width.saturating_sub(taken) + GAP;
        }
        out.push(line);
    }
    out
}

/// The lines of a cell, each with the columns that it takes.
fn cell_lines(cell: &[Piece], width: usize, style: Style) -> Vec<(usize, String)> {
    let plain = lines(cell, width, Style::PLAIN);
    let drawn = lines(cell, width, style);
    plain.iter().map(|line| width_of(line)).zip(drawn).collect()
}

/// Rows as records: the first cell, and below it the others, each after the head of its column.
fn records(head: &[Vec<Piece>], rows: &[Vec<Vec<Piece>>], screen: Screen) -> Vec<String> {
    let mut out = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            out.push(String::new());
        }
        for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            let name = head.get(column).filter(|name| column > 0 && !name.is_empty());
            let mut all = name.cloned().unwrap_or_default();
            if name.is_some() {
                all.push(Piece::new(None, ": ".to_owned()));
            }
            all.extend(cell.iter().cloned());
            let inner = if column > 0 { narrower(screen) } else { screen };
            let lines = lines(&all, inner.width, screen.style);
            let indent = if column > 0 { "  " } else { "" };
            out.extend(lines.into_iter().map(|line| format!("{indent}{line}")));
        }
    }
    out
}
