//! Replications as a Parquet file: columns, compact and typed, for whoever analyses millions of them.

use ::parquet::basic::{LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::Type;
use firedrill::study::Row;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// Rows that are gathered before they are written as a group.
const GROUP_ROWS: usize = 50_000;

/// A Parquet file that is being written.
pub struct ParquetFile {
    writer: Option<SerializedFileWriter<File>>,
    replications: Vec<i64>,
    designs: Vec<ByteArray>,
    digests: Vec<ByteArray>,
    values: Vec<Vec<f64>>,
}

impl ParquetFile {
    /// Begins a file with a column for each metric.
    pub fn new(file: File, metrics: &[String]) -> io::Result<ParquetFile> {
        let begun = schema(metrics).and_then(|schema| {
            SerializedFileWriter::new(file, Arc::new(schema), Arc::new(WriterProperties::builder().build()))
        });
        Ok(ParquetFile {
            writer: Some(begun.map_err(io::Error::other)?),
            replications: Vec::new(),
            designs: Vec::new(),
            digests: Vec::new(),
            values: vec![Vec::new(); metrics.len()],
        })
    }

    /// One more row.
    pub fn add(&mut self, design: &str, row: &Row) {
        self.replications.push(i64::try_from(row.replication).unwrap_or(i64::MAX));
        self.designs.push(ByteArray::from(design));
        self.digests.push(ByteArray::from(format!("{:032x}", row.digest).as_str()));
        self.values.iter_mut().zip(&row.values).for_each(|(column, value)| column.push(*value));
    }

    /// Writes what has been gathered, where that is enough for a group.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.replications.len() >= GROUP_ROWS { self.write().map_err(io::Error::other) } else { Ok(()) }
    }

    /// Writes what is left, and the end of the file.
    pub fn finish(&mut self) -> io::Result<()> {
        if !self.replications.is_empty() {
            self.write().map_err(io::Error::other)?;
        }
        match self.writer.take() {
            Some(writer) => writer.close().map(drop).map_err(io::Error::other),
            None => Ok(()),
        }
    }

    fn write(&mut self) -> Result<(), ParquetError> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let mut group = writer.next_row_group()?;
        let mut at = 0;
        while let Some(mut column) = group.next_column()? {
            match at {
                0 => column.typed::<Int64Type>().write_batch(&self.replications, None, None)?,
                1 => column.typed::<ByteArrayType>().write_batch(&self.designs, None, None)?,
                2 => column.typed::<ByteArrayType>().write_batch(&self.digests, None, None)?,
                metric => {
                    let values = &self.values[metric - 3];
                    // What a run does not have is null.
                    let there: Vec<i16> = values.iter().map(|value| i16::from(value.is_finite())).collect();
                    let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
                    column.typed::<DoubleType>().write_batch(&finite, Some(&there), None)?
                }
            };
            column.close()?;
            at += 1;
        }
        group.close()?;
        self.replications.clear();
        self.designs.clear();
        self.digests.clear();
        self.values.iter_mut().for_each(Vec::clear);
        Ok(())
    }
}

fn schema(metrics: &[String]) -> Result<Type, ParquetError> {
    let text = |name: &str| {
        let builder = Type::primitive_type_builder(name, Physical::BYTE_ARRAY).with_repetition(Repetition::REQUIRED);
        builder.with_logical_type(Some(LogicalType::String)).build()
    };
    let whole = Type::primitive_type_builder("replication", Physical::INT64).with_repetition(Repetition::REQUIRED);
    let mut fields = vec![Arc::new(whole.build()?), Arc::new(text("design")?), Arc::new(text("digest")?)];
    for metric in metrics {
        let number = Type::primitive_type_builder(metric, Physical::DOUBLE).with_repetition(Repetition::OPTIONAL);
        fields.push(Arc::new(number.build()?));
    }
    Type::group_type_builder("replications").with_fields(fields).build()
}
