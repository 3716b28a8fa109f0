//! Random forests: trees on drawn rows, each split the best of drawn columns, answers averaged.

use crate::bins::{self, Binned, Bins};
use crate::data::{Data, Schema, Target, Task};
use crate::model::Trees;
use crate::rng::Rng;
use crate::settings::Settings;
use crate::tree::{BinSet, Child, Node, Question, Tree, goes_left, one_of};

/// Learns a forest. It answers with shares of classes (of two classes that of the second), or with a number.
pub fn learn(schema: &Schema, settings: &Settings, data: &Data, seed: u64) -> Trees {
    let bins = bins::decide(&schema.features, data, settings.count("max-bins"), seed);
    let binned = bins::apply(&bins, data);
    let outputs = if schema.classes.len() > 2 { schema.classes.len() } else { 1 };
    let trees = settings.count("trees");
    let mut grower = Grower {
        data,
        bins: &bins,
        binned: &binned,
        outputs,
        depth: settings.count("max-depth"),
        min_rows: settings.get("min-leaf-rows"),
        columns: columns(schema, settings),
        rng: Rng::new(seed, 4),
        gains: vec![0.0; schema.features.len()],
        scale: 1.0 / trees as f64,
        cells: vec![0.0; 256 * (outputs + 1)],
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the rows")]
    let drawn = ((data.rows as f64 * settings.get("row-fraction")).round() as usize).max(1);
    let mut grown = Trees { outputs, base: vec![0.0; outputs], ..Trees::default() };
    for _ in 0..trees {
        let mut counts = vec![0_u32; data.rows];
        for _ in 0..drawn {
            counts[grower.rng.below(data.rows)] += 1;
        }
        let tree = grower.tree(&counts);
        if tree.nodes.is_empty() {
            // A tree that asks nothing answers the same everywhere.
            for (base, answer) in grown.base.iter_mut().zip(&tree.leaves) {
                *base += answer;
            }
        } else {
            grown.trees.push(tree);
        }
    }
    grown.gains = grower.gains;
    grown
}

/// How many columns are drawn for a split: all for numbers, the square root of their number for classes, unless a share is given.
fn columns(schema: &Schema, settings: &Settings) -> usize {
    let all = schema.features.len();
    let share = settings.get("column-fraction");
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    let drawn = match schema.task {
        _ if share > 0.0 => (all as f64 * share).round() as usize,
        Task::Classification => (all as f64).sqrt() as usize,
        Task::Regression | Task::Clustering => all,
    };
    drawn.clamp(1, all)
}

struct Grower<'a> {
    data: &'a Data,
    bins: &'a [Bins],
    binned: &'a Binned,
    outputs: usize,
    depth: usize,
    min_rows: f64,
    columns: usize,
    rng: Rng,
    gains: Vec<f64>,
    /// What answers are multiplied by, so that they add up to the average.
    scale: f64,
    /// For each bin the weight of its rows, and the sum of each output.
    cells: Vec<f64>,
}

/// Rows whose node is not decided yet, and what leads there.
struct Open {
    start: usize,
    end: usize,
    depth: usize,
    parent: Option<(usize, bool)>,
}

struct Best {
    gain: f64,
    feature: usize,
    question: Question,
}

impl Grower<'_> {
    fn weight(&self, counts: &[u32], row: u32) -> f64 {
        f64::from(counts[row as usize]) * self.data.weight(row as usize)
    }

    /// Adds a row to sums: its weight, and what it says of each output.
    fn add(&self, sums: &mut [f64], row: u32, weight: f64) {
        sums[0] += weight;
        match &self.data.target {
            Target::Classes(classes) if self.outputs == 1 => sums[1] += weight * f64::from(classes[row as usize]),
            Target::Classes(classes) => sums[1 + classes[row as usize] as usize] += weight,
            Target::Numbers(numbers) => sums[1] += weight * numbers[row as usize],
            Target::Nothing => {}
        }
    }

    /// What rows of these sums are worth as a leaf: the more alike they are, the more.
    fn worth(sums: &[f64]) -> f64 {
        if sums[0] <= 0.0 { 0.0 } else { sums[1..].iter().map(|sum| sum * sum).sum::<f64>() / sums[0] }
    }

    fn tree(&mut self, counts: &[u32]) -> Tree {
        let mut rows: Vec<u32> = (0..).zip(counts).filter(|(_, count)| **count > 0).map(|(row, _)| row).collect();
        let mut tree = Tree::default();
        let mut open = vec![Open { start: 0, end: rows.len(), depth: 0, parent: None }];
        while let Some(next) = open.pop() {
            let mut sums = vec![0.0; self.outputs + 1];
            for row in &rows[next.start..next.end] {
                self.add(&mut sums, *row, self.weight(counts, *row));
            }
            let deep_enough = self.depth > 0 && next.depth >= self.depth;
            let best = if deep_enough { None } else { self.best(&rows[next.start..next.end], counts, &sums) };
            let child = if let Some(best) = best {
                self.gains[best.feature] += best.gain;
                let column = &self.binned.by_column[best.feature];
                let bins = &self.bins[best.feature];
                let (left, right): (Vec<u32>, Vec<u32>) = rows[next.start..next.end]
                    .iter()
                    .partition(|row| goes_left(&best.question, bins, column[**row as usize]));
                let middle = next.start + left.len();
                rows[next.start..middle].copy_from_slice(&left);
                rows[middle..next.end].copy_from_slice(&right);
                let node = tree.nodes.len();
                let feature = u32::try_from(best.feature).unwrap_or(u32::MAX);
                tree.nodes.push(Node { feature, question: best.question, left: Child::Leaf(0), right: Child::Leaf(0) });
                let depth = next.depth + 1;
                open.push(Open { start: middle, end: next.end, depth, parent: Some((node, false)) });
                open.push(Open { start: next.start, end: middle, depth, parent: Some((node, true)) });
                Child::Node(u32::try_from(node).unwrap_or(u32::MAX))
            } else {
                let leaf = tree.leaves.len() / self.outputs;
                let answers = sums[1..].iter().map(|sum| sum / sums[0].max(f64::MIN_POSITIVE) * self.scale);
                #[expect(clippy::cast_possible_truncation, reason = "models answer in single precision")]
                tree.leaves.extend(answers.map(|answer| answer as f32));
                Child::Leaf(u32::try_from(leaf).unwrap_or(u32::MAX))
            };
            if let Some((parent, is_left)) = next.parent {
                if is_left {
                    tree.nodes[parent].left = child;
                } else {
                    tree.nodes[parent].right = child;
                }
            }
        }
        tree
    }

    fn best(&mut self, rows: &[u32], counts: &[u32], sums: &[f64]) -> Option<Best> {
        let drawn: f64 = rows.iter().map(|row| f64::from(counts[*row as usize])).sum();
        let floor = Self::worth(sums);
        // Rows that are all alike have nothing to be parted by.
        let is_pure = match &self.data.target {
            Target::Classes(classes) => rows.iter().all(|row| classes[*row as usize] == classes[rows[0] as usize]),
            _ => false,
        };
        if is_pure || rows.len() < 2 || drawn < 2.0 * self.min_rows {
            return None;
        }
        let features = self.bins.len();
        let mut order: Vec<usize> = (0..features).collect();
        self.rng.shuffle(&mut order);
        let mut best: Option<Best> = None;
        // Columns that cannot part these rows do not count among those that are drawn.
        let mut tried = 0;
        for feature in order {
            if tried == self.columns {
                break;
            }
            let found = self.split(feature, rows, counts, sums);
            let Some((worth, question)) = found else { continue };
            tried += 1;
            let gain = worth - floor;
            if gain > 1e-12 * floor.abs().max(1e-300) && best.as_ref().is_none_or(|best| gain > best.gain) {
                best = Some(Best { gain, feature, question });
            }
        }
        best
    }

    /// The best question of a feature and what both sides are worth; none if all rows are in one bin.
    fn split(&mut self, feature: usize, rows: &[u32], counts: &[u32], sums: &[f64]) -> Option<(f64, Question)> {
        let width = self.outputs + 1;
        let bins = &self.bins[feature];
        let mut cells = std::mem::take(&mut self.cells);
        cells[..bins.count() * width].fill(0.0);
        for row in rows {
            let bin = usize::from(self.binned.by_column[feature][*row as usize]);
            self.add(&mut cells[bin * width..(bin + 1) * width], *row, self.weight(counts, *row));
        }
        let found = match bins {
            Bins::Numeric { uppers, missing } => self.edges(uppers, *missing, &cells, sums),
            Bins::Categorical { count, .. } => self.set(bins, *count, &cells, sums),
        };
        self.cells = cells;
        found
    }

    /// Whether both sides have enough rows. Weights of rows stand for their number.
    fn fits(&self, left: &[f64], sums: &[f64]) -> bool {
        let least = if self.data.weights.is_some() { f64::MIN_POSITIVE } else { self.min_rows };
        left[0] >= least && sums[0] - left[0] >= least
    }

    fn worth_of_both(left: &[f64], sums: &[f64]) -> f64 {
        let right: Vec<f64> = sums.iter().zip(left).map(|(sum, left)| sum - left).collect();
        Self::worth(left) + Self::worth(&right)
    }

    fn edges(&self, uppers: &[f32], missing: Option<u8>, cells: &[f64], sums: &[f64]) -> Option<(f64, Question)> {
        let width = self.outputs + 1;
        let of = |bin: usize| &cells[bin * width..(bin + 1) * width];
        let absent = missing.map(|bin| of(usize::from(bin))).filter(|cell| cell[0] > 0.0);
        let mut best: Option<(f64, Question)> = None;
        let ways: &[Option<&[f64]>] = if absent.is_some() { &[None, absent] } else { &[None] };
        for first in ways.iter().copied() {
            let mut left = first.map_or_else(|| vec![0.0; width], <[f64]>::to_vec);
            // Without missing values on the left, the last edge parts them from all others.
            let edges = uppers.len() + usize::from(first.is_none() && absent.is_some());
            for bin in 0..edges {
                let cell = of(bin);
                if cell[0] <= 0.0 {
                    continue;
                }
                left.iter_mut().zip(cell).for_each(|(left, cell)| *left += cell);
                if !self.fits(&left, sums) {
                    continue;
                }
                let worth = Self::worth_of_both(&left, sums);
                if best.as_ref().is_none_or(|(known, _)| worth > *known) {
                    let missing_left = match absent {
                        Some(_) => first.is_some(),
                        None => left[0] * 2.0 >= sums[0],
                    };
                    let value = uppers.get(bin).copied().unwrap_or(f32::MAX);
                    let bin = u8::try_from(bin).unwrap_or(u8::MAX);
                    best = Some((worth, Question::AtMost { value, bin, missing_left }));
                }
            }
        }
        best
    }

    /// Categories in the order of their mean, or of their share of the most frequent class, parted in two.
    fn set(&self, bins: &Bins, count: usize, cells: &[f64], sums: &[f64]) -> Option<(f64, Question)> {
        let width = self.outputs + 1;
        let of = |bin: usize| &cells[bin * width..(bin + 1) * width];
        let mut by = 1;
        for output in 2..width {
            if sums[output] > sums[by] {
                by = output;
            }
        }
        let mut order: Vec<usize> = (1..count).filter(|bin| of(*bin)[0] > 0.0).collect();
        order.sort_by(|a, b| {
            let mean = |bin: usize| of(bin)[by] / of(bin)[0];
            mean(*a).total_cmp(&mean(*b)).then(a.cmp(b))
        });
        let rest = count > 0 && of(0)[0] > 0.0;
        let edges = if rest { order.len() } else { order.len().saturating_sub(1) };
        let mut left = vec![0.0; width];
        let mut best: Option<(f64, usize)> = None;
        for (n, bin) in order.iter().take(edges).enumerate() {
            left.iter_mut().zip(of(*bin)).for_each(|(left, cell)| *left += cell);
            if self.fits(&left, sums) {
                let worth = Self::worth_of_both(&left, sums);
                if best.is_none_or(|(known, _)| worth > known) {
                    best = Some((worth, n));
                }
            }
        }
        let (worth, last) = best?;
        let mut chosen = BinSet::default();
        for bin in &order[..=last] {
            chosen.add(u8::try_from(*bin).unwrap_or(u8::MAX));
        }
        Some((worth, one_of(bins, chosen)))
    }
}
