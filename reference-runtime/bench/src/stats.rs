//! What is made of many figures.
//!
//! Medians, since a run that was disturbed is slower by any amount but never faster. The spread beside each is the
//! range of the middle half.

use serde::{Deserialize, Serialize};

/// A sample in four numbers and its size.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// The third quartile less the first.
    pub(crate) iqr: f64,
    pub(crate) count: usize,
}

impl Summary {
    /// `None` if there is nothing to sum up.
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Option<Summary> {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Some(Summary {
            median: quantile(&sorted, 0.5),
            min: *sorted.first()?,
            max: *sorted.last()?,
            iqr: quantile(&sorted, 0.75) - quantile(&sorted, 0.25),
            count: sorted.len(),
        })
    }
}

/// The ratio of `ours` to `theirs`, round by round: what both had to suffer in a round cancels out. A round in which one
/// of them gave nothing, or zero to divide by, does not count.
pub(crate) fn paired_ratio(ours: &[Vec<f64>], theirs: &[Vec<f64>]) -> Option<Summary> {
    let median = |samples: &Vec<f64>| Summary::of(samples.iter().copied()).map(|summary| summary.median);
    let pairs = ours.iter().zip(theirs).filter_map(|(ours, theirs)| Some((median(ours)?, median(theirs)?)));
    Summary::of(pairs.filter(|(_, theirs)| *theirs != 0.0).map(|(ours, theirs)| ours / theirs))
}

/// The least figure that `percent` of the sorted figures do not exceed: one that occurred, never one in between.
///
/// # Panics
///
/// If there are no figures.
pub(crate) fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// Between the two figures nearest to the place, in proportion. 0 for none.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = part * last as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_does_not_depend_on_the_order() {
        let summary = Summary::of([9.0, 1.0, 5.0, 3.0, 7.0]).unwrap();
        assert_eq!(summary, Summary { median: 5.0, min: 1.0, max: 9.0, iqr: 4.0, count: 5 });
    }

    #[test]
    fn an_even_number_of_figures_has_its_median_in_between() {
        let summary = Summary::of([4.0, 1.0, 2.0, 3.0]).unwrap();
        assert_eq!((summary.median, summary.iqr), (2.5, 1.5));
    }

    #[test]
    fn one_figure_is_its_own_summary_and_none_has_none() {
        assert_eq!(Summary::of([2.0]), Some(Summary { median: 2.0, min: 2.0, max: 2.0, iqr: 0.0, count: 1 }));
        assert_eq!(Summary::of([]), None);
    }

    #[test]
    fn an_outlier_moves_the_maximum_only() {
        let calm = Summary::of([1.0, 1.0, 1.0, 1.0, 1.0]).unwrap();
        let disturbed = Summary::of([1.0, 1.0, 1.0, 1.0, 1000.0]).unwrap();
        assert_eq!((calm.median, calm.iqr, calm.min), (disturbed.median, disturbed.iqr, disturbed.min));
        assert_eq!(disturbed.max, 1000.0);
    }

    #[test]
    fn a_ratio_is_taken_within_each_round() {
        // The second round was disturbed for both, threefold.
        let ours = [vec![1.0], vec![3.0], vec![1.0]];
        let theirs = [vec![2.0], vec![6.0], vec![2.0]];
        let ratio = paired_ratio(&ours, &theirs).unwrap();
        assert_eq!((ratio.median, ratio.min, ratio.max, ratio.iqr), (0.5, 0.5, 0.5, 0.0));
    }

    #[test]
    fn a_round_counts_by_its_median_and_only_if_both_took_part() {
        let ours = [vec![1.0, 2.0, 90.0], vec![], vec![5.0], vec![7.0]];
        let theirs = [vec![4.0], vec![1.0], vec![0.0]];
        let ratio = paired_ratio(&ours, &theirs).unwrap();
        assert_eq!((ratio.median, ratio.count), (0.5, 1));
        assert_eq!(paired_ratio(&[vec![]], &[vec![1.0]]), None);
    }

    #[test]
    fn a_percentile_is_a_figure_that_occurred() {
        let sorted: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&sorted, 50.0), 50.0);
        assert_eq!(percentile(&sorted, 99.0), 99.0);
        assert_eq!(percentile(&sorted, 100.0), 100.0);
        assert_eq!(percentile(&[3.0], 99.0), 3.0);
        assert_eq!(percentile(&[1.0, 2.0], 0.0), 1.0);
    }
}
