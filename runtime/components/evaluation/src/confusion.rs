//! Confusion matrices, and what follows from them alone.

use crate::metrics::{Metrics, put, share};

/// Weights of rows by their class (rows) and the predicted one (columns).
#[derive(Debug, Clone)]
pub struct Confusion {
    classes: usize,
    cells: Vec<f64>,
}

impl Confusion {
    /// Counts rows, given as class, predicted class and weight.
    pub fn of(classes: usize, rows: impl Iterator<Item = (u32, u32, f64)>) -> Self {
        let mut cells = vec![0.0; classes * classes];
        for (label, predicted, weight) in rows {
            cells[label as usize * classes + predicted as usize] += weight;
        }
        Self { classes, cells }
    }

    /// The matrix, a row for each class.
    pub fn rows(&self) -> Vec<Vec<f64>> {
        self.cells.chunks(self.classes).map(<[f64]>::to_vec).collect()
    }

    fn hit(&self, class: usize) -> f64 {
        self.cells[class * self.classes + class]
    }

    /// The weight of each class among the labels.
    pub fn support(&self) -> Vec<f64> {
        self.cells.chunks(self.classes).map(|row| row.iter().sum()).collect()
    }

    fn predicted(&self) -> Vec<f64> {
        (0..self.classes).map(|class| self.cells.iter().skip(class).step_by(self.classes).sum()).collect()
    }

    /// Accuracy, balanced accuracy, Matthews' correlation and Cohen's kappa.
    pub fn overall(&self, metrics: &mut Metrics) {
        let (support, predicted) = (self.support(), self.predicted());
        let total: f64 = support.iter().sum();
        let hits: f64 = (0..self.classes).map(|class| self.hit(class)).sum();
        put(metrics, "accuracy", hits / total);

        let recalls = (0..self.classes).filter(|class| support[*class] > 0.0);
        let recalls: Vec<f64> = recalls.map(|class| self.hit(class) / support[class]).collect();
        put(metrics, "balanced_accuracy", recalls.iter().sum::<f64>() / recalls.len() as f64);

        let agreed: f64 = support.iter().zip(&predicted).map(|(support, predicted)| support * predicted).sum();
        let spread = |sums: &[f64]| total * total - sums.iter().map(|sum| sum * sum).sum::<f64>();
        let within = spread(&support) * spread(&predicted);
        put(metrics, "mcc", if within == 0.0 { 0.0 } else { (hits * total - agreed) / within.sqrt() });

        let by_chance = agreed / total;
        put(metrics, "cohen_kappa", (hits - by_chance) / (total - by_chance));
    }

    /// Precision, recall and F1 of each class that appears among labels or predictions, by the class's place.
    pub fn by_class(&self) -> Vec<(usize, [f64; 3])> {
        let (support, predicted) = (self.support(), self.predicted());
        let seen = (0..self.classes).filter(|class| support[*class] > 0.0 || predicted[*class] > 0.0);
        seen.map(|class| {
            let hit = self.hit(class);
            let figures = [
                share(hit, predicted[class]),
                share(hit, support[class]),
                share(2.0 * hit, support[class] + predicted[class]),
            ];
            (class, figures)
        })
        .collect()
    }
}
