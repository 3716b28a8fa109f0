//! The step of `wit/world.wit`.

use std::io::{BufWriter, Write};

use tables::csv::Dialect;
use tables::pattern::{Pattern, Span};
use tables::split::{Share, Splitter, check_name};
use tables::write::{Output, Writer};
use tables::{Format, Reader, Record, Table, Types};
use tfx_artifacts::{Delimiter, File, files, split_names};
use weft_guest::types::Value;
use weft_guest::{Error, Result, Writable, bail, info, run};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/tfx", "wit"],
    world: "weft:example-gen/example-gen",
    with: {
        "tfx:types/artifacts@1.0.0": tfx_artifacts::artifacts,
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

struct ExampleGen;
export!(ExampleGen);

impl Guest for ExampleGen {
    fn generate(
        data: &Artifact,
        splits: Option<Vec<Split>>,
        partition_feature_name: Option<String>,
        delimiter: Option<String>,
        format: Option<String>,
        pattern: Option<String>,
        input_splits: Option<Vec<InputSplit>>,
        span: Option<i64>,
    ) -> Result<Generated, String> {
        let wanted = Wanted { splits, partition: partition_feature_name, pattern, input_splits, span };
        let output = match format.as_deref() {
            None => None,
            Some("csv") => Some(Output::Csv),
            Some("tfrecord") => Some(Output::TfRecord),
            Some("parquet") => Some(Output::Parquet),
            Some(other) => return Err(format!("there is no format `{other}`: csv, tfrecord or parquet")),
        };
        Ok(generate(data, wanted, delimiter.as_deref().dialect()?, output)?)
    }
}

struct Wanted {
    splits: Option<Vec<Split>>,
    partition: Option<String>,
    pattern: Option<String>,
    input_splits: Option<Vec<InputSplit>>,
    span: Option<i64>,
}

/// Files that become the splits of one splitter.
struct Source<'a> {
    tables: Vec<Table<'a>>,
    shares: Vec<Share>,
}

fn generate(data: &Artifact, wanted: Wanted, dialect: Dialect, output: Option<Output>) -> Result<Generated> {
    let files = files(data)?;
    let partition = wanted.partition.clone();
    let (sources, span) = sources(data, &files, wanted)?;
    let examples = Examples::new();
    let mut names = Vec::new();
    let (mut rows, mut written) = (0, Output::Csv);
    for (n, source) in sources.into_iter().enumerate() {
        run::progress(n as u64, files.len() as u64);
        let mut splitter = Splitter::new(source.shares, partition.as_deref())?;
        for share in splitter.shares() {
            if names.contains(&share.name) {
                bail!("two splits are called `{}`", share.name);
            }
            names.push(share.name.clone());
        }
        let (count, format) = convert(&source.tables, &mut splitter, dialect, output, &examples)?;
        rows += count;
        written = format;
    }
    examples.set_display_name("Examples")?;
    let span = span.unwrap_or(Span { number: 0, version: None });
    examples.set_property("span", &Value::Int(span.number))?;
    if let Some(version) = span.version {
        examples.set_property("version", &Value::Int(i64::try_from(version)?))?;
    }
    examples.set_property("split_names", &split_names(&names))?;
    let (payload, file) = written.properties();
    examples.set_property("payload_format", &payload.into())?;
    examples.set_property("file_format", &file.into())?;
    Ok(Generated { examples, rows })
}

/// Which files become which splits, and of which span they are.
fn sources<'a>(data: &'a Artifact, files: &'a [File], wanted: Wanted) -> Result<(Vec<Source<'a>>, Option<Span>)> {
    let Wanted { splits, pattern, input_splits, span, .. } = wanted;
    let names: Vec<&str> = files.iter().map(File::name).collect();
    let choose = |pattern: &str| -> Result<_> {
        let (positions, of) = Pattern::new(pattern)?.choose(&names, span)?;
        let tables: Vec<Table<'a>> = positions.into_iter().map(|at| files[at].table(data)).collect();
        Ok((tables, of))
    };
    let Some(input_splits) = input_splits else {
        let shares = match splits {
            Some(splits) => {
                splits.into_iter().map(|split| Share { name: split.name, buckets: split.hash_buckets }).collect()
            }
            None => [("train", 2), ("eval", 1)].map(|(name, buckets)| Share { name: name.to_owned(), buckets }).into(),
        };
        let (tables, of) = match pattern {
            Some(pattern) => choose(&pattern)?,
            None if span.is_some() => bail!("`span` is chosen by `pattern`, which is missing"),
            None => (files.iter().map(|file| file.table(data)).collect(), None),
        };
        return Ok((vec![Source { tables, shares }], of));
    };
    if splits.is_some() || pattern.is_some() {
        bail!("`input-splits` are splits as they are: leave out `splits` and `pattern`, or give these alone");
    }
    let mut sources: Vec<Source> = Vec::new();
    let mut span = None;
    for split in input_splits {
        check_name(&split.name)?;
        let (tables, of) = choose(&split.pattern)?;
        if !sources.is_empty() && span != of {
            bail!("the newest span or version of split `{}` is not that of the split before it", split.name);
        }
        span = of;
        sources.push(Source { tables, shares: vec![Share { name: split.name, buckets: 1 }] });
    }
    if sources.is_empty() {
        bail!("`input-splits` has no split");
    }
    Ok((sources, span))
}

/// Reads tables row by row and writes each row to the split that it falls into. How many rows there were, and how they were written.
fn convert(
    tables: &[Table<'_>],
    splitter: &mut Splitter,
    dialect: Dialect,
    output: Option<Output>,
    examples: &Examples,
) -> Result<(u64, Output)> {
    let formats = tables.iter().map(Table::format).collect::<Result<Vec<_>, _>>()?;
    let all_csv = formats.iter().all(|format| *format == Format::Csv);
    let output = output.unwrap_or(if all_csv { Output::Csv } else { Output::TfRecord });
    // What tells its types and is written as it comes is read once.
    let known = formats.iter().all(|format| format.typed()) && output == Output::TfRecord;
    let types = if known { Types::default() } else { tables::types(tables, dialect)? };

    let names: Vec<String> = splitter.shares().iter().map(|share| share.name.clone()).collect();
    let files: Result<Vec<_>, _> =
        names.iter().map(|name| examples.create(&format!("Split-{name}/{}", output.file()))).collect();
    let files = files?;
    let mut counts = vec![0_u64; names.len()];
    if all_csv && output == Output::Csv {
        let mut writers: Vec<_> = files.iter().map(Writable::writer).collect();
        copy_lines(tables, splitter, dialect, &types, &mut writers, &mut counts)?;
    } else {
        let writers = files.iter().map(|file| Writer::new(output, file.writer(), &types));
        let mut writers: Vec<Writer<BufWriter<_>>> = writers.collect::<Result<_, _>>()?;
        for table in tables {
            each_row(table, dialect, &types, |row, place| {
                let at = |problem: String| Error::new(format!("{}, {}: {problem}", table.name, place()));
                let (split, example) = splitter.split(row).map_err(at)?;
                writers[split].write(row, example).map_err(|error| at(error.to_string()))?;
                counts[split] += 1;
                Ok(())
            })?;
        }
        for writer in writers {
            writer.finish()?;
        }
    }
    for (name, count) in names.iter().zip(&counts) {
        info!("split {name}: {count} rows");
    }
    Ok((counts.iter().sum(), output))
}

fn each_row(
    table: &Table<'_>,
    dialect: Dialect,
    types: &Types,
    mut each: impl FnMut(&Record, &dyn Fn() -> String) -> Result<()>,
) -> Result<()> {
    let mut row = Record::default();
    match table.read(dialect, Some(types))? {
        Reader::Csv(mut reader) => {
            while reader.advance()? {
                let place = || format!("line {}", reader.line());
                let told = |problem| Error::new(format!("{}, {}: {problem}", table.name, place()));
                types.row(reader.row(), &mut row, false).map_err(told)?;
                each(&row, &place)?;
            }
        }
        Reader::Rows(mut rows, _) => {
            while rows.advance(&mut row)? {
                each(&row, &|| rows.place())?;
            }
        }
    }
    Ok(())
}

/// CSV that stays CSV: lines are copied as they are.
fn copy_lines<W: Write>(
    tables: &[Table<'_>],
    splitter: &mut Splitter,
    dialect: Dialect,
    types: &Types,
    writers: &mut [W],
    counts: &mut [u64],
) -> Result<()> {
    let mut row = Record::default();
    for (n, table) in tables.iter().enumerate() {
        let Reader::Csv(mut reader) = table.read(dialect, None)? else { continue };
        if n == 0 {
            for writer in &mut *writers {
                writer.write_all(reader.text())?;
                writer.write_all(b"\n")?;
            }
        }
        while reader.advance()? {
            let told = |problem| Error::new(format!("{}, line {}: {problem}", table.name, reader.line()));
            types.row(reader.row(), &mut row, false).map_err(told)?;
            let (at, _) = splitter.split(&row).map_err(told)?;
            writers[at].write_all(reader.text())?;
            writers[at].write_all(b"\n")?;
            counts[at] += 1;
        }
    }
    for writer in writers {
        writer.flush()?;
    }
    Ok(())
}
