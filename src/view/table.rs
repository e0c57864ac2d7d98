//! Columns of text that line up.

/// Lines of cells; the last cell of a line may have several lines of its own.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Vec<Cell>>,
}

/// A cell: its text, and the same text as it is drawn.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// What its width is counted from.
    pub plain: String,
    /// What is written.
    pub drawn: String,
}

impl Cell {
    /// A cell that is drawn as it is.
    pub fn plain(text: impl Into<String>) -> Self {
        let plain = text.into();
        Self { drawn: plain.clone(), plain }
    }
}

impl Table {
    /// Adds a line.
    pub fn push(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// The lines, each column as wide as its widest cell, two spaces between columns, none at the ends of lines.
    pub fn draw(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.plain.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                line.push_str(&cell.drawn);
                let fill = widths[column].saturating_sub(cell.plain.chars().count()) + 2;
                line.push_str(&" ".repeat(fill));
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}
