//! Durations, counted in buckets by their attributes.

use std::collections::BTreeMap;

use serde_json::Value;

/// Combinations of attributes that a histogram keeps apart; what is beyond is counted together, as OpenTelemetry's SDKs do.
const MAX_SERIES: usize = 1000;

/// What is said of a span or a measurement, by the names of the semantic conventions.
pub(crate) type Attributes = Vec<(&'static str, Value)>;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    /// How long runs wait and are executed.
    Run,
    /// How long answers are made.
    Request,
}

impl Name {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Run => "cicd.pipeline.run.duration",
            Self::Request => "http.server.request.duration",
        }
    }

    pub const fn about(self) -> &'static str {
        match self {
            Self::Run => "Duration of a pipeline run grouped by pipeline, state and result.",
            Self::Request => "Duration of HTTP server requests.",
        }
    }

    /// The upper bounds of the buckets, in seconds. Those of requests are what the conventions advise.
    pub const fn bounds(self) -> &'static [f64] {
        match self {
            Self::Run => &[0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0],
            Self::Request => &[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0],
        }
    }
}

/// Durations in seconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Histogram {
    pub counts: Vec<u64>,
    pub count: u64,
    pub sum: f64,
    pub min: f64,
    pub max: f64,
}

/// All that was measured since the process began.
#[derive(Debug, Default)]
pub(super) struct Measured(BTreeMap<Name, BTreeMap<String, (Attributes, Histogram)>>);

impl Measured {
    /// Counts a duration.
    pub fn add(&mut self, name: Name, attributes: Attributes, seconds: f64) {
        let series = self.0.entry(name).or_default();
        let mut key = key(&attributes);
        let mut attributes = attributes;
        if series.len() >= MAX_SERIES && !series.contains_key(&key) {
            attributes = vec![("otel.metric.overflow", true.into())];
            key = self::key(&attributes);
        }
        let (_, histogram) = series.entry(key).or_insert_with(|| (attributes, Histogram::default()));
        histogram.add(name.bounds(), seconds);
    }

    /// What was measured, by what it is.
    pub fn all(&self) -> impl Iterator<Item = (Name, Vec<(&Attributes, &Histogram)>)> {
        self.0.iter().map(|(name, series)| (*name, series.values().map(|(of, measured)| (of, measured)).collect()))
    }
}

fn key(attributes: &Attributes) -> String {
    attributes.iter().map(|(name, value)| format!("{name}={value}\n")).collect::<Vec<_>>().concat()
}

impl Histogram {
    fn add(&mut self, bounds: &[f64], seconds: f64) {
        self.counts.resize(bounds.len() + 1, 0);
        // A value that is a bound belongs below it.
        let bucket = bounds.partition_point(|bound| *bound < seconds);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.min = if self.count == 0 { seconds } else { self.min.min(seconds) };
        self.max = self.max.max(seconds);
        self.count += 1;
        self.sum += seconds;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_fall_into_buckets_up_to_their_bound() {
        let mut measured = Measured::default();
        for seconds in [0.001, 0.005, 0.006, 20.0] {
            measured.add(Name::Request, vec![("http.route", "/".into())], seconds);
        }
        let (_, series) = measured.all().next().unwrap();
        let histogram = series[0].1;
        assert_eq!((histogram.counts[0], histogram.counts[1], histogram.counts[14]), (2, 1, 1));
        assert_eq!((histogram.count, histogram.min, histogram.max), (4, 0.001, 20.0));
    }

    #[test]
    fn what_is_named_by_others_does_not_grow_without_bound() {
        let mut measured = Measured::default();
        for n in 0..MAX_SERIES + 500 {
            measured.add(Name::Run, vec![("cicd.pipeline.name", n.into())], 1.0);
        }
        let (_, series) = measured.all().next().unwrap();
        assert_eq!(series.len(), MAX_SERIES + 1);
        let rest = series.iter().find(|(of, _)| of[0].0 == "otel.metric.overflow").unwrap();
        assert_eq!(rest.1.count, 500);
    }
}
