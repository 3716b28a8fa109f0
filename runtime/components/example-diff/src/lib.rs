//! The step of `wit/world.wit`.

#![allow(clippy::too_many_arguments, reason = "as many as the step has inputs")]

use std::fmt::Write as _;
use std::io::Write as _;

use data_validation::diff::{Diff, DiffOptions, Differ, Side};
use data_validation::page::{document, escape};
use tables::csv::Dialect;
use tables::{Reader, Record, Table, Types, example, tfrecord};
use tfx_artifacts::{Delimiter, Split, splits, tables};
use weft_guest::{Error, Result, Writable, info, run};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/tfx", "wit"],
    world: "weft:example-diff/example-diff",
    with: {
        "tfx:types/artifacts@1.0.0": tfx_artifacts::artifacts,
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

struct ExampleDiff;
export!(ExampleDiff);

impl Guest for ExampleDiff {
    fn compare(
        examples: &Artifact,
        baseline_examples: &Artifact,
        identifier_features: Vec<String>,
        ignore_features: Option<Vec<String>>,
        float_round_ndigits: Option<u32>,
        allow_duplicate_identifiers: Option<bool>,
        skew_sample_size: Option<u32>,
        confusion_features: Option<Vec<String>>,
        include_split_pairs: Option<Vec<(String, String)>>,
        delimiter: Option<String>,
    ) -> Result<Compared, String> {
        let options = DiffOptions {
            identifiers: identifier_features,
            ignore: ignore_features.unwrap_or_default(),
            round: float_round_ndigits,
            duplicates: allow_duplicate_identifiers.unwrap_or(false),
            sample: skew_sample_size.map_or(0, |size| size as usize),
            confusion: confusion_features.unwrap_or_default(),
        };
        let dialect = delimiter.as_deref().dialect()?;
        Ok(compare(examples, baseline_examples, &options, include_split_pairs, dialect)?)
    }
}

fn compare(
    examples: &Artifact,
    baseline: &Artifact,
    options: &DiffOptions,
    pairs: Option<Vec<(String, String)>>,
    dialect: Dialect,
) -> Result<Compared> {
    let (ours, theirs) = (splits(examples)?, splits(baseline)?);
    let all = || ours.iter().flat_map(|a| theirs.iter().map(|b| (a.name.clone(), b.name.clone()))).collect();
    let pairs: Vec<(String, String)> = pairs.unwrap_or_else(all);
    let result = ExamplesDiff::new();
    let mut body = String::new();
    let mut differing: Vec<String> = Vec::new();
    let mut compared = 0;
    for (n, (a, b)) in pairs.iter().enumerate() {
        run::progress(n as u64, pairs.len() as u64);
        let find = |all: &'_ [Split], name: &str, whose: &str| match all.iter().position(|split| split.name == name) {
            Some(at) => Ok(at),
            None => Err(Error::new(format!("the {whose} have no split `{name}`"))),
        };
        let (a_at, b_at) = (find(&ours, a, "examples")?, find(&theirs, b, "baseline's examples")?);
        let sides = [(Side::Base, tables(&theirs[b_at], baseline)), (Side::Test, tables(&ours[a_at], examples))];
        let diff = of_splits(&sides, options, dialect)?;
        write(&result, &format!("SplitPair-{a}_{b}"), &diff, options)?;
        tell(&mut body, a, b, &diff);
        compared += diff.matches.matching_pairs_count;
        for feature in diff.differing() {
            if !differing.contains(&feature.feature_name) {
                differing.push(feature.feature_name.clone());
            }
        }
    }
    result.set_display_name("Differences")?;
    let page = Html::new();
    page.set_text(&document("Differences between examples", &body))?;
    page.set_display_name("Differences")?;
    Ok(Compared { example_diff_result: result, page, differing, pairs: compared })
}

fn of_splits(sides: &[(Side, Vec<Table<'_>>); 2], options: &DiffOptions, dialect: Dialect) -> Result<Diff> {
    let mut differ = Differ::new(options.clone())?;
    let types = types(sides, dialect)?;
    for ((side, tables), types) in sides.iter().zip(&types) {
        for table in tables {
            let mut order = Vec::new();
            let mut row = Record::default();
            let at = |place: String, problem: String| Error::new(format!("{}, {place}: {problem}", table.name));
            let mut add = |row: &Record, place: &dyn Fn() -> String| {
                if order.len() != row.names().len() {
                    order = example::order(row.names());
                }
                differ.add(*side, row, &order).map_err(|problem| at(place(), problem.to_string()))
            };
            match table.read(dialect, Some(types))? {
                Reader::Csv(mut reader) => {
                    while reader.advance()? {
                        let place = || format!("line {}", reader.line());
                        types.row(reader.row(), &mut row, false).map_err(|problem| at(place(), problem))?;
                        add(&row, &place)?;
                    }
                }
                Reader::Rows(mut rows, _) => {
                    while rows.advance(&mut row)? {
                        add(&row, &|| rows.place())?;
                    }
                }
            }
        }
    }
    Ok(differ.finish()?)
}

/// The types of the columns of each side. The sides may have other columns; one that both have is of one type, so that numbers compare.
fn types(sides: &[(Side, Vec<Table<'_>>); 2], dialect: Dialect) -> Result<[Types; 2]> {
    let formats = sides.iter().flat_map(|(_, tables)| tables).map(Table::format).collect::<Result<Vec<_>, _>>()?;
    if formats.iter().all(|format| format.typed()) {
        return Ok([Types::default(), Types::default()]);
    }
    let [ours, theirs] = sides;
    let (ours, theirs) = (::tables::types(&ours.1, dialect)?, ::tables::types(&theirs.1, dialect)?);
    let together = |own: &Types, other: &Types| {
        let mut columns = own.details().to_vec();
        for column in &mut columns {
            if let Some(same) = other.details().iter().find(|same| same.name == column.name) {
                column.column_type = column.column_type.max(same.column_type);
            }
        }
        Types::of(columns)
    };
    Ok([together(&ours, &theirs), together(&theirs, &ours)])
}

fn write(into: &ExamplesDiff, folder: &str, diff: &Diff, options: &DiffOptions) -> Result<()> {
    let mut files = vec![
        ("skew_stats", Diff::records(&diff.features)),
        ("match_stats", Diff::records(std::slice::from_ref(&diff.matches))),
        ("sample_pairs", Diff::records(&diff.pairs)),
    ];
    if !options.confusion.is_empty() {
        files.push(("confusion", Diff::records(&diff.confusion)));
    }
    for (name, records) in files {
        let file = into.create(&format!("{folder}/{name}-00000-of-00001"))?;
        let mut writer = file.writer();
        for record in records {
            tfrecord::write(&mut writer, &record)?;
        }
        writer.flush()?;
    }
    Ok(())
}

/// Tells what was found, in the log and on the page.
fn tell(body: &mut String, a: &str, b: &str, diff: &Diff) {
    let matches = &diff.matches;
    let pairs = matches.matching_pairs_count;
    _ = write!(
        body,
        "<h2>{} and {}</h2><p>{pairs} pairs; {} identifiers of the baseline are not among the examples, {} of the examples not in the baseline; {} \
         occur more than once.</p>",
        escape(a),
        escape(b),
        matches.ids_missing_in_test_count,
        matches.ids_missing_in_base_count,
        matches.duplicate_id_count
    );
    body.push_str("<table><tr><th>feature</th><th class=\"n\">equal</th><th class=\"n\">other value</th>");
    body.push_str("<th class=\"n\">baseline only</th><th class=\"n\">examples only</th></tr>");
    let mut ordered: Vec<_> = diff.features.iter().collect();
    ordered.sort_by_key(|feature| std::cmp::Reverse(feature.diff_count));
    for feature in ordered.iter().take(1000) {
        let class = if feature.diff_count > 0 { "bad" } else { "dim" };
        _ = write!(body, "<tr><td class=\"{class}\">{}</td>", escape(&feature.feature_name));
        for count in [feature.match_count, feature.mismatch_count, feature.base_only, feature.test_only] {
            _ = write!(body, "<td class=\"n\">{count}</td>");
        }
        body.push_str("</tr>");
    }
    body.push_str("</table>");
    info!("splits {a} and {b}: {pairs} pairs of examples");
    for feature in ordered.iter().filter(|feature| feature.diff_count > 0).take(20) {
        info!("splits {a} and {b}: `{}` differs in {} of {pairs}", feature.feature_name, feature.diff_count);
    }
}
