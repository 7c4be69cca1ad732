//! Every replication as a row of a file: JSON lines or CSV, or Parquet where that is built in. Rows stand in the order of
//! replications, and within one in the order of the designs.

use super::files::{self, FileError};
use super::work::Watcher;
use firedrill::expect::Unit;
use firedrill::study::{Batch, Metric, Study};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file of rows that is being written: beside its place until it is whole.
pub struct Rows {
    path: PathBuf,
    part: PathBuf,
    labels: Vec<String>,
    format: Format,
}

enum Format {
    JsonLines {
        file: BufWriter<File>,
        metrics: Vec<String>,
    },
    Csv(Box<csv::Writer<BufWriter<File>>>),
    #[cfg(feature = "parquet")]
    Parquet(Box<super::parquet::ParquetFile>),
}

impl Rows {
    /// Begins a file; its name says in which format.
    pub fn create(path: &Path, study: &Study) -> Result<Rows, FileError> {
        let failed = |source| FileError::Write { path: path.to_owned(), source };
        let ends = path.extension().and_then(|end| end.to_str());
        let is_known = matches!(ends, Some("jsonl" | "csv")) || (cfg!(feature = "parquet") && ends == Some("parquet"));
        if !is_known {
            let known = if cfg!(feature = "parquet") { ".jsonl, .csv or .parquet" } else { ".jsonl or .csv" };
            let problem = format!("the name of a file of rows ends with {known}");
            return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, problem)));
        }
        let (part, file) = files::create_part(path).map_err(failed)?;
        let metrics: Vec<String> = study.metrics.iter().map(|metric| metric.name.clone()).collect();
        let format = match ends {
            Some("csv") => {
                let mut writer = csv::Writer::from_writer(BufWriter::new(file));
                let titles = ["replication", "design", "digest"].into_iter().map(str::to_owned);
                let mut seen = BTreeSet::new();
                let of_metrics = study.metrics.iter().map(title).map(|title| {
                    // Two objectives may differ in what no title has.
                    let mut again = (2..).map(|n| format!("{title}_{n}"));
                    if seen.insert(title.clone()) {
                        return title.clone();
                    }
                    again.find(|title| seen.insert(title.clone())).unwrap_or_default()
                });
                let written = writer.write_record(titles.chain(of_metrics.collect::<Vec<_>>()));
                written.map_err(|error| failed(error.into()))?;
                Format::Csv(Box::new(writer))
            }
            #[cfg(feature = "parquet")]
            Some("parquet") => {
                let writer = super::parquet::ParquetFile::new(file, &metrics);
                Format::Parquet(Box::new(writer.map_err(failed)?))
            }
            _ => Format::JsonLines { file: BufWriter::new(file), metrics },
        };
        let labels = study.designs.iter().map(|design| design.label.clone()).collect();
        Ok(Rows { path: path.to_owned(), part, labels, format })
    }

    fn write(&mut self, round: &[Option<Batch>]) -> io::Result<()> {
        let rows = round.iter().flatten().map(|batch| batch.rows.len()).max().unwrap_or(0);
        for at in 0..rows {
            for (label, batch) in self.labels.iter().zip(round) {
                let Some(row) = batch.as_ref().and_then(|batch| batch.rows.get(at)) else { continue };
                match &mut self.format {
                    Format::JsonLines { file, metrics } => {
                        let mut line = serde_json::Map::new();
                        line.insert("replication".into(), row.replication.into());
                        line.insert("design".into(), label.as_str().into());
                        line.insert("digest".into(), format!("{:032x}", row.digest).into());
                        for (name, value) in metrics.iter().zip(&row.values) {
                            line.insert(name.clone(), (*value).into());
                        }
                        serde_json::to_writer(&mut *file, &line)?;
                        file.write_all(b"\n")?;
                    }
                    Format::Csv(writer) => {
                        let shown = |value: &f64| if value.is_finite() { value.to_string() } else { String::new() };
                        let head = [row.replication.to_string(), label.clone(), format!("{:032x}", row.digest)];
                        writer.write_record(head.into_iter().chain(row.values.iter().map(shown)))?;
                    }
                    #[cfg(feature = "parquet")]
                    Format::Parquet(writer) => writer.add(label, row),
                }
            }
        }
        #[cfg(feature = "parquet")]
        if let Format::Parquet(writer) = &mut self.format {
            writer.flush()?;
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        match &mut self.format {
            Format::JsonLines { file, .. } => file.flush()?,
            Format::Csv(writer) => writer.flush()?,
            #[cfg(feature = "parquet")]
            Format::Parquet(writer) => writer.finish()?,
        }
        File::open(&self.part)?.sync_all()?;
        std::fs::rename(&self.part, &self.path)?;
        files::sweep_parts_of(&self.path);
        Ok(())
    }
}

/// A metric as the title of a column: one word, which ends with its unit where the name does not say it already.
fn title(metric: &Metric) -> String {
    let mut word = String::new();
    for c in metric.name.chars() {
        match c {
            c if c.is_alphanumeric() || c == '.' => word.push(c),
            _ if !word.ends_with('_') && !word.is_empty() => word.push('_'),
            _ => {}
        }
    }
    let word = word.trim_end_matches('_');
    let (unit, is_said) = match metric.unit {
        Unit::Seconds | Unit::Latency => ("s", word.ends_with("_s")),
        Unit::UserMinutes => ("min", word.contains("minutes")),
        Unit::Share => ("share", word.contains("availability") || word.contains("uptime")),
        Unit::Money => return format!("{word}_{}", metric.currency().unwrap_or("money")),
        _ => return word.to_owned(),
    };
    if is_said { word.to_owned() } else { format!("{word}_{unit}") }
}

impl Drop for Rows {
    fn drop(&mut self) {
        // Nothing half written stays; a whole file has its name by now.
        files::remove_part(&self.part);
    }
}

impl Watcher for Rows {
    fn round(&mut self, _: u64, round: &[Option<Batch>]) -> Result<(), FileError> {
        self.write(round).map_err(|source| FileError::Write { path: self.path.clone(), source })
    }

    fn finish(&mut self) -> Result<(), FileError> {
        self.end().map_err(|source| FileError::Write { path: self.path.clone(), source })
    }
}
