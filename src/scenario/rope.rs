//! A text in pieces that know where in the file they were written.

use std::ops::Range;

/// A text in pieces that know where they came from.
#[derive(Debug, Clone)]
pub(super) struct Rope {
    pieces: Vec<Piece>,
}

/// A piece of it.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) origin: Origin,
}

/// Where a piece came from.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// Copied from the file at this offset.
    File(usize),
    /// Written by us or on the command line, in the place of this part of the file.
    Instead(Range<usize>),
}

impl Rope {
    pub(super) fn new(text: &str) -> Rope {
        Rope { pieces: vec![Piece { text: text.to_owned(), origin: Origin::File(0) }] }
    }

    pub(super) fn of(pieces: Vec<Piece>) -> Rope {
        Rope { pieces }
    }

    pub(super) fn text(&self) -> String {
        self.pieces.iter().map(|p| p.text.as_str()).collect()
    }

    pub(super) fn is_changed(&self) -> bool {
        self.pieces.len() > 1
    }

    /// Where a part of this text is in the file.
    pub(super) fn original(&self, span: Range<usize>) -> Range<usize> {
        let start = self.at(span.start, false);
        if span.is_empty() {
            return start.start..start.start;
        }
        let end = self.at(span.end, true);
        if end.end > start.start { start.start..end.end } else { start }
    }

    /// The place in the file of one offset; with `before`, of the byte before it.
    fn at(&self, offset: usize, before: bool) -> Range<usize> {
        let mut start = 0;
        let mut last = 0..0;
        for piece in &self.pieces {
            let end = start + piece.text.len();
            let inside = if before { offset > start && offset <= end } else { offset >= start && offset < end };
            match &piece.origin {
                Origin::File(at) if inside => return at + offset - start..at + offset - start,
                Origin::Instead(range) if inside => return range.clone(),
                Origin::File(at) => last = at + piece.text.len()..at + piece.text.len(),
                Origin::Instead(range) => last = range.clone(),
            }
            start = end;
        }
        last.end..last.end
    }

    /// The pieces of one part of the text.
    pub(super) fn slice(&self, span: Range<usize>) -> Vec<Piece> {
        let mut start = 0;
        let mut slice = Vec::new();
        for piece in &self.pieces {
            let end = start + piece.text.len();
            let (from, to) = (span.start.max(start), span.end.min(end));
            if from < to {
                let origin = match &piece.origin {
                    Origin::File(at) => Origin::File(at + from - start),
                    Origin::Instead(range) => Origin::Instead(range.clone()),
                };
                slice.push(Piece { text: piece.text[from - start..to - start].to_owned(), origin });
            }
            start = end;
        }
        slice
    }

    /// Replaces several parts that stand one after the other and do not overlap.
    pub(super) fn replace_all(&mut self, changes: Vec<(Range<usize>, Vec<Piece>)>) {
        let old = std::mem::take(&mut self.pieces);
        let mut changes = changes.into_iter().peekable();
        let mut start = 0;
        // What comes before this has been copied or replaced.
        let mut done = 0;
        for piece in old {
            let end = start + piece.text.len();
            let keeps_all = done <= start && changes.peek().is_none_or(|(span, _)| span.start >= end);
            if keeps_all {
                done = end;
                self.pieces.push(piece);
                start = end;
                continue;
            }
            loop {
                let next = changes.peek().map_or(end, |(span, _)| span.start.min(end));
                if done.max(start) < next {
                    let from = done.max(start);
                    let origin = match &piece.origin {
                        Origin::File(at) => Origin::File(at + from - start),
                        Origin::Instead(range) => Origin::Instead(range.clone()),
                    };
                    self.pieces.push(Piece { text: piece.text[from - start..next - start].to_owned(), origin });
                    done = next;
                }
                let Some((span, by)) = changes.next_if(|(span, _)| span.start < end) else { break };
                self.pieces.extend(by);
                done = done.max(span.end);
            }
            start = end;
        }
        changes.for_each(|(_, by)| self.pieces.extend(by));
    }

    pub(super) fn replace(&mut self, span: Range<usize>, by: Vec<Piece>) {
        let len = self.pieces.iter().map(|p| p.text.len()).sum();
        let mut pieces = self.slice(0..span.start);
        pieces.extend(by);
        pieces.extend(self.slice(span.end..len));
        self.pieces = pieces;
    }
}
