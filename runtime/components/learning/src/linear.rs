//! Linear models with a quadratic penalty: logistic, of several classes by softmax, or least squares.

use crate::data::{Data, Target};
use crate::encode::Encoding;
use crate::lbfgs::minimise;
use crate::model::{Curve, Layer};
use crate::objective::{Objective, sigmoid, softmax};
use crate::settings::Settings;

/// Learns weights and intercepts. What is made small is the sum of all rows' losses and half of `l2` times the sum of the squared weights, as of
/// scikit-learn's `LogisticRegression(C=1/l2)` and `Ridge(alpha=l2)` on the encoded inputs; intercepts are free. The loss of a
/// number is half of its squared error, in deviations of the label.
pub fn learn(encoding: &Encoding, objective: Objective, settings: &Settings, data: &Data) -> (Layer, Curve) {
    let (inputs, width, outputs) = (encoding.apply(data), encoding.width, objective.outputs());
    let l2 = settings.get("l2");
    let (middle, spread) = spread(data);
    let scaled: Vec<f64> = match &data.target {
        Target::Numbers(numbers) => numbers.iter().map(|number| (number - middle) / spread).collect(),
        _ => Vec::new(),
    };
    let total: f64 = (0..data.rows).map(|row| data.weight(row)).sum();
    let loss = |at: &[f64], slopes: &mut [f64]| {
        let mut value = 0.0;
        slopes.fill(0.0);
        let mut scores = vec![0.0; outputs];
        for row in 0..data.rows {
            let input = &inputs[row * width..(row + 1) * width];
            for (output, score) in scores.iter_mut().enumerate() {
                let weights = &at[output * (width + 1)..(output + 1) * (width + 1)];
                let sum: f64 = weights.iter().zip(input).map(|(weight, input)| weight * f64::from(*input)).sum();
                *score = sum + weights[width];
            }
            let weight = data.weight(row) / total;
            if objective == Objective::Squared {
                scores[0] -= scaled[row];
                value += weight * 0.5 * scores[0] * scores[0];
            } else {
                value += weight * objective.row_loss(&data.target, row, &scores);
                if objective == Objective::Binary {
                    scores[0] = sigmoid(scores[0]);
                } else {
                    softmax(&mut scores);
                }
                if let Target::Classes(classes) = &data.target {
                    let class = classes[row] as usize;
                    match objective {
                        Objective::Binary => scores[0] -= class as f64,
                        _ => scores[class] -= 1.0,
                    }
                }
            }
            for (output, score) in scores.iter().enumerate() {
                let slope = weight * score;
                let slopes = &mut slopes[output * (width + 1)..(output + 1) * (width + 1)];
                for (slopes, input) in slopes.iter_mut().zip(input) {
                    *slopes += slope * f64::from(*input);
                }
                slopes[width] += slope;
            }
        }
        for output in 0..outputs {
            for place in output * (width + 1)..output * (width + 1) + width {
                value += 0.5 * l2 / total * at[place] * at[place];
                slopes[place] += l2 / total * at[place];
            }
        }
        value
    };
    let mut curve = Curve { metric: "penalised loss", ..Curve::default() };
    let start = vec![0.0; outputs * (width + 1)];
    let found = minimise(start, settings.count("iterations"), settings.get("tolerance"), loss, |step, value| {
        curve.push(step, value, None);
    });
    let (middle, spread) = if objective == Objective::Squared { (middle, spread) } else { (0.0, 1.0) };
    #[expect(clippy::cast_possible_truncation, reason = "models compute in single precision")]
    let layer = Layer {
        inputs: width,
        outputs,
        weights: (0..width)
            .flat_map(|input| (0..outputs).map(move |output| output * (width + 1) + input))
            .map(|place| (found[place] * spread) as f32)
            .collect(),
        biases: (0..outputs).map(|output| (found[output * (width + 1) + width] * spread + middle) as f32).collect(),
    };
    (layer, curve)
}

/// The mean and the deviation of the labels, if they are numbers; the latter is not 0.
pub fn spread(data: &Data) -> (f64, f64) {
    let Target::Numbers(numbers) = &data.target else { return (0.0, 1.0) };
    let total: f64 = (0..data.rows).map(|row| data.weight(row)).sum();
    let mean = numbers.iter().enumerate().map(|(row, number)| data.weight(row) * number).sum::<f64>() / total;
    let square = |(row, number): (usize, &f64)| data.weight(row) * (number - mean).powi(2);
    let deviation = (numbers.iter().enumerate().map(square).sum::<f64>() / total).sqrt();
    (mean, if deviation > 0.0 { deviation } else { 1.0 })
}
