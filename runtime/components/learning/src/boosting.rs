//! Gradient-boosted trees.

use crate::bins;
use crate::data::{Data, Schema, Target};
use crate::error::{Result, refuse};
use crate::grow::{Cells, Grower, Limits};
use crate::model::{Curve, Trees};
use crate::objective::{Objective, sigmoid, softmax};
use crate::rng::Rng;
use crate::settings::Settings;
use crate::tree::Tree;

/// What the histograms of a tree may need in bytes.
const MOST_MEMORY: usize = 1 << 30;
/// Points of the curve that are measured where nothing depends on them.
const POINTS: usize = 25;

/// Learns trees. Validation rows are measured after each round, and end the learning once they have not become better for so many rounds as the
/// settings tell; the best round's trees are kept.
pub fn learn(
    schema: &Schema,
    objective: Objective,
    settings: &Settings,
    data: &Data,
    validation: Option<&Data>,
    seed: u64,
) -> Result<(Trees, Curve)> {
    let limits = limits(settings);
    let features = schema.features.len();
    if limits.leaves.saturating_mul(features).saturating_mul(size_of::<Cells>()) > MOST_MEMORY {
        refuse!(
            "trees of {} leaves on {features} columns need more than {} MiB; ask for fewer leaves, or leave columns out",
            limits.leaves,
            MOST_MEMORY >> 20
        );
    }
    let bins = bins::decide(&schema.features, data, settings.count("max-bins"), seed);
    let binned = bins::apply(&bins, data);
    let mut run = Run {
        objective,
        data,
        scores: Vec::new(),
        gradients: vec![[0.0; 2]; data.rows],
        trees: Trees { outputs: objective.outputs(), base: start(objective, data), ..Trees::default() },
    };
    run.trees.gains = vec![0.0; features];
    run.scores = run.trees.base.iter().map(|base| f64::from(*base)).collect::<Vec<_>>().repeat(data.rows);
    let mut examined = validation
        .map(|data| (data, run.trees.base.iter().map(|base| f64::from(*base)).collect::<Vec<_>>().repeat(data.rows)));
    let mut grower = Grower::new(&binned, &bins, limits);
    let mut curve = Curve { metric: objective.label(), ..Curve::default() };
    let mut draw = Draw::new(settings, data.rows, features, seed);
    let rounds = settings.count("trees");
    let patience = settings.count("early-stopping-rounds");
    let mut best = (f64::INFINITY, 0);
    for round in 1..=rounds {
        let (rows, allowed) = draw.next();
        let mut shares = run.shares();
        for output in 0..objective.outputs() {
            run.slopes(output, &mut shares);
            run.round(&mut grower, output, rows, allowed, settings.get("learning-rate"), rows.len() < data.rows);
        }
        if let Some((data, scores)) = &mut examined {
            let outputs = objective.outputs();
            for (output, tree) in run.trees.trees[(round - 1) * outputs..].iter().enumerate() {
                for row in 0..data.rows {
                    scores[row * outputs + output] += f64::from(tree.leaves[tree.leaf(data, row)]);
                }
            }
        }
        let is_point = round == 1 || round == rounds || round % rounds.div_ceil(POINTS) == 0;
        let loss =
            examined.as_ref().filter(|_| is_point || patience > 0).map(|(data, scores)| objective.loss(data, scores));
        if is_point {
            curve.push(round, objective.loss(data, &run.scores), loss);
        }
        if let Some(loss) = loss.filter(|_| patience > 0) {
            if loss < best.0 {
                best = (loss, round);
            } else if round - best.1 >= patience {
                break;
            }
        }
    }
    let mut trees = run.trees;
    if patience > 0 && best.1 > 0 {
        trees.trees.truncate(best.1 * objective.outputs());
        curve.best = Some(best.1);
    }
    Ok((trees, curve))
}

fn limits(settings: &Settings) -> Limits {
    let depth = settings.count("max-depth");
    Limits {
        leaves: settings.count("leaves"),
        depth: if depth == 0 { usize::MAX } else { depth },
        min_rows: settings.get("min-leaf-rows"),
        min_hessian: settings.get("min-leaf-hessian"),
        min_gain: settings.get("min-gain"),
        l1: settings.get("l1"),
        l2: settings.get("l2"),
    }
}

/// The scores before the first tree: what is best without any.
fn start(objective: Objective, data: &Data) -> Vec<f32> {
    let mut sums = vec![0.0; objective.outputs().max(2)];
    let mut weight = 0.0;
    for row in 0..data.rows {
        match &data.target {
            Target::Classes(classes) => sums[classes[row] as usize] += data.weight(row),
            Target::Numbers(numbers) => sums[0] += data.weight(row) * numbers[row],
            Target::Nothing => {}
        }
        weight += data.weight(row);
    }
    let share = |sum: f64| (sum / weight).clamp(1e-15, 1.0 - 1e-15);
    #[expect(clippy::cast_possible_truncation, reason = "models answer in single precision")]
    match objective {
        Objective::Squared => vec![(sums[0] / weight) as f32],
        Objective::Binary => vec![(share(sums[1]) / (1.0 - share(sums[1]))).ln() as f32],
        Objective::Multiclass(_) => sums.iter().map(|sum| share(*sum).ln() as f32).collect(),
    }
}

struct Run<'a> {
    objective: Objective,
    data: &'a Data,
    /// A row's scores one after the other.
    scores: Vec<f64>,
    gradients: Vec<[f32; 2]>,
    trees: Trees,
}

impl Run<'_> {
    /// The probabilities of several classes before the round, of which all its trees learn.
    fn shares(&self) -> Vec<f64> {
        let Objective::Multiclass(classes) = self.objective else { return Vec::new() };
        let mut shares = self.scores.clone();
        shares.chunks_mut(classes).for_each(softmax);
        shares
    }

    /// Gradients and Hessians of an output.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "single precision halves the memory that is read, and suffices"
    )]
    fn slopes(&mut self, output: usize, shares: &mut [f64]) {
        let weights = self.data.weights.as_deref();
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        match (self.objective, &self.data.target) {
            (Objective::Binary, Target::Classes(classes)) => {
                for (row, (slopes, (score, class))) in
                    self.gradients.iter_mut().zip(self.scores.iter().zip(classes)).enumerate()
                {
                    let share = sigmoid(*score);
                    let weight = weight(row);
                    *slopes = [((share - f64::from(*class)) * weight) as f32, (share * (1.0 - share) * weight) as f32];
                }
            }
            (Objective::Multiclass(count), Target::Classes(classes)) => {
                // LightGBM's bound of the Hessian, whose rows are not independent.
                let factor = count as f64 / (count as f64 - 1.0);
                for (row, (slopes, class)) in self.gradients.iter_mut().zip(classes).enumerate() {
                    let share = shares[row * count + output];
                    let truth = f64::from(u8::from(*class as usize == output));
                    let weight = weight(row);
                    *slopes = [((share - truth) * weight) as f32, (factor * share * (1.0 - share) * weight) as f32];
                }
            }
            (Objective::Squared, Target::Numbers(numbers)) => {
                for (row, (slopes, (score, number))) in
                    self.gradients.iter_mut().zip(self.scores.iter().zip(numbers)).enumerate()
                {
                    let weight = weight(row);
                    *slopes = [((score - number) * weight) as f32, weight as f32];
                }
            }
            _ => {}
        }
    }

    /// Grows a tree and adds it to the scores.
    fn round(
        &mut self,
        grower: &mut Grower<'_>,
        output: usize,
        rows: &[u32],
        allowed: &[bool],
        rate: f64,
        drawn: bool,
    ) {
        let grown = grower.grow(rows, &self.gradients, allowed, rate);
        for (feature, gain) in grown.gains {
            self.trees.gains[feature as usize] += gain;
        }
        let outputs = self.objective.outputs();
        let is_plain = grown.tree.nodes.is_empty();
        // A tree that asks nothing would only repeat the start.
        let tree = if is_plain { Tree { nodes: Vec::new(), leaves: vec![0.0] } } else { grown.tree };
        if drawn {
            for row in 0..self.data.rows {
                let leaf = tree.leaf(self.data, row);
                self.scores[row * outputs + output] += f64::from(tree.leaves[leaf]);
            }
        } else if !is_plain {
            for (leaf, range) in grown.leaves.into_iter().enumerate() {
                let answer = f64::from(tree.leaves[leaf]);
                for row in &grower.rows()[range] {
                    self.scores[*row as usize * outputs + output] += answer;
                }
            }
        }
        self.trees.trees.push(tree);
    }
}

/// Draws the rows and the columns of each round.
struct Draw {
    rows: usize,
    features: usize,
    rows_drawn: usize,
    features_drawn: usize,
    rng: Rng,
    chosen: Vec<u32>,
    allowed: Vec<bool>,
}

impl Draw {
    fn new(settings: &Settings, rows: usize, features: usize, seed: u64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
        let part = |of: usize, share: f64| ((of as f64 * share).round() as usize).clamp(1, of);
        Self {
            rows,
            features,
            rows_drawn: part(rows, settings.get("row-fraction")),
            features_drawn: part(features, settings.get("column-fraction")),
            rng: Rng::new(seed, 3),
            chosen: (0..u32::try_from(rows).unwrap_or(u32::MAX)).collect(),
            allowed: vec![true; features],
        }
    }

    fn next(&mut self) -> (&[u32], &[bool]) {
        if self.rows_drawn < self.rows {
            self.chosen = self.rng.sample(self.rows, self.rows_drawn);
        }
        if self.features_drawn < self.features {
            self.allowed.fill(false);
            for feature in self.rng.sample(self.features, self.features_drawn) {
                self.allowed[feature as usize] = true;
            }
        }
        (&self.chosen, &self.allowed)
    }
}
