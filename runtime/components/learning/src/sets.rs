//! Splits of categories in two sets, as `LightGBM` finds them: each alone where there are few, else sorted by what they ask for.

use crate::grow::{Scan, Split, Sum, Test};
use crate::tree::BinSet;

/// Categories up to which each is tried alone.
const ALONE: usize = 4;
/// What a category's Hessian is smoothed by, and the fewest rows of one that is sorted.
const SMOOTH: f64 = 10.0;
/// What is added to the penalty where categories are sorted.
const EXTRA_L2: f64 = 10.0;
/// The most categories of a set.
const MOST: usize = 32;
/// Fewest rows between two edges that are tried.
const GROUP_ROWS: f64 = 100.0;

/// The best split. Bin 0 holds what is rare and unseen, and never is in the set.
pub fn best(scan: &Scan<'_>, cells: &[Sum]) -> Option<Split> {
    if cells.len() <= ALONE + 1 { alone(scan, cells) } else { sorted(scan, cells) }
}

fn alone(scan: &Scan<'_>, cells: &[Sum]) -> Option<Split> {
    let mut best = None;
    let mut floor = scan.floor;
    for (bin, left) in (0_u8..=u8::MAX).zip(cells).skip(1) {
        let (right, rows) = (scan.sum.less(*left), scan.count(*left));
        let fits = rows >= scan.limits.min_rows
            && scan.rows - rows >= scan.limits.min_rows
            && left.hessian >= scan.limits.min_hessian
            && right.hessian >= scan.limits.min_hessian;
        let worth = scan.limits.worth(*left, scan.limits.l2) + scan.limits.worth(right, scan.limits.l2);
        if fits && worth > floor {
            floor = worth;
            let mut chosen = BinSet::default();
            chosen.add(bin);
            let test = Test::OneOf(chosen);
            best = Some(Split { gain: worth - scan.floor, test, left: *left, l2: scan.limits.l2 });
        }
    }
    best
}

fn sorted(scan: &Scan<'_>, cells: &[Sum]) -> Option<Split> {
    let l2 = scan.limits.l2 + EXTRA_L2;
    let mut order: Vec<(u8, Sum)> = (0_u8..=u8::MAX).zip(cells.iter().copied()).skip(1).collect();
    order.retain(|(_, sum)| scan.count(*sum) >= SMOOTH);
    let asked = |sum: &Sum| sum.gradient / (sum.hessian + SMOOTH);
    order.sort_by(|(_, a), (_, b)| asked(a).total_cmp(&asked(b)));
    let most = MOST.min(order.len().div_ceil(2));
    let mut best = None;
    let mut floor = scan.floor;
    for backwards in [false, true] {
        let (mut left, mut rows, mut group) = (Sum::default(), 0.0, 0.0);
        let mut chosen = BinSet::default();
        for n in 0..most {
            let (bin, sum) = if backwards { order[order.len() - 1 - n] } else { order[n] };
            left.add(sum);
            rows += scan.count(sum);
            group += scan.count(sum);
            chosen.add(bin);
            if rows < scan.limits.min_rows || left.hessian < scan.limits.min_hessian {
                continue;
            }
            let right = scan.sum.less(left);
            let rest = scan.rows - rows;
            if rest < scan.limits.min_rows.max(GROUP_ROWS) || right.hessian < scan.limits.min_hessian {
                break;
            }
            if group < GROUP_ROWS {
                continue;
            }
            group = 0.0;
            let worth = scan.limits.worth(left, l2) + scan.limits.worth(right, l2);
            if worth > floor {
                floor = worth;
                best = Some(Split { gain: worth - scan.floor, test: Test::OneOf(chosen), left, l2 });
            }
        }
    }
    best
}
