//! A batch: some replications of one design, as numbers and as lines of text that can be checked when they are read back.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

/// What is kept of one replication.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Which.
    pub replication: u64,
    /// The digest of its run.
    pub digest: u128,
    /// One number for each metric; NaN where the run has none.
    pub values: Vec<f64>,
    /// How often each random failure struck.
    pub struck: Vec<u64>,
}

/// Replications of one design, one after the other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// In their order.
    pub rows: Vec<Row>,
}

/// What the first line of a batch says: whose it is. Nothing that is written elsewhere is taken for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of this shape.
    pub format: u32,
    /// The version of firedrill.
    pub firedrill_version: String,
    /// Hash of the scenario with everything that the design chooses and changes.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// The first replication.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// The metrics, in the order of the values.
    #[serde(rename = "measures")]
    pub metrics: Vec<String>,
    /// What fails at random, in the order of the counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    replication: u64,
    digest: String,
    values: Vec<Option<f64>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    struck: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
struct Footer {
    rows: usize,
    xxh3: String,
}

/// Why a text is not the batch that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// Cut off, or changed.
    #[error("it is damaged: its lines do not give the checksum at its end")]
    Damaged,
    /// Whole, but something else.
    #[error("it holds other results: another scenario, seed, version or other measures")]
    Other,
}

impl Batch {
    /// As text: a header, a line for each replication, a checksum over all of it.
    pub fn to_text(&self, header: &Header) -> String {
        let mut out = json(header);
        for row in &self.rows {
            let values = row.values.iter().map(|v| v.is_finite().then_some(*v)).collect();
            let (digest, struck) = (format!("{:032x}", row.digest), row.struck.clone());
            out.push_str(&json(&Line { replication: row.replication, digest, values, struck }));
        }
        let sum = format!("{:032x}", xxh3_128(out.as_bytes()));
        out.push_str(&json(&Footer { rows: self.rows.len(), xxh3: sum }));
        out
    }

    /// Reads a text back, if it is whole and what is expected.
    ///
    /// # Errors
    /// It is damaged, or the batch of something else.
    pub fn from_text(text: &str, expected: &Header) -> Result<Batch, BatchError> {
        let body = text.trim_end_matches('\n').rfind('\n').map(|end| text.split_at(end + 1));
        let (body, footer) = body.ok_or(BatchError::Damaged)?;
        let footer: Footer = serde_json::from_str(footer.trim_end()).map_err(|_| BatchError::Damaged)?;
        if footer.xxh3 != format!("{:032x}", xxh3_128(body.as_bytes())) {
            return Err(BatchError::Damaged);
        }
        let mut lines = body.lines();
        let header: Header = lines.next().and_then(|line| serde_json::from_str(line).ok()).ok_or(BatchError::Other)?;
        if header != *expected {
            return Err(BatchError::Other);
        }
        let mut rows = Vec::new();
        for (line, replication) in lines.zip(expected.first..) {
            let line: Line = serde_json::from_str(line).map_err(|_| BatchError::Other)?;
            let digest = u128::from_str_radix(&line.digest, 16).map_err(|_| BatchError::Other)?;
            let is_whole = line.values.len() == expected.metrics.len() && line.struck.len() == expected.failures.len();
            if line.replication != replication || !is_whole {
                return Err(BatchError::Other);
            }
            let values = line.values.into_iter().map(|v| v.unwrap_or(f64::NAN)).collect();
            rows.push(Row { replication, digest, values, struck: line.struck });
        }
        if rows.len() as u64 != expected.count { Err(BatchError::Other) } else { Ok(Batch { rows }) }
    }
}

/// Plain data on a line.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            format: 1,
            firedrill_version: "0.1.0".into(),
            scenario: "ab".into(),
            seed: 7,
            first: 100,
            count: 2,
            metrics: vec!["downtime".into(), "p99 latency".into()],
            failures: vec!["db".to_owned()],
        }
    }

    fn batch() -> Batch {
        let row = |replication, values: [f64; 2]| Row {
            replication,
            digest: 3 << 90,
            values: values.into(),
            struck: vec![1],
        };
        Batch { rows: vec![row(100, [0.1 + 0.2, f64::INFINITY]), row(101, [1e-300, 12_345_678.9])] }
    }

    #[test]
    fn what_is_written_is_read_back_to_the_bit() {
        let text = batch().to_text(&header());
        let back = Batch::from_text(&text, &header()).unwrap();
        assert!(back.rows[0].values[1].is_nan());
        assert_eq!((back.rows[0].values[0], back.rows[1].clone()), (0.1 + 0.2, batch().rows[1].clone()));
        assert_eq!(back.to_text(&header()), text);
    }

    #[test]
    fn no_digit_is_lost_on_the_way() {
        let mut stream = crate::rng::Stream::new(crate::rng::Luck { seed: 1, replication: 0 }, "batch", "values");
        for _ in 0..2_000 {
            let value = stream.uniform() * 1e9 * (stream.uniform() - 0.5);
            let row = Row { replication: 100, digest: 1, values: vec![value, 0.0], struck: vec![1] };
            let header = Header { count: 1, ..header() };
            let back = Batch::from_text(&Batch { rows: vec![row] }.to_text(&header), &header).unwrap();
            assert_eq!(back.rows[0].values[0].to_bits(), value.to_bits());
        }
    }

    #[test]
    fn whatever_is_cut_or_changed_is_noticed() {
        let text = batch().to_text(&header());
        for end in 0..text.len() - 1 {
            assert_eq!(Batch::from_text(&text[..end], &header()), Err(BatchError::Damaged), "cut at {end}");
        }
        let changed = text.replace("12345678.9", "12345678.8");
        assert_ne!(changed, text);
        assert_eq!(Batch::from_text(&changed, &header()), Err(BatchError::Damaged));
        let other = Header { seed: 8, ..header() };
        assert_eq!(Batch::from_text(&text, &other), Err(BatchError::Other));
    }
}
