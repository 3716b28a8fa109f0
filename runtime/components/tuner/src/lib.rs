//! The steps of `wit/world.wit`.

#![allow(clippy::too_many_arguments, reason = "generated; flat records have many fields")]

use learning::search::{self, Range, keras_tuner, ranked, table};
use weft_guest::{Result, Writable, bail, info};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/tfx", "wit"],
    world: "weft:tuner/tuner",
    with: {
        "tfx:types/artifacts@1.0.0": tfx_artifacts::artifacts,
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

struct Tuner;
export!(Tuner);

impl Guest for Tuner {
    fn trials(
        space: Vec<Dimension>,
        method: Option<Method>,
        count: Option<u32>,
        steps: Option<u32>,
        seed: Option<u64>,
    ) -> Result<Vec<Trial>, String> {
        let space = space.into_iter().map(dimension).collect::<Result<Vec<_>>>()?;
        let trials = match method.unwrap_or(Method::Random) {
            Method::Grid => search::grid(&space, steps.unwrap_or(3) as usize),
            Method::Random => search::random(&space, count.unwrap_or(20) as usize, seed.unwrap_or(0)),
        };
        Ok(given(trials.map_err(weft_guest::Error::from)?))
    }

    fn promote(
        trials: Vec<Trial>,
        scores: Vec<f64>,
        goal: Goal,
        factor: Option<u32>,
        resource: String,
    ) -> Result<Vec<Trial>, String> {
        let next = search::promote(&taken(trials), &scores, goal == Goal::Maximize, factor.unwrap_or(3), &resource);
        Ok(given(next.map_err(weft_guest::Error::from)?))
    }

    fn best(trials: Vec<Trial>, scores: Vec<f64>, goal: Goal) -> Result<Found, String> {
        Ok(best(&taken(trials), &scores, goal == Goal::Maximize)?)
    }
}

fn dimension(dimension: Dimension) -> Result<search::Dimension> {
    let Dimension { name, values, low, high, logarithmic, integer } = dimension;
    let range = match (values, low, high) {
        (Some(values), None, None) => Range::Values(values),
        (None, Some(low), Some(high)) => {
            Range::Between { low, high, logarithmic: logarithmic.unwrap_or(false), integer: integer.unwrap_or(false) }
        }
        _ => bail!("parameter `{name}` needs either `values`, or `low` and `high`"),
    };
    Ok(search::Dimension { name, range })
}

fn taken(trials: Vec<Trial>) -> Vec<search::Trial> {
    trials.into_iter().map(|trial| search::Trial { id: trial.id, parameters: trial.parameters }).collect()
}

fn given(trials: Vec<search::Trial>) -> Vec<Trial> {
    trials.into_iter().map(|trial| Trial { id: trial.id, parameters: trial.parameters }).collect()
}

fn best(trials: &[search::Trial], scores: &[f64], maximise: bool) -> Result<Found> {
    let order = ranked(trials, scores, maximise)?;
    let Some(first) = order.first().copied() else { bail!("there are no trials") };
    let (trial, score) = (&trials[first], scores[first]);
    let told: Vec<String> = trial.parameters.iter().map(|(name, value)| format!("{name} {value}")).collect();
    info!("of {} trials the best is {}, with {score}: {}", trials.len(), trial.id, told.join(", "));

    let best_hyperparameters = HyperParameters::new();
    best_hyperparameters.create("best_hyperparameters.txt")?.write_bytes(keras_tuner(trial).as_bytes())?;
    best_hyperparameters.set_display_name("Best parameters")?;
    let results = TunerResults::new();
    results.create("tuner_results.json")?.write_bytes(table(trials, scores, &order).as_bytes())?;
    results.set_display_name("Trials")?;
    Ok(Found { best_hyperparameters, results, parameters: trial.parameters.clone(), score })
}
