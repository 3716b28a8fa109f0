//! Limited-memory BFGS: makes a smooth function small.

use std::collections::VecDeque;

/// Steps that the curvature is estimated from.
const MEMORY: usize = 10;
/// Halvings of a step.
const HALVINGS: usize = 40;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Goes from `at` to where no slope is larger than `tolerance`, in at most so many steps. `function` gives the value and writes the slopes; `report` sees
/// the value after each step.
pub fn minimise(
    mut at: Vec<f64>,
    steps: usize,
    tolerance: f64,
    mut function: impl FnMut(&[f64], &mut [f64]) -> f64,
    mut report: impl FnMut(usize, f64),
) -> Vec<f64> {
    let mut slopes = vec![0.0; at.len()];
    let mut value = function(&at, &mut slopes);
    let mut memory: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::new();
    for step in 1..=steps {
        if slopes.iter().all(|slope| slope.abs() <= tolerance) {
            break;
        }
        let mut direction = direction(&slopes, &memory);
        let mut descent = dot(&direction, &slopes);
        if descent >= 0.0 {
            memory.clear();
            direction = slopes.iter().map(|slope| -slope).collect();
            descent = -dot(&slopes, &slopes);
        }
        let mut length = if memory.is_empty() { (1.0 / dot(&slopes, &slopes).sqrt()).min(1.0) } else { 1.0 };
        let mut moved = None;
        for _ in 0..HALVINGS {
            let next: Vec<f64> = at.iter().zip(&direction).map(|(at, direction)| at + length * direction).collect();
            let mut next_slopes = vec![0.0; at.len()];
            let next_value = function(&next, &mut next_slopes);
            if next_value <= value + 1e-4 * length * descent {
                moved = Some((next, next_slopes, next_value));
                break;
            }
            length *= 0.5;
        }
        let Some((next, next_slopes, next_value)) = moved else { break };
        let went: Vec<f64> = next.iter().zip(&at).map(|(next, at)| next - at).collect();
        let bent: Vec<f64> = next_slopes.iter().zip(&slopes).map(|(next, slope)| next - slope).collect();
        let curvature = dot(&went, &bent);
        if curvature > 1e-12 * dot(&bent, &bent) {
            if memory.len() == MEMORY {
                memory.pop_front();
            }
            memory.push_back((went, bent, 1.0 / curvature));
        }
        (at, slopes, value) = (next, next_slopes, next_value);
        report(step, value);
    }
    at
}

/// Against the slopes, bent by the curvature that was seen.
fn direction(slopes: &[f64], memory: &VecDeque<(Vec<f64>, Vec<f64>, f64)>) -> Vec<f64> {
    let mut direction: Vec<f64> = slopes.iter().map(|slope| -slope).collect();
    let mut parts = Vec::with_capacity(memory.len());
    for (went, bent, scale) in memory.iter().rev() {
        let part = scale * dot(went, &direction);
        direction.iter_mut().zip(bent).for_each(|(direction, bent)| *direction -= part * bent);
        parts.push(part);
    }
    if let Some((went, bent, _)) = memory.back() {
        let scale = dot(went, bent) / dot(bent, bent);
        for direction in &mut direction {
            *direction *= scale;
        }
    }
    for ((went, bent, scale), part) in memory.iter().zip(parts.into_iter().rev()) {
        let back = part - scale * dot(bent, &direction);
        direction.iter_mut().zip(went).for_each(|(direction, went)| *direction += back * went);
    }
    direction
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_curved_valley_is_followed_to_its_lowest_point() {
        // Rosenbrock's function, whose lowest point is (1, 1).
        let found = super::minimise(
            vec![-1.2, 1.0],
            1000,
            1e-10,
            |at, slopes| {
                let (x, y) = (at[0], at[1]);
                slopes[0] = -2.0 * (1.0 - x) - 400.0 * x * (y - x * x);
                slopes[1] = 200.0 * (y - x * x);
                (1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2)
            },
            |_, _| {},
        );
        assert!(found.iter().all(|at| (at - 1.0).abs() < 1e-8), "{found:?}");
    }
}
