//! The step of `wit/world.wit`.

#![allow(clippy::too_many_arguments, reason = "as many as the step has inputs")]

use models::Model;
use models::check::differences;
use models::table::Choice;
use tables::Table;
use tables::csv::Dialect;
use tfx_artifacts::{Delimiter, model_bytes, splits, tables};
use weft_guest::{Result, bail, info, warn};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/tfx", "wit"],
    world: "weft:infra-validator/infra-validator",
    with: {
        "tfx:types/artifacts@1.0.0": tfx_artifacts::artifacts,
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

/// Rows that a model is asked about.
const ROWS: u32 = 100;
/// The most rows.
const MOST_ROWS: u32 = 1_000_000;

struct InfraValidator;
export!(InfraValidator);

impl Guest for InfraValidator {
    fn validate(
        model: &Artifact,
        examples: Option<&Artifact>,
        num_examples: Option<u32>,
        features: Option<Vec<String>>,
        expected: Option<Vec<(String, String)>>,
        tolerance: Option<f64>,
        delimiter: Option<String>,
    ) -> Result<Validated, String> {
        let question = Question {
            rows: num_examples.unwrap_or(ROWS).min(MOST_ROWS) as usize,
            expected: expected.unwrap_or_default(),
            choice: Choice { features, except: Vec::new() },
            tolerance: tolerance.unwrap_or(1e-5),
            dialect: delimiter.as_deref().dialect()?,
        };
        let parts = examples.map(splits).transpose()?.unwrap_or_default();
        let tables: Vec<Table<'_>> = examples
            .into_iter()
            .flat_map(|examples| parts.iter().flat_map(move |part| tables(part, examples)))
            .collect();
        Ok(publish(question.ask(model, &tables).err().map(|error| error.to_string()))?)
    }
}

struct Question {
    rows: usize,
    choice: Choice,
    expected: Vec<(String, String)>,
    tolerance: f64,
    dialect: Dialect,
}

impl Question {
    /// Loads the model and asks it. The error tells why it cannot be served.
    fn ask(&self, model: &Artifact, tables: &[Table<'_>]) -> Result<()> {
        let model = Model::load(&model_bytes(model)?)?;
        let mut asked = 0;
        for table in tables {
            asked += self.ask_about(&model, table, self.rows - asked)?;
        }
        info!("the model was loaded, and answered {asked} rows");
        Ok(())
    }

    fn ask_about(&self, model: &Model, table: &Table<'_>, most: usize) -> Result<usize> {
        let mut reader = table.csv(self.dialect)?;
        let columns = reader.columns().to_vec();
        let mut choice = self.choice.clone();
        choice.except = self.expected.iter().map(|(_, column)| column.clone()).collect();
        let mut batch = model.bind(&columns, &choice)?.batch();
        let mut wanted: Vec<Vec<(&str, String)>> = Vec::new();
        while wanted.len() < most && reader.advance()? {
            batch.push(reader.row().cells())?;
            let cell = |column: &str| {
                let at = columns.iter().position(|known| known == column);
                at.and_then(|at| reader.row().cells().nth(at)).map(str::to_owned)
            };
            let mut of_row = Vec::new();
            for (answer, column) in &self.expected {
                let Some(cell) = cell(column) else { bail!("{} has no column `{column}`", table.name) };
                of_row.push((answer.as_str(), cell));
            }
            wanted.push(of_row);
        }
        if wanted.is_empty() {
            return Ok(0);
        }
        let predictions = model.predict(batch.take())?;
        if let Some((answer, _)) =
            self.expected.iter().find(|(answer, _)| predictions.columns.iter().all(|column| column.name != *answer))
        {
            let given: Vec<&str> = predictions.columns.iter().map(|column| column.name.as_str()).collect();
            bail!("the model gives no `{answer}`; it gives {}", given.join(", "));
        }
        for (at, expected) in wanted.iter().enumerate() {
            let expected = expected.iter().map(|(answer, cell)| (*answer, cell.as_str()));
            if let Some(first) = differences(&predictions, at, at + 1, expected, self.tolerance).first() {
                bail!(
                    "row {} of {}: `{}` is {}, and should be {}",
                    first.row,
                    table.name,
                    first.column,
                    first.found,
                    first.expected
                );
            }
        }
        Ok(wanted.len())
    }
}

fn publish(problem: Option<String>) -> Result<Validated> {
    let blessing = InfraBlessing::new();
    blessing.create(if problem.is_none() { "INFRA_BLESSED" } else { "INFRA_NOT_BLESSED" })?;
    blessing.set_property("blessed", &i64::from(problem.is_none()).into())?;
    blessing.set_display_name("Infra blessing")?;
    if let Some(problem) = &problem {
        warn!("the model cannot be served: {problem}");
    }
    Ok(Validated { blessing, blessed: problem.is_none(), problem })
}
